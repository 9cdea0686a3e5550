#ifndef SUPERVISOR_HTTP_LISTEN_H
#define SUPERVISOR_HTTP_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* TCP sockets that are listened on: addresses in, descriptors out. */

/* An address as the configuration has it, "127.0.0.1:8080" or "[::1]:8080": numbers only, so that
 * no resolver decides who can reach us. Returns 0 or -1. */
int http_listen_parse(const char *address, struct sockaddr_storage *out, socklen_t *len);

/* Whether only this machine can reach it: 127.0.0.0/8, ::1. */
bool http_listen_is_loopback(const char *address);

/* Listens there; the descriptor does not block. Returns it, or -1 with a sentence. */
int http_listen_open(const char *address, char *why, size_t why_size);

/* The address that a socket is bound to, "[::1]:8080" ... Returns out. */
char *http_listen_name(int fd, char *out, size_t size);

/* The next client: its descriptor, which does not block, and its address without the port in peer;
 * -1 with errno set if there is none. */
int http_listen_accept(int fd, char *peer, size_t peer_size);

#endif
