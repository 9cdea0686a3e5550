/* audio_place.c - decoded sound on a line of samples, each at its time. Media thread. */
#include <libavutil/frame.h>
#include <math.h>
#include <stdlib.h>

#include "common/err.h"
#include "common/xmalloc.h"
#include "worker/audio_drift.h"
#include "worker/audio_line.h"
#include "worker/audio_place.h"
#include "worker/audio_resample.h"

#define US INT64_C(1000000)
/* Sound that is further off its time than this is put there at once; below, by resampling. Two
 * access units of 48 kHz: one may get lost unseen. */
#define OFF_MAX_US 50000
/* A loss that left the time where it should be took nothing away. */
#define GAP_MIN_US 3000
/* Sound is overdue this long after it usually comes: a camera's packets come in bursts. */
#define PATIENCE_US 200000
/* Before anything has come. */
#define FIRST_PATIENCE_US 1000000
/* How late sound usually comes: what was latest lately, forgotten by half in some 30 s. */
#define USUAL_MAX_US 2000000
#define USUAL_FORGET_S 45.0
/* More than this is not made up for. */
#define STANDSTILL_US 2000000

struct audio_place {
	void (*block)(const struct audio_block *block, void *arg);
	void *arg;
	unsigned channels;
	struct audio_resample *resample;
	struct audio_line *line;
	struct audio_drift drift;
	bool started;      /* the line has its origin */
	int64_t origin_us; /* time of sample 0 of the line */
	bool joined;       /* sound was put on the line since begin */
	bool heard;        /* sound has come: usual_us is of it */
	int64_t cut;       /* samples that are still to be left out */
	double usual_us;   /* how late sound comes */
	struct audio_place_stats stats;
};

/* ---- the line and our clock ------------------------------------------------------------------ */

/* In two steps each: microseconds of years times 48000 are more than 63 bits. */
static int64_t
number_at(const struct audio_place *p, int64_t at_us)
{
	int64_t us = at_us - p->origin_us;

	return us / US * AUDIO_RATE_HZ + us % US * AUDIO_RATE_HZ / US;
}

static int64_t
time_of(const struct audio_place *p, int64_t number)
{
	return p->origin_us + number / AUDIO_RATE_HZ * US +
	       number % AUDIO_RATE_HZ * US / AUDIO_RATE_HZ;
}

/* ---- silence --------------------------------------------------------------------------------- */

static void
start(struct audio_place *p, int64_t at_us)
{
	p->started = true;
	p->origin_us = at_us;
}

/* Silence up to a number, or nothing where that is very much. Sound that comes yet for this time is
 * to be cut. */
static void
fill_until(struct audio_place *p, int64_t number)
{
	int64_t end = audio_line_end(p->line);

	if (number - end > STANDSTILL_US / US * AUDIO_RATE_HZ)
		audio_line_skip(p->line, number - end);
	int64_t rest = number - audio_line_end(p->line);
	if (rest > 0)
		audio_line_silence(p->line, (size_t)rest);
	int64_t filled = audio_line_end(p->line) - end;
	p->stats.silence_samples += filled;
	p->cut += filled;
}

void
audio_place_advance(struct audio_place *p, int64_t now_us, bool expected)
{
	double patience_us = expected ? p->usual_us + PATIENCE_US : 0;

	if (!p->started)
		start(p, now_us);
	fill_until(p, number_at(p, now_us - (int64_t)patience_us));
}

/* ---- sound ----------------------------------------------------------------------------------- */

static void
on_sound(const float *samples, size_t n, void *arg)
{
	struct audio_place *p = arg;
	size_t cut = p->cut < (int64_t)n ? (size_t)p->cut : n;

	p->cut -= (int64_t)cut;
	p->stats.cut_samples += (int64_t)cut;
	audio_line_write(p->line, samples + cut * p->channels, n - cut);
}

/* The frame does not go on from what is on the line: silence between, or a part cut off. Returns 0
 * or ERR_UNSUPPORTED. */
static int
join(struct audio_place *p, const AVFrame *frame, int64_t at_us)
{
	int err = audio_resample_begin(p->resample, frame);

	if (err < 0)
		return err;
	p->stats.joins += p->joined;
	p->joined = true;
	int64_t number = number_at(p, at_us);
	audio_drift_joined(&p->drift);
	audio_line_break(p->line);
	fill_until(p, number);
	p->cut = audio_line_end(p->line) - number;
	return 0;
}

/* How far the sound that comes next on the line is behind its time; below 0: ahead. */
static int64_t
lateness_us(struct audio_place *p, int64_t at_us)
{
	int64_t next_us = time_of(p, audio_line_end(p->line) - p->cut);

	return next_us + audio_resample_delay_us(p->resample) - at_us;
}

static bool
goes_on(struct audio_place *p, const AVFrame *frame, int64_t off_us, bool gap)
{
	return p->joined && audio_resample_fits(p->resample, frame) &&
	       llabs(off_us) <= (gap ? GAP_MIN_US : OFF_MAX_US);
}

/* Sound is all there when its last sample has come. */
static void
note_lateness(struct audio_place *p, double late_us, double passed_s)
{
	if (!p->heard)
		p->usual_us = 0;
	p->heard = true;
	p->usual_us -= p->usual_us * passed_s / USUAL_FORGET_S;
	p->usual_us = fmin(USUAL_MAX_US, fmax(p->usual_us, late_us));
}

int
audio_place_frame(
	struct audio_place *p, const AVFrame *frame, int64_t at_us, int64_t now_us, bool gap)
{
	double long_s = (double)frame->nb_samples / frame->sample_rate;

	if (!p->started || audio_line_end(p->line) == 0)
		start(p, at_us);
	note_lateness(p, (double)(now_us - at_us) - 1e6 * long_s, long_s);
	int64_t off_us = lateness_us(p, at_us);
	if (!goes_on(p, frame, off_us, gap)) {
		int err = join(p, frame, at_us);
		if (err < 0)
			return err;
		off_us = 0;
	}
	audio_resample_set_ppm(
		p->resample, audio_drift_step(&p->drift, (double)off_us / US, long_s));
	audio_resample_frame(p->resample, frame, on_sound, p);
	return 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void
on_line(const float *samples, int64_t first, void *arg)
{
	struct audio_place *p = arg;
	const struct audio_block block = {
		.samples = samples,
		.number = first,
		.at_us = time_of(p, first),
	};

	p->block(&block, p->arg);
}

struct audio_place *
audio_place_new(
	unsigned channels, void (*block)(const struct audio_block *block, void *arg), void *arg)
{
	struct audio_place *p = xcalloc(1, sizeof(*p));

	p->block = block;
	p->arg = arg;
	p->channels = channels;
	p->usual_us = FIRST_PATIENCE_US;
	p->line = audio_line_new(channels, on_line, p);
	p->resample = audio_resample_new(channels);
	return p;
}

void
audio_place_free(struct audio_place *p)
{
	if (!p)
		return;
	audio_resample_free(p->resample);
	audio_line_free(p->line);
	free(p);
}

void
audio_place_begin(struct audio_place *p)
{
	p->joined = false;
}

struct audio_place_stats
audio_place_stats(const struct audio_place *p)
{
	struct audio_place_stats s = p->stats;

	s.drift_ppm = 1e6 * p->drift.drift;
	return s;
}
