/* google.c - Google as a supervisor sees it: buckets, leases and faults.
 * Counts sliding windows, the strictest reading of the limits page: whoever keeps them keeps every
 * fixed window as well. Tests only. */
#include "tests/sim/scheduler/parts.h"

static void
count(struct moments *m, ms_t now)
{
	world_grow((void **)&m->at, m->count, &m->size, sizeof(*m->at));
	m->at[m->count++] = now;
}

static int
in_window(const struct moments *m, ms_t window, ms_t now)
{
	int n = 0;

	while (n < m->count && m->at[m->count - 1 - n] > now - window)
		n++;
	return n;
}

/* The calls of another program, evenly, up to now. */
static void
count_others(struct world *w, const struct unit *u)
{
	const struct scenario_event *other = events_on(w, EVENT_OTHER, u);
	struct account_world *a = &w->accounts[u->account];

	if (!other) {
		a->other_at = 0;
		return;
	}
	if (a->other_at == 0)
		a->other_at = w->now;
	for (; a->other_at <= w->now; a->other_at += world_span(w, 60) / other->other_qpm)
		count(&a->arrivals, a->other_at);
}

/* docs/sources.md, Google: limits. Whatever is answered, the call is spent. False if a bucket is
 * too full, which is then named. */
static bool
within_buckets(struct world *w, struct unit *u, enum call_kind kind, enum quota_bucket *full)
{
	ms_t minute = world_span(w, 60);
	struct account_world *a = &w->accounts[u->account];

	count_others(w, u);
	count(&a->arrivals, w->now);
	count(&u->arrivals, w->now);
	count(&u->command_arrivals[kind], w->now);
	int account = in_window(&a->arrivals, minute, w->now);
	int hour = in_window(&u->arrivals, 60 * minute, w->now);

	world_most(&w->result.max_minute, account);
	world_most(&w->result.max_hour, hour);
	world_most(&u->result.max_hour, hour);
	if (account > w->sc->qpm)
		*full = QUOTA_EXECUTE;
	else if (in_window(&u->command_arrivals[kind], minute, w->now) > 5)
		*full = QUOTA_COMMAND;
	else if (in_window(&u->arrivals, minute, w->now) > 30)
		*full = QUOTA_DEVICE_MINUTE;
	else if (hour > 100)
		*full = QUOTA_DEVICE_HOUR;
	else
		return true;
	return false;
}

/* A 429 also fills in the answer's bucket and pause. */
static enum call_result
judge(struct world *w, struct unit *u, enum call_kind kind, struct call_answer *answer)
{
	const struct scenario_event *http = events_on(w, EVENT_HTTP, u);

	answer->bucket = QUOTA_EXECUTE;
	if (!within_buckets(w, u, kind, &answer->bucket)) {
		w->result.over_quota++;
		return CALL_RATE_LIMITED;
	}
	if (http && http->http == 429) {
		answer->retry_after_ms = world_span(w, http->retry_after_s);
		return CALL_RATE_LIMITED;
	}
	if (http || events_on(w, EVENT_OUTAGE, u))
		return CALL_FAILED;
	if (events_on(w, EVENT_OFFLINE, u))
		return CALL_REFUSED;
	if (kind != CALL_GENERATE && u->expires_at <= w->now)
		return CALL_STREAM_GONE;
	if (events_on(w, EVENT_BROKEN, u) || world_uniform(w, 0, 1) < w->sc->fail_ratio)
		return CALL_FAILED;
	return CALL_OK;
}

static void
grant(struct world *w, struct unit *u, enum call_kind kind)
{
	const struct scenario_event *brief = events_on(w, EVENT_LIFE, u);
	double life_s = brief ? brief->life_s : w->sc->stream_life_s;
	double margin_s = world_seconds(w, u->expires_at - w->now);

	if (kind == CALL_STOP) {
		u->expires_at = 0;
		return;
	}
	if (kind == CALL_EXTEND && margin_s < u->result.margin_s)
		u->result.margin_s = margin_s;
	u->expires_at = w->now + world_span(w, life_s);
}

/* When the supervisor gives an answer up. Other policies than camrelayd's say nothing of it. */
static ms_t
given_up_at(const struct world *w, const struct flight *f)
{
	ms_t patience = f->call.patience_ms;

	return f->left + (patience ? patience : world_span(w, CALL_TIMEOUT_S));
}

void
google_arrive(struct world *w, struct flight *f)
{
	struct unit *u = &w->units[f->camera];
	const struct scenario_event *outage = events_on(w, EVENT_OUTAGE, u);
	struct call_answer answer = { 0 };

	count_life(w, u);
	answer.result = judge(w, u, f->call.kind, &answer);
	if (answer.result == CALL_OK)
		grant(w, u, f->call.kind);
	count_life(w, u);
	if (answer.result == CALL_RATE_LIMITED)
		w->result.refused++;
	answer.expires_at = u->expires_at;
	if ((outage && outage->hang) || world_uniform(w, 0, 1) < w->sc->lost_call_ratio) {
		f->answered = MS_NEVER;
	}
	if (f->answered > given_up_at(w, f)) {
		answer.result = CALL_FAILED;
		f->answered = given_up_at(w, f);
	}
	f->arrives = MS_NEVER;
	f->answer = answer;
}
