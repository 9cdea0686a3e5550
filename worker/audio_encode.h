#ifndef WORKER_AUDIO_ENCODE_H
#define WORKER_AUDIO_ENCODE_H

#include <stddef.h>
#include <stdint.h>

/* RFC 6716 3.2.1: a frame of 20 ms and its TOC byte. */
#define AUDIO_OPUS_MAX 1276

/* libopus by libavcodec. */
struct audio_encode;

/* libavcodec was built with libopus. */
int audio_encode_possible(void);

/* channels: 1 or 2. source_hz: the rate that the sound had; what lies above half of it costs
 * neither bits nor time. Never NULL: where it is possible, out of memory is all that can fail, and
 * aborts.
 */
struct audio_encode *audio_encode_new(unsigned channels, int source_hz);
void audio_encode_free(struct audio_encode *e);

/* What comes out of a decoder first was this much earlier than what went in here, microseconds. */
int64_t audio_encode_delay_us(const struct audio_encode *e);

/* Encodes AUDIO_FRAME_SAMPLES interleaved samples. *packet is lent until the next call. Returns its
 * length, 1 to AUDIO_OPUS_MAX, or ERR_LIBRARY. */
int audio_encode_frame(struct audio_encode *e, const float *samples, const uint8_t **packet);

#endif
