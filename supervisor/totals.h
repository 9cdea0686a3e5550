#ifndef SUPERVISOR_TOTALS_H
#define SUPERVISOR_TOTALS_H

#include "common/clock.h"
#include "proto/msg.h"
#include "proto/status_totals.h"

/* A camera's counters over the lives of its workers, each of which begins at 0: they only grow. In
 * place; {0} has counted nothing. Pure. */
struct totals {
	struct status_totals past; /* of the workers that are gone */
	struct status_totals now;  /* of the one that is there */
	ms_t keyframe_at;          /* when the last key picture came, of whichever; 0: none */
};

/* The worker's words. */
void totals_on_stats(struct totals *t, const struct msg_stats *s, ms_t now);
void totals_on_state(struct totals *t, const struct msg_state *s);
void totals_on_recording(struct totals *t, const struct msg_recording *r);

/* The CPU time that it has used so far; 0: not known. */
void totals_on_cpu(struct totals *t, int64_t cpu_ms);

/* The worker is gone: the next begins at 0. */
void totals_worker_gone(struct totals *t);

/* All of it. */
struct status_totals totals_sum(const struct totals *t);

#endif
