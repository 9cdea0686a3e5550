#ifndef WORKER_AUDIO_RESAMPLE_H
#define WORKER_AUDIO_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

struct AVFrame;

/* Decoded frames to interleaved floats at 48 kHz, a little faster or slower as told; libswresample,
 * for audio*.c only. */
struct audio_resample;

/* channels of what comes out: 1 or 2. Never NULL: out of memory aborts. */
struct audio_resample *audio_resample_new(unsigned channels);
void audio_resample_free(struct audio_resample *r);

/* Forgets the sound in it and takes the frame's format. Returns 0 or ERR_UNSUPPORTED. */
int audio_resample_begin(struct audio_resample *r, const struct AVFrame *frame);

/* The frame has the format of the last begin. */
int audio_resample_fits(const struct audio_resample *r, const struct AVFrame *frame);

/* How much of the sound that was given has not come out yet, in microseconds: the next sample that
 * comes out is so much earlier than the first of the next frame. */
int64_t audio_resample_delay_us(struct audio_resample *r);

/* Leaves out this much of what comes out from now on; below 0: adds. */
void audio_resample_set_ppm(struct audio_resample *r, double ppm);

/* Gives it a frame that fits; out is called with what comes of it, bit by bit, lent. */
void audio_resample_frame(struct audio_resample *r, const struct AVFrame *frame,
	void (*out)(const float *samples, size_t n, void *arg), void *arg);

#endif
