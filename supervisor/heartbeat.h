#ifndef SUPERVISOR_HEARTBEAT_H
#define SUPERVISOR_HEARTBEAT_H

#include <stdbool.h>

#include "common/clock.h"

/* Whether a worker is silent, looked at each CONTRACT_PING_INTERVAL_MS. Pure. */
struct heartbeat {
	ms_t heard; /* its last sound message, or its spawn */
	ms_t looked;
};

/* The looks begin. */
void heartbeat_init(struct heartbeat *h, ms_t now);

/* It was spawned, or has said something. */
void heartbeat_heard(struct heartbeat *h, ms_t now);

/* True if it has said nothing for CONTRACT_PING_TIMEOUT_MS. Who was away himself has not listened:
 * a look that comes late begins the time anew. */
bool heartbeat_is_silent(struct heartbeat *h, ms_t now);

#endif
