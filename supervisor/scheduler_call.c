/* scheduler_call.c - calls that leave, their answers, and streams that end for want of one.
 * Owns the calls in flight and what is made of an answer. Makes no call itself: scheduler_step
 * gives them out. Pure. Loop thread. */
#include <stddef.h>

#include "supervisor/choice.h"

/* Half an hour at ten calls a minute. */
#define FAIL_MEMORY_CALLS 300

/* From the second failure on, an Extend is tried again after this part of what is left: one camera
 * that always fails then spends a few slots of its last minutes, not all. */
#define RETRY_LIFE_PERCENT 20

/* Once an Extend is carried out only its answer has the token for the next one: who does not wait
 * for it has lost the stream. So it is waited for until there is just time for another try, which
 * is a part of the longest wait, as the shortest is: at 30 s, 15 s and 10 s. Measured in
 * docs/scheduling.md. */
#define TRY_PART 2
#define PATIENCE_PART 3

/* Near capacity there is no time left for another try, so where answers are slow the shortest wait
 * is what the slowest of the last ones took and a part of that, so that slower ones are met. It
 * falls to what they take now with each answer. */
#define SLOWER_PART 4
#define SLOW_MEMORY_CALLS 50

/* Answers that do not come in the longest wait, so many in a row, are not slow: there are none, and
 * waiting for them takes the time in which streams could be tried again. */
#define UNANSWERED_CALLS 2

/* A camera that is asked alone is probed half as often: of the hundred calls that Google allows it
 * an hour, one each 30 s would leave none after fifty minutes. */
#define ALONE_CAP_TIMES 2

/* ---- answers --------------------------------------------------------------------------------- */

/* The API is down or back: who failed because of it starts afresh. */
static void
breaker_turned(struct scheduler *s, enum scheduler_event_kind kind)
{
	s->announce |= 1u << kind;
	for (int i = 0; i < s->count; i++)
		s->entries[i]->lease.retry_at = 0;
}

/* Whether no camera but one has a stream or wants one: what its calls come to is all that is known
 * of the API. */
static bool
is_alone(const struct scheduler *s)
{
	int n = 0;

	for (int i = 0; i < s->count; i++) {
		const struct entry *e = s->entries[i];

		n += e->stream == STREAM_LIVING || e->wants_generate || e->call.kind;
	}
	return n <= 1;
}

static void
judge_api(struct scheduler *s, int camera, enum call_result result)
{
	if (result == CALL_ACCOUNT)
		return;
	if (!s->breaker.open)
		s->fail_ratio += ((result == CALL_FAILED) - s->fail_ratio) / FAIL_MEMORY_CALLS;
	if (result == CALL_FAILED) {
		if (breaker_failed(&s->breaker, camera, is_alone(s)))
			breaker_turned(s, SCHEDULER_API_DOWN);
	} else if (breaker_answered(&s->breaker)) {
		breaker_turned(s, SCHEDULER_API_BACK);
	}
}

/* An answer of whatever kind. One that took longer than anybody waits was not slow: we were. */
static void
note_answered(struct scheduler *s, ms_t took_ms)
{
	s->unanswered = 0;
	if (took_ms > s->settings.patience_ms)
		return;
	if (took_ms >= s->slow_ms)
		s->slow_ms = took_ms;
	else
		s->slow_ms -= (s->slow_ms - took_ms) / SLOW_MEMORY_CALLS;
}

static void
note_failed(struct scheduler *s, ms_t waited_ms)
{
	if (waited_ms >= s->settings.patience_ms && ++s->unanswered >= UNANSWERED_CALLS)
		s->slow_ms = 0;
}

static enum call_verdict
call_worked(struct scheduler *s, struct entry *e, enum call_kind kind, ms_t expires_at, ms_t now)
{
	if (kind == CALL_GENERATE) {
		e->wants_generate = false;
		scheduler_lease_begin(s, e, now, expires_at);
	} else if (e->stream == STREAM_NONE) {
		return VERDICT_STALE;
	} else if (kind == CALL_EXTEND) {
		scheduler_lease_renew(s, e, now, expires_at);
	} else {
		scheduler_lease_end(e);
	}
	return VERDICT_DONE;
}

/* An Extend or Stop is tried again as long as the stream lives: at once, then after a part of what
 * is left of it, lest one camera takes every slot. */
static enum call_verdict
retry_later(struct scheduler *s, struct entry *e, ms_t now)
{
	ms_t left = e->lease.expires_at - s->settings.margin_ms - now;

	if (e->stream == STREAM_NONE)
		return VERDICT_STALE;
	e->wants_extend = false;
	e->lease.failures++;
	if (e->lease.failures > 1 && left > 0 && !s->breaker.open)
		e->lease.retry_at = now + left * RETRY_LIFE_PERCENT / 100;
	return VERDICT_KEPT;
}

static enum call_verdict
call_failed(struct scheduler *s, struct entry *e, enum call_kind kind, bool api_failed, ms_t now)
{
	s->stats.failed++;
	if (kind != CALL_GENERATE)
		return retry_later(s, e, now);
	if (api_failed && s->breaker.open) {
		e->from = now; /* the next probe is another's */
		return VERDICT_KEPT;
	}
	e->wants_generate = false;
	return VERDICT_FAILED;
}

static enum call_verdict
stream_gone(struct scheduler *s, struct entry *e, enum call_kind kind, ms_t now)
{
	if (kind == CALL_GENERATE)
		return call_failed(s, e, kind, false, now);
	if (e->stream == STREAM_NONE)
		return VERDICT_STALE;
	enum stream_state was = e->stream;
	scheduler_lease_end(e);
	return was == STREAM_LIVING ? VERDICT_LOST : VERDICT_DONE;
}

/* Not the camera's fault, but perhaps it is: with a Generate the others come first next time. */
static enum call_verdict
put_behind(struct entry *e, enum call_kind kind, ms_t now)
{
	if (kind == CALL_GENERATE)
		e->from = now;
	return VERDICT_KEPT;
}

/* A window's rest, unless living streams would end for it: 46 cameras lost fourteen by one call of
 * another program's. */
static void
rate_limited(struct scheduler *s, struct entry *e, enum call_kind kind,
	const struct call_answer *answer, ms_t now)
{
	struct look look;

	s->stats.rate_limited++;
	choice_look(s, now, &look);
	if (answer->bucket == QUOTA_EXECUTE && answer->retry_after_ms <= 0 &&
		!choice_bears_rest(s, now))
		quota_refused_sparingly(s->quota, now);
	else
		quota_refused(
			s->quota, e->device, kind, answer->bucket, answer->retry_after_ms, now);
}

enum call_verdict
scheduler_answered(struct scheduler *s, const struct api_call *call,
	const struct call_answer *answer, ms_t now)
{
	struct entry *e = scheduler_entry(s, call->camera);

	judge_api(s, call->camera, answer->result);
	if (!e || !e->call.kind || e->call.number != call->number)
		return VERDICT_STALE;
	e->call.kind = CALL_NONE;
	e->lease.busy = false;
	if (answer->result == CALL_FAILED)
		note_failed(s, now - e->left_at);
	else
		note_answered(s, now - e->left_at);

	switch (answer->result) {
	case CALL_OK:
		return call_worked(s, e, call->kind, answer->expires_at, now);
	case CALL_FAILED:
	case CALL_REFUSED:
		return call_failed(s, e, call->kind, answer->result == CALL_FAILED, now);
	case CALL_STREAM_GONE:
		return stream_gone(s, e, call->kind, now);
	case CALL_RATE_LIMITED:
		rate_limited(s, e, call->kind, answer, now);
		break;
	case CALL_ACCOUNT:
		break;
	}
	return put_behind(e, call->kind, now);
}

/* ---- what is to be done ---------------------------------------------------------------------- */

/* Streams whose end has come; with a call in flight, the answer decides. Returns when the next of
 * them ends. */
static ms_t
expire(struct scheduler *s, ms_t now)
{
	ms_t next = MS_NEVER;

	for (int i = 0; i < s->count; i++) {
		struct entry *e = s->entries[i];

		if (e->stream == STREAM_NONE || e->call.kind)
			continue;
		if (e->lease.expires_at > now) {
			next = e->lease.expires_at < next ? e->lease.expires_at : next;
			continue;
		}
		if (e->stream == STREAM_LIVING) {
			s->stats.expired++;
			s->stats.given_up += e->lease.given_up || e->lease.yields;
			e->expired_failures = e->lease.failures;
			e->announce |= 1u << SCHEDULER_EXPIRED;
		} else {
			e->announce |= 1u << SCHEDULER_ENDED;
		}
		scheduler_lease_end(e);
	}
	return next;
}

static void
name_given_up(struct scheduler *s)
{
	for (int i = 0; i < s->count; i++) {
		struct entry *e = s->entries[i];

		if (e->stream == STREAM_LIVING && e->lease.given_up)
			choice_announce(e, SCHEDULER_GIVEN_UP);
	}
}

static ms_t
patience(const struct scheduler *s, const struct entry *e, enum call_kind kind, ms_t now)
{
	ms_t most = s->settings.patience_ms;
	ms_t slow = s->slow_ms + s->slow_ms / SLOWER_PART;
	ms_t least = slow > most / PATIENCE_PART ? slow : most / PATIENCE_PART;
	ms_t time = e->lease.expires_at - now - most / TRY_PART;

	if (kind == CALL_GENERATE || time > most || least > most)
		return most;
	return time > least ? time : least;
}

static void
call_leaves(struct scheduler *s, struct entry *e, enum call_kind kind, const struct look *look)
{
	quota_take(s->quota, e->device, kind, look->now);
	e->call = (struct api_call){ .kind = kind,
		.camera = e->camera,
		.number = ++s->calls,
		.patience_ms = patience(s, e, kind, look->now) };
	e->left_at = look->now;
	e->lease.busy = kind != CALL_GENERATE;
	s->stats.calls[kind]++;
	if (kind == CALL_GENERATE) {
		s->stats.waits++;
		s->stats.waited_ms += look->now - e->from;
	}
	if (s->breaker.open)
		breaker_probed(&s->breaker, look->slots.pace_ms,
			s->settings.probe_cap_ms * (is_alone(s) ? ALONE_CAP_TIMES : 1), look->spare,
			look->now);
	if (kind == CALL_GENERATE && e->reason == GENERATE_START) {
		s->started = true;
		s->start_at = look->now;
	}
}

static bool
somebody_goes_without(const struct scheduler *s)
{
	for (int i = 0; i < s->count; i++) {
		if (s->entries[i]->lease.given_up ||
			scheduler_turned_away(s, s->entries[i]->camera))
			return true;
	}
	return false;
}

/* After a 429: only when its refusal would cost nobody his stream, or somebody has none. */
static void
try_more(struct scheduler *s, ms_t now)
{
	if (quota_may_try_more(s->quota, now) &&
		(somebody_goes_without(s) || choice_bears_refusal(s, now)))
		quota_try_more(s->quota, now);
}

ms_t
scheduler_step(struct scheduler *s, ms_t now, struct api_call *out)
{
	struct look look;
	enum call_kind kind;
	ms_t ends = expire(s, now);

	*out = (struct api_call){ .kind = CALL_NONE };
	choice_look(s, now, &look);
	name_given_up(s);
	if (s->held)
		return ends;
	if (look.slots.next_at > now)
		return ends < look.slots.next_at ? ends : look.slots.next_at;
	try_more(s, now);
	struct entry *e = choice_make(s, &look, &kind);
	if (!e)
		return ends < look.again ? ends : look.again;
	call_leaves(s, e, kind, &look);
	*out = e->call;
	return now;
}

static bool
take_event(unsigned *announced, int camera, int failures, struct scheduler_event *out)
{
	for (int kind = 0; kind <= SCHEDULER_API_BACK; kind++) {
		if (!(*announced & 1u << kind))
			continue;
		*announced &= ~(1u << kind);
		*out = (struct scheduler_event){
			.kind = (enum scheduler_event_kind)kind,
			.camera = camera,
			.failures = failures,
		};
		return true;
	}
	return false;
}

bool
scheduler_event(struct scheduler *s, struct scheduler_event *out)
{
	if (take_event(&s->announce, -1, 0, out))
		return true;
	for (int i = 0; i < s->count; i++) {
		struct entry *e = s->entries[i];

		if (take_event(&e->announce, e->camera, e->expired_failures, out))
			return true;
	}
	return false;
}
