#ifndef WORKER_H264_STREAM_H
#define WORKER_H264_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/h264.h"

/* One NAL unit on its way. */
struct h264_nal {
	const uint8_t *bytes; /* lent for the call */
	size_t len;
	int64_t pts_90k; /* of its access unit, on the source's clock */
	bool first;      /* of what is emitted of its access unit */
	bool last;       /* of its access unit: RTP's marker bit */
	bool idr;        /* a slice of an IDR picture */
};

struct h264_stats {
	uint32_t set_changes; /* parameter sets replaced by different ones */
	uint32_t b_slices;    /* WebRTC viewers cannot show them in order */
	uint32_t b_dropped;   /* of these: left out */
	uint32_t dropped;     /* delimiters, filler, unknown types, broken, before the first IDR */
	uint32_t idr_without_sets; /* IDR slices refused since their SPS or PPS never came */
};

/* A filter that makes a camera's stream one that a viewer can join at every IDR: the SPS and its
 * PPSs stand before each IDR in its access unit, from the stream or from what was known before;
 * delimiters, filler and types above 12 are gone; the first NAL unit is the start of an IDR access
 * unit. Nothing is delayed: feed emits before it returns, except that parameter sets leave with the
 * NAL unit that follows them. Every access unit of which anything was emitted ends with `last`: if
 * its mark came with a dropped NAL unit, alone, or not at all, two bytes of filler carry it. */
struct h264_stream;

/* emit is called from within feed, end and restart only. Never NULL: out of memory aborts. */
struct h264_stream *h264_stream_new(void (*emit)(const struct h264_nal *nal, void *arg), void *arg);
void h264_stream_free(struct h264_stream *s);

/* Leaves out B pictures that no other picture refers to (nal_ref_idc 0): what is left is complete,
 * and in the order in which it is shown unless B pictures stayed that others refer to. Those cannot
 * be left out one by one. SEI is left out as well: it comes before one knows whose it is. */
void h264_stream_set_drop_b(struct h264_stream *s, bool drop);

/* Learns the parameter sets of Annex B bytes (libavformat's extradata); emits nothing. */
void h264_stream_learn(struct h264_stream *s, struct h264_bytes extradata);

/* Learns from one NAL unit, if it is a parameter set; emits nothing. */
void h264_stream_keep(struct h264_stream *s, struct h264_bytes nal);

/* Feeds one NAL unit; `first` and `idr` are not looked at. A new access unit begins after `last`,
 * and with every change of pts_90k. */
void h264_stream_feed(struct h264_stream *s, const struct h264_nal *nal);

/* The access unit ended with what was fed before: for a source that learns it late. */
void h264_stream_end(struct h264_stream *s);

/* The source was reopened or lost data: the open access unit is ended, parameter sets are kept,
 * and all is dropped until the next IDR. */
void h264_stream_restart(struct h264_stream *s);

/* The SPS of the last IDR emitted; before the first, any that is known; NULL if none is. Lent until
 * the next call that is not a getter. */
const struct h264_sps *h264_stream_sps(const struct h264_stream *s);

struct h264_stats h264_stream_stats(const struct h264_stream *s);

#endif
