#ifndef WORKER_AUDIO_LINE_H
#define WORKER_AUDIO_LINE_H

#include <stddef.h>
#include <stdint.h>

#define AUDIO_RATE_HZ 48000
/* 20 ms, what everybody sends as Opus. */
#define AUDIO_FRAME_SAMPLES 960
#define AUDIO_CHANNELS_MAX 2

/* Sound at 48 kHz without a hole: a sample for each number, cut into frames of 20 ms. Where sound
 * that does not go on from what was before is joined, 5 ms of one fade into the other, so that
 * nothing clicks. Samples are interleaved floats; what is beyond +-1 is cut, what is no number is
 * 0. "n" and numbers count samples of one channel. */
struct audio_line;

/* frame is called from within write and silence with AUDIO_FRAME_SAMPLES samples, lent, and the
 * number of the first. channels: 1 or 2. Never NULL: out of memory aborts. */
struct audio_line *audio_line_new(unsigned channels,
	void (*frame)(const float *samples, int64_t first, void *arg), void *arg);
void audio_line_free(struct audio_line *l);

/* The number that the next sample will have; 0 at first. */
int64_t audio_line_end(const struct audio_line *l);

/* Appends sound. */
void audio_line_write(struct audio_line *l, const float *samples, size_t n);

/* What is written next does not go on from what was written last. Silence and skip say so too. */
void audio_line_break(struct audio_line *l);

/* Appends silence. */
void audio_line_silence(struct audio_line *l, size_t n);

/* Leaves out n samples, down to whole frames, after silence up to the end of the frame. */
void audio_line_skip(struct audio_line *l, int64_t n);

#endif
