/* bucket.c - one of Google's limits: the calls that count for it, and what its refusals have
 * taught. Owns the log of recent departures. Knows nothing of accounts and cameras. Pure. Loop
 * thread. */
#include <assert.h>
#include <stdlib.h>

#include "common/xmalloc.h"
#include "supervisor/bucket.h"

/* One call more than Google took may be tried after so many clean windows, and after twice as many
 * each time it refuses that too, but at least once an hour: a trial in vain costs two slots, and
 * with bad luck two windows in which little leaves. After an hour at the limit the past is
 * forgotten. Measured in docs/scheduling.md. */
#define PATIENCE_FIRST 1
#define PATIENCE_MOST 60

/* A pace that was kept for so long is taken. */
#define TRIAL_WINDOWS 2

/* A second 429 that comes this soon after the first was waited for is the same trouble still. */
#define SAME_TROUBLE_PERCENT 25

void
bucket_init(struct bucket *b, const struct quota_limit *limit, int guard_permille, bool paced)
{
	ms_t window = limit->window_ms;

	*b = (struct bucket){ .limit = *limit, .paced = paced };
	b->limit.window_ms = window + (window * guard_permille + 999) / 1000;
	if (b->limit.calls == 0)
		return;
	b->left = xcalloc((size_t)b->limit.calls, sizeof(*b->left));
}

void
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

ms_t
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
ms_t
bucket_clean_at(const struct bucket *b)
{
	return b->held_until + b->limit.window_ms;
}

int
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

ms_t
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

void
bucket_take(struct bucket *b, ms_t now)
{
	if (b->limit.calls == 0)
		return;
	b->left[b->next] = now;
	b->next = (b->next + 1) % b->limit.calls;
	if (b->count < b->limit.calls)
		b->count++;
}

int
bucket_used(const struct bucket *b, ms_t now)
{
	int used = 0;

	while (used < b->count && bucket_ago(b, used + 1) > now - b->limit.window_ms)
		used++;
	return used;
}

bool
bucket_is_in_trouble(const struct bucket *b, ms_t now)
{
	return b->known && now < bucket_clean_at(b);
}

/* Before a window was clean a 429 says nothing of the pace it had before, only that half of it is
 * too much as well. */
static void
bucket_learn_slow(struct bucket *b, ms_t now)
{
	ms_t same_until = b->held_until + b->limit.window_ms * SAME_TROUBLE_PERCENT / 100;

	if (b->spared) {
		b->slow = half(b->known);
		return;
	}
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

	if (bucket_is_in_trouble(b, now)) {
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
	}
	if (b->known < b->slow)
		b->known = b->slow;
	b->tried = false;
}

/* One call of another program's is answered by one 429: with a call less in each window there is
 * room again. A window of rest and one at half the pace would cost 46 cameras fourteen streams. */
static void
bucket_spare(struct bucket *b, ms_t now)
{
	bucket_learn(b, now);
	b->slow = b->known;
	b->held_until = bucket_when_at(b, b->known, now);
	if (b->held_until < now + bucket_pace(b, b->known))
		b->held_until = now + bucket_pace(b, b->known);
	b->spared = true;
}

static void
bucket_rest(struct bucket *b, ms_t rest_ms, ms_t now)
{
	bucket_learn(b, now);
	b->spared = false;
	if (b->held_until < now + rest_ms)
		b->held_until = now + rest_ms;
}

void
bucket_hold(struct bucket *b, ms_t retry_after_ms, ms_t now)
{
	bucket_rest(b, retry_after_ms > 0 ? retry_after_ms : b->limit.window_ms, now);
	b->known_at = bucket_clean_at(b);
}

void
bucket_hold_sparingly(struct bucket *b, ms_t now)
{
	if (!bucket_is_in_trouble(b, now))
		bucket_spare(b, now);
	else if (!b->spared || now >= b->held_until) /* else it left before the first was known */
		bucket_rest(b, b->limit.window_ms, now);
	b->known_at = bucket_clean_at(b);
}

bool
bucket_may_try(const struct bucket *b, ms_t now)
{
	if (b->known == 0)
		return false;
	if (now >= b->known_at + PATIENCE_MOST * b->limit.window_ms)
		return true;
	return b->known < b->limit.calls && bucket_used(b, now) >= b->known - 1 &&
	       now >= b->known_at + b->patience * b->limit.window_ms;
}

void
bucket_try(struct bucket *b, ms_t now)
{
	b->known++;
	b->known_at = now;
	b->tried = true;
	if (b->known > b->limit.calls)
		b->known = 0;
}

void
bucket_take_and_recover(struct bucket *b, ms_t now)
{
	int windows = b->known < b->limit.calls ? b->patience : PATIENCE_MOST;

	bucket_take(b, now);
	if (b->known && now >= b->known_at + windows * b->limit.window_ms)
		bucket_try(b, now);
}

void
bucket_set_limit(struct bucket *b, int calls)
{
	struct bucket old = *b;

	if (calls == old.limit.calls)
		return;
	*b = (struct bucket){ .limit = { .calls = calls, .window_ms = old.limit.window_ms },
		.paced = old.paced,
		.held_until = old.held_until,
		.spared = old.spared,
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
