/* world.c - a scenario in virtual time: from one moment at which something happens to the next.
 * Owns the loop and the random numbers. Tests only. */
#include <stdlib.h>

#include "tests/sim/scheduler/parts.h"

#define RESTORED_LEAST_S 25

unsigned
world_draw(struct world *w)
{
	w->seed = w->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(w->seed >> 32);
}

double
world_uniform(struct world *w, double from, double to)
{
	return from + (to - from) * world_draw(w) / 4294967296.0;
}

ms_t
world_span(const struct world *w, double seconds)
{
	return (ms_t)(seconds * w->second);
}

double
world_seconds(const struct world *w, ms_t span)
{
	return (double)span / w->second;
}

/* Room for one more. */
void
world_grow(void **array, int count, int *size, size_t element)
{
	if (count < *size)
		return;
	*size = *size ? *size * 2 : 16;
	*array = realloc(*array, (size_t)*size * element);
	if (!*array)
		abort();
}

void
world_most(int *most_so_far, int n)
{
	if (n > *most_so_far)
		*most_so_far = n;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

/* Restored: nobody is closer to the end than a running supervisor lets a stream come. */
static void
begin_alive(struct world *w, int camera)
{
	struct unit *u = &w->units[camera];
	double life_s = w->sc->stream_life_s;
	double spread_s =
		w->sc->start == START_RESTORED ? life_s - RESTORED_LEAST_S : EXPIRING_WITHIN_S;

	u->expires_at = world_span(w, life_s - world_uniform(w, 0, spread_s));
	u->stored_expires_at = u->expires_at;
	u->stored_granted_at = u->expires_at - world_span(w, life_s);
	daemon_restore(w, camera);
}

static void
begin_unit(struct world *w, int i)
{
	struct unit *u = &w->units[i];

	u->account = i % w->sc->accounts;
	u->wanted = true;
	u->running_at = u->dead_since = u->degraded_call = -1;
	u->refused_at = MS_NEVER;
	u->result.margin_s = 1e9;
}

static void
begin(struct world *w, unsigned seed)
{
	int all = scenario_cameras(w->sc);

	w->second = w->sc->minute_ms / 60.0;
	w->seed = seed * 2654435761ull + 1;
	w->result = (struct sim_result){ .margin_s = 1e9, .degraded_gap_s = 1e9, .healed_s = -1 };
	w->units = calloc((size_t)all + 1, sizeof(*w->units));
	if (!w->units)
		abort();
	for (int i = 0; i < all; i++)
		begin_unit(w, i);
	w->count = w->sc->cameras;
	events_begin(w);
	daemon_start(w, false);
	if (w->sc->start == START_STAGGERED)
		return;
	for (int i = 0; i < w->count; i++)
		begin_alive(w, i);
	count_stake(w, -1, 0);
}

static void
end(struct world *w)
{
	daemon_stop(w);
	for (int a = 0; a < w->sc->accounts; a++)
		free(w->accounts[a].arrivals.at);
	for (int i = 0; i < w->count; i++) {
		free(w->units[i].arrivals.at);
		for (int kind = 0; kind < CALL_LIST; kind++)
			free(w->units[i].command_arrivals[kind].at);
	}
	free(w->units);
	free(w->flights);
	free(w->log);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static ms_t
sooner(ms_t a, ms_t b)
{
	return a < b ? a : b;
}

static ms_t
next_moment(const struct world *w)
{
	ms_t next = events_next(w);

	for (int a = 0; a < w->sc->accounts; a++)
		next = sooner(next, w->accounts[a].step_at);
	for (int i = 0; i < w->flight_count; i++)
		next = sooner(next, sooner(w->flights[i].arrives, w->flights[i].answered));
	for (int i = 0; i < w->count; i++) {
		if (w->units[i].expires_at)
			next = sooner(next, w->units[i].expires_at);
		next = sooner(next, w->units[i].refused_at);
	}
	return next;
}

static void
arrivals(struct world *w)
{
	for (int i = 0; i < w->flight_count; i++) {
		struct flight *f = &w->flights[i];
		int account = w->units[f->camera].account;

		if (f->arrives > w->now)
			continue;
		if (w->accounts[account].stake && !f->orphan &&
			w->now >= w->accounts[account].stake_until)
			count_slot(w, account, f->left);
		google_arrive(w, f);
	}
}

static void
answers(struct world *w)
{
	for (int i = 0; i < w->flight_count; i++) {
		struct flight f = w->flights[i];

		if (f.arrives <= w->now || f.answered > w->now)
			continue;
		w->flights[i--] = w->flights[--w->flight_count];
		daemon_answer(w, &f);
	}
}

static void
run_moment(struct world *w)
{
	events_step(w);
	arrivals(w);
	for (int i = 0; i < w->count; i++) {
		count_life(w, &w->units[i]);
		if (w->units[i].refused_at <= w->now)
			daemon_probe(w, &w->units[i]);
	}
	answers(w);
	for (int a = 0; a < w->sc->accounts; a++) {
		if (w->accounts[a].step_at <= w->now)
			daemon_step(w, a);
	}
	count_moment(w);
}

struct sim_result
sim_run(const struct scenario *sc, const struct policy *policy, unsigned seed,
	const struct sim_watch *watch)
{
	struct world w = { .sc = sc, .policy = policy, .watch = watch };

	begin(&w, seed);
	ms_t last = world_span(&w, sc->hours * 3600);
	for (ms_t next = 0; next <= last; next = next_moment(&w)) {
		w.now = next;
		run_moment(&w);
	}
	w.now = last;
	count_end(&w);
	end(&w);
	return w.result;
}

void
sim_result_clear(struct sim_result *r)
{
	free(r->cameras);
	r->cameras = NULL;
}
