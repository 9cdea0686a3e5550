#ifndef WORKER_H265_H
#define WORKER_H265_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The syntax of H.265; what the rest of the worker sees of it is video_h265 of video_codec.h. */

/* nal_unit_type, ITU-T H.265 table 7-1. Below 16 even types are of pictures that no other of their
 * sub-layer refers to. */
enum h265_type {
	H265_TRAIL_N = 0,
	H265_TRAIL_R = 1,
	H265_RADL_N = 6,
	H265_RASL_N = 8,
	H265_RASL_R = 9,
	H265_BLA_W_LP = 16,
	H265_IDR_W_RADL = 19,
	H265_IDR_N_LP = 20,
	H265_CRA = 21,
	H265_VPS = 32,
	H265_SPS = 33,
	H265_PPS = 34,
	H265_AUD = 35,
	H265_END_OF_SEQUENCE = 36,
	H265_END_OF_STREAM = 37,
	H265_FILLER = 38,
	H265_PREFIX_SEI = 39,
	H265_SUFFIX_SEI = 40,
};

/* The ranges of the ids, 7.4.3.1 to 7.4.3.3. */
#define H265_VPS_COUNT 16
#define H265_SPS_COUNT 16
#define H265_PPS_COUNT 64

/* The type of a NAL unit of at least one byte. */
enum h265_type h265_type(const uint8_t *nal);

struct h265_sps {
	uint8_t id; /* 0 to 15 */
	uint8_t vps_id;
	uint8_t profile_idc; /* general_..., as the next two */
	bool high_tier;
	uint8_t level_idc; /* 30 times the level */
	uint8_t top_layer; /* sps_max_sub_layers_minus1: the highest TemporalId */
	bool colour_planes;
	unsigned width; /* luma samples, after the conformance window */
	unsigned height;
	uint8_t poc_bits;   /* 4 to 16 */
	int reorder_frames; /* sps_max_num_reorder_pics of the highest sub-layer */
};

/* Parses a NAL unit of type 33. Returns 0, ERR_PARSE when it ends early, or ERR_RANGE for values
 * that the standard forbids or pictures that are larger than any level has. What follows the
 * reordering is not looked at. */
int h265_parse_sps(const uint8_t *nal, size_t len, struct h265_sps *out);

struct h265_pps {
	uint8_t id;
	uint8_t sps_id;
	bool output_flags;
	uint8_t extra_slice_bits;
};

/* Parses the start of a NAL unit of type 34. Returns 0, ERR_PARSE or ERR_RANGE. */
int h265_parse_pps(const uint8_t *nal, size_t len, struct h265_pps *out);

#endif
