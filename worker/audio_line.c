/* audio_line.c - sound without holes or clicks, cut into frames. Pure; media thread. */
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "worker/audio_line.h"
#include "common/xmalloc.h"

/* 5 ms: short against a syllable, long against the period of a click. */
#define FADE_SAMPLES 240

struct audio_line {
	unsigned channels;
	void (*emit)(const float *samples, int64_t first, void *arg);
	void *arg;
	int64_t first; /* number of the first sample of the frame */
	size_t fill;   /* samples in it */
	bool silent;   /* what was appended last is silence */
	/* The last samples before a break, in reverse: they go on where the sound stopped. */
	float tail[FADE_SAMPLES * AUDIO_CHANNELS_MAX];
	size_t fade; /* samples of it still to be mixed in */
	/* The end of the frame before, and the frame. */
	float samples[(FADE_SAMPLES + AUDIO_FRAME_SAMPLES) * AUDIO_CHANNELS_MAX];
};

struct audio_line *
audio_line_new(
	unsigned channels, void (*frame)(const float *samples, int64_t first, void *arg), void *arg)
{
	struct audio_line *l = xcalloc(1, sizeof(*l));

	assert(channels >= 1 && channels <= AUDIO_CHANNELS_MAX);
	l->channels = channels;
	l->emit = frame;
	l->arg = arg;
	l->silent = true;
	return l;
}

void
audio_line_free(struct audio_line *l)
{
	free(l);
}

int64_t
audio_line_end(const struct audio_line *l)
{
	return l->first + (int64_t)l->fill;
}

/* Where the sample behind the last one goes; those before it are history. */
static float *
end_of(struct audio_line *l)
{
	return l->samples + (FADE_SAMPLES + l->fill) * l->channels;
}

static void
emit_frame(struct audio_line *l)
{
	size_t frame = AUDIO_FRAME_SAMPLES * (size_t)l->channels;
	int64_t first = l->first;

	l->emit(l->samples + FADE_SAMPLES * l->channels, first, l->arg);
	memmove(l->samples, l->samples + frame, FADE_SAMPLES * l->channels * sizeof(float));
	l->first = first + AUDIO_FRAME_SAMPLES;
	l->fill = 0;
}

static float
clean(float x)
{
	if (isnan(x))
		return 0;
	return x > 1 ? 1 : x < -1 ? -1 : x;
}

/* One sample of each channel; in NULL: silence. */
static void
put(struct audio_line *l, const float *in)
{
	float *out = end_of(l);
	const float *old = l->tail + (FADE_SAMPLES - l->fade) * l->channels;
	float share = l->fade ? ((float)l->fade - 0.5f) / FADE_SAMPLES : 0;

	for (unsigned c = 0; c < l->channels; c++) {
		out[c] = in ? clean(in[c]) : 0;
		if (l->fade)
			out[c] += share * (old[c] - out[c]);
	}
	if (l->fade)
		l->fade--;
	if (++l->fill == AUDIO_FRAME_SAMPLES)
		emit_frame(l);
}

void
audio_line_break(struct audio_line *l)
{
	const float *end = end_of(l);

	for (size_t i = 0; i < FADE_SAMPLES; i++)
		memcpy(l->tail + i * l->channels, end - (i + 1) * l->channels,
			l->channels * sizeof(float));
	l->fade = FADE_SAMPLES;
}

void
audio_line_write(struct audio_line *l, const float *samples, size_t n)
{
	if (l->silent && n)
		audio_line_break(l);
	l->silent = l->silent && !n;
	for (size_t i = 0; i < n; i++)
		put(l, samples + i * l->channels);
}

void
audio_line_silence(struct audio_line *l, size_t n)
{
	if (!l->silent && n)
		audio_line_break(l);
	l->silent = l->silent || n;
	for (size_t i = 0; i < n; i++)
		put(l, NULL);
}

void
audio_line_skip(struct audio_line *l, int64_t n)
{
	size_t rest = l->fill ? AUDIO_FRAME_SAMPLES - l->fill : 0;

	audio_line_silence(l, rest);
	n -= (int64_t)rest;
	if (n > 0)
		l->first += n / AUDIO_FRAME_SAMPLES * AUDIO_FRAME_SAMPLES;
}
