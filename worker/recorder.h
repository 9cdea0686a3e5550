#ifndef WORKER_RECORDER_H
#define WORKER_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream_nal;

/* Records a camera: H.264, H.265, AAC and Opus as they come, to fMP4 segments with HLS playlists
 * (docs/recording.md). Works on a thread of its own, which it starts with the first recording:
 * nothing here waits for the disk but recorder_free. What the disk does not take in time is dropped
 * and counted; a disk that is full or refuses ends the recording, which begins again by itself when
 * there is room.
 *
 * Pictures and sound are given by one thread, the media thread, with times of one clock:
 * clock_now_us()'s, steady (no jitter of arrival), growing from access unit to access unit of a
 * kind. The others may be called on any thread. */
struct recorder;

/* Not recording. camera is for the log, lent. Never NULL: out of memory aborts. */
struct recorder *recorder_new(const char *camera);

/* Records into dir from the next key picture on; ends and begins anew if another dir was before.
 * dir is copied. min_free_percent: with less of the disk free recording stops; 0: when it is full.
 */
void recorder_start(struct recorder *r, const char *dir, int min_free_percent);

/* Ends the recording; what was given before still gets onto the disk. */
void recorder_stop(struct recorder *r);

/* A NAL unit of a stream as nal_stream.h has it, copied: parameter sets stand before a key picture
 * in its access unit. Others than before begin a new init segment. */
void recorder_video(struct recorder *r, const struct stream_nal *nal, int64_t at_us);

/* What the sound is, as in struct mp4_config; NULL: there is none, and so it is if MP4 cannot hold
 * it. Copied. At the start or later, also again: from the next key picture on it is so, in a new
 * init segment if it differs. */
void recorder_audio_config(struct recorder *r, const uint8_t *config, size_t len);

/* A raw AAC frame, without ADTS header, or a packet of Opus; copied. */
void recorder_audio(struct recorder *r, const uint8_t *frame, size_t len, int64_t at_us);

/* Something is missing here: the source was opened anew, packets were lost. An access unit that has
 * not ended is forgotten. */
void recorder_gap(struct recorder *r);

enum recorder_state {
	RECORDER_OFF,
	RECORDER_WAITING, /* for a key picture */
	RECORDER_RECORDING,
	/* These two until a segment is whole on the disk. */
	RECORDER_FULL,   /* no room on the disk; begins again when there is */
	RECORDER_FAILED, /* the disk refuses, see why; tried again all the time */
	RECORDER_STATES
};

/* "off", "waiting", "recording", "disk full", "failed". */
const char *recorder_state_text(enum recorder_state state);

struct recorder_stats {
	enum recorder_state state;
	uint64_t bytes;    /* written, since the start */
	uint64_t segments; /* finished */
	uint64_t gaps;     /* places in the recording where something is missing */
	uint64_t dropped;  /* pictures that the disk was too slow for */
	char why[256];     /* FULL, FAILED: a sentence; else "" */
};

void recorder_stats(struct recorder *r, struct recorder_stats *out);

/* Ends what is being recorded, waits for the disk, frees. NULL is fine. */
void recorder_free(struct recorder *r);

#endif
