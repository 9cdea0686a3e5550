#ifndef TESTS_UNIT_SOUND_H
#define TESTS_UNIT_SOUND_H

#include <stddef.h>
#include <stdint.h>

/* Sound for tests, by libavcodec: a camera's AAC or G.711, and a viewer's Opus decoder. Anything
 * that fails ends the program. */

/* A wave of one channel: the value at a time in seconds from the start. */
typedef double sound_wave(double t, void *arg);

/* An access unit of a camera. */
struct sound_unit {
	uint8_t *data;
	size_t len;
	int64_t sample; /* number of its first sample, from the start of the wave; below 0: priming
			 */
};

struct sound_source {
	int rate_hz;
	int channels;
	int samples;        /* of an access unit */
	uint8_t config[64]; /* AudioSpecificConfig */
	size_t config_len;
	struct sound_unit *units;
	size_t count;
};

/* Encodes `seconds` of a wave (the second channel inverted) by the encoder of this name: "aac",
 * "pcm_mulaw", "pcm_alaw", "pcm_s16be" (160 samples a unit). */
struct sound_source sound_encode(const char *encoder, int rate_hz, int channels, double seconds,
	sound_wave *wave, void *arg);
void sound_source_clear(struct sound_source *s);

/* What a viewer hears. */
struct sound_sink {
	struct AVCodecContext *codec;
	float *left;  /* 48 kHz */
	float *right; /* the same of one channel */
	size_t count; /* samples */
	int channels; /* of the last packet's */
};

struct sound_sink sound_sink_new(void);
void sound_sink_clear(struct sound_sink *s);

/* Decodes a packet of Opus: 960 samples more. */
void sound_sink_feed(struct sound_sink *s, const uint8_t *data, size_t len);

/* Amplitude of a frequency in n samples at 48 kHz (Goertzel, Hann window). */
double sound_amplitude(const float *samples, size_t n, double frequency_hz);

/* Root of the mean square. */
double sound_rms(const float *samples, size_t n);

#endif
