#ifndef WORKER_PICTURES_H
#define WORKER_PICTURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "worker/nal_stream.h"
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

/* A new connection to the camera, of that codec; sets: the parameter sets that it was described
 * with, Annex B. */
void pictures_begin(struct pictures *p, const struct video_codec *codec, struct nal_bytes sets);

/* What becomes of B pictures, which WebRTC viewers cannot put in order: "drop", "refuse"; PASS for
 * all else, and NULL. */
enum nal_stream_b pictures_b_of(const char *word);

void pictures_set_b(struct pictures *p, enum nal_stream_b policy);

/* How long a connection may bring pictures before one that a viewer can begin with. Cameras send a
 * key picture every 1 to 10 s, some that save bits one in a minute, and most when they are asked to
 * play. It is so many times what the camera may be silent (media_stall), if that is longer. */
#define PICTURES_KEY_WAIT_MS 30000
#define PICTURES_KEY_WAIT_STALLS 6

/* True, and the sentence that says why, if the newest connection is of no use: it has B pictures
 * that are refused (nal_stream_is_refused), or its NAL units have come for that long and no viewer
 * could begin with any. */
bool pictures_are_refused(const struct pictures *p, ms_t stall_ms, char *why, size_t size);

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
	uint32_t parameter_changes;
	uint32_t b_slices;
	uint32_t b_dropped;
	int64_t frozen_ms; /* as freeze_ms */
};

/* Once a second: fps and bitrate are those since the last call. */
void pictures_stats(struct pictures *p, struct pictures_stats *out);

/* Of the newest connection; NULL before the first. */
const struct video_codec *pictures_codec(const struct pictures *p);

/* What an offer says of the stream; after the first pictures_begin. Returns out. */
char *pictures_describe(const struct pictures *p, char *out, size_t size);

#endif
