/* day.c - cameras and their schedulers in virtual time, driven as camrelayd drives them.
 * Owns the loop. Tests only. */
#include <assert.h>
#include <stdlib.h>

#include "tests/unit/day_world.h"

unsigned
day_draw(struct world *w)
{
	w->seed = w->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(w->seed >> 32);
}

double
day_uniform(struct world *w, double from, double to)
{
	return from + (to - from) * day_draw(w) / 4294967296.0;
}

ms_t
day_span(const struct world *w, double seconds)
{
	return (ms_t)(seconds * w->second);
}

int
day_either(int value, int otherwise)
{
	return value ? value : otherwise;
}

const struct day_fault *
day_fault_now(const struct world *w, enum day_fault_kind kind)
{
	for (int i = 0; i < 3; i++) {
		const struct day_fault *f = &w->day->faults[i];

		if (f->kind == kind && w->now >= day_span(w, f->at_s) &&
			w->now < day_span(w, f->at_s + f->for_s))
			return f;
	}
	return NULL;
}

bool
day_hit(const struct world *w, enum day_fault_kind kind, const struct unit *u)
{
	const struct day_fault *f = day_fault_now(w, kind);

	return f && u - w->units < f->cameras;
}

void
day_most(int *most_so_far, int n)
{
	if (n > *most_so_far)
		*most_so_far = n;
}

/* ---- what camrelayd does --------------------------------------------------------------------- */

static void
happen(struct world *w, struct unit *u, enum camera_event ev)
{
	int camera = (int)(u - w->units);
	struct scheduler *s = w->schedulers[u->account];
	struct camera_effects fx = camera_step(u->machine, ev, NULL, day_draw(w), w->now);

	if (fx.what & CAMERA_DO_CANCEL)
		scheduler_cancel(s, camera);
	if (fx.what & CAMERA_DO_DROP)
		scheduler_lost(s, camera);
	if (fx.what & CAMERA_DO_STOP_STREAM)
		scheduler_want_stop(s, camera);
	if (fx.what & CAMERA_DO_GENERATE)
		scheduler_want_generate(s, camera,
			fx.operator? GENERATE_OPERATOR
			: fx.start ? GENERATE_START
				   : GENERATE_RECOVER,
			fx.generate_at);
	if (fx.what & CAMERA_DO_START_WORKER)
		happen(w, u, CAMERA_EV_WORKER_READY);
	w->step_at[u->account] = w->now;
}

static void
answer(struct world *w, struct unit *u)
{
	struct flight *f = &u->flight;
	struct api_call call = f->call;
	struct scheduler *s = w->schedulers[u->account];

	f->answered = MS_NEVER;
	enum call_verdict verdict = scheduler_answered(s, &call, &f->answer, w->now);
	if (verdict == VERDICT_DONE)
		happen(w, u, call.kind == CALL_EXTEND ? CAMERA_EV_EXTENDED : CAMERA_EV_GENERATED);
	else if (verdict == VERDICT_FAILED)
		happen(w, u, CAMERA_EV_GENERATE_FAILED);
	else if (verdict == VERDICT_LOST)
		happen(w, u, CAMERA_EV_LOST);
	w->step_at[u->account] = w->now;
}

static void
drain(struct world *w, int account)
{
	struct scheduler_event e;

	while (scheduler_event(w->schedulers[account], &e)) {
		w->result.events[e.kind]++;
		if (e.kind == SCHEDULER_EXPIRED)
			happen(w, &w->units[e.camera], CAMERA_EV_LOST);
	}
}

static void
step(struct world *w, int account)
{
	struct api_call call;

	do {
		w->step_at[account] = scheduler_step(w->schedulers[account], w->now, &call);
		if (call.kind == CALL_NONE)
			continue;
		struct flight *f = &w->units[call.camera].flight;
		assert(f->answered == MS_NEVER);
		f->call = call;
		f->left = w->now;
		f->arrives = w->now + day_span(w, day_uniform(w, 0, ARRIVAL_S));
		f->answered = w->now + day_span(w, day_uniform(w, ANSWER_MIN_S, ANSWER_MAX_S));
		w->result.calls[call.kind]++;
	} while (call.kind != CALL_NONE);
	drain(w, account);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void
begin_alive(struct world *w, int camera)
{
	struct unit *u = &w->units[camera];
	int life = day_either(w->day->life_s, 300);
	double spread = w->day->start == DAY_RESTORED ? life - 25 : EXPIRING_WITHIN_S;

	u->expires_at = day_span(w, life) - day_span(w, day_uniform(w, 0, spread));
	scheduler_restored(w->schedulers[u->account], camera, u->expires_at - day_span(w, life),
		u->expires_at);
	happen(w, u, CAMERA_EV_RESTORED);
}

static void
begin(struct world *w)
{
	const struct day *d = w->day;
	ms_t minute = d->minute_ms ? d->minute_ms : 60000;
	int accounts = day_either(d->accounts, 1);
	struct scheduler_settings settings = scheduler_settings_default(10, minute);
	struct camera_settings camera = camera_settings_default(true, minute);

	settings.rotate_ms = d->rotate_ms;
	if (d->guard_permille)
		settings.quota.guard_permille = d->guard_permille < 0 ? 0 : d->guard_permille;
	for (int a = 0; a < accounts; a++) {
		w->schedulers[a] = scheduler_new(&settings);
		w->arrivals[a] = calloc(CALLS_MAX, sizeof(ms_t));
	}
	for (int i = 0; i < d->cameras; i++) {
		struct unit *u = &w->units[i];

		u->machine = camera_new(&camera, 0);
		u->account = i % accounts;
		u->running_at = u->dead_since = -1;
		u->flight.arrives = u->flight.answered = MS_NEVER;
		u->arrivals = calloc(CALLS_MAX / 10, sizeof(ms_t));
		scheduler_add(w->schedulers[u->account], i);
		happen(w, u, CAMERA_EV_START);
		if (d->start != DAY_STAGGERED)
			begin_alive(w, i);
	}
}

static ms_t
sooner(ms_t a, ms_t b)
{
	return a < b ? a : b;
}

static ms_t
next_moment(const struct world *w)
{
	ms_t next = MS_NEVER;

	for (int a = 0; a < day_either(w->day->accounts, 1); a++)
		next = sooner(next, w->step_at[a]);
	for (int i = 0; i < w->day->cameras; i++) {
		const struct unit *u = &w->units[i];

		next = sooner(next, sooner(u->flight.arrives, u->flight.answered));
		if (u->expires_at)
			next = sooner(next, u->expires_at);
	}
	for (int i = 0; i < 3; i++) {
		ms_t at = day_span(w, w->day->faults[i].at_s);
		if (at > w->now)
			next = sooner(next, at);
	}
	return next;
}

static void
run_moment(struct world *w)
{
	for (int i = 0; i < w->day->cameras; i++) {
		struct unit *u = &w->units[i];

		if (u->flight.arrives <= w->now) {
			day_count_unsavable(w, u->flight.left);
			day_arrive(w, u);
		}
		day_count_life(w, u);
		if (u->flight.answered <= w->now)
			answer(w, u);
	}
	day_remember_ends(w);
	for (int a = 0; a < day_either(w->day->accounts, 1); a++) {
		if (w->step_at[a] <= w->now)
			step(w, a);
	}
	day_count_healed(w);
}

static void
end(struct world *w)
{
	for (int a = 0; a < ACCOUNTS_MAX; a++) {
		scheduler_free(w->schedulers[a]);
		free(w->arrivals[a]);
	}
	for (int i = 0; i < w->day->cameras; i++) {
		camera_free(w->units[i].machine);
		free(w->units[i].arrivals);
	}
}

struct day_result
day_run(const struct day *day, unsigned seed)
{
	struct world *w = calloc(1, sizeof(*w));
	ms_t minute = day->minute_ms ? day->minute_ms : 60000;

	w->day = day;
	w->second = (double)minute / 60;
	w->seed = seed * 2654435761ull + 1;
	w->result.worst_margin_s = 1e9;
	w->result.healed_s = -1;
	begin(w);
	ms_t last = day_span(w, (day->hours > 0 ? day->hours : 24) * 3600);
	for (ms_t next = 0; next <= last; next = next_moment(w)) {
		w->now = next;
		run_moment(w);
	}
	w->now = last;
	day_count_end(w);
	struct day_result result = w->result;
	end(w);
	free(w);
	return result;
}
