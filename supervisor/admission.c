/* admission.c - may one more stream live, and what must the others be able to spare for it.
 * Owns nothing. Pure. Loop thread. */
#include <math.h>
#include <stddef.h>

#include "supervisor/admission.h"
#include "supervisor/choice.h"

/* A Generate waits until the line of Extends could lose this many slots more and still be in time:
 * the next call may fail. 47 cameras with 1 % failing calls then lose 10 streams a day, and 12 with
 * none in reserve; with two it is 10 again, but a stream stays away for half as long again
 * (make bench-scheduler). */
#define RESERVE_SLOTS 1

/* Cameras that want a stream and have none; those whose Generate is in flight, or all. */
static int
count_wanting(const struct scheduler *s, bool in_flight)
{
	int n = 0;

	for (int i = 0; i < s->count; i++) {
		const struct entry *e = s->entries[i];

		n += e->wants_generate && e->stream == STREAM_NONE &&
		     (!in_flight || e->call.kind == CALL_GENERATE);
	}
	return n;
}

/* Slots in a life that must be left when not all cameras can be held anyway: for as many failures
 * as a life may bring (the mean and two and a half deviations of a Poisson distribution), so that
 * those that are held are not given up in turn. */
static double
slots_for_failures(const struct scheduler *s, const struct look *look)
{
	double mean = s->fail_ratio * (double)s->life_ms / (double)look->slots.pace_ms;

	return mean + 2.5 * sqrt(mean);
}

static void
name_waiting(struct scheduler *s, ms_t now)
{
	for (int i = 0; i < s->count; i++) {
		struct entry *e = s->entries[i];

		if (e->wants_generate && e->stream == STREAM_NONE && e->from <= now)
			choice_announce(e, SCHEDULER_WAITING);
	}
}

/* Who has lived longest makes room for who has waited long enough. One at a time. */
static void
rotate(struct scheduler *s, const struct look *look, const struct entry *waiting)
{
	struct entry *oldest = NULL;
	ms_t turn = s->settings.rotate_ms;

	if (turn == 0 || look->now - waiting->from < turn)
		return;
	for (int i = 0; i < s->count; i++) {
		struct entry *e = s->entries[i];

		if (e->stream != STREAM_LIVING || look->now - e->lease.since < turn)
			continue;
		if (e->lease.yields)
			return;
		if (!oldest || e->lease.since < oldest->lease.since)
			oldest = e;
	}
	if (!oldest)
		return;
	oldest->lease.yields = true;
	choice_announce(oldest, SCHEDULER_GIVEN_UP);
}

/* In slots: what a line of the living and so many more has left. */
static double
left_with(const struct scheduler *s, const struct look *look, int more)
{
	ms_t left = line_capacity(s->line, s->living, more, s->life_ms, &look->slots);

	return (double)left / (double)look->slots.pace_ms;
}

bool
admission_room(struct scheduler *s, const struct look *look, struct entry *e)
{
	/* A line without any slack breaks with the first late timer. */
	double least = 0.5;

	if (s->living == 0 || e->stream == STREAM_LIVING)
		return true;
	if (left_with(s, look, count_wanting(s, false)) >= least)
		return true;
	if (left_with(s, look, count_wanting(s, true) + 1) >= least + slots_for_failures(s, look))
		return true;
	name_waiting(s, look->now);
	rotate(s, look, e);
	return false;
}

/* The slot and the reserve, or as much as a line of that length ever has. */
ms_t
admission_spare(const struct scheduler *s, const struct look *look, const struct entry *e)
{
	ms_t pace = look->slots.pace_ms;
	ms_t wanted = (1 + RESERVE_SLOTS) * pace;
	ms_t best = line_capacity(s->line, s->living, 0, 0, &look->slots);

	if (best < wanted)
		wanted = best;
	return wanted < pace || e->stream == STREAM_LIVING ? pace : wanted;
}
