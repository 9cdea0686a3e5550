#ifndef WORKER_RESOLVE_H
#define WORKER_RESOLVE_H

#include <netdb.h>

#include "common/clock.h"

/* Looks up the TCP addresses of host and port, waiting until deadline or until cancel_fd is
 * readable. Returns 0 and the list in *out, for freeaddrinfo; or ERR_UNREACHABLE with the
 * resolver's words in *why (which live for ever), ERR_TIMEOUT, ERR_CLOSED. */
int resolve(const char *host, const char *port, ms_t deadline, int cancel_fd, struct addrinfo **out,
	const char **why);

#endif
