#ifndef SUPERVISOR_BUCKET_H
#define SUPERVISOR_BUCKET_H

#include "supervisor/quota.h"

/* One limit of so many calls in a window: for quota.c alone. What a 429 does to it is quota.h's. */

/* A sliding log: as many departures as the window may hold, the oldest overwritten. */
struct bucket {
	struct quota_limit limit; /* window with its guard */
	bool paced;               /* calls are spread evenly over the window */
	ms_t held_until;          /* after a 429 */
	bool spared;              /* the last 429 was the first in a while: no window's rest */
	int slow;                 /* calls in the first window after held_until */
	int known;                /* and from then on; 0: a 429 never came */
	ms_t known_at;            /* since when */
	bool tried;               /* the last of them to find out whether it is taken */
	int patience;             /* windows of these before one call more is tried */
	ms_t *left;               /* ring of limit.calls; NULL without a limit */
	int next;                 /* where the next departure goes */
	int count;
};

/* The window is taken so much longer. paced: its calls are spread evenly. */
void bucket_init(struct bucket *b, const struct quota_limit *limit, int guard_permille, bool paced);
void bucket_clear(struct bucket *b);

/* When the next call may leave: now or later. */
ms_t bucket_when(const struct bucket *b, ms_t now);

/* A call leaves. The second is for a bucket whose refusals cost little: it tries more by itself. */
void bucket_take(struct bucket *b, ms_t now);
void bucket_take_and_recover(struct bucket *b, ms_t now);

/* Calls within the last window. */
int bucket_used(const struct bucket *b, ms_t now);

/* Calls in a window at this moment; and the moment from which on there are others, or MS_NEVER. */
int bucket_calls(const struct bucket *b, ms_t now, ms_t *other_at);

/* Between two of so many calls in a window. */
ms_t bucket_pace(const struct bucket *b, int calls);

/* A 429 came for it; retry_after_ms of 0 or less: no pause was named. The second is for one that
 * named none, of a bucket that is needed: the first in a while costs it a call and no window. */
void bucket_hold(struct bucket *b, ms_t retry_after_ms, ms_t now);
void bucket_hold_sparingly(struct bucket *b, ms_t now);

/* A 429 has come, and no window was clean since. The moment at which the first will have been. */
bool bucket_is_in_trouble(const struct bucket *b, ms_t now);
ms_t bucket_clean_at(const struct bucket *b);

/* Whether one call more than it is known to take may be tried. Of a pace that nobody used nothing
 * was learned, however long ago it was. */
bool bucket_may_try(const struct bucket *b, ms_t now);
void bucket_try(struct bucket *b, ms_t now);

/* Room for so many calls; the newest stay. */
void bucket_set_limit(struct bucket *b, int calls);

#endif
