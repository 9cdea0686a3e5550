/* health.c - what a camera's state is: HEALTHY, DEGRADED, RECONNECTING, OFFLINE, and why.
 * Owns the last minute's counts and what is usual for this camera. Measures nothing. Pure; loop
 * thread. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "worker/health.h"
#include "common/xmalloc.h"

#define RING_S 60

/* The gravest first. */
enum cause { FROZEN, SILENT, NO_KEY, GAPS, LOSS, SLOW, LATE, NOTHING };

struct second {
	uint32_t pictures;
	uint32_t gaps;
	uint32_t late;
};

struct health {
	struct health_watch watch;
	enum health_state state;
	enum cause cause;  /* of HEALTH_DEGRADED */
	ms_t bad_since;    /* something is wrong; MS_NEVER: no */
	ms_t good_since;   /* nothing is wrong; MS_NEVER: no */
	double usual_fps;  /* valid from HEALTH_LEARN_S on */
	unsigned learnt_s; /* up to HEALTH_USUAL_S */
	struct second ring[RING_S];
	unsigned at;           /* the next of the ring */
	struct second minute;  /* the sum of the ring */
	struct second counted; /* the counters at the last sample, modulo 2^32 */
	bool counting;         /* counted is valid */
	char why[240];
};

const struct health_watch health_watch_default = {
	.offline_after = 8, .low_fps_percent = 50, .high_loss_percent = 5, .frozen_ms = 10000
};

static const char *const texts[HEALTH_STATES] = {
	[HEALTH_RECONNECTING] = "RECONNECTING",
	[HEALTH_OFFLINE] = "OFFLINE",
	[HEALTH_DEGRADED] = "DEGRADED",
	[HEALTH_HEALTHY] = "HEALTHY",
};

struct health *
health_new(void)
{
	struct health *h = xcalloc(1, sizeof(*h));

	h->watch = health_watch_default;
	h->cause = NOTHING;
	h->bad_since = h->good_since = MS_NEVER;
	return h;
}

void
health_free(struct health *h)
{
	free(h);
}

void
health_set_watch(struct health *h, const struct health_watch *watch)
{
	h->watch = *watch;
}

/* ---- the last minute ------------------------------------------------------------------------- */

static struct second
count(struct health *h, const struct health_sample *s)
{
	const struct second now = {
		.pictures = (uint32_t)s->pictures, .gaps = s->gaps, .late = s->late
	};
	struct second news = { 0 };

	/* The open gap of a sample may be none in the next: a picture came meanwhile late. */
	if (h->counting && (int32_t)(now.gaps - h->counted.gaps) >= 0)
		news = (struct second){ .pictures = now.pictures - h->counted.pictures,
			.gaps = now.gaps - h->counted.gaps,
			.late = now.late - h->counted.late };
	h->counted = now;
	h->counting = true;
	return news;
}

static void
keep_second(struct health *h, const struct second *news)
{
	struct second *slot = &h->ring[h->at];

	h->minute.pictures += news->pictures - slot->pictures;
	h->minute.gaps += news->gaps - slot->gaps;
	h->minute.late += news->late - slot->late;
	*slot = *news;
	h->at = (h->at + 1) % RING_S;
}

/* A mean over all that was seen at first, later over the last minutes. */
static void
learn_rate(struct health *h, double fps)
{
	if (h->learnt_s < HEALTH_USUAL_S)
		h->learnt_s++;
	h->usual_fps += (fps - h->usual_fps) / h->learnt_s;
}

static bool
is_learnt(const struct health *h)
{
	return h->learnt_s >= HEALTH_LEARN_S && h->usual_fps > 0;
}

/* ---- what may be wrong ----------------------------------------------------------------------- */

static bool
is_frozen(const struct health *h, const struct health_sample *s)
{
	return s->frozen_ms >= h->watch.frozen_ms;
}

static bool
is_silent(const struct health *h, const struct health_sample *s)
{
	double allowed_ms = HEALTH_SILENCE_MS;

	if (is_learnt(h) && HEALTH_SILENCE_PICTURES * 1000 / h->usual_fps > allowed_ms)
		allowed_ms = HEALTH_SILENCE_PICTURES * 1000 / h->usual_fps;
	return (double)s->silence_ms > allowed_ms;
}

static bool
lacks_key(const struct health *h, const struct health_sample *s)
{
	(void)h;
	return s->keyframe_age_ms > HEALTH_GOP_MS && s->keyframe_age_ms > HEALTH_GOPS * s->gop_ms;
}

/* What sends a picture in two seconds has a gap each time. */
static bool
has_gaps(const struct health *h, const struct health_sample *s)
{
	(void)s;
	return h->minute.gaps >= HEALTH_GAPS && is_learnt(h) && h->usual_fps > 2;
}

static bool
loses_packets(const struct health *h, const struct health_sample *s)
{
	return s->loss_ratio * 100 >= (double)h->watch.high_loss_percent;
}

static bool
is_slow(const struct health *h, const struct health_sample *s)
{
	return is_learnt(h) && s->fps * 100 < h->usual_fps * (double)h->watch.low_fps_percent &&
	       h->usual_fps > 2;
}

static bool
is_late(const struct health *h, const struct health_sample *s)
{
	(void)s;
	return is_learnt(h) && h->minute.late * 100 > h->minute.pictures * HEALTH_LATE_PERCENT;
}

/* clang-format off */
static const struct {
	bool (*applies)(const struct health *, const struct health_sample *);
	bool at_once; /* it has lasted when it is seen */
} causes[NOTHING] = {
	[FROZEN] = { .applies = is_frozen, .at_once = true },
	[SILENT] = { .applies = is_silent, .at_once = true },
	[NO_KEY] = { .applies = lacks_key, .at_once = true },
	[GAPS]   = { .applies = has_gaps, .at_once = true },
	[LOSS]   = { .applies = loses_packets },
	[SLOW]   = { .applies = is_slow },
	[LATE]   = { .applies = is_late },
};
/* clang-format on */

static enum cause
find_cause(const struct health *h, const struct health_sample *s)
{
	int i = 0;

	while (i < NOTHING && !causes[i].applies(h, s))
		i++;
	return (enum cause)i;
}

static void
explain_frozen(struct health *h, const struct health_sample *s)
{
	time_t since = (time_t)(s->wall_us / 1000000 - s->frozen_ms / 1000);
	struct tm tm;
	char when[16];

	gmtime_r(&since, &tm);
	strftime(when, sizeof(when), "%H:%M:%S", &tm);
	snprintf(h->why, sizeof(h->why),
		"picture is frozen since %s UTC: the camera sends the same again and again", when);
}

static void
explain(struct health *h, const struct health_sample *s)
{
	size_t size = sizeof(h->why);

	switch (h->cause) {
	case FROZEN:
		explain_frozen(h, s);
		break;
	case SILENT:
		snprintf(h->why, size, "no picture for %lld s", (long long)s->silence_ms / 1000);
		break;
	case NO_KEY:
		snprintf(h->why, size, "no key picture for %lld s: who comes now has to wait",
			(long long)s->keyframe_age_ms / 1000);
		break;
	case GAPS:
		snprintf(h->why, size, "%u times in a minute no picture for more than 1 s",
			h->minute.gaps);
		break;
	case LOSS:
		snprintf(h->why, size, "%.0f %% of the packets are lost on the way to viewers",
			s->loss_ratio * 100);
		break;
	case SLOW:
		snprintf(
			h->why, size, "%.1f pictures a second, usually %.1f", s->fps, h->usual_fps);
		break;
	case LATE:
		snprintf(h->why, size, "%u of %u pictures came late in the last minute",
			h->minute.late, h->minute.pictures);
		break;
	case NOTHING:
		h->why[0] = '\0';
		break;
	}
}

/* ---- the state ------------------------------------------------------------------------------- */

static void
on_trouble(struct health *h, enum cause cause, const struct health_sample *s, ms_t now)
{
	h->good_since = MS_NEVER;
	if (h->bad_since == MS_NEVER)
		h->bad_since = now;
	if (!causes[cause].at_once && now - h->bad_since < HEALTH_ENTER_MS)
		return;
	/* A graver cause is news; a lesser one while the state lasts is not. */
	if (h->state == HEALTH_DEGRADED && cause >= h->cause)
		return;
	h->state = HEALTH_DEGRADED;
	h->cause = cause;
	explain(h, s);
}

static void
on_no_trouble(struct health *h, ms_t now)
{
	h->bad_since = MS_NEVER;
	if (h->good_since == MS_NEVER)
		h->good_since = now;
	if (h->state != HEALTH_DEGRADED || now - h->good_since < HEALTH_LEAVE_MS)
		return;
	h->state = HEALTH_HEALTHY;
	h->cause = NOTHING;
	h->why[0] = '\0';
}

void
health_measure(struct health *h, const struct health_sample *s, ms_t now)
{
	if (h->state != HEALTH_HEALTHY && h->state != HEALTH_DEGRADED)
		return;
	struct second news = count(h, s);
	keep_second(h, &news);
	enum cause cause = find_cause(h, s);
	if (cause == NOTHING)
		on_no_trouble(h, now);
	else
		on_trouble(h, cause, s, now);
	learn_rate(h, s->fps);
}

/* The minute begins anew: the gap that ends here was told. */
static void
begin_flow(struct health *h)
{
	for (int i = 0; i < RING_S; i++)
		h->ring[i] = (struct second){ 0 };
	h->minute = (struct second){ 0 };
	h->counting = false;
	h->bad_since = h->good_since = MS_NEVER;
	h->state = HEALTH_HEALTHY;
	h->cause = NOTHING;
	h->why[0] = '\0';
}

void
health_connection(struct health *h, bool flows, unsigned tries, const char *why)
{
	bool flowed = h->state == HEALTH_HEALTHY || h->state == HEALTH_DEGRADED;

	if (flows && !flowed)
		begin_flow(h);
	if (flows)
		return;
	if (h->state != HEALTH_OFFLINE)
		h->state = tries >= h->watch.offline_after ? HEALTH_OFFLINE : HEALTH_RECONNECTING;
	h->cause = NOTHING;
	snprintf(h->why, sizeof(h->why), "%s", why);
}

enum health_state
health_state(const struct health *h)
{
	return h->state;
}

const char *
health_text(enum health_state state)
{
	return texts[state];
}

const char *
health_why(const struct health *h)
{
	return h->why;
}
