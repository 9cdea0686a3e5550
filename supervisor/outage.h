#ifndef SUPERVISOR_OUTAGE_H
#define SUPERVISOR_OUTAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"

/* When a camera that is wanted has no pictures for so long that people should be told, once; and
 * when they are back, once. Pure: in place, {0} is a camera from which nothing is expected. */
struct outage {
	enum { OUTAGE_NONE, OUTAGE_SHORT, OUTAGE_TOLD } state;
	ms_t since; /* the last picture, or when one was expected first; unless OUTAGE_NONE */
	char why[240];
};

enum outage_news { OUTAGE_NO_NEWS, OUTAGE_OFFLINE, OUTAGE_ONLINE };

/* There are no pictures, and have not been since. certain: it is more than a moment, who tries has
 * said so. why: for people; NULL: as was said before. News once after_ms have passed, or at once if
 * certain. */
enum outage_news outage_gone(struct outage *o, ms_t since, bool certain, const char *why);
enum outage_news outage_step(struct outage *o, ms_t after_ms, ms_t now);

/* When to call outage_step; MS_NEVER: no need. */
ms_t outage_due(const struct outage *o, ms_t after_ms);

/* Pictures are back. *lasted_ms with OUTAGE_ONLINE. */
enum outage_news outage_over(struct outage *o, ms_t now, ms_t *lasted_ms);

/* Nothing is expected any more. */
void outage_forget(struct outage *o);

/* "12 s", "2 min 3 s", "3 h 4 min", "2 d 5 h". Returns out. */
char *outage_span(ms_t ms, char *out, size_t size);

#endif
