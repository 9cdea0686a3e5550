/* scheduler.c - the cameras of one Google account: what they want, and until when they live.
 * Owns wishes and leases. Calls and answers are scheduler_call's, whom a slot is given to is
 * choice's, the buckets are quota's. Pure. Loop thread. */
#include <stdlib.h>

#include "common/xmalloc.h"
#include "supervisor/scheduler_state.h"

/* What scheduler_settings_default scales, for a minute of 60 s. */
#define MINUTE_MS 60000
#define EARLY_PERCENT 60 /* docs/scheduling.md: An outage, and the bound */
#define STAGGER_MS 12000 /* two slots, so that one is left for Extends */

/* A call takes up to 0.5 s on its way (see quota.c). Nothing is added for late timers: a call that
 * just misses costs a slot, one that is not made costs the stream. With 1 s, one outage of 240 s in
 * twenty killed a stream that could be saved. */
#define MARGIN_MS 500

#define PROBE_CAP_MS 30000     /* a living stream shortens it */
#define ASSUMED_LIFE_MS 300000 /* docs/sources.md */
#define PATIENCE_MS 30000

/* Google's streams live for fifty slots (docs/sources.md), tests' for ten; a life of fewer
 * than these could not be extended in turn with a few others. */
#define LIFE_SLOTS_MIN 3

struct scheduler_settings
scheduler_settings_default(int qpm, ms_t minute_ms)
{
	return (struct scheduler_settings){
		.quota = quota_settings_default(qpm, minute_ms),
		.early_percent = EARLY_PERCENT,
		.stagger_ms = STAGGER_MS * minute_ms / MINUTE_MS,
		.margin_ms = MARGIN_MS * minute_ms / MINUTE_MS,
		.probe_cap_ms = PROBE_CAP_MS * minute_ms / MINUTE_MS,
		.assumed_life_ms = ASSUMED_LIFE_MS * minute_ms / MINUTE_MS,
		.patience_ms = PATIENCE_MS * minute_ms / MINUTE_MS,
	};
}

struct scheduler *
scheduler_new(const struct scheduler_settings *settings)
{
	struct scheduler *s = xcalloc(1, sizeof(*s));

	s->settings = *settings;
	s->life_ms = settings->assumed_life_ms;
	s->quota = quota_new(&settings->quota);
	return s;
}

static void
entry_free(struct entry *e)
{
	quota_device_free(e->device);
	free(e);
}

void
scheduler_free(struct scheduler *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->count; i++)
		entry_free(s->entries[i]);
	free(s->entries);
	free(s->line);
	quota_free(s->quota);
	free(s);
}

struct quota *
scheduler_quota(struct scheduler *s)
{
	return s->quota;
}

struct entry *
scheduler_entry(const struct scheduler *s, int camera)
{
	for (int i = 0; i < s->count; i++) {
		if (s->entries[i]->camera == camera)
			return s->entries[i];
	}
	return NULL;
}

struct quota_device *
scheduler_quota_device(struct scheduler *s, int camera)
{
	struct entry *e = scheduler_entry(s, camera);

	return e ? e->device : NULL;
}

int
scheduler_add(struct scheduler *s, int camera)
{
	size_t size = (size_t)s->count + 1;

	if (scheduler_entry(s, camera))
		return -1;
	s->entries = xrealloc(s->entries, size * sizeof(struct entry *));
	s->line = xrealloc(s->line, size * sizeof(struct lease *));
	struct entry *e = xcalloc(1, sizeof(*e));
	e->camera = camera;
	e->device = quota_device_new(s->quota);
	s->entries[s->count++] = e;
	return 0;
}

void
scheduler_remove(struct scheduler *s, int camera)
{
	for (int i = 0; i < s->count; i++) {
		if (s->entries[i]->camera != camera)
			continue;
		entry_free(s->entries[i]);
		s->entries[i] = s->entries[--s->count];
		return;
	}
}

/* ---- what cameras want ----------------------------------------------------------------------- */

void
scheduler_want_generate(struct scheduler *s, int camera, enum generate_reason reason, ms_t from)
{
	struct entry *e = scheduler_entry(s, camera);

	if (!e)
		return;
	if (!e->wants_generate) {
		e->ticket = s->tickets++;
		e->told &= ~(1u << SCHEDULER_WAITING);
		e->reason = reason;
		e->from = from;
	}
	e->wants_generate = true;
	if (from < e->from)
		e->from = from;
	if (e->reason != GENERATE_OPERATOR)
		e->reason = reason;
	if (e->stream == STREAM_ENDING)
		e->stream = STREAM_NONE;
}

void
scheduler_cancel(struct scheduler *s, int camera)
{
	struct entry *e = scheduler_entry(s, camera);

	if (!e)
		return;
	e->wants_generate = false;
	e->wants_extend = false;
}

void
scheduler_want_stop(struct scheduler *s, int camera)
{
	struct entry *e = scheduler_entry(s, camera);

	if (e && e->stream == STREAM_LIVING)
		e->stream = STREAM_ENDING;
}

int
scheduler_want_extend(struct scheduler *s, int camera)
{
	struct entry *e = scheduler_entry(s, camera);

	if (!e || e->stream != STREAM_LIVING)
		return -1;
	e->wants_extend = true;
	return 0;
}

/* ---- what happened --------------------------------------------------------------------------- */

/* What a stream tells of the lives of the next ones. An expiresAt that is past or seconds away
 * tells nothing: taken for a rule, it would leave room for no other stream. */
static void
learn_life(struct scheduler *s, ms_t granted_at, ms_t expires_at)
{
	ms_t life = expires_at - granted_at;

	if (life > s->settings.margin_ms +
			   LIFE_SLOTS_MIN * quota_outlook(s->quota, granted_at).pace_ms)
		s->life_ms = life;
}

void
scheduler_lease_begin(struct scheduler *s, struct entry *e, ms_t granted_at, ms_t expires_at)
{
	e->stream = STREAM_LIVING;
	e->lease = (struct lease){
		.granted_at = granted_at,
		.expires_at = expires_at,
		.since = granted_at,
	};
	e->told &= ~(1u << SCHEDULER_GIVEN_UP);
	learn_life(s, granted_at, expires_at);
}

void
scheduler_lease_renew(struct scheduler *s, struct entry *e, ms_t granted_at, ms_t expires_at)
{
	e->lease.granted_at = granted_at;
	e->lease.expires_at = expires_at;
	e->lease.retry_at = 0;
	e->lease.failures = 0;
	e->wants_extend = false;
	e->told &= ~(1u << SCHEDULER_GIVEN_UP);
	learn_life(s, granted_at, expires_at);
}

void
scheduler_lease_end(struct entry *e)
{
	e->stream = STREAM_NONE;
	e->wants_extend = false;
}

void
scheduler_restored(struct scheduler *s, int camera, ms_t granted_at, ms_t expires_at)
{
	struct entry *e = scheduler_entry(s, camera);

	if (e)
		scheduler_lease_begin(s, e, granted_at, expires_at);
}

void
scheduler_called(struct scheduler *s, int camera, enum call_kind kind, ms_t at)
{
	struct entry *e = scheduler_entry(s, camera);

	if (e && kind != CALL_NONE)
		quota_take(s->quota, e->device, kind, at);
}

void
scheduler_lost(struct scheduler *s, int camera)
{
	struct entry *e = scheduler_entry(s, camera);

	if (e)
		scheduler_lease_end(e);
}

void
scheduler_hold(struct scheduler *s, bool held)
{
	s->held = held;
}

/* ---- what people see --------------------------------------------------------------------------
 */

static bool
is_turned_away(const struct entry *e)
{
	return e->wants_generate && e->stream == STREAM_NONE && e->told & 1u << SCHEDULER_WAITING;
}

bool
scheduler_turned_away(const struct scheduler *s, int camera)
{
	const struct entry *e = scheduler_entry(s, camera);

	return e && is_turned_away(e);
}

static void
count_wait(const struct entry *e, ms_t now, struct scheduler_stats *stats)
{
	if (!e->wants_generate || e->from > now)
		return;
	stats->waiting++;
	if (now - e->from > stats->longest_wait_ms)
		stats->longest_wait_ms = now - e->from;
}

struct scheduler_stats
scheduler_stats(const struct scheduler *s, ms_t now)
{
	struct scheduler_stats stats = s->stats;

	for (int i = 0; i < s->count; i++) {
		stats.living += s->entries[i]->stream == STREAM_LIVING;
		count_wait(s->entries[i], now, &stats);
		stats.turned_away += is_turned_away(s->entries[i]);
	}
	stats.api_down = s->breaker.open;
	stats.held = s->held;
	return stats;
}
