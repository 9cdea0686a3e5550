/* daemon.c - what camrelayd does between its scheduler, its cameras and its store.
 * Owns one policy per account, one machine per camera. Tests only. */
#include <stdlib.h>

#include "supervisor/camera_view.h"
#include "tests/sim/scheduler/parts.h"

/* The longest of the buckets, with its guard and more. */
#define LOG_SPAN_S 4000

struct scheduler_settings
daemon_settings(const struct scenario *sc)
{
	struct scheduler_settings s = scheduler_settings_default(sc->qpm, sc->minute_ms);

	s.quota.guard_permille = sc->guard_permille;
	s.early_percent = sc->early_percent;
	s.rotate_ms = (ms_t)(sc->rotate_s * sc->minute_ms / 60);
	return s;
}

static struct account_world *
account_of(struct world *w, const struct unit *u)
{
	return &w->accounts[u->account];
}

static void
perform(struct world *w, struct unit *u, const struct camera_effects *fx)
{
	int camera = (int)(u - w->units);
	void *p = account_of(w, u)->policy;

	if (fx->what & CAMERA_DO_CANCEL)
		w->policy->cancel(p, camera);
	if (fx->what & CAMERA_DO_DROP)
		w->policy->lost(p, camera);
	if (fx->what & CAMERA_DO_STOP_STREAM)
		w->policy->want_stop(p, camera);
	if (fx->what & (CAMERA_DO_DROP | CAMERA_DO_STOP_STREAM))
		u->stored_expires_at = 0;
	if (fx->what & CAMERA_DO_GENERATE)
		w->policy->want_generate(p, camera,
			fx->operator? GENERATE_OPERATOR
			: fx->start ? GENERATE_START
				    : GENERATE_RECOVER,
			fx->generate_at);
	if (fx->what & CAMERA_DO_START_WORKER)
		daemon_happen(w, u, CAMERA_EV_WORKER_READY);
	if (fx->what & CAMERA_DO_STOP_WORKER)
		daemon_happen(w, u, CAMERA_EV_WORKER_DIED);
}

static void
happen(struct world *w, struct unit *u, enum camera_event ev, unsigned random)
{
	struct camera_effects fx = camera_step(u->machine, ev, NULL, random, w->now);

	perform(w, u, &fx);
	struct camera_view view = camera_view(u->machine);
	if (view.state != CAMERA_DEGRADED)
		u->degraded_call = -1;
	if (view.state == CAMERA_RUNNING || !view.worker)
		u->refused_at = MS_NEVER;
	else if (u->refused_at == MS_NEVER)
		u->refused_at = w->now + world_span(w, PROBE_S);
	if (fx.what)
		account_of(w, u)->step_at = w->now;
}

void
daemon_happen(struct world *w, struct unit *u, enum camera_event ev)
{
	if (u->machine)
		happen(w, u, ev, world_draw(w));
}

/* That it is said again decides nothing, so there is nothing to draw for. */
void
daemon_probe(struct world *w, struct unit *u)
{
	u->refused_at = MS_NEVER;
	if (u->machine)
		happen(w, u, CAMERA_EV_REFUSED, 0);
}

/* ---- start and restart ----------------------------------------------------------------------- */

void
daemon_add(struct world *w, int camera)
{
	struct unit *u = &w->units[camera];
	struct camera_settings settings = camera_settings_default(true, w->sc->minute_ms);

	if (!account_of(w, u)->policy)
		return;
	u->machine = camera_new(&settings, w->now);
	w->policy->add(account_of(w, u)->policy, camera);
	if (u->wanted)
		daemon_happen(w, u, CAMERA_EV_START);
}

/* A stream that ended behind the supervisor's back is refused to the worker that asks for it. */
void
daemon_restore(struct world *w, int camera)
{
	struct unit *u = &w->units[camera];

	if (!u->wanted || u->stored_expires_at <= w->now)
		return;
	w->policy->restored(
		account_of(w, u)->policy, camera, u->stored_granted_at, u->stored_expires_at);
	daemon_happen(w, u, CAMERA_EV_RESTORED);
	if (u->expires_at <= w->now)
		daemon_happen(w, u, CAMERA_EV_REFUSED);
}

static void
recall_calls(struct world *w)
{
	for (int i = 0; i < w->log_count; i++) {
		const struct call_log *c = &w->log[i];

		if (c->at >= w->now - world_span(w, LOG_SPAN_S))
			w->policy->called(w->accounts[w->units[c->camera].account].policy,
				c->camera, c->kind, c->at);
	}
}

void
daemon_start(struct world *w, bool restart)
{
	struct scheduler_settings settings = daemon_settings(w->sc);

	for (int a = 0; a < w->sc->accounts; a++) {
		w->accounts[a].policy = w->policy->new (&settings);
		w->accounts[a].step_at = w->now;
	}
	for (int i = 0; i < w->count; i++)
		daemon_add(w, i);
	if (!restart)
		return;
	recall_calls(w);
	for (int i = 0; i < w->count; i++)
		daemon_restore(w, i);
}

/* As by kill -9: calls on their way arrive, and nobody hears the answer. */
void
daemon_stop(struct world *w)
{
	for (int a = 0; a < w->sc->accounts; a++) {
		w->policy->free(w->accounts[a].policy);
		w->accounts[a].policy = NULL;
		w->accounts[a].step_at = MS_NEVER;
	}
	for (int i = 0; i < w->count; i++) {
		camera_free(w->units[i].machine);
		w->units[i].machine = NULL;
		w->units[i].busy = false;
		w->units[i].degraded_call = -1;
		w->units[i].refused_at = MS_NEVER;
	}
	for (int i = 0; i < w->flight_count; i++)
		w->flights[i].orphan = true;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static void
tell_watch(struct world *w, const struct api_call *call, int account)
{
	struct sim_stream *streams = calloc((size_t)w->count, sizeof(*streams));
	struct sim_call told = {
		.kind = call->kind,
		.camera = call->camera,
		.now = w->now,
		.account = account,
		.streams = streams,
		.count = w->count,
	};

	if (!streams)
		abort();
	for (int i = 0; i < w->count; i++) {
		const struct unit *u = &w->units[i];

		streams[i] = (struct sim_stream){
			.lives = u->account == account && u->stored_expires_at > w->now,
			.busy = u->busy,
			.expires_at = u->stored_expires_at,
		};
	}
	w->watch->on_call(&told, w->watch->arg);
	free(streams);
}

/* Between two calls of a camera that is degraded. */
static void
note_degraded(struct world *w, struct unit *u)
{
	double gap_s = world_seconds(w, w->now - u->degraded_call);

	if (camera_view(u->machine).state != CAMERA_DEGRADED)
		return;
	if (u->degraded_call >= 0 && gap_s < w->result.degraded_gap_s)
		w->result.degraded_gap_s = gap_s;
	u->degraded_call = w->now;
}

static void
call_leaves(struct world *w, const struct api_call *call)
{
	struct unit *u = &w->units[call->camera];

	world_grow((void **)&w->flights, w->flight_count, &w->flight_size, sizeof(*w->flights));
	w->flights[w->flight_count++] = (struct flight){
		.camera = call->camera,
		.call = *call,
		.left = w->now,
		.arrives = w->now + world_span(w, world_uniform(w, 0, ARRIVAL_S)),
		.answered = w->now + world_span(w, world_uniform(w, w->sc->latency_s[0],
							   w->sc->latency_s[1])),
	};
	world_grow((void **)&w->log, w->log_count, &w->log_size, sizeof(*w->log));
	w->log[w->log_count++] =
		(struct call_log){ .camera = call->camera, .kind = call->kind, .at = w->now };
	if (w->watch && w->watch->on_call)
		tell_watch(w, call, u->account);
	note_degraded(w, u);
	u->busy = true;
	u->result.calls++;
	w->result.calls[call->kind]++;
}

void
daemon_answer(struct world *w, const struct flight *f)
{
	struct unit *u = &w->units[f->camera];
	enum call_verdict verdict;

	if (f->orphan)
		return;
	u->busy = false;
	verdict = w->policy->answered(account_of(w, u)->policy, &f->call, &f->answer, w->now);
	account_of(w, u)->step_at = w->now;
	if (verdict == VERDICT_LOST || verdict == VERDICT_FAILED) {
		daemon_happen(
			w, u, verdict == VERDICT_LOST ? CAMERA_EV_LOST : CAMERA_EV_GENERATE_FAILED);
		return;
	}
	if (verdict != VERDICT_DONE)
		return;
	if (f->call.kind != CALL_STOP) {
		u->stored_granted_at = w->now;
		u->stored_expires_at = f->answer.expires_at;
		daemon_happen(w, u,
			f->call.kind == CALL_EXTEND ? CAMERA_EV_EXTENDED : CAMERA_EV_GENERATED);
	}
}

void
daemon_step(struct world *w, int account)
{
	struct account_world *a = &w->accounts[account];
	struct scheduler_event e;
	struct api_call call;

	do {
		a->step_at = w->policy->step(a->policy, w->now, &call);
		if (call.kind != CALL_NONE)
			call_leaves(w, &call);
	} while (call.kind != CALL_NONE);
	while (w->policy->event(a->policy, &e)) {
		w->result.events[e.kind]++;
		if (e.kind == SCHEDULER_EXPIRED)
			daemon_happen(w, &w->units[e.camera], CAMERA_EV_LOST);
	}
}
