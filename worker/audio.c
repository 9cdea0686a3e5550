/* audio.c - one camera's sound to Opus: decodes it, brings it to its time, encodes it.
 * Owns decoder, place and encoder; which libraries do the work only audio_*.c know. Media thread.
 */
#include <libavutil/frame.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/err.h"
#include "worker/audio.h"
#include "common/xmalloc.h"
#include "worker/audio_decode.h"
#include "worker/audio_encode.h"
#include "worker/audio_line.h"
#include "worker/audio_place.h"

/* A time ahead of ours is wrong; a little is jitter of the timeline. */
#define AHEAD_MAX_US 500000
/* A time long ago is wrong too: silence that is due is never more. */
#define BEHIND_MAX_US INT64_C(10000000)
#define BLOCKS_A_SECOND (AUDIO_RATE_HZ / AUDIO_FRAME_SAMPLES)

struct audio {
	audio_emit *emit;
	void *arg;
	unsigned channels;
	int source_hz;               /* the rate of the camera's sound */
	struct audio_decode *decode; /* NULL: silence */
	struct audio_place *place;
	struct audio_encode *encode; /* NULL: no packet yet */
	bool gap;                    /* an access unit was broken, and none came since */
	double level_sum;            /* of squares, of this second */
	unsigned level_blocks;
	struct audio_stats stats;
};

/* ---- out ------------------------------------------------------------------------------------- */

static void
measure_level(struct audio *a, const float *samples)
{
	size_t n = AUDIO_FRAME_SAMPLES * (size_t)a->channels;
	size_t second = BLOCKS_A_SECOND * n;

	for (size_t i = 0; i < n; i++)
		a->level_sum += (double)samples[i] * samples[i];
	if (++a->level_blocks < BLOCKS_A_SECOND)
		return;
	double mean = a->level_sum / (double)second;
	a->stats.level_dbfs = fmax(AUDIO_LEVEL_MIN_DBFS, 10 * log10(fmax(mean, 1e-20)));
	a->level_sum = 0;
	a->level_blocks = 0;
}

static void
on_block(const struct audio_block *block, void *arg)
{
	struct audio *a = arg;
	const uint8_t *data;

	measure_level(a, block->samples);
	if (!a->encode)
		a->encode = audio_encode_new(a->channels, a->source_hz);
	int len = audio_encode_frame(a->encode, block->samples, &data);
	if (len < 0) {
		a->stats.errors++;
		return;
	}
	a->stats.packets++;
	const struct audio_packet packet = {
		.data = data,
		.len = (size_t)len,
		.timestamp = (uint32_t)block->number,
		.at_us = block->at_us - audio_encode_delay_us(a->encode),
	};
	a->emit(&packet, a->arg);
}

void
audio_advance(struct audio *a, int64_t now_us)
{
	audio_place_advance(a->place, now_us, a->decode != NULL);
}

/* ---- in -------------------------------------------------------------------------------------- */

static int
decode_and_place(struct audio *a, const struct audio_unit *unit)
{
	int64_t ahead_us = unit->at_us - unit->now_us;
	const AVFrame *frame;

	if (ahead_us > AHEAD_MAX_US || ahead_us < -BEHIND_MAX_US)
		return ERR_RANGE;
	int err = audio_decode_unit(a->decode, unit->data, unit->len, &frame);
	if (err < 0)
		return err;
	a->stats.units++;
	a->source_hz = frame->sample_rate;
	return audio_place_frame(a->place, frame, unit->at_us, unit->now_us, unit->gap || a->gap);
}

void
audio_feed(struct audio *a, const struct audio_unit *unit)
{
	if (!a->decode)
		return;
	int err = decode_and_place(a, unit);
	a->gap = err < 0;
	a->stats.errors += err < 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

bool
audio_is_pcm(enum audio_codec codec)
{
	return codec == AUDIO_PCMU || codec == AUDIO_PCMA || codec == AUDIO_PCMU_AT ||
	       codec == AUDIO_PCMA_AT || codec == AUDIO_L16;
}

/* Two for a config of two and more. ISO 14496-3 1.6.2.1: object type (5 bits), frequency (4),
 * channels (4); escapes are longer, and what has them is one channel here. */
static unsigned
channels_of(const struct audio_format *f)
{
	if (f->codec != AUDIO_AAC || f->config_len < 2)
		return f->channels == 2 ? 2 : 1;
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
	a->gap = false;
	audio_place_begin(a->place);
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
	struct audio *a = xcalloc(1, sizeof(*a));

	a->emit = emit;
	a->arg = arg;
	a->channels = channels_of(format);
	a->stats.level_dbfs = AUDIO_LEVEL_MIN_DBFS;
	a->place = audio_place_new(a->channels, on_block, a);
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
	audio_place_free(a->place);
	audio_encode_free(a->encode);
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
	struct audio_place_stats place = audio_place_stats(a->place);
	struct audio_stats s = a->stats;

	s.drift_ppm = place.drift_ppm;
	s.joins = place.joins;
	s.silence_ms = place.silence_samples * 1000 / AUDIO_RATE_HZ;
	s.cut_ms = place.cut_samples * 1000 / AUDIO_RATE_HZ;
	return s;
}
