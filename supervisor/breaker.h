#ifndef SUPERVISOR_BREAKER_H
#define SUPERVISOR_BREAKER_H

#include <stdbool.h>

#include "common/clock.h"

/* Whether the API as a whole is down: several calls in a row failed, for more than one camera or
 * for the only one there is. = {0} is one that is not. */
struct breaker {
	int failures; /* in a row */
	int camera;   /* that the first of them was for */
	bool several; /* cameras */
	bool open;
	int probes; /* that failed since it opened */
	ms_t probe_at;
};

/* A call for that camera failed by the API's fault; alone: no other camera would be called. True if
 * that opened it. */
bool breaker_failed(struct breaker *b, int camera, bool alone);

/* The API answered. True if that closed it. */
bool breaker_answered(struct breaker *b);

/* Open, and a probe leaves now. The next may leave a pause later, which doubles from pace_ms to
 * cap_ms, but never takes more than half of what the line of Extends can spare: as long as a
 * stream can be lost, each slot is worth a try. */
void breaker_probed(struct breaker *b, ms_t pace_ms, ms_t cap_ms, ms_t spare_ms, ms_t now);

#endif
