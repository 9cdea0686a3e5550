/* choice.c - which call the free slot is given to.
 * Owns the order of the classes and what is due. Changes nothing but marks of who is given up.
 * Pure. Loop thread. */
#include <stddef.h>

#include "supervisor/admission.h"
#include "supervisor/choice.h"

/* With no more than this to spare the line is served without a pause, be its streams ever so
 * young: 40 that end together are begun with after 31 s of their 300. More than a Generate waits
 * for (admission.c). */
#define DUE_SLOTS 5

/* ... or than this part of a life, so that short lives are not extended all the time. */
#define DUE_LIFE_PERCENT 20

/* Early Extends, and what operators ask for, end here; the rest of a camera's hour is for calls
 * that cannot wait. */
#define HOUR_PERCENT 75

static void
look_again(struct look *look, ms_t at)
{
	if (at <= look->now)
		at = look->now + 1;
	if (at < look->again)
		look->again = at;
}

static ms_t
later(ms_t a, ms_t b)
{
	return a > b ? a : b;
}

static ms_t
sooner(ms_t a, ms_t b)
{
	return a < b ? a : b;
}

void
choice_announce(struct entry *e, enum scheduler_event_kind kind)
{
	unsigned bit = 1u << kind;

	if (e->told & bit)
		return;
	e->told |= bit;
	e->announce |= bit;
}

/* By insertion: from one look to the next hardly anything moves. */
static void
sort_entries(struct scheduler *s)
{
	for (int i = 1; i < s->count; i++) {
		struct entry *e = s->entries[i];
		int at = i;

		for (; at > 0 && s->entries[at - 1]->lease.expires_at > e->lease.expires_at; at--)
			s->entries[at] = s->entries[at - 1];
		s->entries[at] = e;
	}
}

static struct slots
slots_of(const struct scheduler *s, struct quota_outlook outlook)
{
	return (struct slots){
		.next_at = outlook.next_at,
		.pace_ms = outlook.pace_ms,
		.slow_pace_ms = outlook.slow_pace_ms,
		.slow_until = outlook.slow_until,
		.margin_ms = s->settings.margin_ms,
	};
}

void
choice_look(struct scheduler *s, ms_t now, struct look *look)
{
	sort_entries(s);
	s->living = 0;
	for (int i = 0; i < s->count; i++) {
		struct entry *e = s->entries[i];

		if (e->stream != STREAM_LIVING)
			continue;
		e->lease.free_at =
			later(e->lease.retry_at, quota_device_when(e->device, CALL_EXTEND, now));
		s->line[s->living++] = &e->lease;
	}
	*look = (struct look){
		.now = now,
		.again = MS_NEVER,
		.slots = slots_of(s, quota_outlook(s->quota, now)),
	};
	line_give_up(s->line, s->living, &look->slots);
	look->spare = line_spare(s->line, s->living, &look->slots, MS_NEVER);
}

static bool
bears(const struct scheduler *s, struct quota_outlook outlook)
{
	const struct slots slots = slots_of(s, outlook);

	return line_spare(s->line, s->living, &slots, MS_NEVER) >= slots.pace_ms;
}

bool
choice_bears_refusal(const struct scheduler *s, ms_t now)
{
	return bears(s, quota_outlook_if_refused(s->quota, now));
}

bool
choice_bears_rest(const struct scheduler *s, ms_t now)
{
	return bears(s, quota_outlook_if_rested(s->quota, now));
}

/* Google's limit of an hour is near for this camera: what can wait does, lest nothing be left for
 * what cannot, and its stream be lost by those who look after it too often. */
static bool
hour_is_full(const struct scheduler *s, const struct entry *e, ms_t now)
{
	struct quota_usage hour =
		quota_usage(s->quota, e->device, QUOTA_DEVICE_HOUR, CALL_EXTEND, now);

	return hour.used * 100 >= hour.limit * HOUR_PERCENT && hour.limit > 0;
}

/* ---- Extend ---------------------------------------------------------------------------------- */

/* When the line of Extends is to be served without a pause. */
static ms_t
line_due(const struct scheduler *s, const struct look *look)
{
	ms_t crowd = line_spare(s->line, s->living, &look->slots, look->now);
	ms_t least = sooner(DUE_SLOTS * look->slots.pace_ms, s->life_ms * DUE_LIFE_PERCENT / 100);

	return crowd == MS_NEVER ? MS_NEVER : look->now + crowd - least;
}

/* When a living stream is to be extended if nobody else is in the way. */
static ms_t
extend_due(struct scheduler *s, const struct look *look, const struct entry *e, ms_t due)
{
	const struct lease *l = &e->lease;
	ms_t life = l->expires_at - l->granted_at;
	ms_t early = l->granted_at + life * s->settings.early_percent / 100;

	if (l->failures > 0)
		return look->now;
	if ((early <= look->now || e->wants_extend) && hour_is_full(s, e, look->now))
		return due;
	return e->wants_extend ? look->now : sooner(due, early);
}

static bool
can_extend(const struct entry *e)
{
	return e->stream == STREAM_LIVING && !e->call.kind && !e->lease.given_up &&
	       !e->lease.yields;
}

static struct entry *
choose_extend(struct scheduler *s, struct look *look)
{
	ms_t due = line_due(s, look);

	for (int i = 0; i < s->count; i++) {
		struct entry *e = s->entries[i];

		if (!can_extend(e))
			continue;
		ms_t at = later(e->lease.free_at, extend_due(s, look, e, due));
		if (at <= look->now)
			return e;
		look_again(look, at);
	}
	return NULL;
}

static struct entry *
choose_asked_extend(struct scheduler *s, struct look *look)
{
	for (int i = 0; i < s->count; i++) {
		struct entry *e = s->entries[i];

		if (e->wants_extend && can_extend(e) && e->lease.free_at <= look->now &&
			look->spare >= look->slots.pace_ms && !hour_is_full(s, e, look->now))
			return e;
	}
	return NULL;
}

/* ---- Generate -------------------------------------------------------------------------------- */

static ms_t
generate_ready(const struct scheduler *s, const struct entry *e, const struct look *look)
{
	ms_t at = later(e->from, quota_device_when(e->device, CALL_GENERATE, look->now));

	if (e->reason == GENERATE_START && s->started)
		at = later(at, s->start_at + s->settings.stagger_ms);
	if (e->reason == GENERATE_OPERATOR && hour_is_full(s, e, look->now))
		at = later(at, look->now + look->slots.pace_ms);
	return at;
}

static bool
before(const struct entry *a, const struct entry *b)
{
	if (a->reason != b->reason &&
		(a->reason == GENERATE_OPERATOR || b->reason == GENERATE_OPERATOR))
		return a->reason == GENERATE_OPERATOR;
	if (a->from != b->from)
		return a->from < b->from;
	return (int)(a->ticket - b->ticket) < 0;
}

static struct entry *
first_generate(struct scheduler *s, struct look *look)
{
	struct entry *first = NULL;

	for (int i = 0; i < s->count; i++) {
		struct entry *e = s->entries[i];

		if (!e->wants_generate || e->call.kind)
			continue;
		ms_t at = generate_ready(s, e, look);
		if (at > look->now)
			look_again(look, at);
		else if (!first || before(e, first))
			first = e;
	}
	return first;
}

static struct entry *
choose_generate(struct scheduler *s, struct look *look)
{
	struct entry *e = first_generate(s, look);

	if (!e || !admission_room(s, look, e))
		return NULL;
	if (look->spare >= admission_spare(s, look, e))
		return e;
	look_again(look, look->now + look->slots.pace_ms);
	return NULL;
}

/* ---- Stop ------------------------------------------------------------------------------------ */

static struct entry *
choose_stop(struct scheduler *s, struct look *look)
{
	if (look->spare < 2 * look->slots.pace_ms)
		return NULL;
	for (int i = 0; i < s->count; i++) {
		struct entry *e = s->entries[i];

		if (e->stream != STREAM_ENDING || e->call.kind)
			continue;
		ms_t at = later(
			e->lease.retry_at, quota_device_when(e->device, CALL_STOP, look->now));
		if (at <= look->now)
			return e;
		look_again(look, at);
	}
	return NULL;
}

/* ---- all ------------------------------------------------------------------------------------- */

static struct entry *
most_urgent(struct scheduler *s, const struct look *look)
{
	for (int i = 0; i < s->count; i++) {
		struct entry *e = s->entries[i];

		if (can_extend(e) && e->lease.free_at <= look->now)
			return e;
	}
	return NULL;
}

/* Where only one camera has failed: a Generate of another's, which tells the API's fault from that
 * camera's. It may be the only one no longer. */
static struct entry *
choose_witness(struct scheduler *s, struct look *look)
{
	for (int i = 0; i < s->count && !s->breaker.several; i++) {
		struct entry *e = s->entries[i];

		if (e->camera == s->breaker.camera || !e->wants_generate || e->call.kind)
			continue;
		ms_t at = generate_ready(s, e, look);
		if (at <= look->now)
			return e;
		look_again(look, at);
	}
	return NULL;
}

/* The most urgent Extend is the best question there is; without one, the first Generate. */
static struct entry *
choose_probe(struct scheduler *s, struct look *look, enum call_kind *kind)
{
	struct entry *witness = choose_witness(s, look);

	*kind = CALL_GENERATE;
	if (witness)
		return witness;
	if (look->now < s->breaker.probe_at) {
		look_again(look, s->breaker.probe_at);
		return NULL;
	}
	struct entry *e = most_urgent(s, look);
	*kind = e ? CALL_EXTEND : CALL_GENERATE;
	return e ? e : first_generate(s, look);
}

struct entry *
choice_make(struct scheduler *s, struct look *look, enum call_kind *kind)
{
	/* In this order. That a Generate comes before an Extend is harmless: it has left the line
	 * more than enough to spare. */
	static const struct {
		enum call_kind kind;
		struct entry *(*choose)(struct scheduler *, struct look *);
	} classes[] = {
		{ .kind = CALL_EXTEND, .choose = choose_asked_extend },
		{ .kind = CALL_GENERATE, .choose = choose_generate },
		{ .kind = CALL_STOP, .choose = choose_stop },
		{ .kind = CALL_EXTEND, .choose = choose_extend },
	};

	if (s->breaker.open)
		return choose_probe(s, look, kind);
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		struct entry *e = classes[i].choose(s, look);

		*kind = classes[i].kind;
		if (e)
			return e;
	}
	return NULL;
}
