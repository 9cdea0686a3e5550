/* h264.c - the syntax of H.264's NAL units: parameter sets, the start of a slice.
 * Section numbers are those of ITU-T H.264 (08/2021). Keeps nothing: what a stream is made of over
 * time is nal_stream.c. Pure, any thread. */
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "worker/h264.h"
#include "worker/rbsp.h"
#include "worker/video_codec.h"

/* Level 6.2 ends at 139264 macroblocks; sqrt(8 * 139264) of them are 16384 samples wide (A.3.1). */
#define SIDE_MAX 16384
#define HEADER_BYTES 1
/* The NAL header: F, NRI (nal_ref_idc), type. */
#define F_BIT 0x80
#define NRI_BITS 0x60

enum h264_type
h264_type(const uint8_t *nal)
{
	return nal[0] & 0x1f;
}

/* ---- sequence parameter sets, 7.3.2.1.1 and annex E ------------------------------------------ */

/* What cropping needs to know of the picture format. */
struct format {
	uint32_t chroma_idc; /* 0 for separate planes too: ChromaArrayType */
	uint32_t width_mbs;
	uint32_t height_map_units;
};

/* The profiles whose SPS goes on with the chroma format. */
static bool
has_chroma_format(uint8_t profile_idc)
{
	static const uint8_t profiles[] = { 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134,
		135 };

	return memchr(profiles, profile_idc, sizeof(profiles)) != NULL;
}

static void
skip_scaling_list(struct rbsp *b, int size)
{
	int last = 8, next = 8;

	for (int i = 0; i < size && next != 0 && !b->broken; i++) {
		next = (last + rbsp_se(b)) & 0xff;
		if (next)
			last = next;
	}
}

static int
read_chroma_format(struct rbsp *b, struct format *f)
{
	uint32_t idc = rbsp_ue(b);

	if (idc > 3)
		return ERR_RANGE;
	f->chroma_idc = idc == 3 && rbsp_u(b, 1) ? 0 : idc;
	if (rbsp_ue(b) > 6 || rbsp_ue(b) > 6) /* bit depths less 8 */
		return ERR_RANGE;
	rbsp_u(b, 1); /* qpprime_y_zero_transform_bypass_flag */
	if (!rbsp_u(b, 1))
		return 0;
	for (int i = 0; i < (idc == 3 ? 12 : 8); i++)
		if (rbsp_u(b, 1))
			skip_scaling_list(b, i < 6 ? 16 : 64);
	return 0;
}

static int
skip_picture_order(struct rbsp *b)
{
	uint32_t type = rbsp_ue(b);

	if (type == 0)
		rbsp_ue(b);
	if (type == 1) {
		rbsp_u(b, 1);
		rbsp_se(b);
		rbsp_se(b);
		uint32_t cycle = rbsp_ue(b);
		if (cycle > 255)
			return ERR_RANGE;
		while (cycle-- && !b->broken)
			rbsp_se(b);
	}
	return type > 2 ? ERR_RANGE : 0;
}

/* The rectangle in units of chroma samples, and of two lines where fields are possible (7-19 to
 * 7-22). */
static int
read_cropping(struct rbsp *b, const struct format *f, struct h264_sps *out)
{
	const unsigned lines = out->interlaced ? 2 : 1;
	struct rbsp_picture p = { .width = f->width_mbs * UINT64_C(16),
		.height = f->height_map_units * UINT64_C(16) * lines,
		.chroma_idc = f->chroma_idc,
		.lines = lines,
		.side_max = SIDE_MAX };
	int err = rbsp_crop(b, &p);

	if (err)
		return err;
	out->width = (unsigned)p.width;
	out->height = (unsigned)p.height;
	return 0;
}

static void
skip_hrd(struct rbsp *b)
{
	uint32_t count = rbsp_ue(b);

	rbsp_u(b, 8);
	for (uint32_t i = 0; i <= count && !b->broken; i++) {
		rbsp_ue(b);
		rbsp_ue(b);
		rbsp_u(b, 1);
	}
	rbsp_u(b, 20);
}

static void
skip_vui_picture(struct rbsp *b)
{
	if (rbsp_u(b, 1) && rbsp_u(b, 8) == 255) /* Extended_SAR */
		rbsp_u(b, 32);
	if (rbsp_u(b, 1)) /* overscan */
		rbsp_u(b, 1);
	if (rbsp_u(b, 1)) { /* video signal */
		rbsp_u(b, 4);
		if (rbsp_u(b, 1))
			rbsp_u(b, 24);
	}
	if (rbsp_u(b, 1)) { /* chroma location */
		rbsp_ue(b);
		rbsp_ue(b);
	}
}

static double
read_timing(struct rbsp *b)
{
	uint32_t units = rbsp_u(b, 32);
	uint32_t scale = rbsp_u(b, 32);

	rbsp_u(b, 1); /* fixed_frame_rate_flag */
	return units && !b->broken ? scale / (2.0 * units) : 0;
}

static void
read_vui(struct rbsp *b, struct h264_sps *out)
{
	skip_vui_picture(b);
	out->fps = rbsp_u(b, 1) ? read_timing(b) : 0;
	bool nal_hrd = rbsp_u(b, 1);
	if (nal_hrd)
		skip_hrd(b);
	bool vcl_hrd = rbsp_u(b, 1);
	if (vcl_hrd)
		skip_hrd(b);
	if (nal_hrd || vcl_hrd)
		rbsp_u(b, 1); /* low_delay_hrd_flag */
	rbsp_u(b, 1);         /* pic_struct_present_flag */
	if (!rbsp_u(b, 1))    /* bitstream_restriction_flag */
		return;
	rbsp_u(b, 1);
	for (int i = 0; i < 4; i++)
		rbsp_ue(b);
	uint32_t reorder = rbsp_ue(b);
	if (!b->broken && reorder <= 16)
		out->reorder_frames = (int)reorder;
}

static int
read_sps(struct rbsp *b, struct h264_sps *out)
{
	struct format f = { .chroma_idc = 1 };
	int err = 0;

	out->profile_idc = (uint8_t)rbsp_u(b, 8);
	out->constraints = (uint8_t)rbsp_u(b, 8);
	out->level_idc = (uint8_t)rbsp_u(b, 8);
	uint32_t id = rbsp_ue(b);
	if (id >= H264_SPS_COUNT)
		return ERR_RANGE;
	out->id = (uint8_t)id;
	if (has_chroma_format(out->profile_idc))
		err = read_chroma_format(b, &f);
	rbsp_ue(b); /* log2_max_frame_num_minus4 */
	if (!err)
		err = skip_picture_order(b);
	rbsp_ue(b);   /* max_num_ref_frames */
	rbsp_u(b, 1); /* gaps_in_frame_num_value_allowed_flag */
	f.width_mbs = rbsp_ue(b) + 1;
	f.height_map_units = rbsp_ue(b) + 1;
	out->interlaced = !rbsp_u(b, 1);
	if (out->interlaced)
		rbsp_u(b, 1); /* mb_adaptive_frame_field_flag */
	rbsp_u(b, 1);         /* direct_8x8_inference_flag */
	return err ? err : read_cropping(b, &f, out);
}

int
h264_parse_sps(const uint8_t *nal, size_t len, struct h264_sps *out)
{
	struct h264_sps sps = { .reorder_frames = -1 };

	if (len == 0 || h264_type(nal) != H264_SPS)
		return ERR_PARSE;
	struct rbsp b = rbsp_of(nal, len, HEADER_BYTES);
	int err = read_sps(&b, &sps);
	bool vui = rbsp_u(&b, 1);
	if (b.broken)
		return ERR_PARSE;
	if (err)
		return err;
	if (vui)
		read_vui(&b, &sps);
	*out = sps;
	return 0;
}

char *
h264_profile_level_id(const struct h264_sps *sps, char out[7])
{
	snprintf(out, 7, "%02x%02x%02x", sps->profile_idc, sps->constraints, sps->level_idc);
	return out;
}

int
h264_parse_pps(const uint8_t *nal, size_t len, struct h264_pps *out)
{
	if (len == 0 || h264_type(nal) != H264_PPS)
		return ERR_PARSE;
	struct rbsp b = rbsp_of(nal, len, HEADER_BYTES);
	uint32_t id = rbsp_ue(&b);
	uint32_t sps_id = rbsp_ue(&b);
	if (b.broken)
		return ERR_PARSE;
	if (id >= H264_PPS_COUNT || sps_id >= H264_SPS_COUNT)
		return ERR_RANGE;
	*out = (struct h264_pps){ .id = (uint8_t)id, .sps_id = (uint8_t)sps_id };
	return 0;
}

int
h264_parse_slice(const uint8_t *nal, size_t len, struct h264_slice *out)
{
	if (len == 0)
		return ERR_PARSE;
	struct rbsp b = rbsp_of(nal, len, HEADER_BYTES);
	uint32_t first_mb = rbsp_ue(&b);
	uint32_t type = rbsp_ue(&b);
	uint32_t pps_id = rbsp_ue(&b);
	/* Types 5 to 9 are 0 to 4 of which all the picture's slices are (table 7-6). */
	if (b.broken || type > 9 || pps_id >= H264_PPS_COUNT)
		return ERR_PARSE;
	*out = (struct h264_slice){
		.first_mb = first_mb,
		.type = type % 5,
		.pps_id = (uint8_t)pps_id,
	};
	return 0;
}

/* ---- as a video codec ------------------------------------------------------------------------ */

/* Types that are not listed are NAL_OTHER: unspecified, reserved, and extensions (13 and up), which
 * a base profile's decoder must ignore. */
static const enum nal_kind kinds[32] = {
	[H264_SLICE] = NAL_SLICE,
	[H264_PARTITION_A] = NAL_SLICE,
	[H264_PARTITION_A + 1] = NAL_PART,
	[H264_PARTITION_C] = NAL_PART,
	[H264_IDR] = NAL_KEY,
	[H264_SEI] = NAL_SEI,
	[H264_SPS] = NAL_SET,
	[H264_PPS] = NAL_SET,
	[H264_AUD] = NAL_AUD,
	[H264_END_OF_SEQUENCE] = NAL_END,
	[H264_END_OF_STREAM] = NAL_END,
	[H264_FILLER] = NAL_FILLER,
};

/* forbidden_zero_bit says broken, and a decoder may refuse the whole picture for it. */
static enum nal_kind
kind(const uint8_t *nal, size_t len)
{
	return len == 0 || nal[0] & F_BIT ? NAL_OTHER : kinds[h264_type(nal)];
}

/* 7.4.3: two reference pictures in a row differ in frame_num, two IDR pictures in idr_pic_id. */
static bool
is_numbered(const uint8_t *nal)
{
	return h264_type(nal) == H264_IDR || (nal[0] & NRI_BITS) != 0;
}

/* RFC 6184 5.7: F of any, NRI of the highest. */
static void
merge_headers(uint8_t *header, const uint8_t *nal)
{
	header[0] |= nal[0] & F_BIT;
	if ((nal[0] & NRI_BITS) > (header[0] & NRI_BITS))
		header[0] = (uint8_t)((header[0] & ~NRI_BITS) | (nal[0] & NRI_BITS));
}

static int
read_set(const uint8_t *nal, size_t len, struct nal_set *out)
{
	struct h264_sps sps;
	struct h264_pps pps;
	int err;

	if (len > 0 && h264_type(nal) == H264_PPS) {
		err = h264_parse_pps(nal, len, &pps);
		if (!err)
			*out = (struct nal_set){
				.level = NAL_PPS, .id = pps.id, .above = pps.sps_id
			};
		return err;
	}
	err = h264_parse_sps(nal, len, &sps);
	if (!err)
		*out = (struct nal_set){ .level = NAL_SPS, .id = sps.id };
	return err;
}

static int
read_format(const uint8_t *nal, size_t len, struct nal_format *out)
{
	struct h264_sps sps;
	int err = h264_parse_sps(nal, len, &sps);

	*out = (struct nal_format){ 0 };
	if (!err)
		*out = (struct nal_format){ .width = sps.width,
			.height = sps.height,
			.reorder_frames = sps.reorder_frames };
	return err;
}

static int
read_slice(const uint8_t *nal, size_t len, const struct nal_sets *sets, struct nal_order *o,
	struct nal_slice *out)
{
	struct h264_slice slice;
	int err = h264_parse_slice(nal, len, &slice);

	(void)sets; /* the slice itself says it all */
	(void)o;
	if (!err)
		*out = (struct nal_slice){ .first = slice.first_mb == 0,
			.pps_id = slice.pps_id,
			.b = slice.type == H264_B,
			.disposable = (nal[0] & NRI_BITS) == 0 };
	return err;
}

/* RFC 6184 8.1; packetization-mode 1 is what worker/rtp.c makes. */
static char *
describe(const uint8_t *sps, size_t len, char *out, size_t size)
{
	struct h264_sps s;
	char profile[7];

	if (h264_parse_sps(sps, len, &s) == 0)
		snprintf(out, size,
			"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=%s",
			h264_profile_level_id(&s, profile));
	else
		snprintf(out, size, "level-asymmetry-allowed=1;packetization-mode=1");
	return out;
}

/* filler_data_rbsp without filler (7.3.2.7). */
static const uint8_t filler[] = { H264_FILLER, 0x80 };

const struct video_codec video_h264 = {
	.name = "H264",
	.libav = "h264",
	.mp4_tag = "avc1",
	.header_bytes = HEADER_BYTES,
	.type_mask = 0x1f,
	/* 7.4.1.2.3: SEI, parameter sets, delimiter, and 15 to 18; not 14, the prefix that scalable
	 * streams have before each slice. */
	.openers = UINT64_C(0xf) << H264_SEI | UINT64_C(0xf) << 15,
	.filler = filler,
	.filler_bytes = sizeof(filler),
	/* RFC 6184 5.2, table 1: STAP-A and FU-A. */
	.type_max = 23,
	.aggregate = 24,
	.fragment = 28,
	.set_counts = { [NAL_SPS] = H264_SPS_COUNT, [NAL_PPS] = H264_PPS_COUNT },
	.kind = kind,
	.is_numbered = is_numbered,
	.merge_headers = merge_headers,
	.read_set = read_set,
	.read_format = read_format,
	.read_slice = read_slice,
	.describe = describe,
};
