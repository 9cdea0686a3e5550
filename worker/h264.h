#ifndef WORKER_H264_H
#define WORKER_H264_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The syntax of H.264; what the rest of the worker sees of it is video_h264 of video_codec.h. */

/* nal_unit_type, ITU-T H.264 table 7-1. */
enum h264_type {
	H264_SLICE = 1,
	H264_PARTITION_A = 2,
	H264_PARTITION_C = 4,
	H264_IDR = 5,
	H264_SEI = 6,
	H264_SPS = 7,
	H264_PPS = 8,
	H264_AUD = 9,
	H264_END_OF_SEQUENCE = 10,
	H264_END_OF_STREAM = 11,
	H264_FILLER = 12,
};

/* The ranges of the ids, 7.4.2.1.1 and 7.4.2.2. */
#define H264_SPS_COUNT 32
#define H264_PPS_COUNT 256

/* The type of a NAL unit of at least one byte. */
enum h264_type h264_type(const uint8_t *nal);

/* What a sequence parameter set says of the pictures. */
struct h264_sps {
	uint8_t id; /* 0 to 31 */
	uint8_t profile_idc;
	uint8_t constraints; /* constraint_set0_flag is the highest bit */
	uint8_t level_idc;
	unsigned width; /* luma samples, after cropping */
	unsigned height;
	bool interlaced;    /* fields are possible: frame_mbs_only_flag is 0 */
	double fps;         /* VUI timing of a frame (two ticks); 0: not said */
	int reorder_frames; /* VUI max_num_reorder_frames: above 0 is B-frames; -1: not said */
};

/* Parses a NAL unit of type 7. Returns 0, ERR_PARSE when it ends early, or ERR_RANGE for values
 * that the standard forbids or pictures over 16384 samples a side. A VUI that ends early or is
 * wrong says nothing, but is no error: decoders show such streams. */
int h264_parse_sps(const uint8_t *nal, size_t len, struct h264_sps *out);

/* Six hex digits for SDP (RFC 6184 8.1), "4d001f". Returns out. */
char *h264_profile_level_id(const struct h264_sps *sps, char out[7]);

struct h264_pps {
	uint8_t id;
	uint8_t sps_id;
};

/* Parses the start of a NAL unit of type 8. Returns 0, ERR_PARSE or ERR_RANGE. */
int h264_parse_pps(const uint8_t *nal, size_t len, struct h264_pps *out);

enum h264_slice_type { H264_P, H264_B, H264_I, H264_SP, H264_SI };

/* The start of a slice header. */
struct h264_slice {
	uint32_t first_mb; /* 0: the first slice of a picture (Nest and all but exotic baseline) */
	enum h264_slice_type type;
	uint8_t pps_id;
};

/* Parses the start of a slice, types 1, 2 and 5. Returns 0 or ERR_PARSE. */
int h264_parse_slice(const uint8_t *nal, size_t len, struct h264_slice *out);

#endif
