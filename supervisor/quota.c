/* quota.c - how many calls Google allows, and when the next one may leave.
 * Owns one account's buckets, and each camera's; what one is and learns is bucket's. Knows nothing
 * of deadlines. Pure. Loop thread. */
#include <assert.h>
#include <stdlib.h>

#include "common/xmalloc.h"
#include "supervisor/bucket.h"

/* A call reaches Google 0 to 0.5 s after it left (docs/sources.md), so eleven
 * calls that left 6.0 s apart, 60.0 s in all, can arrive within 59.5 s. Ten gaps must make at least
 * 60.5 s, which is 0.83 %; the rest of 1.5 % is for late timers and clocks that run apart. It costs
 * no stream: 300 s hold 49 slots of 6.09 s as they do of 6.05 s. */
#define GUARD_PERMILLE 15

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

static void
init(struct bucket *b, const struct quota_settings *s, enum quota_bucket which)
{
	bucket_init(b, &s->limits[which], s->guard_permille, which == QUOTA_EXECUTE);
}

/* ---- an account's and a camera's ------------------------------------------------------------- */

struct quota *
quota_new(const struct quota_settings *settings)
{
	struct quota *q = xcalloc(1, sizeof(*q));

	assert(settings->limits[QUOTA_EXECUTE].calls > 0);
	q->settings = *settings;
	init(&q->execute, settings, QUOTA_EXECUTE);
	init(&q->list, settings, QUOTA_LIST);
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
		init(&d->command[kind], &q->settings, QUOTA_COMMAND);
	init(&d->minute, &q->settings, QUOTA_DEVICE_MINUTE);
	init(&d->hour, &q->settings, QUOTA_DEVICE_HOUR);
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

void
quota_refused_sparingly(struct quota *q, ms_t now)
{
	bucket_hold_sparingly(&q->execute, now);
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
	bucket_hold_sparingly(&b, now);
	return outlook(&b, now);
}

struct quota_outlook
quota_outlook_if_rested(const struct quota *q, ms_t now)
{
	struct bucket b = q->execute;

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
		.slow_ms =
			bucket_is_in_trouble(b, now) && !b->spared ? bucket_clean_at(b) - now : 0,
	};
}
