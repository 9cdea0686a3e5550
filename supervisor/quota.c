/* quota.c - how many calls Google allows, and when the next one may leave.
 * Owns the log of recent calls of each bucket: one account's, and each camera's. Knows nothing of
 * deadlines. Pure. Loop thread. */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/quota.h"
#include "common/xmalloc.h"

/* A call reaches Google 0 to 0.5 s after it left (docs/sources.md), so eleven
 * calls that left 6.0 s apart, 60.0 s in all, can arrive within 59.5 s. Ten gaps must make at least
 * 60.5 s, which is 0.83 %; the rest of 1.5 % is for late timers and clocks that run apart. It costs
 * no stream: 300 s hold 49 slots of 6.09 s as they do of 6.05 s. */
#define GUARD_PERMILLE 15

/* One call more than Google took may be tried after so many clean windows, and after twice as many
 * each time it refuses that too, but at least once an hour: a trial in vain costs two windows in
 * which little leaves. After an hour at the limit the past is forgotten. Measured in
 * docs/scheduling.md. */
#define PATIENCE_FIRST 1
#define PATIENCE_MOST 60

/* A pace that was kept for so long is taken. */
#define TRIAL_WINDOWS 2

/* A second 429 that comes this soon after the first was waited for is the same trouble still. */
#define SAME_TROUBLE_PERCENT 25

/* Windows in minutes, calls by the limits page for a Sandbox (docs/sources.md). */
static const struct {
	int calls;
	int minutes;
} google_limits[QUOTA_BUCKETS] = {
	[QUOTA_EXECUTE] = { .calls = 10, .minutes = 1 },
	[QUOTA_LIST] = { .calls = 5, .minutes = 1 },
	[QUOTA_COMMAND] = { .calls = 5, .minutes = 1 },
	[QUOTA_DEVICE_MINUTE] = { .calls = 30, .minutes = 1 },
	[QUOTA_DEVICE_HOUR] = { .calls = 100, .minutes = 60 },
};

/* A sliding log: as many departures as the window may hold, the oldest overwritten. */
struct bucket {
	struct quota_limit limit; /* window with its guard */
	bool paced;               /* calls are spread evenly over the window */
	ms_t held_until;          /* after a 429 */
	int slow;                 /* calls in the first window after held_until */
	int known;                /* and from then on; 0: a 429 never came */
	ms_t known_at;            /* since when */
	bool tried;               /* the last of them to find out whether it is taken */
	int patience;             /* windows of these before one call more is tried */
	ms_t *left;               /* ring of limit.calls; NULL without a limit */
	int next;                 /* where the next departure goes */
	int count;
};

struct quota {
	struct quota_settings settings;
	struct bucket execute;
	struct bucket list;
};

struct quota_device {
	struct bucket command[CALL_LIST]; /* by enum call_kind; CALL_NONE is not used */
	struct bucket minute;
	struct bucket hour;
};

struct quota_settings
quota_settings_default(int qpm, ms_t minute_ms)
{
	struct quota_settings s = { .guard_permille = GUARD_PERMILLE };

	for (int i = 0; i < QUOTA_BUCKETS; i++)
		s.limits[i] = (struct quota_limit){
			.calls = google_limits[i].calls,
			.window_ms = google_limits[i].minutes * minute_ms,
		};
	s.limits[QUOTA_EXECUTE].calls = qpm;
	return s;
}

/* ---- one bucket ------------------------------------------------------------------------------ */

static void
bucket_init(struct bucket *b, const struct quota_settings *s, enum quota_bucket which)
{
	ms_t window = s->limits[which].window_ms;

	*b = (struct bucket){ .limit = s->limits[which], .paced = which == QUOTA_EXECUTE };
	b->limit.window_ms = window + (window * s->guard_permille + 999) / 1000;
	if (b->limit.calls == 0)
		return;
	b->left = xcalloc((size_t)b->limit.calls, sizeof(*b->left));
}

static void
bucket_clear(struct bucket *b)
{
	free(b->left);
}

/* The departure n calls ago, 1 being the last. */
static ms_t
bucket_ago(const struct bucket *b, int n)
{
	return b->left[(b->next - n + b->limit.calls) % b->limit.calls];
}

static ms_t
bucket_pace(const struct bucket *b, int calls)
{
	assert(calls > 0);
	return (b->limit.window_ms + calls - 1) / calls;
}

/* When the bucket lets a call leave if it takes that many in a window. */
static ms_t
bucket_when_at(const struct bucket *b, int calls, ms_t now)
{
	ms_t when = b->held_until > now ? b->held_until : now;

	if (b->count >= calls && when < bucket_ago(b, calls) + b->limit.window_ms)
		when = bucket_ago(b, calls) + b->limit.window_ms;
	if (b->paced && b->count > 0 && when < bucket_ago(b, 1) + bucket_pace(b, calls))
		when = bucket_ago(b, 1) + bucket_pace(b, calls);
	return when;
}

static int
half(int calls)
{
	return calls > 1 ? calls / 2 : 1;
}

static int
least(int a, int b)
{
	return a < b ? a : b;
}

/* The first window after a 429 ends. */
static ms_t
bucket_clean_at(const struct bucket *b)
{
	return b->held_until + b->limit.window_ms;
}

/* Calls in a window at this moment; and the moment from which on there are others, or MS_NEVER. */
static int
bucket_calls(const struct bucket *b, ms_t now, ms_t *other_at)
{
	*other_at = MS_NEVER;
	if (b->known == 0)
		return b->limit.calls;
	if (now >= bucket_clean_at(b))
		return least(b->known, b->limit.calls);
	*other_at = bucket_clean_at(b);
	return least(b->slow, b->limit.calls);
}

static ms_t
bucket_when(const struct bucket *b, ms_t now)
{
	ms_t when = b->held_until > now ? b->held_until : now;
	ms_t other_at = when;

	if (b->limit.calls == 0)
		return when;
	/* At the pace of that moment, or as soon as it is faster. */
	do {
		now = other_at;
		when = bucket_when_at(b, bucket_calls(b, now, &other_at), now);
	} while (when >= other_at);
	return when;
}

static void
bucket_take(struct bucket *b, ms_t now)
{
	if (b->limit.calls == 0)
		return;
	b->left[b->next] = now;
	b->next = (b->next + 1) % b->limit.calls;
	if (b->count < b->limit.calls)
		b->count++;
}

static int
bucket_used(const struct bucket *b, ms_t now)
{
	int used = 0;

	while (used < b->count && bucket_ago(b, used + 1) > now - b->limit.window_ms)
		used++;
	return used;
}

/* Before a window was clean a 429 says nothing of the pace it had before, only that half of it is
 * too much as well. */
static void
bucket_learn_slow(struct bucket *b, ms_t now)
{
	ms_t same_until = b->held_until + b->limit.window_ms * SAME_TROUBLE_PERCENT / 100;

	if (b->slow > 1 && now >= same_until)
		b->slow--;
}

/* What a 429 says of the pace at which it came. Of one that was being tried: the one before is the
 * right one, and the next trial has time. Of another: what left in this window was one too many,
 * but no less than half of that pace, since a few calls that are refused say little. */
static void
bucket_learn(struct bucket *b, ms_t now)
{
	ms_t other_at;
	int calls = bucket_calls(b, now, &other_at);

	if (b->known && now < bucket_clean_at(b)) {
		bucket_learn_slow(b, now);
		return;
	}
	b->slow = half(calls);
	if (b->tried && now < b->known_at + TRIAL_WINDOWS * b->limit.window_ms) {
		b->patience = least(2 * b->patience, PATIENCE_MOST);
		b->known = calls - 1;
	} else {
		b->patience = PATIENCE_FIRST;
		b->known = least(bucket_used(b, now), calls) - 1;
		if (b->known < b->slow)
			b->known = b->slow;
	}
	b->tried = false;
}

static void
bucket_hold(struct bucket *b, ms_t retry_after_ms, ms_t now)
{
	ms_t until = now + (retry_after_ms > 0 ? retry_after_ms : b->limit.window_ms);

	bucket_learn(b, now);
	if (b->held_until < until)
		b->held_until = until;
	b->known_at = bucket_clean_at(b);
}

/* Whether one call more than it is known to take may be tried. Of a pace that nobody used nothing
 * was learned, however long ago it was. */
static bool
bucket_may_try(const struct bucket *b, ms_t now)
{
	if (b->known == 0)
		return false;
	if (now >= b->known_at + PATIENCE_MOST * b->limit.window_ms)
		return true;
	return b->known < b->limit.calls && bucket_used(b, now) >= b->known - 1 &&
	       now >= b->known_at + b->patience * b->limit.window_ms;
}

static void
bucket_try(struct bucket *b, ms_t now)
{
	b->known++;
	b->known_at = now;
	b->tried = true;
	if (b->known > b->limit.calls)
		b->known = 0;
}

/* Of a bucket whose refusals cost little: it tries by itself. */
static void
bucket_take_and_recover(struct bucket *b, ms_t now)
{
	int windows = b->known < b->limit.calls ? b->patience : PATIENCE_MOST;

	bucket_take(b, now);
	if (b->known && now >= b->known_at + windows * b->limit.window_ms)
		bucket_try(b, now);
}

/* Room for so many calls; the newest stay. */
static void
bucket_set_limit(struct bucket *b, int calls)
{
	struct bucket old = *b;

	if (calls == old.limit.calls)
		return;
	*b = (struct bucket){ .limit = { .calls = calls, .window_ms = old.limit.window_ms },
		.paced = old.paced,
		.held_until = old.held_until,
		.slow = old.slow,
		.known = old.known,
		.known_at = old.known_at,
		.tried = old.tried,
		.patience = old.patience };
	if (calls > 0) {
		b->left = xcalloc((size_t)calls, sizeof(*b->left));
		for (int n = old.count < calls ? old.count : calls; n > 0; n--)
			bucket_take(b, bucket_ago(&old, n));
	}
	bucket_clear(&old);
}

/* ---- an account's and a camera's ------------------------------------------------------------- */

struct quota *
quota_new(const struct quota_settings *settings)
{
	struct quota *q = xcalloc(1, sizeof(*q));

	assert(settings->limits[QUOTA_EXECUTE].calls > 0);
	q->settings = *settings;
	bucket_init(&q->execute, settings, QUOTA_EXECUTE);
	bucket_init(&q->list, settings, QUOTA_LIST);
	return q;
}

void
quota_free(struct quota *q)
{
	if (!q)
		return;
	bucket_clear(&q->execute);
	bucket_clear(&q->list);
	free(q);
}

struct quota_device *
quota_device_new(const struct quota *q)
{
	struct quota_device *d = xcalloc(1, sizeof(*d));

	for (int kind = CALL_EXTEND; kind < CALL_LIST; kind++)
		bucket_init(&d->command[kind], &q->settings, QUOTA_COMMAND);
	bucket_init(&d->minute, &q->settings, QUOTA_DEVICE_MINUTE);
	bucket_init(&d->hour, &q->settings, QUOTA_DEVICE_HOUR);
	return d;
}

void
quota_device_free(struct quota_device *d)
{
	if (!d)
		return;
	for (int kind = CALL_EXTEND; kind < CALL_LIST; kind++)
		bucket_clear(&d->command[kind]);
	bucket_clear(&d->minute);
	bucket_clear(&d->hour);
	free(d);
}

void
quota_set_limits(struct quota *q, const struct quota_settings *settings)
{
	for (int i = 0; i < QUOTA_BUCKETS; i++)
		q->settings.limits[i].calls = settings->limits[i].calls;
	bucket_set_limit(&q->execute, settings->limits[QUOTA_EXECUTE].calls);
	bucket_set_limit(&q->list, settings->limits[QUOTA_LIST].calls);
}

void
quota_device_set_limits(struct quota_device *d, const struct quota_settings *settings)
{
	for (int kind = CALL_EXTEND; kind < CALL_LIST; kind++)
		bucket_set_limit(&d->command[kind], settings->limits[QUOTA_COMMAND].calls);
	bucket_set_limit(&d->minute, settings->limits[QUOTA_DEVICE_MINUTE].calls);
	bucket_set_limit(&d->hour, settings->limits[QUOTA_DEVICE_HOUR].calls);
}

bool
quota_device_counts(const struct quota_device *d, ms_t now)
{
	return bucket_used(&d->minute, now) > 0 || bucket_used(&d->hour, now) > 0;
}

static ms_t
later(ms_t a, ms_t b)
{
	return a > b ? a : b;
}

ms_t
quota_device_when(const struct quota_device *d, enum call_kind kind, ms_t now)
{
	ms_t when = bucket_when(&d->command[kind], now);

	when = later(when, bucket_when(&d->minute, now));
	return later(when, bucket_when(&d->hour, now));
}

ms_t
quota_when(const struct quota *q, const struct quota_device *d, enum call_kind kind, ms_t now)
{
	if (kind == CALL_LIST)
		return bucket_when(&q->list, now);
	if (!d)
		return bucket_when(&q->execute, now);
	return later(bucket_when(&q->execute, now), quota_device_when(d, kind, now));
}

void
quota_take(struct quota *q, struct quota_device *d, enum call_kind kind, ms_t now)
{
	if (kind == CALL_LIST) {
		bucket_take_and_recover(&q->list, now);
		return;
	}
	bucket_take(&q->execute, now);
	if (!d)
		return;
	bucket_take_and_recover(&d->command[kind], now);
	bucket_take_and_recover(&d->minute, now);
	bucket_take_and_recover(&d->hour, now);
}

static struct bucket *
bucket_find(struct quota *q, struct quota_device *d, enum quota_bucket which, enum call_kind kind)
{
	switch (which) {
	case QUOTA_LIST:
		return &q->list;
	case QUOTA_COMMAND:
		return &d->command[kind];
	case QUOTA_DEVICE_MINUTE:
		return &d->minute;
	case QUOTA_DEVICE_HOUR:
		return &d->hour;
	default:
		return &q->execute;
	}
}

void
quota_refused(struct quota *q, struct quota_device *d, enum call_kind kind,
	enum quota_bucket bucket, ms_t retry_after_ms, ms_t now)
{
	ms_t longest = q->settings.limits[QUOTA_DEVICE_HOUR].window_ms;

	bucket_hold(bucket_find(q, d, bucket, kind),
		retry_after_ms < longest ? retry_after_ms : longest, now);
}

static struct quota_outlook
outlook(const struct bucket *b, ms_t now)
{
	ms_t clean_at = b->known ? bucket_clean_at(b) : 0;
	ms_t slow_until = later(now, clean_at);
	ms_t other_at;

	return (struct quota_outlook){
		.next_at = bucket_when(b, now),
		.slow_until = slow_until,
		.slow_pace_ms = bucket_pace(b, bucket_calls(b, now, &other_at)),
		.pace_ms = bucket_pace(b, bucket_calls(b, slow_until, &other_at)),
	};
}

struct quota_outlook
quota_outlook(const struct quota *q, ms_t now)
{
	return outlook(&q->execute, now);
}

bool
quota_may_try_more(const struct quota *q, ms_t now)
{
	return bucket_may_try(&q->execute, now);
}

struct quota_outlook
quota_outlook_if_refused(const struct quota *q, ms_t now)
{
	struct bucket b = q->execute;

	bucket_try(&b, now);
	bucket_hold(&b, 0, now);
	return outlook(&b, now);
}

void
quota_try_more(struct quota *q, ms_t now)
{
	bucket_try(&q->execute, now);
}

struct quota_usage
quota_usage(struct quota *q, struct quota_device *d, enum quota_bucket bucket, enum call_kind kind,
	ms_t now)
{
	const struct bucket *b = bucket_find(q, d, bucket, kind);

	return (struct quota_usage){
		.limit = b->limit.calls,
		.used = bucket_used(b, now),
		.held_ms = later(0, b->held_until - now),
		.slow_ms = b->known ? later(0, bucket_clean_at(b) - now) : 0,
	};
}
