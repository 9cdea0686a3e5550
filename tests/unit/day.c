/* day.c - cameras, a scheduler and a model of Google in virtual time.
 * Owns the model and the loop between the modules, which does what camrelayd does. Tests only. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/camera.h"
#include "tests/unit/day.h"

#define CAMERAS_MAX 128
#define ACCOUNTS_MAX 2
#define CALLS_MAX 100000
#define CALL_TIMEOUT_S 10
#define ARRIVAL_S 0.5 /* calls reach the API after 0 to that, and are answered after */
#define ANSWER_MIN_S 0.5
#define ANSWER_MAX_S 2.0
#define EXPIRING_WITHIN_S 10.0

/* One call on its way. */
struct flight {
	struct api_call call;
	ms_t left;
	ms_t arrives;  /* MS_NEVER once it has */
	ms_t answered; /* MS_NEVER: no call */
	struct call_answer answer;
	enum camera_event failure;
};

struct unit {
	struct camera *machine;
	int account;
	ms_t generate_at; /* only to check that it was asked for */
	ms_t expires_at;  /* by Google's word; 0: no stream */
	ms_t running_at;  /* first; -1: not yet */
	ms_t dead_since;  /* -1: lives, or never lived */
	bool died;
	bool wanted; /* its death counts: it is not offline */
	struct flight flight;
	ms_t *arrivals; /* owned */
	int arrival_count;
	ms_t command_arrivals[CALL_LIST][8]; /* ring of the last */
	int command_count[CALL_LIST];
};

struct world {
	const struct day *day;
	double second; /* in ms */
	unsigned long long seed;
	ms_t now;
	struct unit units[CAMERAS_MAX];
	struct scheduler *schedulers[ACCOUNTS_MAX];
	ms_t step_at[ACCOUNTS_MAX];
	ms_t *arrivals[ACCOUNTS_MAX]; /* owned */
	int arrival_count[ACCOUNTS_MAX];
	ms_t last_death;
	int burst;
	ms_t ends[CAMERAS_MAX]; /* when the outage began */
	int end_count;
	struct day_result result;
};

static unsigned
draw(struct world *w)
{
	w->seed = w->seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(w->seed >> 32);
}

static double
uniform(struct world *w, double from, double to)
{
	return from + (to - from) * draw(w) / 4294967296.0;
}

static ms_t
span(const struct world *w, double seconds)
{
	return (ms_t)(seconds * w->second);
}

static int
either(int value, int otherwise)
{
	return value ? value : otherwise;
}

static const struct day_fault *
fault(const struct world *w, enum day_fault_kind kind)
{
	for (int i = 0; i < 3; i++) {
		const struct day_fault *f = &w->day->faults[i];

		if (f->kind == kind && w->now >= span(w, f->at_s) &&
			w->now < span(w, f->at_s + f->for_s))
			return f;
	}
	return NULL;
}

/* ---- Google ---------------------------------------------------------------------------------- */

static int
in_window(const ms_t *at, int count, ms_t window, ms_t now)
{
	int n = 0;

	while (n < count && at[count - 1 - n] > now - window)
		n++;
	return n;
}

static void
most(int *most_so_far, int n)
{
	if (n > *most_so_far)
		*most_so_far = n;
}

static bool
within_buckets(struct world *w, struct unit *u, enum call_kind kind)
{
	ms_t minute = span(w, 60);
	int a = u->account;
	ms_t *ring = u->command_arrivals[kind];
	int n = u->command_count[kind];

	w->arrivals[a][w->arrival_count[a]++] = w->now;
	u->arrivals[u->arrival_count++] = w->now;
	ring[n % 8] = w->now;
	u->command_count[kind]++;
	int account = in_window(w->arrivals[a], w->arrival_count[a], minute, w->now);
	int camera_minute = in_window(u->arrivals, u->arrival_count, minute, w->now);
	int camera_hour = in_window(u->arrivals, u->arrival_count, 60 * minute, w->now);
	bool command = n < 5 || ring[(n - 5) % 8] <= w->now - minute;

	most(&w->result.max_minute, account);
	most(&w->result.max_hour, camera_hour);
	return account <= 10 && camera_minute <= 30 && camera_hour <= 100 && command;
}

static void
grant(struct world *w, struct unit *u, struct call_answer *answer)
{
	const struct day_fault *brief = fault(w, DAY_SHORT_LIFE);
	int life = brief ? brief->life_s : either(w->day->life_s, 300);

	u->expires_at = w->now + span(w, life);
	answer->result = CALL_OK;
	answer->expires_at = u->expires_at;
}

static bool
hit(const struct world *w, enum day_fault_kind kind, const struct unit *u)
{
	const struct day_fault *f = fault(w, kind);

	return f && u - w->units < f->cameras;
}

static void
arrive(struct world *w, struct unit *u)
{
	struct flight *f = &u->flight;
	enum call_kind kind = f->call.kind;
	const struct day_fault *limited = fault(w, DAY_RATE_LIMITED);

	f->arrives = MS_NEVER;
	f->failure = CAMERA_EV_GENERATE_FAILED;
	f->answer = (struct call_answer){ .result = CALL_FAILED };
	if (!within_buckets(w, u, kind)) {
		w->result.refused++;
		f->answer.result = CALL_RATE_LIMITED;
		f->answer.bucket = QUOTA_EXECUTE;
	} else if (limited) {
		f->answer.result = CALL_RATE_LIMITED;
		f->answer.bucket = QUOTA_EXECUTE;
		f->answer.retry_after_ms = span(w, limited->retry_after_s);
	} else if (hit(w, DAY_OFFLINE, u)) {
		f->answer.result = CALL_REFUSED;
	} else if (kind == CALL_EXTEND && u->expires_at <= w->now) {
		f->answer.result = CALL_STREAM_GONE;
	} else if (!fault(w, DAY_OUTAGE) && !fault(w, DAY_HANG) && !hit(w, DAY_BROKEN, u) &&
		   uniform(w, 0, 1) >= w->day->fail_ratio) {
		if (kind == CALL_EXTEND) {
			double margin = (double)(u->expires_at - w->now) / w->second;
			if (margin < w->result.worst_margin_s)
				w->result.worst_margin_s = margin;
		}
		grant(w, u, &f->answer);
	}
	if (fault(w, DAY_HANG) || uniform(w, 0, 1) < w->day->lost_ratio) {
		f->answer = (struct call_answer){ .result = CALL_FAILED };
		f->answered += span(w, CALL_TIMEOUT_S);
	}
}

/* ---- what camrelayd does --------------------------------------------------------------------- */

static void
happen(struct world *w, struct unit *u, enum camera_event ev)
{
	int camera = (int)(u - w->units);
	struct scheduler *s = w->schedulers[u->account];
	struct camera_effects fx = camera_step(u->machine, ev, NULL, draw(w), w->now);

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
		happen(w, u, f->failure);
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
		f->arrives = w->now + span(w, uniform(w, 0, ARRIVAL_S));
		f->answered = w->now + span(w, uniform(w, ANSWER_MIN_S, ANSWER_MAX_S));
		w->result.calls[call.kind]++;
	} while (call.kind != CALL_NONE);
	drain(w, account);
}

/* ---- what is counted ------------------------------------------------------------------------- */

static void
count_death(struct world *w, struct unit *u)
{
	u->expires_at = 0;
	u->dead_since = w->now;
	if (hit(w, DAY_OFFLINE, u) || hit(w, DAY_BROKEN, u)) {
		u->dead_since = -1;
		return;
	}
	u->died = true;
	w->result.deaths++;
	if (w->now - w->last_death > span(w, 10))
		w->burst = 0;
	w->last_death = w->now;
	most(&w->result.worst_burst, ++w->burst);
}

static void
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
		w->result.downtime_s += (double)(w->now - u->dead_since) / w->second;
	u->dead_since = -1;
}

/* From the first moment after the last fault at which everybody lives. */
static void
count_healed(struct world *w)
{
	double end = 0;

	for (int i = 0; i < 3; i++) {
		const struct day_fault *f = &w->day->faults[i];
		if (f->kind && f->at_s + f->for_s > end)
			end = f->at_s + f->for_s;
	}
	if (w->result.healed_s >= 0 || w->now < span(w, end))
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

static void
remember_ends(struct world *w)
{
	const struct day_fault *f = fault(w, DAY_OUTAGE);

	if (!f || w->now != span(w, f->at_s))
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
static void
count_unsavable(struct world *w, ms_t slot)
{
	const struct day_fault *f = &w->day->faults[0];

	if (f->kind != DAY_OUTAGE || w->end_count == 0 || w->now < span(w, f->at_s + f->for_s))
		return;
	for (int i = 0; i < w->end_count; i++) {
		if (w->ends[i] < slot + span(w, ARRIVAL_S))
			w->result.unsavable++;
		else
			slot += span(w, 6.09);
	}
	w->end_count = 0;
}

static void
count_end(struct world *w)
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

/* ---- the loop -------------------------------------------------------------------------------- */

static void
begin_alive(struct world *w, int camera)
{
	struct unit *u = &w->units[camera];
	int life = either(w->day->life_s, 300);
	double spread = w->day->start == DAY_RESTORED ? life - 25 : EXPIRING_WITHIN_S;

	u->expires_at = span(w, life) - span(w, uniform(w, 0, spread));
	scheduler_restored(
		w->schedulers[u->account], camera, u->expires_at - span(w, life), u->expires_at);
	happen(w, u, CAMERA_EV_RESTORED);
}

static void
begin(struct world *w)
{
	const struct day *d = w->day;
	ms_t minute = d->minute_ms ? d->minute_ms : 60000;
	int accounts = either(d->accounts, 1);
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

	for (int a = 0; a < either(w->day->accounts, 1); a++)
		next = sooner(next, w->step_at[a]);
	for (int i = 0; i < w->day->cameras; i++) {
		const struct unit *u = &w->units[i];

		next = sooner(next, sooner(u->flight.arrives, u->flight.answered));
		if (u->expires_at)
			next = sooner(next, u->expires_at);
	}
	for (int i = 0; i < 3; i++) {
		ms_t at = span(w, w->day->faults[i].at_s);
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
			count_unsavable(w, u->flight.left);
			arrive(w, u);
		}
		count_life(w, u);
		if (u->flight.answered <= w->now)
			answer(w, u);
	}
	remember_ends(w);
	for (int a = 0; a < either(w->day->accounts, 1); a++) {
		if (w->step_at[a] <= w->now)
			step(w, a);
	}
	count_healed(w);
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
	ms_t last = span(w, (day->hours > 0 ? day->hours : 24) * 3600);
	for (ms_t next = 0; next <= last; next = next_moment(w)) {
		w->now = next;
		run_moment(w);
	}
	w->now = last;
	count_end(w);
	struct day_result result = w->result;
	end(w);
	free(w);
	return result;
}
