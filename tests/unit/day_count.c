/* day_count.c - what became of a day's cameras, by Google's word and not by ours. Tests only. */
#include <stdlib.h>

#include "tests/unit/day_world.h"

static void
count_death(struct world *w, struct unit *u)
{
	u->expires_at = 0;
	u->dead_since = w->now;
	if (day_hit(w, DAY_OFFLINE, u) || day_hit(w, DAY_BROKEN, u)) {
		u->dead_since = -1;
		return;
	}
	u->died = true;
	w->result.deaths++;
	if (w->now - w->last_death > day_span(w, 10))
		w->burst = 0;
	w->last_death = w->now;
	day_most(&w->result.worst_burst, ++w->burst);
}

void
day_count_life(struct world *w, struct unit *u)
{
	bool lives = u->expires_at > w->now;

	if (u->expires_at && !lives)
		count_death(w, u);
	if (!lives)
		return;
	if (u->running_at < 0)
		u->running_at = w->now;
	if (u->dead_since >= 0)
		w->result.downtime_s += (double)(w->now - u->dead_since) / w->second;
	u->dead_since = -1;
}

/* From the first moment after the last fault at which everybody lives. */
void
day_count_healed(struct world *w)
{
	double end = 0;

	for (int i = 0; i < 3; i++) {
		const struct day_fault *f = &w->day->faults[i];
		if (f->kind && f->at_s + f->for_s > end)
			end = f->at_s + f->for_s;
	}
	if (w->result.healed_s >= 0 || w->now < day_span(w, end))
		return;
	for (int i = 0; i < w->day->cameras; i++) {
		if (!w->units[i].expires_at)
			return;
	}
	w->result.healed_s = (double)w->now / w->second - end;
}

static int
compare(const void *a, const void *b)
{
	ms_t x = *(const ms_t *)a;
	ms_t y = *(const ms_t *)b;

	return (x > y) - (x < y);
}

void
day_remember_ends(struct world *w)
{
	const struct day_fault *f = day_fault_now(w, DAY_OUTAGE);

	if (!f || w->now != day_span(w, f->at_s))
		return;
	for (int i = 0; i < w->day->cameras; i++) {
		if (w->units[i].expires_at)
			w->ends[w->end_count++] = w->units[i].expires_at;
	}
	qsort(w->ends, (size_t)w->end_count, sizeof(w->ends[0]), compare);
}

/* The bound. Of the streams that lived when the outage began, those that cannot be reached with a
 * slot each pace from the first that came after its end: the earliest end first, no slot spent in
 * vain, no Generate, nobody extended twice. A call must leave half a second before the end to be
 * sure to arrive. Calls during the outage cost nothing in this count but where they put that first
 * slot, which no one can know beforehand. */
void
day_count_unsavable(struct world *w, ms_t slot)
{
	const struct day_fault *f = &w->day->faults[0];

	if (f->kind != DAY_OUTAGE || w->end_count == 0 || w->now < day_span(w, f->at_s + f->for_s))
		return;
	for (int i = 0; i < w->end_count; i++) {
		if (w->ends[i] < slot + day_span(w, ARRIVAL_S))
			w->result.unsavable++;
		else
			slot += day_span(w, 6.09);
	}
	w->end_count = 0;
}

void
day_count_end(struct world *w)
{
	struct day_result *r = &w->result;

	r->all_running_s = 0;
	for (int i = 0; i < w->day->cameras; i++) {
		struct unit *u = &w->units[i];
		double at = (double)u->running_at / w->second;

		if (u->running_at < 0 || r->all_running_s < 0)
			r->all_running_s = -1;
		else if (at > r->all_running_s)
			r->all_running_s = at;
		r->uninterrupted += u->running_at >= 0 && !u->died;
		if (u->dead_since >= 0)
			r->downtime_s += (double)(w->now - u->dead_since) / w->second;
	}
}
