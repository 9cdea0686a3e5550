#ifndef WORKER_AUDIO_AAC_H
#define WORKER_AUDIO_AAC_H

#include <stddef.h>
#include <stdint.h>

#include "worker/audio.h"

/* G.711 or L16 as AAC-LC of the same rate, one channel, in frames of 1024 samples: for players of
 * HLS, which take neither. Media thread. */
struct audio_aac;

/* at_us: of the frame's first sample, as units have it. data is lent for the call. */
typedef void audio_aac_emit(const uint8_t *data, size_t len, int64_t at_us, void *arg);

/* format: of PCM (audio_is_pcm). emit is called from within audio_aac_feed only. NULL: libavcodec
 * was built without what it takes, or AAC has no such rate. */
struct audio_aac *audio_aac_new(const struct audio_format *format, audio_aac_emit *emit, void *arg);
void audio_aac_free(struct audio_aac *a); /* NULL is fine */

/* AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1). Lent for as long as a lives. */
const uint8_t *audio_aac_config(const struct audio_aac *a, size_t *len);

/* Where up to a second is missing silence is put in; where more is, or sound comes twice, a frame
 * begins anew. */
void audio_aac_feed(struct audio_aac *a, const struct audio_unit *unit);

#endif
