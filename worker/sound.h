#ifndef WORKER_SOUND_H
#define WORKER_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/audio.h"

/* A camera's sound in the forms that receivers take: as Opus, and G.711 also as it came. Sound that
 * is Opus already is only handed on. No locks: the owner sees to it that one thread at a time is
 * inside. */
struct sound;

#define SOUND_OPUS "opus"
#define SOUND_OPUS_HZ 48000
#define SOUND_G711_HZ 8000

/* A packet's payload of at most RTP_PAYLOAD_MAX bytes, lent for the call. codec: as an rtpmap names
 * it. */
typedef void sound_emit(
	const char *codec, const uint8_t *payload, size_t len, uint32_t timestamp, void *arg);

/* emit is called from within feed and advance. offset: the timestamps' random part. Never NULL. */
struct sound *sound_new(uint32_t offset, sound_emit *emit, void *arg);
void sound_free(struct sound *s);

/* A new connection to the camera, whose sound is this; NULL: it has none. The encoder and all
 * timestamps go on. Returns 0, or as audio_new with a sentence in why: it is as if it had none. */
int sound_begin(struct sound *s, const struct audio_format *format, char *why, size_t why_size);

/* The camera has sound in this connection. */
bool sound_comes(const struct sound *s);

/* What can be offered. */
struct sound_offer {
	unsigned opus_channels; /* 0: there is no Opus to be had */
	const char *as_is;      /* "PCMU", "PCMA", NULL: only Opus */
	uint8_t as_is_pt;       /* its static payload type */
};

/* silence: if there is no sound, there is to be silence. */
struct sound_offer sound_offer(struct sound *s, bool silence);

/* opus: somebody takes Opus. Else nothing is encoded. A long packet of G.711 becomes several.
 * False: it was Opus that fits in no packet, and is left out. */
bool sound_feed(struct sound *s, const struct audio_unit *unit, bool opus);

/* As audio_advance, of the Opus that is made here, if opus. Where sound is handed on and none
 * comes, a packet of silence each second: to be called while anybody takes sound. */
void sound_advance(struct sound *s, int64_t now_us, bool opus);

/* The timestamp at now_us of a form's clock: SOUND_OPUS_HZ or SOUND_G711_HZ. */
uint32_t sound_timestamp(const struct sound *s, uint32_t clock_hz, int64_t now_us);

/* Of the Opus that is made here. */
struct audio_stats sound_stats(const struct sound *s);

#endif
