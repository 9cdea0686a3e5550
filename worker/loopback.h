#ifndef WORKER_LOOPBACK_H
#define WORKER_LOOPBACK_H

#include <stddef.h>
#include <stdint.h>

#include "worker/fifo.h"

/* Listens on a free port of 127.0.0.1. Returns the descriptor, or -1. */
int loopback_listen(uint16_t *port);

/* Takes a connection that waits, non-blocking, and the descriptor of its other end, which is lent:
 * only connections of this very process are served, as others of the machine can connect too.
 * Returns -1 if there is none. */
int loopback_accept(int listen_fd, int *other_end);

/* How many bytes wait to be read on fd. */
size_t loopback_unread(int fd);

/* Takes what is there into f, which must have room. Returns 0, ERR_AGAIN or ERR_EOF. */
int loopback_receive(int fd, struct fifo *f);

#endif
