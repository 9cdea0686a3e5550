/* count.c - what became of the cameras, by Google's word and not by ours. Tests only. */
#include <stdlib.h>

#include "tests/sim/scheduler/parts.h"

/* ---- lives ----------------------------------------------------------------------------------- */

static void
count_death(struct world *w, struct unit *u)
{
	u->expires_at = 0;
	if (!u->wanted || events_on(w, EVENT_OFFLINE, u) || events_on(w, EVENT_BROKEN, u)) {
		u->dead_since = -1;
		return;
	}
	u->dead_since = w->now;
	u->died = true;
	u->result.deaths++;
	w->result.deaths++;
	if (w->now - w->last_death > world_span(w, 10))
		w->burst = 0;
	w->last_death = w->now;
	world_most(&w->result.worst_burst, ++w->burst);
}

void
count_life(struct world *w, struct unit *u)
{
	bool lives = u->expires_at > w->now;

	if (u->expires_at && !lives)
		count_death(w, u);
	if (!lives)
		return;
	if (u->running_at < 0)
		u->running_at = w->now;
	if (u->dead_since >= 0)
		u->result.downtime_s += world_seconds(w, w->now - u->dead_since);
	u->dead_since = -1;
}

/* From the first moment after the last event at which everybody lives. */
static void
count_healed(struct world *w, int living)
{
	ms_t end = 0;

	for (int i = 0; i < w->sc->event_count; i++)
		end = w->due[i].until > end ? w->due[i].until : end;
	if (w->result.healed_s < 0 && w->now >= end && living == w->count)
		w->result.healed_s = world_seconds(w, w->now - end);
}

void
count_moment(struct world *w)
{
	ms_t least = MS_NEVER;
	int living = 0, dead = 0;

	for (int i = 0; i < w->count; i++) {
		const struct unit *u = &w->units[i];

		living += u->expires_at > 0;
		dead += u->dead_since >= 0;
		if (u->expires_at && u->expires_at < least)
			least = u->expires_at;
	}
	world_most(&w->result.most_dead, dead);
	count_healed(w, living);
	if (w->watch && w->watch->on_moment)
		w->watch->on_moment(world_seconds(w, w->now),
			living ? world_seconds(w, least - w->now) : 0, living, w->watch->arg);
}

/* ---- the bound ------------------------------------------------------------------------------- */

/* An outage or a restart begins: who lives now can be lost by it. */
void
count_stake(struct world *w, int account, ms_t until)
{
	for (int a = 0; a < w->sc->accounts; a++) {
		if (account >= 0 && account != a)
			continue;
		w->accounts[a].stake = true;
		w->accounts[a].stake_until = until;
	}
	for (int i = 0; i < w->count; i++) {
		struct unit *u = &w->units[i];

		if (account < 0 || account == u->account)
			u->at_stake = u->expires_at > w->now;
	}
}

static int
compare(const void *a, const void *b)
{
	ms_t x = *(const ms_t *)a;
	ms_t y = *(const ms_t *)b;

	return (x > y) - (x < y);
}

static ms_t
pace(const struct world *w)
{
	struct scheduler_settings s = daemon_settings(w->sc);
	ms_t window = s.quota.limits[QUOTA_EXECUTE].window_ms;

	return window * (1000 + s.quota.guard_permille) / 1000 / w->sc->qpm;
}

/* Slots until all run: one for each that is dead, one for each whose end comes before that. */
static int
slots_to_heal(const ms_t *ends, int living, int dead, ms_t slot, ms_t pace_ms)
{
	int n = dead;
	int urgent = 0;

	while (urgent < living && ends[urgent] < slot + n * pace_ms) {
		urgent++;
		n++;
	}
	return n;
}

/* The bound. Of the streams that lived when the outage (or restart) began, those that cannot be
 * reached with a slot each pace from the first that came after it: the earliest end first, no slot
 * spent in vain, no Generate, nobody extended twice. For calls that take one slot each that order
 * loses the fewest there are. A call must leave half a second before the end to be sure to arrive.
 * Where the first slot is, no one can know beforehand, so it is taken from the run. */
void
count_slot(struct world *w, int account, ms_t slot)
{
	struct account_world *a = &w->accounts[account];
	ms_t *ends = calloc((size_t)w->count, sizeof(*ends));
	int living = 0, dead = 0, lost = 0;

	if (!ends)
		abort();
	for (int i = 0; i < w->count; i++) {
		struct unit *u = &w->units[i];

		if (u->account != account)
			continue;
		if (u->expires_at > w->now)
			ends[living++] = u->expires_at;
		else
			dead += u->wanted;
		lost += u->at_stake && u->expires_at <= w->now;
		u->at_stake = false;
	}
	qsort(ends, (size_t)living, sizeof(*ends), compare);
	w->result.heal_slots_s =
		world_seconds(w, pace(w) * slots_to_heal(ends, living, dead, slot, pace(w)));
	for (int i = 0, reached = 0; i < living; i++) {
		if (ends[i] < slot + reached * pace(w) + world_span(w, ARRIVAL_S))
			lost++;
		else
			reached++;
	}
	w->result.unsavable += lost;
	a->stake = false;
	free(ends);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void
sum_up(struct world *w, struct unit *u)
{
	struct sim_result *r = &w->result;
	struct sim_camera *c = &u->result;

	c->account = u->account;
	c->first_run_s = -1;
	if (u->running_at >= 0)
		c->first_run_s = world_seconds(w, u->running_at - u->added_at);
	if (u->dead_since >= 0)
		c->downtime_s += world_seconds(w, w->now - u->dead_since);
	if (c->first_run_s < 0 || r->all_running_s < 0)
		r->all_running_s = -1;
	else if (c->first_run_s > r->all_running_s)
		r->all_running_s = c->first_run_s;
	r->uninterrupted += u->running_at >= 0 && !u->died;
	r->downtime_s += c->downtime_s;
	if (c->margin_s < r->margin_s)
		r->margin_s = c->margin_s;
}

void
count_end(struct world *w)
{
	struct sim_result *r = &w->result;

	r->cameras = calloc((size_t)w->count + 1, sizeof(*r->cameras));
	if (!r->cameras)
		abort();
	r->camera_count = w->count;
	for (int i = 0; i < w->count; i++) {
		sum_up(w, &w->units[i]);
		r->cameras[i] = w->units[i].result;
	}
}
