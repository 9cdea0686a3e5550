/* quality.c - how the source's stream is: rate, bitrate, GOPs, jitter, gaps.
 * Owns the counts of one source. Judges nothing: thresholds for "bad" are the supervisor's. Pure;
 * media thread. */
#include <stdlib.h>

#include "worker/quality.h"
#include "common/xmalloc.h"

/* Timestamps that are further off than this from the time that passed were set anew: they say
 * nothing about the network. */
#define JUMP_US 2000000

struct quality {
	/* Since the last snapshot. */
	int64_t began_us;
	uint32_t pictures;
	uint64_t bytes;
	/* The last picture; valid from the first on. */
	int64_t arrival_us;
	/* The one that is shown last of those that came; valid likewise. */
	int64_t pts_90k;
	int64_t pts_arrival_us;
	/* The last key picture; valid from the first on. */
	int64_t key_us;
	int64_t key_pts_90k;
	int64_t key_picture; /* its number, from 1 */
	double jitter_us;
	int64_t longest_gap_us;       /* of those that are over */
	struct quality_snapshot life; /* the counters of the whole life, and the last GOP */
};

struct quality *
quality_new(int64_t now_us)
{
	struct quality *q = xcalloc(1, sizeof(*q));

	q->began_us = now_us;
	return q;
}

void
quality_free(struct quality *q)
{
	free(q);
}

/* Ticks from one timestamp to another, modulo 2^32 as RTP's are. */
static int64_t
step(int64_t from_90k, int64_t to_90k)
{
	return (int32_t)((uint32_t)to_90k - (uint32_t)from_90k);
}

static bool
is_gap(int64_t silence_us)
{
	return silence_us > QUALITY_GAP_MS * INT64_C(1000);
}

static bool
is_shown_earlier(const struct quality *q, const struct quality_picture *p)
{
	int64_t step_us = step(q->pts_90k, p->pts_90k) * 100 / 9;

	return step_us < 0 && step_us > -JUMP_US;
}

/* What lies between the last picture and this one. */
static void
on_interval(struct quality *q, const struct quality_picture *p)
{
	int64_t silence_us = p->arrival_us - q->arrival_us;
	int64_t step_us = step(q->pts_90k, p->pts_90k) * 100 / 9;
	int64_t later_us = p->arrival_us - q->pts_arrival_us - step_us;

	if (is_gap(silence_us)) {
		q->life.gaps++;
		if (silence_us > q->longest_gap_us)
			q->longest_gap_us = silence_us;
	}
	/* A B picture comes after one that is shown after it, which says nothing. */
	if (is_shown_earlier(q, p))
		return;
	if (later_us > JUMP_US || later_us < -JUMP_US)
		return;
	if (later_us > QUALITY_LATE_MS * INT64_C(1000))
		q->life.late++;
	/* RFC 3550 6.4.1: a sixteenth of the news. */
	double deviation_us = (double)(later_us < 0 ? -later_us : later_us);
	q->jitter_us += (deviation_us - q->jitter_us) / 16;
}

static void
on_keyframe(struct quality *q, const struct quality_picture *p)
{
	int64_t number = (int64_t)q->life.pictures;

	if (q->life.keyframes > 0) {
		q->life.gop_pictures = (uint32_t)(number - q->key_picture);
		q->life.gop_ms = step(q->key_pts_90k, p->pts_90k) / 90;
	}
	q->life.keyframes++;
	q->key_us = p->arrival_us;
	q->key_pts_90k = p->pts_90k;
	q->key_picture = number;
}

void
quality_on_picture(struct quality *q, const struct quality_picture *p)
{
	if (q->life.pictures > 0)
		on_interval(q, p);
	q->pictures++;
	q->bytes += p->bytes;
	q->life.pictures++;
	q->life.bytes += p->bytes;
	if (p->key)
		on_keyframe(q, p);
	q->arrival_us = p->arrival_us;
	if (q->life.pictures > 1 && is_shown_earlier(q, p))
		return;
	q->pts_90k = p->pts_90k;
	q->pts_arrival_us = p->arrival_us;
}

int64_t
quality_gop_ms(const struct quality *q, int64_t now_us)
{
	int64_t age_ms = q->life.keyframes > 0 ? (now_us - q->key_us) / 1000 : 0;

	return age_ms > q->life.gop_ms ? age_ms : q->life.gop_ms;
}

/* The rates of the time since the last snapshot. */
static void
take_rates(struct quality *q, int64_t now_us, struct quality_snapshot *out)
{
	int64_t passed_us = now_us - q->began_us;

	if (passed_us > 0) {
		out->fps = q->pictures * 1e6 / (double)passed_us;
		out->bitrate = (int64_t)((double)q->bytes * 8e6 / (double)passed_us);
	}
	q->began_us = now_us;
	q->pictures = 0;
	q->bytes = 0;
}

struct quality_snapshot
quality_snapshot(struct quality *q, int64_t now_us)
{
	struct quality_snapshot out = q->life;
	int64_t silence_us = q->life.pictures > 0 ? now_us - q->arrival_us : -1;
	int64_t longest_us = q->longest_gap_us;

	take_rates(q, now_us, &out);
	if (is_gap(silence_us)) {
		out.gaps++;
		if (silence_us > longest_us)
			longest_us = silence_us;
	}
	out.jitter_ms = q->jitter_us / 1000;
	out.longest_gap_ms = longest_us / 1000;
	out.silence_ms = silence_us < 0 ? -1 : silence_us / 1000;
	out.keyframe_age_ms = q->life.keyframes > 0 ? (now_us - q->key_us) / 1000 : -1;
	return out;
}
