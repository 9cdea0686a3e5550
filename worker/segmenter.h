#ifndef WORKER_SEGMENTER_H
#define WORKER_SEGMENTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct video_codec;

/* A camera's recording on the disk: access units to segments, segments to hours (proto/hour.h).
 * Blocks for the disk. Recorder thread. */
struct segmenter;

/* A segment ends before the first key picture that comes this late or later: half a second short
 * of the six that HLS clients expect, since a GOP of one second is never exactly that. */
#define SEGMENT_TARGET_US 6000000
#define SEGMENT_CUT_US (SEGMENT_TARGET_US - 500000)
/* Fragments in a segment: what the muxer holds back of a picture stream of any rate. */
#define SEGMENT_FRAGMENT_US 1000000
/* Pictures that are further apart do not belong to one segment. */
#define SEGMENT_GAP_US 2000000
/* A step back by no more is a picture out of order: RTP_CLOCK_REORDER_MS of worker/rtp.h. */
#define SEGMENT_REORDER_US 533000

struct segmenter_config {
	const char *dir; /* of the camera; copied */
	/* Recording stops with less than this of the disk free; 0: when it is full. */
	int min_free_percent;
	/* Wall time of a moment of the pictures' clock, microseconds. */
	int64_t (*wall_us)(void *arg, int64_t at_us);
	void *arg;
};

/* An access unit, Annex B. Its parameter sets stay in it, though a key picture's are in the init
 * segment too: FFmpeg's HLS demuxer does not look at a second init segment. */
struct segmenter_unit {
	const struct video_codec *codec;
	const uint8_t *bytes;
	size_t len;
	size_t sets_len; /* of these, the first: parameter sets */
	int64_t at_us;   /* when it is shown; pictures and sound on one clock */
	bool key;
	bool b;   /* it comes after one that is shown later */
	bool gap; /* something is missing before it */
};

struct segmenter_stats {
	uint64_t bytes;    /* of segments, since the start */
	uint64_t segments; /* finished */
	uint64_t gaps;     /* places where something is missing */
	bool writing;      /* a segment is open */
};

/* Never NULL: out of memory aborts. Touches no disk yet. */
struct segmenter *segmenter_new(const struct segmenter_config *config);

/* Repairs what an earlier process left in the camera's folder: playlists that name what is not
 * there, or that lack their end (but the hour of now_us, which goes on); unfinished files. Hours
 * before from_us's are in order. Returns 0 or -errno; a folder that is not there yet is fine. */
#define SEGMENTER_REPAIR_ALL INT64_MIN
int segmenter_repair(struct segmenter *s, int64_t from_us, int64_t now_us);

/* What the sound is, as in struct mp4_config, copied; len 0: no sound from now on. Holds from the
 * next key picture on. */
void segmenter_sound_config(struct segmenter *s, const uint8_t *bytes, size_t len);

/* Adds a picture or a frame of sound. Returns 0 or -errno, with a sentence for segmenter_why; then
 * what was open is lost and the next picture that is taken is a key picture again. */
int segmenter_video(struct segmenter *s, const struct segmenter_unit *unit);
int segmenter_sound(struct segmenter *s, const uint8_t *frame, size_t len, int64_t at_us);

/* Nothing has come for SEGMENT_GAP_US or longer: ends the open segment, so that it can be played.
 * Returns as segmenter_video. */
int segmenter_idle(struct segmenter *s);

/* Ends the open segment and the playlist. Returns as segmenter_video. */
int segmenter_end(struct segmenter *s);

/* Whether there is room to begin. Returns as segmenter_video. */
int segmenter_check_space(struct segmenter *s);

const char *segmenter_why(const struct segmenter *s);
struct segmenter_stats segmenter_stats(const struct segmenter *s);

void segmenter_free(struct segmenter *s); /* what is open is lost; NULL is fine */

#endif
