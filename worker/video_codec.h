#ifndef WORKER_VIDEO_CODEC_H
#define WORKER_VIDEO_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/nal.h"

/* What is different from H.264 to H.265; all that handles pictures is written once, by this. */

struct nal_sets;

struct video_codec {
	const char *name;  /* in SDP: "H264" */
	const char *libav; /* libavcodec's name of it and of its decoder */
	char mp4_tag[5];   /* the sample entry's name, ISO/IEC 14496-15 */

	/* NAL units' headers. The type stands in the first byte. */
	size_t header_bytes;
	uint8_t type_mask;
	uint8_t type_shift;
	uint64_t
		openers; /* a bit for each type that ends the access unit of the slices before it */
	const uint8_t *filler; /* a NAL unit that every decoder skips */
	size_t filler_bytes;

	/* RTP payloads: types above this are no NAL units' (RFC 6184 5.2, RFC 7798 4.4). */
	uint8_t type_max;
	uint8_t aggregate;
	uint8_t fragment;

	unsigned set_counts[NAL_LEVELS];

	/* NAL_OTHER if it is no whole header. */
	enum nal_kind (*kind)(const uint8_t *nal, size_t len);

	/* A slice that an encoder that runs does not repeat byte by byte: its picture is numbered,
	 * other than the one before it. */
	bool (*is_numbered)(const uint8_t *nal);

	/* Makes the header of a NAL unit one that holds for another's too, but for the type. */
	void (*merge_headers)(uint8_t *header, const uint8_t *nal);

	/* Reads a NAL unit of NAL_SET. Returns 0, ERR_PARSE or ERR_RANGE. */
	int (*read_set)(const uint8_t *nal, size_t len, struct nal_set *out);

	/* Reads an SPS. Returns 0; else it is none, and *out is all zero. */
	int (*read_format)(const uint8_t *nal, size_t len, struct nal_format *out);

	/* Reads the start of a slice of NAL_SLICE or NAL_KEY, of pictures in their order: *o goes
	 * with them. Returns 0 or ERR_PARSE. */
	int (*read_slice)(const uint8_t *nal, size_t len, const struct nal_sets *sets,
		struct nal_order *o, struct nal_slice *out);

	/* What an offer says of the stream by its SPS; what is no SPS is described by the defaults.
	 * Returns out. */
	char *(*describe)(const uint8_t *sps, size_t len, char *out, size_t size);
};

extern const struct video_codec video_h264;
extern const struct video_codec video_h265;

/* The codec that SDP calls so, in any case; NULL if it is none of these. */
const struct video_codec *video_codec_find(const char *name);

/* The type of a NAL unit of at least one byte. */
static inline unsigned
video_codec_type(const struct video_codec *c, const uint8_t *nal)
{
	return (unsigned)(nal[0] >> c->type_shift) & c->type_mask;
}

/* Gives a header another type. */
static inline void
video_codec_set_type(const struct video_codec *c, uint8_t *header, unsigned type)
{
	const unsigned bits = (unsigned)c->type_mask << c->type_shift;

	header[0] = (uint8_t)((header[0] & ~bits) | (type << c->type_shift & bits));
}

/* A slice that is the first of its picture. In both codecs the slice header's first bit says so:
 * first_mb_in_slice 0 is a single 1 bit, and the other is first_slice_segment_in_pic_flag. */
static inline bool
video_codec_starts_picture(const struct video_codec *c, const uint8_t *nal, size_t len)
{
	return len > c->header_bytes && nal[c->header_bytes] & 0x80;
}

#endif
