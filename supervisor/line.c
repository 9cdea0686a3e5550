/* line.c - a line of streams that end, and slots that come one by one: who is reached in time.
 * Owns nothing. Pure. Loop thread. */
#include "supervisor/line.h"

/* Which of two is given up first. One that keeps failing would spend the slots it is given. */
static struct lease *
worse(struct lease *a, struct lease *b)
{
	if (a->failures > 1 || b->failures > 1) {
		if (a->failures != b->failures)
			return a->failures > b->failures ? a : b;
	}
	return a->since > b->since ? a : b;
}

static bool
needs_slot(const struct lease *l)
{
	return !l->busy && !l->given_up && !l->yields;
}

static ms_t
slot_after(ms_t at, const struct slots *slots)
{
	return at + (at < slots->slow_until ? slots->slow_pace_ms : slots->pace_ms);
}

ms_t
line_spare(struct lease *const *line, int n, const struct slots *slots, ms_t free_by)
{
	ms_t at = slots->next_at;
	ms_t spare = MS_NEVER;

	for (int i = 0; i < n; i++) {
		if (!needs_slot(line[i]) || line[i]->free_at > free_by)
			continue;
		ms_t left = line[i]->expires_at - slots->margin_ms - at;
		if (left < spare)
			spare = left;
		at = slot_after(at, slots);
	}
	return spare;
}

/* One that its own buckets keep from being called before its end: no slot helps it. */
static bool
rests_too_long(const struct lease *l, const struct slots *slots)
{
	return l->free_at > slots->next_at && l->free_at > l->expires_at - slots->margin_ms;
}

static void
give_up_one(struct lease *const *line, int last, const struct slots *slots)
{
	struct lease *victim = line[last];

	for (int i = 0; i < last; i++) {
		if (needs_slot(line[i]) && !rests_too_long(line[i], slots))
			victim = worse(victim, line[i]);
	}
	victim->given_up = true;
}

/* Moore and Hodgson 1968, for jobs of one slot: walk by deadline, and where one is late drop one of
 * those before it, or itself. Whichever is dropped, the late one moves up to a slot that was in
 * time for a deadline no later than its own. */
void
line_give_up(struct lease *const *line, int n, const struct slots *slots)
{
	ms_t at = slots->next_at;

	for (int i = 0; i < n; i++)
		line[i]->given_up = false;
	for (int i = 0; i < n; i++) {
		if (!needs_slot(line[i]) || rests_too_long(line[i], slots))
			continue;
		if (at <= line[i]->expires_at - slots->margin_ms)
			at = slot_after(at, slots);
		else
			give_up_one(line, i, slots);
	}
}

/* The share of the slots that a stream of that life needs for ever. */
static double
load(ms_t life_ms, const struct slots *slots)
{
	ms_t usable = life_ms - slots->margin_ms;

	return usable > 0 ? (double)slots->pace_ms / (double)usable : 1;
}

ms_t
line_capacity(struct lease *const *line, int n, int more, ms_t life_ms, const struct slots *slots)
{
	double total = more * load(life_ms, slots);
	ms_t shortest = more ? life_ms : MS_NEVER;

	for (int i = 0; i < n; i++) {
		if (line[i]->yields)
			continue;
		ms_t life = line[i]->expires_at - line[i]->granted_at;
		total += load(life, slots);
		if (life < shortest)
			shortest = life;
	}
	if (shortest == MS_NEVER)
		return MS_NEVER;
	return (ms_t)((1 - total) * (double)(shortest - slots->margin_ms));
}
