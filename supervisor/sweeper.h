#ifndef SUPERVISOR_SWEEPER_H
#define SUPERVISOR_SWEEPER_H

#include <uv.h>

#include "supervisor/config.h"
#include "supervisor/events.h"

/* Carries retention out: when it begins, every hour, and when the disk of the recordings gets
 * short. The disk's part is done by a thread of libuv's pool. Loop thread. */
struct sweeper;

/* events is lent. Does nothing before sweeper_set_config. Never NULL: out of memory aborts. */
struct sweeper *sweeper_new(uv_loop_t *loop, struct events *events);

/* What [recording] says; copied. NULL: there is none, nothing is deleted. Sweeps soon. */
void sweeper_set_config(struct sweeper *s, const struct config_recording *config);

/* Frees it; what is being deleted is finished first, in the background. NULL is fine. */
void sweeper_free(struct sweeper *s);

#endif
