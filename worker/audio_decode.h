#ifndef WORKER_AUDIO_DECODE_H
#define WORKER_AUDIO_DECODE_H

#include <stddef.h>
#include <stdint.h>

struct AVFrame;
struct audio_format;

/* A libavcodec decoder, for audio*.c only: an AVFrame is libavutil's. */
struct audio_decode;

/* Returns 0; ERR_UNSUPPORTED and a sentence in why. */
int audio_decode_new(
	struct audio_decode **out, const struct audio_format *format, char *why, size_t why_size);
void audio_decode_free(struct audio_decode *d);

/* The sound's rate as far as the format says it; the frames' may be double. */
int audio_decode_rate_hz(const struct audio_decode *d);

/* Decodes one access unit: *frame is its sound, lent until the next call, one sample at least. The
 * channels of a frame have an order that libswresample knows. Returns 0; ERR_PARSE: it is broken,
 * or empty, or gives no sound. */
int audio_decode_unit(
	struct audio_decode *d, const uint8_t *data, size_t len, const struct AVFrame **frame);

#endif
