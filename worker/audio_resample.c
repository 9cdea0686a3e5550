/* audio_resample.c - any rate and channels to 48 kHz, by libswresample. Media thread. */
#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/err.h"
#include "common/xmalloc.h"
#include "worker/audio_line.h"
#include "worker/audio_resample.h"

/* Samples given to it at a time, and the most that can come of them: from 7350 Hz, 1.5 % more, and
 * what was waiting in its filter. */
#define SLICE_SAMPLES 256
#define OUT_SAMPLES 2048
/* One part in this is one part per million. */
#define PPM_DISTANCE 1000000

struct audio_resample {
	SwrContext *swr; /* NULL: no begin yet, or it failed */
	int rate_hz;
	int format;
	AVChannelLayout in;
	AVChannelLayout to;
	unsigned channels;
	float out[OUT_SAMPLES * AUDIO_CHANNELS_MAX];
};

struct audio_resample *
audio_resample_new(unsigned channels)
{
	struct audio_resample *r = xcalloc(1, sizeof(*r));

	r->channels = channels;
	av_channel_layout_default(&r->to, (int)channels);
	return r;
}

void
audio_resample_free(struct audio_resample *r)
{
	if (!r)
		return;
	swr_free(&r->swr);
	av_channel_layout_uninit(&r->in);
	free(r);
}

/* Its phases are interpolated: without, each is off by up to a 2048th of a sample, which whistles
 * when the ratio is no simple one. exact_rational would rebuild the filter when the ratio moves. */
static int
open_swr(struct audio_resample *r)
{
	if (swr_alloc_set_opts2(&r->swr, &r->to, AV_SAMPLE_FMT_FLT, AUDIO_RATE_HZ, &r->in,
		    (enum AVSampleFormat)r->format, r->rate_hz, 0, NULL) < 0)
		return ERR_UNSUPPORTED;
	av_opt_set_int(r->swr, "flags", SWR_FLAG_RESAMPLE, 0); /* 48 kHz too */
	av_opt_set_int(r->swr, "linear_interp", 1, 0);
	av_opt_set_int(r->swr, "exact_rational", 0, 0);
	return swr_init(r->swr) < 0 ? ERR_UNSUPPORTED : 0;
}

int
audio_resample_fits(const struct audio_resample *r, const struct AVFrame *frame)
{
	return r->swr && r->rate_hz == frame->sample_rate && r->format == frame->format &&
	       av_channel_layout_compare(&r->in, &frame->ch_layout) == 0;
}

int
audio_resample_begin(struct audio_resample *r, const struct AVFrame *frame)
{
	/* Opened again with the same settings it keeps its filter, which is dear to make. */
	if (audio_resample_fits(r, frame) && swr_init(r->swr) >= 0)
		return 0;
	swr_free(&r->swr);
	r->rate_hz = frame->sample_rate;
	r->format = frame->format;
	if (av_channel_layout_copy(&r->in, &frame->ch_layout) < 0)
		abort();
	int err = open_swr(r);
	if (err < 0)
		swr_free(&r->swr);
	return err;
}

int64_t
audio_resample_delay_us(struct audio_resample *r)
{
	return r->swr ? swr_get_delay(r->swr, 1000000) : 0;
}

void
audio_resample_set_ppm(struct audio_resample *r, double ppm)
{
	swr_set_compensation(r->swr, (int)lrint(-ppm), PPM_DISTANCE);
}

/* Pointers to the samples of a frame from one on. */
static void
slice(const struct AVFrame *f, int from, const uint8_t **planes)
{
	size_t bytes = (size_t)av_get_bytes_per_sample((enum AVSampleFormat)f->format);
	int channels = f->ch_layout.nb_channels;

	if (av_sample_fmt_is_planar((enum AVSampleFormat)f->format))
		for (int c = 0; c < channels; c++)
			planes[c] = f->extended_data[c] + (size_t)from * bytes;
	else
		planes[0] = f->data[0] + (size_t)from * bytes * (size_t)channels;
}

void
audio_resample_frame(struct audio_resample *r, const struct AVFrame *frame,
	void (*out)(const float *samples, size_t n, void *arg), void *arg)
{
	uint8_t *to[] = { (uint8_t *)r->out };
	const uint8_t *from[AV_NUM_DATA_POINTERS];

	assert(frame->ch_layout.nb_channels <= AV_NUM_DATA_POINTERS);
	for (int at = 0; at < frame->nb_samples; at += SLICE_SAMPLES) {
		int rest = frame->nb_samples - at;
		slice(frame, at, from);
		int n = swr_convert(
			r->swr, to, OUT_SAMPLES, from, rest < SLICE_SAMPLES ? rest : SLICE_SAMPLES);
		if (n > 0)
			out(r->out, (size_t)n, arg);
	}
}
