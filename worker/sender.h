#ifndef WORKER_SENDER_H
#define WORKER_SENDER_H

#include <stddef.h>
#include <stdint.h>

struct srtp;
struct udp_path;

/* A plain RTP packet in two pieces, of which the first may be empty; lent. */
struct peer_packet {
	const uint8_t *head; /* what is this peer's own */
	size_t head_len;
	const uint8_t *data;
	size_t len;
};

/* The largest packet that may be sent: the 1200 bytes that everyone uses, with room to spare. */
#define PEER_PACKET_MAX 1400

struct peer_stats {
	uint64_t packets;  /* RTP that the kernel took */
	uint64_t bytes;    /* of them, as UDP payload */
	uint64_t dropped;  /* RTP that it did not take, or that could not be encrypted */
	uint64_t batches;  /* system calls' worth: packets / batches says what GSO gains */
	uint64_t rejected; /* datagrams from the peer: forged, replayed or not understood */
};

/* Encrypts packets and sends them in batches: the half of a peer that the media thread uses. Every
 * function but new and free may be called by any thread. */
struct sender;

/* Sends by path, which must outlive it. on_first(arg) is called once, with the sender locked and on
 * the sending thread, when the kernel took the first RTP packet. NULL out of memory. */
struct sender *sender_new(struct udp_path *path, void (*on_first)(void *arg), void *arg);
void sender_free(struct sender *s);

/* From open on packets are sealed with srtp, which must live until close; after close they are
 * refused for ever. When close has returned, no other thread is inside. */
void sender_open(struct sender *s, struct srtp *srtp);
void sender_close(struct sender *s);

/* As peer_send, peer_send_rtcp and peer_stats. */
int sender_send(struct sender *s, const struct peer_packet *packets, size_t n);
int sender_send_rtcp(struct sender *s, const uint8_t *bytes, size_t len);
void sender_stats(struct sender *s, struct peer_stats *out);

/* Counts a datagram from the peer that was no use. */
void sender_count_rejected(struct sender *s);

#endif
