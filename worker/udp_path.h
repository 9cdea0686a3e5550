#ifndef WORKER_UDP_PATH_H
#define WORKER_UDP_PATH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* UDP_MAX_SEGMENTS of the kernel's include/linux/udp.h is 64 (128 since 6.9); 65507 is what fits in
 * one IPv4 datagram (RFC 768, RFC 791), which bounds the whole batch too. */
#define UDP_BATCH_SEGMENTS 64
#define UDP_BATCH_BYTES 65507

/* A socket and who is at its other end: how media leaves, beside libnice and its locks. One thread
 * sets it and receives, any thread sends. */
struct udp_path;

/* NULL out of memory. */
struct udp_path *udp_path_new(void);
void udp_path_free(struct udp_path *p);

/* Sends by fd to that address from now on; keeps a duplicate of fd, so that its owner may close it
 * at any time. Returns 0 or ERR_SYS. */
int udp_path_set(struct udp_path *p, int fd, const struct sockaddr *to, socklen_t to_len);

/* Sends len bytes as datagrams of segment bytes each, the last perhaps shorter, in one system call
 * where the kernel can (UDP GSO). At most UDP_BATCH_SEGMENTS and UDP_BATCH_BYTES. Never blocks;
 * what the socket has no room for is dropped. Returns how many datagrams the kernel took; ERR_AGAIN
 * before udp_path_set. */
int udp_path_send(struct udp_path *p, const uint8_t *bytes, size_t len, size_t segment);

/* The socket, to wait for; -1 before udp_path_set. The path's own. */
int udp_path_fd(const struct udp_path *p);

/* Where it leads, lent. */
const struct sockaddr_storage *udp_path_peer(const struct udp_path *p, socklen_t *len);

/* Takes one datagram and cuts off what is longer than size. Never blocks. Returns how long it is,
 * or ERR_AGAIN if there is none or it came from anybody else. */
ssize_t udp_path_receive(struct udp_path *p, uint8_t *bytes, size_t size);

#endif
