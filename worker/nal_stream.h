#ifndef WORKER_NAL_STREAM_H
#define WORKER_NAL_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/annexb.h"
#include "worker/video_codec.h"

/* One NAL unit on its way. */
struct stream_nal {
	const struct video_codec *codec;
	const uint8_t *bytes; /* lent for the call */
	size_t len;
	enum nal_kind kind;
	int64_t pts_90k; /* of its access unit, on the source's clock */
	bool first;      /* of what is emitted of its access unit */
	bool last;       /* of its access unit: RTP's marker bit */
	bool b;          /* of a B picture: one that comes after one that is shown later */
};

struct nal_stats {
	uint32_t set_changes; /* parameter sets replaced by different ones */
	uint32_t b_slices;    /* WebRTC viewers cannot show them in order */
	uint32_t b_dropped;   /* of these: left out */
	uint32_t dropped; /* delimiters, filler, unknown types, broken, before the first key picture
			   */
	uint32_t key_without_sets; /* slices of key pictures refused since their sets never came */
};

/* What becomes of B pictures: those that come after one that is shown later. H.264 has them if
 * there are B slices. H.265's B slices say nothing, since encoders use them for pictures in order
 * too; there the picture order count tells. DROP: leaves out those that no other picture refers to:
 * what is left is complete, and in the order in which it is shown unless B pictures stayed that
 * others refer to. Those cannot be left out one by one. SEI is left out as well: it comes before
 * one knows whose it is. REFUSE: nothing is emitted until a whole GOP of the connection had none,
 * and once one comes nal_stream_is_refused is true until the next connection. */
enum nal_stream_b { NAL_STREAM_B_PASS, NAL_STREAM_B_DROP, NAL_STREAM_B_REFUSE };

/* A filter that makes a camera's stream one that a viewer can join at every key picture: its
 * parameter sets stand before it in its access unit, from the stream or from what was known before;
 * delimiters, filler and types that decoders must ignore are gone; the first NAL unit is the start
 * of the access unit of a key picture, and leading pictures that refer to what came before that are
 * left out. Nothing is delayed: feed emits before it returns, except that parameter sets leave with
 * the NAL unit that follows them. Every access unit of which anything was emitted ends with `last`:
 * if its mark came with a dropped NAL unit, alone, or not at all, a NAL unit of filler carries it.
 */
struct nal_stream;

/* emit is called from within feed, end, restart and begin only. Never NULL: out of memory aborts.
 */
struct nal_stream *nal_stream_new(void (*emit)(const struct stream_nal *nal, void *arg), void *arg);
void nal_stream_free(struct nal_stream *s);

/* Before anything is fed: a new connection to the camera, which sends this codec. As restart; of
 * another codec no parameter set is kept. */
void nal_stream_begin(struct nal_stream *s, const struct video_codec *codec);

void nal_stream_set_b(struct nal_stream *s, enum nal_stream_b policy);
bool nal_stream_is_refused(const struct nal_stream *s);
/* True while REFUSE is why nothing is emitted: a key picture came, and its GOP is looked at. */
bool nal_stream_is_proving(const struct nal_stream *s);

/* Learns the parameter sets of Annex B bytes (libavformat's extradata); emits nothing. */
void nal_stream_learn(struct nal_stream *s, struct nal_bytes extradata);

/* Feeds one NAL unit; last ends its access unit. A new one begins after that, and with every change
 * of pts_90k. */
void nal_stream_feed(struct nal_stream *s, struct nal_bytes nal, int64_t pts_90k, bool last);

/* The access unit ended with what was fed before: for a source that learns it late. */
void nal_stream_end(struct nal_stream *s);

/* The source lost data: the open access unit is ended, parameter sets are kept, and all is dropped
 * until the next key picture. */
void nal_stream_restart(struct nal_stream *s);

/* NULL before the first begin. */
const struct video_codec *nal_stream_codec(const struct nal_stream *s);

/* The SPS of the last key picture emitted; before the first, any that is known; len 0 if none is.
 * Lent until the next call that is not a getter. */
struct nal_bytes nal_stream_sps(const struct nal_stream *s);

struct nal_stats nal_stream_stats(const struct nal_stream *s);

#endif
