/* guard_ladder.c - steps against a load that is over its limit. Pure. */
#include "supervisor/guard_ladder.h"

/* So long after a step back, being over the limit again means that it was one too many. */
#define RELAPSE_LOOKS (2 * GUARD_LADDER_UP + GUARD_LADDER_HOLD)

static bool
go_up(struct guard_ladder *l, int top)
{
	l->under = 0;
	if (++l->over < GUARD_LADDER_UP || l->level >= top)
		return false;
	l->over = 0;
	l->level++;
	if (l->since_back > 0 && l->since_back <= RELAPSE_LOOKS)
		l->hold = l->hold * 2 > GUARD_LADDER_HOLD_MAX ? GUARD_LADDER_HOLD_MAX : l->hold * 2;
	l->since_back = 0;
	return true;
}

static bool
go_back(struct guard_ladder *l)
{
	l->over = 0;
	if (l->level == 0 || ++l->under < l->hold)
		return false;
	l->under = 0;
	l->level--;
	l->since_back = 1;
	return true;
}

bool
guard_ladder_look(struct guard_ladder *l, double load, int top)
{
	if (l->hold == 0)
		l->hold = GUARD_LADDER_HOLD;
	if (l->since_back > 0)
		l->since_back++;
	/* It stayed well for long: the next trouble is another. */
	if (l->level == 0 && l->since_back > RELAPSE_LOOKS)
		*l = (struct guard_ladder){ .hold = GUARD_LADDER_HOLD };
	if (l->level > top) {
		l->level = top;
		return true;
	}
	if (load > 1)
		return go_up(l, top);
	if (load < GUARD_LADDER_BELOW)
		return go_back(l);
	l->over = l->under = 0;
	return false;
}
