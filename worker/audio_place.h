#ifndef WORKER_AUDIO_PLACE_H
#define WORKER_AUDIO_PLACE_H

#include <stdbool.h>
#include <stdint.h>

struct AVFrame;

/* 20 ms of sound at 48 kHz. */
struct audio_block {
	const float *samples; /* AUDIO_FRAME_SAMPLES of each channel, interleaved; lent */
	int64_t number;       /* of its first sample; the first block's is 0 */
	int64_t at_us;        /* the time of that sample: number / 48 kHz after that of 0 */
};

struct audio_place_stats {
	double drift_ppm;
	uint32_t joins;          /* times that sound did not go on where it stopped */
	int64_t silence_samples; /* put in */
	int64_t cut_samples;     /* left out: too late, or twice */
};

/* Puts decoded sound where its time says, on a line of samples that is fixed to our clock:
 * resampled a little more or less where times drift, with silence where nothing is, cut where
 * something is already. For audio.c only. */
struct audio_place;

/* block is called from within frame and advance only. Never NULL: out of memory aborts. */
struct audio_place *audio_place_new(
	unsigned channels, void (*block)(const struct audio_block *block, void *arg), void *arg);
void audio_place_free(struct audio_place *p);

/* The sound that comes next does not go on from what was: another camera or format. */
void audio_place_begin(struct audio_place *p);

/* Sound whose first sample is of at_us and that came at now_us; gap: something before it was lost.
 * Returns 0 or ERR_UNSUPPORTED. */
int audio_place_frame(struct audio_place *p, const struct AVFrame *frame, int64_t at_us,
	int64_t now_us, bool gap);

/* Silence up to where sound is overdue. expected: there is a camera whose sound may still come. */
void audio_place_advance(struct audio_place *p, int64_t now_us, bool expected);

struct audio_place_stats audio_place_stats(const struct audio_place *p);

#endif
