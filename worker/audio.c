/* audio.c - one camera's sound to Opus: decodes, brings to its time, encodes.
 * Owns decoder, resampler, encoder and the line between them. Which libraries do the work only
 * audio_*.c know. Media thread. */
#include <libavutil/frame.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/err.h"
#include "worker/audio.h"
#include "worker/audio_decode.h"
#include "worker/audio_drift.h"
#include "worker/audio_encode.h"
#include "worker/audio_line.h"
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
/* How late sound usually comes: what was latest lately, half of it forgotten in 20 s. */
#define USUAL_MAX_US 2000000
#define USUAL_FORGET 1e-3 /* per access unit: 20 a second */
/* More than this is not made up for. */
#define STANDSTILL_US 2000000
/* A time ahead of ours is wrong; a little is jitter of the timeline. */
#define AHEAD_MAX_US 500000

struct audio {
	audio_emit *emit;
	void *arg;
	unsigned channels;
	int source_hz; /* the rate of the camera's sound, as known when the encoder starts */
	struct audio_decode *decode; /* NULL: silence */
	struct audio_resample *resample;
	struct audio_line *line;
	struct audio_encode *encode; /* NULL: no packet yet */
	struct audio_drift drift;
	bool started;      /* the line has its origin */
	int64_t origin_us; /* time of sample 0 of the line */
	bool joined;       /* sound was put on the line since the format was set */
	bool gap;          /* an access unit was broken since */
	int64_t cut;       /* samples that are still to be thrown away */
	double usual_us;   /* how late sound comes */
	double level_sum;  /* of squares, of this second */
	unsigned level_frames;
	int64_t cut_samples; /* in all */
	int64_t silence_samples;
	struct audio_stats stats;
};

/* ---- the line and our clock ------------------------------------------------------------------ */

/* In two steps each: microseconds of years times 48000 are more than 63 bits. */
static int64_t
number_at(const struct audio *a, int64_t at_us)
{
	int64_t us = at_us - a->origin_us;

	return us / US * AUDIO_RATE_HZ + us % US * AUDIO_RATE_HZ / US;
}

static int64_t
time_of(const struct audio *a, int64_t number)
{
	return a->origin_us + number / AUDIO_RATE_HZ * US +
	       number % AUDIO_RATE_HZ * US / AUDIO_RATE_HZ;
}

/* ---- out ------------------------------------------------------------------------------------- */

#define FRAMES_A_SECOND (AUDIO_RATE_HZ / AUDIO_FRAME_SAMPLES)

static void
measure_level(struct audio *a, const float *samples)
{
	size_t n = AUDIO_FRAME_SAMPLES * (size_t)a->channels;

	for (size_t i = 0; i < n; i++)
		a->level_sum += (double)samples[i] * samples[i];
	if (++a->level_frames < FRAMES_A_SECOND)
		return;
	size_t count = FRAMES_A_SECOND * n;
	double mean = a->level_sum / (double)count;
	a->stats.level_dbfs = fmax(AUDIO_LEVEL_MIN_DBFS, 10 * log10(fmax(mean, 1e-20)));
	a->level_sum = 0;
	a->level_frames = 0;
}

static void
on_frame(const float *samples, int64_t first, void *arg)
{
	struct audio *a = arg;
	const uint8_t *data;

	measure_level(a, samples);
	if (!a->encode)
		a->encode = audio_encode_new(a->channels, a->source_hz);
	int len = audio_encode_frame(a->encode, samples, &data);
	if (len < 0) {
		a->stats.errors++;
		return;
	}
	a->stats.packets++;
	const struct audio_packet packet = {
		.data = data,
		.len = (size_t)len,
		.timestamp = (uint32_t)first,
		.at_us = time_of(a, first) - audio_encode_delay_us(a->encode),
	};
	a->emit(&packet, a->arg);
}

/* ---- silence --------------------------------------------------------------------------------- */

static void
start(struct audio *a, int64_t at_us)
{
	a->started = true;
	a->origin_us = at_us;
}

/* Silence up to a number, or nothing where that is very much. Sound that comes yet for this time is
 * to be cut. */
static void
fill_until(struct audio *a, int64_t number)
{
	int64_t end = audio_line_end(a->line);

	if (number - end > STANDSTILL_US / US * AUDIO_RATE_HZ)
		audio_line_skip(a->line, number - end);
	int64_t rest = number - audio_line_end(a->line);
	if (rest > 0)
		audio_line_silence(a->line, (size_t)rest);
	int64_t filled = audio_line_end(a->line) - end;
	a->silence_samples += filled;
	a->cut += filled;
}

void
audio_advance(struct audio *a, int64_t now_us)
{
	double patience_us = a->decode ? a->usual_us + PATIENCE_US : 0;

	if (!a->started)
		start(a, now_us);
	fill_until(a, number_at(a, now_us - (int64_t)patience_us));
}

/* ---- sound ----------------------------------------------------------------------------------- */

static void
on_sound(const float *samples, size_t n, void *arg)
{
	struct audio *a = arg;
	size_t cut = a->cut < (int64_t)n ? (size_t)a->cut : n;

	a->cut -= (int64_t)cut;
	a->cut_samples += (int64_t)cut;
	audio_line_write(a->line, samples + cut * a->channels, n - cut);
}

/* The frame does not go on from what is on the line: silence between, or a part cut off. Returns 0
 * or ERR_UNSUPPORTED. */
static int
join(struct audio *a, const AVFrame *frame, int64_t at_us)
{
	int err = audio_resample_begin(a->resample, frame);

	if (err < 0)
		return err;
	a->stats.joins += a->joined;
	a->joined = true;
	int64_t number = number_at(a, at_us);
	audio_drift_joined(&a->drift);
	audio_line_break(a->line);
	fill_until(a, number);
	a->cut = audio_line_end(a->line) - number;
	return 0;
}

/* How far the sound that comes next on the line is behind its time; below 0: ahead. */
static int64_t
lateness_us(struct audio *a, int64_t at_us)
{
	int64_t next_us = time_of(a, audio_line_end(a->line) - a->cut);

	return next_us + audio_resample_delay_us(a->resample) - at_us;
}

static int
place(struct audio *a, const AVFrame *frame, const struct audio_unit *unit)
{
	bool gap = unit->gap || a->gap;
	int64_t off_us = lateness_us(a, unit->at_us);

	a->gap = false;
	if (!a->joined || !audio_resample_fits(a->resample, frame) || llabs(off_us) > OFF_MAX_US ||
		(gap && llabs(off_us) > GAP_MIN_US)) {
		int err = join(a, frame, unit->at_us);
		if (err < 0)
			return err;
		off_us = 0;
	}
	double ppm = audio_drift_step(
		&a->drift, (double)off_us / US, (double)frame->nb_samples / frame->sample_rate);
	audio_resample_set_ppm(a->resample, ppm);
	audio_resample_frame(a->resample, frame, on_sound, a);
	return 0;
}

/* Sound is all there when its last sample has come. */
static void
note_lateness(struct audio *a, const AVFrame *frame, const struct audio_unit *unit)
{
	int64_t ends_us = unit->at_us + (int64_t)frame->nb_samples * US / frame->sample_rate;
	double late_us = (double)(unit->now_us - ends_us);

	a->usual_us -= a->usual_us * USUAL_FORGET;
	a->usual_us = fmin(USUAL_MAX_US, fmax(a->usual_us, late_us));
}

void
audio_feed(struct audio *a, const struct audio_unit *unit)
{
	const AVFrame *frame;

	if (!a->decode)
		return;
	if (unit->at_us > unit->now_us + AHEAD_MAX_US ||
		audio_decode_unit(a->decode, unit->data, unit->len, &frame) < 0) {
		a->stats.errors++;
		a->gap = true;
		return;
	}
	if (!a->started || audio_line_end(a->line) == 0)
		start(a, unit->at_us);
	if (!a->stats.units++)
		a->usual_us = 0;
	a->source_hz = frame->sample_rate;
	note_lateness(a, frame, unit);
	if (place(a, frame, unit) < 0)
		a->stats.errors++;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Two for a config of two and more. ISO 14496-3 1.6.2.1: object type (5 bits), frequency (4),
 * channels (4); escapes are longer, and what has them is one channel here. */
static unsigned
channels_of(const struct audio_format *f)
{
	if (f->codec != AUDIO_AAC || f->config_len < 2)
		return 1;
	unsigned type = f->config[0] >> 3;
	unsigned frequency = (f->config[0] & 7u) << 1 | f->config[1] >> 7;
	unsigned channels = f->config[1] >> 3 & 15;

	return type != 31 && frequency != 15 && channels != 1 ? 2 : 1;
}

int
audio_set_format(struct audio *a, const struct audio_format *format, char *why, size_t why_size)
{
	audio_decode_free(a->decode);
	a->decode = NULL;
	a->joined = false;
	a->gap = false;
	if (format->codec == AUDIO_SILENCE)
		return 0;
	int err = audio_decode_new(&a->decode, format, why, why_size);
	if (err == 0)
		a->source_hz = audio_decode_rate_hz(a->decode);
	return err;
}

int
audio_new(struct audio **out, const struct audio_format *format, audio_emit *emit, void *arg,
	char *why, size_t why_size)
{
	struct audio *a = calloc(1, sizeof(*a));

	if (!a)
		abort();
	a->emit = emit;
	a->arg = arg;
	a->channels = channels_of(format);
	a->usual_us = FIRST_PATIENCE_US;
	a->stats.level_dbfs = AUDIO_LEVEL_MIN_DBFS;
	a->line = audio_line_new(a->channels, on_frame, a);
	a->resample = audio_resample_new(a->channels);
	int err = audio_set_format(a, format, why, why_size);
	if (err == 0 && !audio_encode_possible()) {
		snprintf(why, why_size, "libavcodec was built without libopus");
		err = ERR_UNSUPPORTED;
	}
	if (err < 0) {
		audio_free(a);
		return err;
	}
	*out = a;
	return 0;
}

void
audio_free(struct audio *a)
{
	if (!a)
		return;
	audio_decode_free(a->decode);
	audio_resample_free(a->resample);
	audio_encode_free(a->encode);
	audio_line_free(a->line);
	free(a);
}

unsigned
audio_channels(const struct audio *a)
{
	return a->channels;
}

struct audio_stats
audio_stats(const struct audio *a)
{
	struct audio_stats s = a->stats;

	s.drift_ppm = 1e6 * a->drift.drift;
	s.silence_ms = a->silence_samples * 1000 / AUDIO_RATE_HZ;
	s.cut_ms = a->cut_samples * 1000 / AUDIO_RATE_HZ;
	return s;
}
