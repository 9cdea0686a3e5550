/* timeline.c - a camera's two media clocks on ours. Pure; media thread. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/xmalloc.h"
#include "worker/arrival.h"
#include "worker/timeline.h"

#define US INT64_C(1000000)
/* A report's or RTP-Info's timestamp is no further from those of the packets. */
#define NEAR_US (10 * US)
/* From report to report, NTP and RTP time go on alike: within 2 % of two clocks, and the care that
 * cameras take. */
#define REPORT_SLACK_US 50000
#define REPORT_SLACK 0.02
/* Two reports of less distance prove nothing. */
#define REPORT_APART_US 200000
/* Reports that go on alike before they are believed; the first is one. */
#define REPORTS_TRUSTED 2
/* Two measurements of the skew are alike. */
#define SKEW_ALIKE_US 40000
/* What a new measurement counts against those before: cameras' reports are off by a frame. */
#define SKEW_SHARE 0.25
/* RTP-Info counts for so long after its track began. */
#define START_US (10 * US)

/* The same moment on the clock of a track and on one of both tracks. */
struct mark {
	int64_t media_us;
	int64_t common_us; /* NTP, or 0 of RTP-Info */
};

struct track {
	uint32_t rate_hz; /* 0: no such track */
	bool running;     /* a timestamp has come: the next two are valid */
	uint32_t rtp_timestamp;
	int64_t ticks; /* the same, unwrapped */
	bool arrived;  /* a unit has come: the next two are valid */
	int64_t arrived_us;
	int64_t began_us;
	struct arrival arrival;
	struct mark report;
	double rate;      /* media time a second of common time, of the last two reports */
	unsigned reports; /* in a row that go on alike */
	struct mark start;
	bool started; /* start is valid */
};

/* The skew, and what speaks for another. */
struct skew {
	double measured_us; /* smoothed */
	double candidate_us;
	bool candidate; /* one measurement, to be confirmed */
	bool known;     /* measured is valid */
	bool reported;  /* by sender reports */
	double applied_us;
	int64_t moved_us; /* when it was moved last; valid if `known` */
};

struct timeline {
	struct track tracks[TIMELINE_TRACKS];
	struct skew skew;
	uint32_t jumps;
	uint32_t nonsense;
};

/* ---- a track's clock ------------------------------------------------------------------------- */

static int64_t
to_us(const struct track *k, int64_t ticks)
{
	return ticks / k->rate_hz * US + ticks % k->rate_hz * US / k->rate_hz;
}

/* A timestamp near the last one, unwrapped; the first of all is 0. */
static int64_t
unwrap(struct track *k, uint32_t rtp_timestamp)
{
	if (!k->running)
		k->rtp_timestamp = rtp_timestamp;
	k->running = true;
	return k->ticks + (int32_t)(rtp_timestamp - k->rtp_timestamp);
}

static void
set_last(struct track *k, uint32_t rtp_timestamp, int64_t ticks)
{
	k->rtp_timestamp = rtp_timestamp;
	k->ticks = ticks;
}

static bool
is_jump(const struct track *k, int64_t ticks, int64_t arrived_us)
{
	int64_t off = to_us(k, ticks - k->ticks) - (arrived_us - k->arrived_us);

	return k->arrived && llabs(off) > TIMELINE_JUMP_US;
}

/* What was said about the clock before says nothing about the one that it is now. */
static void
begin_anew(struct timeline *t, struct track *k, uint32_t rtp_timestamp)
{
	t->jumps++;
	k->running = false;
	k->ticks = 0;
	k->reports = 0;
	k->started = false;
	arrival_restart(&k->arrival);
	unwrap(k, rtp_timestamp);
}

/* ---- the skew -------------------------------------------------------------------------------- */

/* How much later the second track's line is for one moment: that of its mark b. */
static double
measure(const struct timeline *t, const struct mark *a, const struct mark *b)
{
	const struct track *k = t->tracks;
	double later_us = (double)(b->common_us - a->common_us) * k[0].rate;

	if (fabs(later_us) > (double)NEAR_US * 100) /* hours: never mind how many */
		return INFINITY;
	int64_t first_us = arrival_at(&k[0].arrival, a->media_us + llrint(later_us));
	return (double)(arrival_at(&k[1].arrival, b->media_us) - first_us);
}

/* The first of reports is believed, which are two reports already, and the first of RTP-Info; of
 * all else one measurement when the one before was like it. */
static void
consider(struct timeline *t, double skew_us, bool reported)
{
	struct skew *s = &t->skew;

	if (fabs(skew_us) > (reported ? TIMELINE_SKEW_MAX_US : TIMELINE_START_SKEW_MAX_US)) {
		t->nonsense += reported;
		s->candidate = false;
		return;
	}
	bool alike = s->candidate && fabs(skew_us - s->candidate_us) < SKEW_ALIKE_US;
	s->candidate = true;
	s->candidate_us = skew_us;
	if (!reported && !s->known) /* nobody has heard anything yet */
		s->applied_us = skew_us;
	if (!alike && s->known && s->reported == reported)
		return;
	if (!s->known || s->reported != reported || fabs(skew_us - s->measured_us) > SKEW_ALIKE_US)
		s->measured_us = skew_us;
	s->measured_us += SKEW_SHARE * (skew_us - s->measured_us);
	s->known = true;
	s->reported = reported;
}

/* Moves what is applied to what was measured. */
static void
move(struct skew *s, int64_t now_us)
{
	double off_us = s->measured_us - s->applied_us;
	double most_us = TIMELINE_SLEW_US * (double)(now_us - s->moved_us) / US;

	s->moved_us = now_us;
	if (!s->known)
		return;
	if (fabs(off_us) > ARRIVAL_STEP_US || fabs(off_us) <= most_us)
		s->applied_us = s->measured_us;
	else
		s->applied_us += off_us > 0 ? most_us : -most_us;
}

/* The later track is put back. */
static int64_t
put_back_us(const struct skew *s, unsigned track)
{
	double us = track == 0 ? -s->applied_us : s->applied_us;

	return us > 0 ? llrint(us) : 0;
}

/* ---- what is said ---------------------------------------------------------------------------- */

static bool
both_known(const struct timeline *t)
{
	return arrival_known(&t->tracks[0].arrival) && arrival_known(&t->tracks[1].arrival);
}

static bool
are_reported(const struct timeline *t)
{
	return t->tracks[0].reports >= REPORTS_TRUSTED && t->tracks[1].reports >= REPORTS_TRUSTED;
}

/* Does a report go on where the last one was? */
static bool
goes_on(const struct mark *last, const struct mark *next)
{
	int64_t media_us = next->media_us - last->media_us;
	int64_t off_us = next->common_us - last->common_us - media_us;

	return (double)llabs(off_us) <= REPORT_SLACK_US + REPORT_SLACK * (double)llabs(media_us);
}

static void
believe(struct track *k, const struct mark *m)
{
	int64_t apart_us = m->common_us - k->report.common_us;

	k->rate = 1;
	if (k->reports == 0)
		k->reports = 1;
	else if (llabs(apart_us) >= REPORT_APART_US) {
		k->reports++;
		k->rate = (double)(m->media_us - k->report.media_us) / (double)apart_us;
	}
	k->report = *m;
}

void
timeline_report(struct timeline *t, unsigned track, uint64_t ntp, uint32_t rtp_timestamp)
{
	struct track *k = &t->tracks[track];
	/* Of a wall clock, which is far from 2^63 us. */
	const struct mark m = {
		.media_us = to_us(k, unwrap(k, rtp_timestamp)),
		.common_us = (int64_t)(ntp >> 32) * US + (int64_t)((ntp & UINT32_MAX) * US >> 32),
	};

	assert(k->rate_hz);
	if (ntp == 0 || llabs(m.media_us - to_us(k, k->ticks)) > NEAR_US) {
		t->nonsense++;
		return;
	}
	if (k->reports && !goes_on(&k->report, &m)) {
		t->nonsense++;
		k->reports = 0;
	}
	believe(k, &m);
	if (are_reported(t) && both_known(t))
		consider(t, measure(t, &t->tracks[0].report, &t->tracks[1].report), true);
}

void
timeline_start(struct timeline *t, unsigned track, uint32_t rtp_timestamp)
{
	struct track *k = &t->tracks[track];

	assert(k->rate_hz);
	k->start = (struct mark){ .media_us = to_us(k, unwrap(k, rtp_timestamp)) };
	k->started = true;
}

static bool
is_starting(const struct track *k, int64_t now_us)
{
	return k->started && k->arrived && now_us - k->began_us < START_US;
}

/* With each unit while the tracks are young: their lines are not what they will be. */
static void
use_start(struct timeline *t, int64_t now_us)
{
	const struct track *k = t->tracks;

	if (!t->skew.reported && is_starting(&k[0], now_us) && is_starting(&k[1], now_us))
		consider(t, measure(t, &k[0].start, &k[1].start), false);
}

/* ---- units ----------------------------------------------------------------------------------- */

/* RTP-Info that is far from the packets is of another clock. */
static void
begin_track(struct track *k, int64_t ticks, int64_t arrived_us)
{
	k->arrived = true;
	k->began_us = arrived_us;
	if (k->started && llabs(to_us(k, ticks) - k->start.media_us) > NEAR_US)
		k->started = false;
}

int64_t
timeline_at(struct timeline *t, unsigned track, uint32_t rtp_timestamp, int64_t arrived_us)
{
	struct track *k = &t->tracks[track];

	assert(k->rate_hz);
	if (is_jump(k, unwrap(k, rtp_timestamp), arrived_us))
		begin_anew(t, k, rtp_timestamp);
	int64_t ticks = unwrap(k, rtp_timestamp);
	if (!k->arrived)
		begin_track(k, ticks, arrived_us);
	set_last(k, rtp_timestamp, ticks);
	k->arrived_us = arrived_us;
	int64_t at_us = arrival_note(&k->arrival, to_us(k, ticks), arrived_us);
	use_start(t, arrived_us);
	move(&t->skew, arrived_us);
	return at_us - put_back_us(&t->skew, track);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct timeline *
timeline_new(void)
{
	struct timeline *t = xcalloc(1, sizeof(*t));

	return t;
}

void
timeline_free(struct timeline *t)
{
	free(t);
}

void
timeline_set_track(struct timeline *t, unsigned track, uint32_t clock_rate_hz, int64_t unit_us)
{
	assert(track < TIMELINE_TRACKS && clock_rate_hz > 0);
	t->tracks[track] = (struct track){ .rate_hz = clock_rate_hz, .rate = 1 };
	t->skew = (struct skew){ .applied_us = (double)(track == 0 ? -unit_us : unit_us) };
}

struct timeline_stats
timeline_stats(const struct timeline *t)
{
	const struct track *k = t->tracks;

	return (struct timeline_stats){
		.skew_us = llrint(t->skew.applied_us),
		.reported = t->skew.reported,
		.drift_ppm = { -1e6 * k[0].arrival.drift, -1e6 * k[1].arrival.drift },
		.jumps = t->jumps,
		.nonsense = t->nonsense,
	};
}
