#ifndef WORKER_LOOPBACK_H
#define WORKER_LOOPBACK_H

#include <stddef.h>

#include "worker/fifo.h"

/* Listens on a free port of 127.0.0.1 for a connection of this process. Other users of the machine
 * can connect too, so the address ends in 128 random bits that whoever connects must know:
 * "127.0.0.1:40123/5d0c...". Returns the descriptor, or -1. */
int loopback_listen(char *address, size_t size);

/* A connection that waits, non-blocking; -1 if there is none. */
int loopback_accept(int listen_fd);

/* Takes what is there into f, which must have room. Returns 0, ERR_AGAIN or ERR_EOF. */
int loopback_receive(int fd, struct fifo *f);

#endif
