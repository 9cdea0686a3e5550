/* fixed60.c - the classic rule, for comparison: what most programs of this kind do.
 * Owns two queues and a monitor. An Extend that failed is asked for again by the monitor's next
 * round. A 429 stops all calls for as long as it says, else a minute: without that pause this pace
 * never gets out of the refusals again, as others report too (go2rtc, issue 1397). Tests only. */
#include <stdlib.h>

#include "tests/sim/scheduler/policy.h"

/* For a minute of 60 s. */
#define MONITOR_S 30
#define MARK_S 60
#define PACE_S 6

struct stream {
	int camera;
	bool lives;
	bool stop; /* wanted */
	bool busy;
	ms_t expires_at;
	int failures;
	unsigned asked; /* place in the queue of Extends; 0: not in it */
	bool wants_generate;
	enum generate_reason reason;
	ms_t from;
	unsigned ticket; /* place in the queue of Generates */
	bool expired;    /* to be told */
};

struct fixed60 {
	struct scheduler_settings settings;
	ms_t minute_ms;
	ms_t pace_ms;
	struct stream *streams; /* owned */
	int count;
	unsigned tickets;
	unsigned calls;
	ms_t monitor_at;
	ms_t slot_at;
	ms_t start_at;
};

static ms_t
span(const struct fixed60 *f, int seconds)
{
	return seconds * f->minute_ms / 60;
}

static struct stream *
find(struct fixed60 *f, int camera)
{
	for (int i = 0; i < f->count; i++) {
		if (f->streams[i].camera == camera)
			return &f->streams[i];
	}
	abort();
}

static void *
fixed60_new(const struct scheduler_settings *settings)
{
	struct fixed60 *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->settings = *settings;
	f->minute_ms = settings->quota.limits[QUOTA_EXECUTE].window_ms;
	f->pace_ms = span(f, PACE_S);
	f->monitor_at = f->slot_at = f->start_at = INT64_MIN / 2;
	return f;
}

/* The same at the pace that the scheduler keeps. */
static void *
guarded_new(const struct scheduler_settings *settings)
{
	struct fixed60 *f = fixed60_new(settings);

	f->pace_ms += f->pace_ms * settings->quota.guard_permille / 1000;
	return f;
}

static void
fixed60_free(void *p)
{
	struct fixed60 *f = p;

	if (!f)
		return;
	free(f->streams);
	free(f);
}

static int
fixed60_add(void *p, int camera)
{
	struct fixed60 *f = p;

	f->streams = realloc(f->streams, ((size_t)f->count + 1) * sizeof(*f->streams));
	if (!f->streams)
		abort();
	f->streams[f->count++] = (struct stream){ .camera = camera };
	return 0;
}

static void
fixed60_want_generate(void *p, int camera, enum generate_reason reason, ms_t from)
{
	struct fixed60 *f = p;
	struct stream *s = find(f, camera);

	if (!s->wants_generate)
		s->ticket = ++f->tickets;
	s->wants_generate = true;
	s->reason = reason;
	s->from = from;
	if (s->stop)
		s->lives = s->stop = false;
}

static void
fixed60_cancel(void *p, int camera)
{
	struct stream *s = find(p, camera);

	s->wants_generate = false;
	s->asked = 0;
}

static void
fixed60_want_stop(void *p, int camera)
{
	struct stream *s = find(p, camera);

	s->stop = s->lives;
	s->asked = 0;
}

static void
fixed60_called(void *p, int camera, enum call_kind kind, ms_t at)
{
	struct fixed60 *f = p;

	(void)camera;
	(void)kind;
	f->slot_at = at + f->pace_ms;
}

static void
fixed60_restored(void *p, int camera, ms_t granted_at, ms_t expires_at)
{
	struct stream *s = find(p, camera);

	(void)granted_at;
	s->lives = true;
	s->expires_at = expires_at;
}

static void
fixed60_lost(void *p, int camera)
{
	struct stream *s = find(p, camera);

	s->lives = s->stop = false;
	s->asked = 0;
}

/* ---- answers --------------------------------------------------------------------------------- */

static enum call_verdict
worked(struct stream *s, enum call_kind kind, ms_t expires_at)
{
	s->failures = 0;
	if (kind == CALL_GENERATE) {
		s->wants_generate = false;
		s->lives = true;
		s->expires_at = expires_at;
	} else if (!s->lives) {
		return VERDICT_STALE;
	} else if (kind == CALL_EXTEND) {
		s->expires_at = expires_at;
	} else {
		s->lives = s->stop = false;
	}
	return VERDICT_DONE;
}

static enum call_verdict
failed(struct stream *s, enum call_kind kind, enum call_result result)
{
	if (kind == CALL_GENERATE) {
		s->wants_generate = false;
		return VERDICT_FAILED;
	}
	if (!s->lives)
		return VERDICT_STALE;
	s->failures++;
	if (result != CALL_STREAM_GONE)
		return VERDICT_KEPT;
	s->lives = s->stop = false;
	return VERDICT_LOST;
}

static enum call_verdict
fixed60_answered(void *p, const struct api_call *call, const struct call_answer *answer, ms_t now)
{
	struct fixed60 *f = p;
	struct stream *s = find(f, call->camera);

	s->busy = false;
	if (answer->result == CALL_OK)
		return worked(s, call->kind, answer->expires_at);
	if (answer->result != CALL_RATE_LIMITED)
		return failed(s, call->kind, answer->result);
	ms_t pause = answer->retry_after_ms > 0 ? answer->retry_after_ms : f->minute_ms;
	if (f->slot_at < now + pause)
		f->slot_at = now + pause;
	return VERDICT_KEPT;
}

/* ---- what is to be done ---------------------------------------------------------------------- */

static void
expire(struct fixed60 *f, ms_t now)
{
	for (int i = 0; i < f->count; i++) {
		struct stream *s = &f->streams[i];

		if (!s->lives || s->busy || s->expires_at > now)
			continue;
		s->expired = !s->stop;
		s->lives = s->stop = false;
		s->asked = 0;
	}
}

static void
monitor(struct fixed60 *f, ms_t now)
{
	if (now < f->monitor_at)
		return;
	f->monitor_at = now + span(f, MONITOR_S);
	for (int i = 0; i < f->count; i++) {
		struct stream *s = &f->streams[i];

		if (s->lives && !s->stop && !s->busy && !s->asked &&
			s->expires_at - now < span(f, MARK_S))
			s->asked = ++f->tickets;
	}
}

static struct stream *
next_extend(struct fixed60 *f)
{
	struct stream *first = NULL;

	for (int i = 0; i < f->count; i++) {
		struct stream *s = &f->streams[i];

		if (s->asked && (!first || s->asked < first->asked))
			first = s;
	}
	return first;
}

static struct stream *
next_generate(struct fixed60 *f, ms_t now)
{
	struct stream *first = NULL;

	for (int i = 0; i < f->count; i++) {
		struct stream *s = &f->streams[i];

		if (!s->wants_generate || s->busy || s->from > now)
			continue;
		if (s->reason == GENERATE_START && now < f->start_at + f->settings.stagger_ms)
			continue;
		if (!first || s->ticket < first->ticket)
			first = s;
	}
	return first;
}

static struct stream *
next_stop(struct fixed60 *f)
{
	for (int i = 0; i < f->count; i++) {
		if (f->streams[i].stop && !f->streams[i].busy)
			return &f->streams[i];
	}
	return NULL;
}

static void
call_leaves(
	struct fixed60 *f, struct stream *s, enum call_kind kind, ms_t now, struct api_call *out)
{
	f->slot_at = now + f->pace_ms;
	s->busy = true;
	s->asked = 0;
	if (kind == CALL_GENERATE && s->reason == GENERATE_START)
		f->start_at = now;
	*out = (struct api_call){ .kind = kind, .camera = s->camera, .number = ++f->calls };
}

/* Looks every second: a queue needs no better. */
static ms_t
fixed60_step(void *p, ms_t now, struct api_call *out)
{
	struct fixed60 *f = p;
	enum call_kind kind = CALL_EXTEND;

	*out = (struct api_call){ .kind = CALL_NONE };
	expire(f, now);
	monitor(f, now);
	if (now < f->slot_at)
		return f->slot_at < now + span(f, 1) ? f->slot_at : now + span(f, 1);
	struct stream *s = next_extend(f);
	if (!s) {
		kind = CALL_GENERATE;
		s = next_generate(f, now);
	}
	if (!s) {
		kind = CALL_STOP;
		s = next_stop(f);
	}
	if (!s)
		return now + span(f, 1);
	call_leaves(f, s, kind, now, out);
	return f->slot_at;
}

static bool
fixed60_event(void *p, struct scheduler_event *out)
{
	struct fixed60 *f = p;

	for (int i = 0; i < f->count; i++) {
		struct stream *s = &f->streams[i];

		if (!s->expired)
			continue;
		s->expired = false;
		*out = (struct scheduler_event){
			.kind = SCHEDULER_EXPIRED, .camera = s->camera, .failures = s->failures
		};
		return true;
	}
	return false;
}

#define THE_REST                                                                                   \
	.free = fixed60_free, .add = fixed60_add, .want_generate = fixed60_want_generate,          \
	.cancel = fixed60_cancel, .want_stop = fixed60_want_stop, .called = fixed60_called,        \
	.restored = fixed60_restored, .lost = fixed60_lost, .answered = fixed60_answered,          \
	.step = fixed60_step, .event = fixed60_event

const struct policy policy_fixed60 = {
	.name = "fixed60",
	.new = fixed60_new,
	THE_REST,
};

const struct policy policy_fixed60_guarded = {
	.name = "fixed60-guarded",
	.new = guarded_new,
	THE_REST,
};
