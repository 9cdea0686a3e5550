#ifndef WORKER_PICTURES_H
#define WORKER_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/h264.h"
#include "worker/nal_unit.h"
#include "worker/quality.h"
#include "worker/tap.h"

struct history;

/* The pictures' way: a camera's NAL units become RTP payloads in a history, such that a viewer can
 * join at every key picture. No locks: the owner sees to it that one thread at a time is inside. */
struct pictures;

/* Never NULL: out of memory aborts. */
struct pictures *pictures_new(void);
void pictures_free(struct pictures *p);

/* Who else hears of them: copied. Before the first connection. */
void pictures_set_tap(struct pictures *p, const struct tap *tap);

/* A new connection to the camera; sets: the parameter sets that it was described with, Annex B. */
void pictures_begin(struct pictures *p, struct h264_bytes sets);

/* What becomes of B pictures, which WebRTC viewers cannot put in order. DROP: as
 * h264_stream_set_drop_b. REFUSE: pictures go nowhere until a whole GOP of the connection had none,
 * and once one comes pictures_are_refused is true until the next connection. */
enum pictures_b { PICTURES_B_PASS, PICTURES_B_DROP, PICTURES_B_REFUSE };

/* "drop", "refuse"; PASS for all else, and NULL. */
enum pictures_b pictures_b_of(const char *word);

void pictures_set_b(struct pictures *p, enum pictures_b policy);
bool pictures_are_refused(const struct pictures *p);

/* True if this NAL unit is of the connection's first key picture: a viewer could begin now. */
bool pictures_feed(struct pictures *p, const struct nal_unit *nal);

/* Where the payloads are. Lent for as long as p lives. */
const struct history *pictures_history(const struct pictures *p);

/* The RTP timestamp of a picture whose at_us (nal_unit.h) would be now_us: for sender reports. */
uint32_t pictures_timestamp(const struct pictures *p, int64_t now_us);

/* As quality_gop_ms. */
int64_t pictures_gop_ms(const struct pictures *p, int64_t now_us);

struct pictures_stats {
	struct quality_snapshot quality;
	unsigned width, height;
	char profile_level_id[7]; /* "4d001f"; "" before a parameter set is known */
	uint32_t parameter_changes;
	uint32_t b_slices;
	uint32_t b_dropped;
	int64_t frozen_ms; /* as freeze_ms */
};

/* Once a second: fps and bitrate are those since the last call. */
void pictures_stats(struct pictures *p, struct pictures_stats *out);

/* The stream's profile_level_id, or "" while it is unknown. */
void pictures_profile(const struct pictures *p, char out[7]);

#endif
