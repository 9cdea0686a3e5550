#ifndef SUPERVISOR_REACH_H
#define SUPERVISOR_REACH_H

#include <stddef.h>

#include "common/clock.h"

/* Whether a TCP service can be reached. Blocks, for the resolver's patience and 5 s more at most:
 * for a thread of the pool.
 *
 * host is a name or an address, of IPv6 in brackets. A connection is made and closed, nothing is
 * said. Returns how many milliseconds that took, or -1 with a sentence in why. */
ms_t reach(const char *host, int port, char *why, size_t why_size);

#endif
