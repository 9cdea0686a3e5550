#ifndef SUPERVISOR_OUTAGE_H
#define SUPERVISOR_OUTAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"

/* When a camera that is wanted has no pictures for so long that people should be told, once; and
 * when they are back, once. A camera that sends a picture or two each time it is connected to is
 * not back. Pure: in place, {0} is a camera from which nothing is expected. */
struct outage {
	enum { OUTAGE_NONE, OUTAGE_SHORT, OUTAGE_TOLD } state;
	ms_t since; /* the last picture, or when one was expected first; unless OUTAGE_NONE */
	ms_t back;  /* since when pictures come again; MS_NEVER: they do not */
	char why[240];
};

/* How long it takes. */
struct outage_times {
	ms_t after_ms; /* no pictures, until people are told */
	ms_t back_ms;  /* pictures, until they are held to be back */
};

enum outage_news { OUTAGE_NO_NEWS, OUTAGE_OFFLINE, OUTAGE_ONLINE };

/* There are no pictures, and have not been since. certain: it is more than a moment, who tries has
 * said so: news at once. why: for people; NULL: as was said before. */
enum outage_news outage_gone(struct outage *o, ms_t since, bool certain, const char *why);

/* Pictures come again. */
void outage_back(struct outage *o, ms_t now);

/* What is to be told now. *lasted_ms with OUTAGE_ONLINE: from the last picture to the first. */
enum outage_news outage_step(
	struct outage *o, const struct outage_times *t, ms_t now, ms_t *lasted_ms);

/* When to call outage_step; MS_NEVER: no need. */
ms_t outage_due(const struct outage *o, const struct outage_times *t);

/* Nothing is expected any more. */
void outage_forget(struct outage *o);

/* "12 s", "2 min 3 s", "3 h 4 min", "2 d 5 h". Returns out. */
char *outage_span(ms_t ms, char *out, size_t size);

#endif
