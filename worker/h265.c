/* h265.c - the syntax of H.265's NAL units: parameter sets, the start of a slice.
 * Section numbers are those of ITU-T H.265 (08/2021). Keeps nothing: what a stream is made of over
 * time is nal_stream.c. Pure, any thread. */
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "worker/h265.h"
#include "worker/nal_sets.h"
#include "worker/rbsp.h"
#include "worker/video_codec.h"

/* Level 6.2 ends at 35651584 luma samples; the square root of 8 times that is 16888 (A.4.1). */
#define SIDE_MAX 16888
/* 7.3.1.2: F, type, nuh_layer_id (one bit in the first byte, five in the second),
 * nuh_temporal_id_plus1. */
#define HEADER_BYTES 2
#define F_BIT 0x80
#define TYPE_MASK 0x3f
#define TYPE_SHIFT 1
#define LAYER_BITS 0x01f8
#define TEMPORAL_BITS 0x0007
/* Types below are of pictures that are no IRAP; BLA, IDR and CRA follow, and two that are reserved.
 */
#define NOT_IRAP_MAX 15
#define IRAP_MAX 23
/* 7.4.3.2.1 */
#define TOP_LAYER_MAX 6
#define POC_BITS_MIN 4
#define POC_BITS_MAX 16
#define REORDER_MAX 16

enum h265_type
h265_type(const uint8_t *nal)
{
	return nal[0] >> TYPE_SHIFT & TYPE_MASK;
}

static unsigned
header_of(const uint8_t *nal)
{
	return (unsigned)nal[0] << 8 | nal[1];
}

static unsigned
temporal_id(const uint8_t *nal)
{
	return (header_of(nal) & TEMPORAL_BITS) - 1;
}

/* ---- parameter sets -------------------------------------------------------------------------- */

/* general_profile_idc to the flag before the level, and the same of a sub-layer: 88 bits. */
static void
skip_profile(struct rbsp *b)
{
	rbsp_u(b, 88);
}

/* profile_tier_level, 7.3.3. */
static void
read_profile(struct rbsp *b, struct h265_sps *out)
{
	bool profile[TOP_LAYER_MAX], level[TOP_LAYER_MAX];

	rbsp_u(b, 2); /* general_profile_space, 0 */
	out->high_tier = rbsp_u(b, 1);
	out->profile_idc = (uint8_t)rbsp_u(b, 5);
	rbsp_u(b, 80); /* compatibility and constraints */
	out->level_idc = (uint8_t)rbsp_u(b, 8);
	for (unsigned i = 0; i < out->top_layer; i++) {
		profile[i] = rbsp_u(b, 1);
		level[i] = rbsp_u(b, 1);
	}
	if (out->top_layer)
		rbsp_u(b, 2 * (8 - out->top_layer));
	for (unsigned i = 0; i < out->top_layer; i++) {
		if (profile[i])
			skip_profile(b);
		if (level[i])
			rbsp_u(b, 8);
	}
}

/* Size and conformance window, which counts in chroma samples (table 6-1). */
static int
read_size(struct rbsp *b, struct h265_sps *out)
{
	struct rbsp_picture p = { .chroma_idc = rbsp_ue(b), .lines = 1, .side_max = SIDE_MAX };

	if (p.chroma_idc > 3)
		return ERR_RANGE;
	out->colour_planes = p.chroma_idc == 3 && rbsp_u(b, 1);
	p.width = rbsp_ue(b);
	p.height = rbsp_ue(b);
	int err = rbsp_crop(b, &p);
	if (err)
		return err;
	out->width = (unsigned)p.width;
	out->height = (unsigned)p.height;
	return 0;
}

/* Of each sub-layer, or of the highest only; that is the last. */
static int
read_reordering(struct rbsp *b, struct h265_sps *out)
{
	unsigned i = rbsp_u(b, 1) ? 0 : out->top_layer;
	uint32_t reorder = 0;

	for (; i <= out->top_layer; i++) {
		rbsp_ue(b); /* sps_max_dec_pic_buffering_minus1 */
		reorder = rbsp_ue(b);
		rbsp_ue(b); /* sps_max_latency_increase_plus1 */
	}
	out->reorder_frames = (int)reorder;
	return reorder > REORDER_MAX ? ERR_RANGE : 0;
}

static int
read_sps(struct rbsp *b, struct h265_sps *out)
{
	out->vps_id = (uint8_t)rbsp_u(b, 4);
	out->top_layer = (uint8_t)rbsp_u(b, 3);
	if (out->top_layer > TOP_LAYER_MAX)
		return ERR_RANGE;
	rbsp_u(b, 1); /* sps_temporal_id_nesting_flag */
	read_profile(b, out);
	const uint32_t id = rbsp_ue(b);
	if (id >= H265_SPS_COUNT)
		return ERR_RANGE;
	out->id = (uint8_t)id;
	int err = read_size(b, out);
	if (err)
		return err;
	rbsp_ue(b); /* bit depths */
	rbsp_ue(b);
	const uint32_t poc_bits = POC_BITS_MIN + rbsp_ue(b);
	if (poc_bits > POC_BITS_MAX)
		return ERR_RANGE;
	out->poc_bits = (uint8_t)poc_bits;
	return read_reordering(b, out);
}

int
h265_parse_sps(const uint8_t *nal, size_t len, struct h265_sps *out)
{
	struct h265_sps sps = { 0 };

	if (len < HEADER_BYTES || h265_type(nal) != H265_SPS)
		return ERR_PARSE;
	struct rbsp b = rbsp_of(nal, len, HEADER_BYTES);
	int err = read_sps(&b, &sps);
	if (b.broken)
		return ERR_PARSE;
	if (!err)
		*out = sps;
	return err;
}

int
h265_parse_pps(const uint8_t *nal, size_t len, struct h265_pps *out)
{
	if (len < HEADER_BYTES || h265_type(nal) != H265_PPS)
		return ERR_PARSE;
	struct rbsp b = rbsp_of(nal, len, HEADER_BYTES);
	const uint32_t id = rbsp_ue(&b);
	const uint32_t sps_id = rbsp_ue(&b);
	rbsp_u(&b, 1); /* dependent_slice_segments_enabled_flag */
	const bool output_flags = rbsp_u(&b, 1);
	const uint8_t extra = (uint8_t)rbsp_u(&b, 3);
	if (b.broken)
		return ERR_PARSE;
	if (id >= H265_PPS_COUNT || sps_id >= H265_SPS_COUNT)
		return ERR_RANGE;
	*out = (struct h265_pps){ .id = (uint8_t)id,
		.sps_id = (uint8_t)sps_id,
		.output_flags = output_flags,
		.extra_slice_bits = extra };
	return 0;
}

/* ---- slices ---------------------------------------------------------------------------------- */

static bool
is_irap(unsigned type)
{
	return type > NOT_IRAP_MAX && type <= IRAP_MAX;
}

static bool
is_idr(unsigned type)
{
	return type == H265_IDR_W_RADL || type == H265_IDR_N_LP;
}

/* No picture of its sub-layer refers to it. */
static bool
is_sublayer_non_reference(unsigned type)
{
	return type <= NOT_IRAP_MAX && type % 2 == 0;
}

static bool
is_leading(unsigned type)
{
	return type >= H265_RADL_N && type <= H265_RASL_R;
}

/* PicOrderCntVal, 8.3.1: that of the low bits which is nearest to the anchor's. */
static int64_t
order_count(const struct nal_order *o, uint32_t low, unsigned bits)
{
	const int64_t span = INT64_C(1) << bits;
	const int64_t anchor_low = o->anchor & (span - 1);
	int64_t high = o->anchor - anchor_low;

	if (low < anchor_low && anchor_low - low >= span / 2)
		high += span;
	else if (low > anchor_low && low - anchor_low > span / 2)
		high -= span;
	return high + low;
}

/* The picture's first slice says where it stands. */
static void
note_order(struct nal_order *o, const uint8_t *nal, int64_t count)
{
	const unsigned type = h265_type(nal);

	o->b = o->known && !is_irap(type) && count < o->newest;
	if (is_irap(type) || count > o->newest)
		o->newest = count;
	/* 8.3.1: prevTid0Pic */
	if (temporal_id(nal) == 0 && !is_sublayer_non_reference(type) && !is_leading(type))
		o->anchor = count;
	o->known |= is_irap(type);
}

/* The rest of a first slice's header, as far as slice_pic_order_cnt_lsb (7.3.6.1). */
static void
read_order(struct rbsp *b, const uint8_t *nal, const struct nal_set *pps, const struct nal_set *sps,
	struct nal_order *o)
{
	int64_t count = 0;

	rbsp_u(b, pps->extra_slice_bits);
	rbsp_ue(b); /* slice_type: B says nothing of the order */
	if (pps->output_flags)
		rbsp_u(b, 1);
	if (sps->colour_planes)
		rbsp_u(b, 2);
	if (!is_idr(h265_type(nal)))
		count = order_count(o, rbsp_u(b, sps->poc_bits), sps->poc_bits);
	if (!b->broken)
		note_order(o, nal, count);
}

static int
read_slice(const uint8_t *nal, size_t len, const struct nal_sets *sets, struct nal_order *o,
	struct nal_slice *out)
{
	struct rbsp b = rbsp_of(nal, len, HEADER_BYTES);
	const unsigned type = h265_type(nal);

	const bool first = rbsp_u(&b, 1);
	if (is_irap(type))
		rbsp_u(&b, 1); /* no_output_of_prior_pics_flag */
	const uint32_t pps_id = rbsp_ue(&b);
	if (b.broken || pps_id >= H265_PPS_COUNT)
		return ERR_PARSE;
	const struct nal_set *pps = nal_sets_get(sets, NAL_PPS, pps_id);
	const struct nal_set *sps = pps ? nal_sets_get(sets, NAL_SPS, pps->above) : NULL;
	if (first)
		o->b = false;
	if (first && sps)
		read_order(&b, nal, pps, sps, o);
	/* What no picture of its sub-layer refers to, one of a higher may. */
	const bool top = sps && temporal_id(nal) == sps->top_layer;
	*out = (struct nal_slice){ .first = first,
		.pps_id = pps_id,
		.b = o->b,
		.disposable = is_sublayer_non_reference(type) && top,
		.leading = type == H265_RASL_N || type == H265_RASL_R };
	return 0;
}

/* ---- as a video codec ------------------------------------------------------------------------ */

/* Types that are not listed are NAL_OTHER: reserved and unspecified. */
static const enum nal_kind kinds[64] = {
	[H265_TRAIL_N] = NAL_SLICE,
	[H265_TRAIL_R] = NAL_SLICE,
	[2] = NAL_SLICE, /* TSA and STSA */
	[3] = NAL_SLICE,
	[4] = NAL_SLICE,
	[5] = NAL_SLICE,
	[H265_RADL_N] = NAL_SLICE,
	[H265_RADL_N + 1] = NAL_SLICE,
	[H265_RASL_N] = NAL_SLICE,
	[H265_RASL_R] = NAL_SLICE,
	[H265_BLA_W_LP] = NAL_KEY,
	[H265_BLA_W_LP + 1] = NAL_KEY,
	[H265_BLA_W_LP + 2] = NAL_KEY,
	[H265_IDR_W_RADL] = NAL_KEY,
	[H265_IDR_N_LP] = NAL_KEY,
	[H265_CRA] = NAL_KEY,
	[H265_VPS] = NAL_SET,
	[H265_SPS] = NAL_SET,
	[H265_PPS] = NAL_SET,
	[H265_AUD] = NAL_AUD,
	[H265_END_OF_SEQUENCE] = NAL_END,
	[H265_END_OF_STREAM] = NAL_END,
	[H265_FILLER] = NAL_FILLER,
	[H265_PREFIX_SEI] = NAL_SEI,
	[H265_SUFFIX_SEI] = NAL_SEI,
};

/* forbidden_zero_bit and a temporal id of none say broken; decoders of the profiles that there are
 * ignore other layers (7.4.2.2, F.3). */
static enum nal_kind
kind(const uint8_t *nal, size_t len)
{
	if (len < HEADER_BYTES || nal[0] & F_BIT || header_of(nal) & LAYER_BITS ||
		!(header_of(nal) & TEMPORAL_BITS))
		return NAL_OTHER;
	return kinds[h265_type(nal)];
}

/* 8.3.1: two pictures of a coded video sequence differ in their order count, two in a row in what
 * their slices say of it. An IDR picture says nothing: two of a scene that stands still may be
 * equal. */
static bool
is_numbered(const uint8_t *nal)
{
	return !is_idr(h265_type(nal));
}

/* RFC 7798 4.4.2: F of any, LayerId and TID of the lowest. */
static void
merge_headers(uint8_t *header, const uint8_t *nal)
{
	const unsigned a = header_of(header), b = header_of(nal);
	const unsigned layer =
		(a & LAYER_BITS) < (b & LAYER_BITS) ? a & LAYER_BITS : b & LAYER_BITS;
	const unsigned temporal =
		(a & TEMPORAL_BITS) < (b & TEMPORAL_BITS) ? a & TEMPORAL_BITS : b & TEMPORAL_BITS;

	header[0] = (uint8_t)((header[0] & (F_BIT | TYPE_MASK << TYPE_SHIFT)) | (nal[0] & F_BIT) |
			      layer >> 8);
	header[1] = (uint8_t)(layer | temporal);
}

static int
read_vps(const uint8_t *nal, size_t len, struct nal_set *out)
{
	struct rbsp b = rbsp_of(nal, len, HEADER_BYTES);

	*out = (struct nal_set){ .level = NAL_VPS, .id = rbsp_u(&b, 4) };
	return b.broken ? ERR_PARSE : 0;
}

static int
read_set(const uint8_t *nal, size_t len, struct nal_set *out)
{
	struct h265_sps sps;
	struct h265_pps pps;
	int err;

	if (len >= HEADER_BYTES && h265_type(nal) == H265_VPS)
		return read_vps(nal, len, out);
	if (len >= HEADER_BYTES && h265_type(nal) == H265_PPS) {
		err = h265_parse_pps(nal, len, &pps);
		if (!err)
			*out = (struct nal_set){ .level = NAL_PPS,
				.id = pps.id,
				.above = pps.sps_id,
				.output_flags = pps.output_flags,
				.extra_slice_bits = pps.extra_slice_bits };
		return err;
	}
	err = h265_parse_sps(nal, len, &sps);
	if (!err)
		*out = (struct nal_set){ .level = NAL_SPS,
			.id = sps.id,
			.above = sps.vps_id,
			.poc_bits = sps.poc_bits,
			.top_layer = sps.top_layer,
			.colour_planes = sps.colour_planes };
	return err;
}

static int
read_format(const uint8_t *nal, size_t len, struct nal_format *out)
{
	struct h265_sps sps;
	int err = h265_parse_sps(nal, len, &sps);

	*out = (struct nal_format){ 0 };
	if (!err)
		*out = (struct nal_format){ .width = sps.width,
			.height = sps.height,
			.reorder_frames = sps.reorder_frames };
	return err;
}

/* RFC 7798 7.1, in the form that libwebrtc writes. */
static char *
describe(const uint8_t *sps, size_t len, char *out, size_t size)
{
	/* The defaults: level 3.1, Main, main tier. */
	struct h265_sps s = { .level_idc = 93, .profile_idc = 1 };

	h265_parse_sps(sps, len, &s);
	snprintf(out, size, "level-id=%u;profile-id=%u;tier-flag=%u;tx-mode=SRST", s.level_idc,
		s.profile_idc, s.high_tier);
	return out;
}

/* filler_data_rbsp without filler (7.3.2.8). */
static const uint8_t filler[] = { H265_FILLER << TYPE_SHIFT, 1, 0x80 };

const struct video_codec video_h265 = {
	.name = "H265",
	.libav = "hevc",
	.mp4_tag = "hvc1",
	.header_bytes = HEADER_BYTES,
	.type_mask = TYPE_MASK,
	.type_shift = TYPE_SHIFT,
	/* 7.4.2.4.4: parameter sets, delimiter, prefix SEI, 41 to 44 and 48 to 55. */
	.openers = UINT64_C(0xf) << H265_VPS | UINT64_C(1) << H265_PREFIX_SEI |
		   UINT64_C(0xf) << 41 | UINT64_C(0xff) << 48,
	.filler = filler,
	.filler_bytes = sizeof(filler),
	/* RFC 7798 4.4: AP and FU. */
	.type_max = 47,
	.aggregate = 48,
	.fragment = 49,
	.set_counts = { [NAL_VPS] = H265_VPS_COUNT,
		[NAL_SPS] = H265_SPS_COUNT,
		[NAL_PPS] = H265_PPS_COUNT },
	.kind = kind,
	.is_numbered = is_numbered,
	.merge_headers = merge_headers,
	.read_set = read_set,
	.read_format = read_format,
	.read_slice = read_slice,
	.describe = describe,
};
