/* timeline.c - the moments of a source's timestamps. Pure. Media thread. */
#include "worker/timeline.h"

/* Further apart than this the clocks are related anew: a source that was opened again. */
#define JUMP_US 500000
/* A part of the difference that each access unit makes up for. A clock that is 1 % fast is followed
 * 21 ms behind at 15 pictures a second, and jitter of 20 ms moves a picture by 0.6 ms. */
#define FOLLOW 32

int64_t
timeline_at(struct timeline *t, uint32_t timestamp, int64_t about_us)
{
	int64_t step_us = (int64_t)(int32_t)(timestamp - t->timestamp) * 100 / 9;
	int64_t at_us = t->at_us + step_us;
	int64_t off_us = about_us - at_us;

	if (!t->running || off_us > JUMP_US || off_us < -JUMP_US)
		at_us = about_us;
	else
		at_us += off_us / FOLLOW;
	if (t->running && at_us <= t->at_us)
		at_us = t->at_us + 1;
	*t = (struct timeline){ .running = true, .timestamp = timestamp, .at_us = at_us };
	return at_us;
}
