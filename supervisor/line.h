#ifndef SUPERVISOR_LINE_H
#define SUPERVISOR_LINE_H

#include <stdbool.h>

#include "common/clock.h"

/* A living stream in the scheduler's eyes, and the arithmetic of a line of them: whether a slot
 * every pace_ms reaches each before its end. A line is sorted by expires_at. */
struct lease {
	ms_t granted_at; /* by the last Generate or Extend */
	ms_t expires_at;
	ms_t since;    /* of its Generate: how long its viewers have seen no gap */
	ms_t retry_at; /* an Extend that failed is not tried again before */
	ms_t free_at;  /* retry_at, or when its own buckets let it be called, if that is later */
	int failures;  /* Extends that failed since the last that worked */
	bool busy;     /* an Extend is in flight: needs no slot unless that fails */
	bool given_up; /* not all can be saved: this one is passed over */
	bool yields;   /* makes room for a camera that waited long enough */
};

struct slots {
	ms_t next_at;
	ms_t pace_ms;
	ms_t slow_pace_ms; /* the pace until slow_until, after a 429 */
	ms_t slow_until;
	ms_t margin_ms; /* a call must leave this long before the end */
};

/* How much later every slot could come and still reach all that are not given up and are free to
 * be called by then (MS_NEVER: all): below 0 if one is late already, MS_NEVER if there is none. */
ms_t line_spare(struct lease *const *line, int n, const struct slots *slots, ms_t free_by);

/* Marks those that must be given up so that the others can be reached, and unmarks the others.
 * It is the fewest possible; of those that would do, the one that failed most, then the one whose
 * stream is the youngest. One that its own buckets keep past its end is not given up, and takes no
 * slot from the others. */
void line_give_up(struct lease *const *line, int n, const struct slots *slots);

/* What line_spare comes to when this line, with so many more streams of life_ms, has run for one
 * life at one slot after the other: below 0, it cannot be held. MS_NEVER if empty. */
ms_t line_capacity(
	struct lease *const *line, int n, int more, ms_t life_ms, const struct slots *slots);

#endif
