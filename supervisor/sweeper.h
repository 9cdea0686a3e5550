#ifndef SUPERVISOR_SWEEPER_H
#define SUPERVISOR_SWEEPER_H

#include <stdbool.h>
#include <uv.h>

#include "supervisor/events.h"

struct config_recording;

/* Carries retention out: when it begins, every hour, and when the disk of the recordings gets
 * short. The disk's part is done by a thread of libuv's pool. Loop thread. */
struct sweeper;

/* events is lent. Does nothing before sweeper_set_config. Never NULL: out of memory aborts. */
struct sweeper *sweeper_new(uv_loop_t *loop, struct events *events);

/* What [recording] says; copied. NULL: there is none, nothing is deleted. Sweeps soon. */
void sweeper_set_config(struct sweeper *s, const struct config_recording *config);

/* For people: the recordings' disk, as of the last look, some seconds ago. */
struct sweeper_disk {
	int64_t free_bytes; /* -1: not known, or nothing is recorded */
	int64_t bytes;
	int64_t min_free_bytes; /* what is to be kept free of it: min_free */
	int64_t deleted_bytes; /* since start */
};
struct sweeper_disk sweeper_disk(const struct sweeper *s);

/* What the last sweep left of a camera; false if it found none. */
struct recordings_stored;
bool sweeper_stored(const struct sweeper *s, const char *camera, struct recordings_stored *out);

/* Frees it; what is being deleted is finished first, in the background. NULL is fine. */
void sweeper_free(struct sweeper *s);

#endif
