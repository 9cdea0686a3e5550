#ifndef WORKER_QUALITY_H
#define WORKER_QUALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer than this without a picture is a gap. */
#define QUALITY_GAP_MS 1000
/* A picture that comes this much later after the one before than their timestamps say is late:
 * three frames at 30 fps. */
#define QUALITY_LATE_MS 100

/* One picture of the source, when its last byte has come. */
struct quality_picture {
	int64_t pts_90k;
	int64_t arrival_us; /* monotonic */
	size_t bytes;
	bool key; /* decoding can begin with it */
};

/* How the source's stream is. Counters are of the whole life, the rest is of the last second. */
struct quality_snapshot {
	double fps;            /* pictures per second since the last snapshot */
	int64_t bitrate;       /* bit/s since the last snapshot */
	double jitter_ms;      /* of arrival against timestamps, RFC 3550 6.4.1 */
	uint32_t gop_pictures; /* from key picture to key picture, of the last complete GOP; 0: none
				  yet */
	int64_t gop_ms;        /* of the same, by timestamps */
	int64_t keyframe_age_ms; /* since the last of these came; -1: none yet */
	int64_t silence_ms;      /* since the last picture came; -1: none yet */
	uint64_t pictures;
	uint64_t bytes;
	uint32_t keyframes;
	uint32_t gaps;          /* one that is still open is counted */
	int64_t longest_gap_ms; /* one that is still open too; 0: there was none */
	uint32_t late;
};

/* Statistics of what the source delivers, before anything is done to it. */
struct quality;

/* now_us begins the first second. Never NULL: out of memory aborts. */
struct quality *quality_new(int64_t now_us);
void quality_free(struct quality *q);

void quality_on_picture(struct quality *q, const struct quality_picture *p);

/* How long a viewer may have to wait for a key picture: the length of the last GOP, or of the one
 * under way if that is longer already. 0 before the first key picture. */
int64_t quality_gop_ms(const struct quality *q, int64_t now_us);

/* What happened since the last call, which should be about a second ago; begins the next second. */
struct quality_snapshot quality_snapshot(struct quality *q, int64_t now_us);

#endif
