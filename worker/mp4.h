#ifndef WORKER_MP4_H
#define WORKER_MP4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct video_codec;

/* Fragmented MP4 (ISO/IEC 14496-12) of one H.264 or H.265 track and, if there is sound, one of
 * AAC or Opus, by libavformat's muxer: first the init segment, then fragments. Nothing is
 * transcoded. Times are microseconds since the first picture. One thread at a time. */
struct mp4;

/* True if a track can be made of what sound is by these bytes, as in struct mp4_config. */
bool mp4_takes_sound(const uint8_t *sound, size_t len);

struct mp4_config {
	const struct video_codec *codec;
	const uint8_t *sets; /* its parameter sets, Annex B; lent */
	size_t sets_len;
	unsigned width, height;
	/* What the sound is: AudioSpecificConfig of AAC (ISO/IEC 14496-3 1.6.2.1), or opus_head of
	 * worker/opus.h; lent. NULL: there is none. */
	const uint8_t *sound;
	size_t sound_len;
	/* Takes all bytes or says why not. Returns 0 or -errno; after that it is not called again.
	 */
	int (*write)(void *arg, const uint8_t *bytes, size_t len);
	void *arg;
};

/* Writes the init segment. Returns 0 with *out yours, what write returned, or -EINVAL if the
 * muxer takes the sets or the sound's configuration for no such thing. */
int mp4_new(const struct mp4_config *config, struct mp4 **out);

struct mp4_picture {
	const uint8_t *unit; /* the access unit, Annex B; lent for the call */
	size_t len;
	int64_t decoded_us;  /* grows */
	int64_t shown_us;    /* at decoded_us or later */
	int64_t duration_us; /* until the next is decoded */
	bool key;
};

/* Adds a picture; copied. Returns 0, or what write or the muxer said. */
int mp4_video(struct mp4 *m, const struct mp4_picture *p);

/* Adds a raw AAC frame or a packet of Opus. They follow each other by what they last; at_us counts
 * where it says something else by more than a tenth of a second, and for the first. Ignored without
 * sound, before the first picture, and if it is no packet of Opus. Returns as mp4_video. */
int mp4_sound(struct mp4 *m, const uint8_t *frame, size_t len, int64_t at_us);

/* Writes what was added as one fragment; nothing if nothing was. Returns as mp4_video. */
int mp4_flush(struct mp4 *m);

void mp4_free(struct mp4 *m); /* writes nothing more; NULL is fine */

#endif
