#ifndef SUPERVISOR_GUARD_LADDER_H
#define SUPERVISOR_GUARD_LADDER_H

#include <stdbool.h>

/* Steps taken against a load that is over its limit, one at a time, and taken back one at a time
 * once it is well below. Pure: in place, {0} is at the bottom. */
struct guard_ladder {
	int level;      /* 0: nothing is done */
	int over;       /* looks in a row over the limit */
	int under;      /* looks in a row well below it */
	int hold;       /* looks below that take a step back; 0: GUARD_LADDER_HOLD */
	int since_back; /* looks since the last step back; 0: none yet */
};

/* Looks in a row over the limit before the next step, and well below it before one is taken back. A
 * step back that was one too many doubles the latter for the next, up to an hour of looks every 5
 * s.
 */
#define GUARD_LADDER_UP 3
#define GUARD_LADDER_HOLD 12
#define GUARD_LADDER_HOLD_MAX 720
/* Well below: this part of the limit. */
#define GUARD_LADDER_BELOW 0.8

/* A look: load is a part of the limit, 1 is all of it. top: the last step that there is; more than
 * that are taken back at once. Returns whether the level is another. */
bool guard_ladder_look(struct guard_ladder *l, double load, int top);

#endif
