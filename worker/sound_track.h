#ifndef WORKER_SOUND_TRACK_H
#define WORKER_SOUND_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/audio.h"

/* What an SDP says of a track of sound; lent. */
struct sound_description {
	const char *codec; /* encoding name, in any case */
	long clock;        /* rate of its timestamps; -1 if that is not said */
	long channels;     /* of sound that does not say it itself */
	const char *fmtp;  /* "" if there is none */
};

/* An access unit or, of codecs that have none, the payload of a packet. */
struct sound_frame {
	const uint8_t *data;
	size_t len;
	uint32_t rtp_timestamp;
	bool gap; /* something was lost before it */
};

/* A camera's track of sound: what its RTP packets hold. Pure. */
struct sound_track;

/* Returns 0; ERR_UNSUPPORTED, ERR_PARSE, ERR_RANGE and a sentence in why. */
int sound_track_new(struct sound_track **out, const struct sound_description *description,
	char *why, size_t why_size);
void sound_track_free(struct sound_track *t); /* NULL is fine */

/* What it takes to decode it. Lent for as long as t lives. */
const struct audio_format *sound_track_format(const struct sound_track *t);

/* Timestamps per second. */
uint32_t sound_track_clock(const struct sound_track *t);

/* How much sound a frame of it usually is. */
int64_t sound_track_frame_us(const struct sound_track *t);

/* Lends a whole RTP packet until sound_track_next has returned false. */
void sound_track_feed(struct sound_track *t, const uint8_t *packet, size_t len);

/* The next frame, lent until the next call; false: feed more. */
bool sound_track_next(struct sound_track *t, struct sound_frame *out);

#endif
