/* h264.c - the syntax of NAL units: Annex B, parameter sets, the start of a slice.
 * Section numbers are those of ITU-T H.264 (08/2021). Keeps nothing: what a stream is made of over
 * time is h264_stream.c. Pure, any thread. */
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "worker/h264.h"

/* Level 6.2 ends at 139264 macroblocks; sqrt(8 * 139264) of them are 16384 samples wide (A.3.1). */
#define SIDE_MAX 16384

enum h264_type
h264_type(const uint8_t *nal)
{
	return nal[0] & 0x1f;
}

/* ---- Annex B --------------------------------------------------------------------------------- */

/* Where the next 00 00 01 begins, or end. */
static const uint8_t *
find_start_code(const uint8_t *p, const uint8_t *end)
{
	for (; end - p >= 3; p++)
		if (p[0] == 0 && p[1] == 0 && p[2] == 1)
			return p;
	return end;
}

bool
h264_next_nal(struct h264_bytes *rest, struct h264_bytes *nal)
{
	const uint8_t *p = rest->bytes, *end = rest->bytes + rest->len;

	while (rest->len) {
		p = find_start_code(p, end);
		if (p == end)
			break;
		p += 3;
		const uint8_t *next = find_start_code(p, end);
		/* A NAL unit never ends with 00 (7.4.1): those belong to the next start code. */
		const uint8_t *last = next;
		while (last > p && last[-1] == 0)
			last--;
		*rest = (struct h264_bytes){ .bytes = next, .len = (size_t)(end - next) };
		*nal = (struct h264_bytes){ .bytes = p, .len = (size_t)(last - p) };
		if (nal->len)
			return true;
		p = next;
	}
	rest->len = 0;
	return false;
}

/* ---- bits of an RBSP ------------------------------------------------------------------------- */

/* Reads the payload of a NAL unit, leaving out emulation prevention (7.3.1). */
struct bits {
	const uint8_t *at;
	const uint8_t *end;
	unsigned zeros; /* 00 bytes just read */
	unsigned byte;
	unsigned left; /* bits of byte not read yet */
	bool broken;   /* read past the end, or a number too long; what was read since is 0 */
};

static struct bits
bits_of(const uint8_t *nal, size_t len)
{
	return (struct bits){ .at = nal + 1, .end = nal + len };
}

static void
next_byte(struct bits *b)
{
	if (b->zeros >= 2 && b->at < b->end && *b->at == 3) {
		b->at++;
		b->zeros = 0;
	}
	if (b->at >= b->end) {
		b->broken = true;
		b->byte = 0;
		b->left = 8;
		return;
	}
	b->byte = *b->at++;
	b->zeros = b->byte ? 0 : b->zeros + 1;
	b->left = 8;
}

static uint32_t
u(struct bits *b, unsigned count)
{
	uint32_t v = 0;

	while (count--) {
		if (!b->left)
			next_byte(b);
		b->left--;
		v = v << 1 | (b->byte >> b->left & 1);
	}
	return v;
}

/* Exp-Golomb, 9.1. */
static uint32_t
ue(struct bits *b)
{
	unsigned zeros = 0;

	while (!b->broken && u(b, 1) == 0)
		zeros++;
	if (b->broken || zeros > 31) {
		b->broken = true;
		return 0;
	}
	return (uint32_t)((UINT64_C(1) << zeros) - 1 + u(b, zeros));
}

static int32_t
se(struct bits *b)
{
	int64_t k = ue(b);

	return (int32_t)(k & 1 ? (k + 1) / 2 : -(k / 2));
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
skip_scaling_list(struct bits *b, int size)
{
	int last = 8, next = 8;

	for (int i = 0; i < size && next != 0 && !b->broken; i++) {
		next = (last + se(b)) & 0xff;
		if (next)
			last = next;
	}
}

static int
read_chroma_format(struct bits *b, struct format *f)
{
	uint32_t idc = ue(b);

	if (idc > 3)
		return ERR_RANGE;
	f->chroma_idc = idc == 3 && u(b, 1) ? 0 : idc;
	if (ue(b) > 6 || ue(b) > 6) /* bit depths less 8 */
		return ERR_RANGE;
	u(b, 1); /* qpprime_y_zero_transform_bypass_flag */
	if (!u(b, 1))
		return 0;
	for (int i = 0; i < (idc == 3 ? 12 : 8); i++)
		if (u(b, 1))
			skip_scaling_list(b, i < 6 ? 16 : 64);
	return 0;
}

static int
skip_picture_order(struct bits *b)
{
	uint32_t type = ue(b);

	if (type == 0)
		ue(b);
	if (type == 1) {
		u(b, 1);
		se(b);
		se(b);
		uint32_t cycle = ue(b);
		if (cycle > 255)
			return ERR_RANGE;
		while (cycle-- && !b->broken)
			se(b);
	}
	return type > 2 ? ERR_RANGE : 0;
}

/* The rectangle in units of chroma samples, and of two lines where fields are possible (7-19 to
 * 7-22). */
static int
read_cropping(struct bits *b, const struct format *f, struct h264_sps *out)
{
	uint64_t width = f->width_mbs * UINT64_C(16);
	uint64_t lines = out->interlaced ? 2 : 1;
	uint64_t height = f->height_map_units * UINT64_C(16) * lines;
	uint64_t x = 0, y = 0;

	if (width > SIDE_MAX || height > SIDE_MAX)
		return ERR_RANGE;
	if (u(b, 1)) {
		uint64_t unit_x = f->chroma_idc == 1 || f->chroma_idc == 2 ? 2 : 1;
		uint64_t unit_y = (f->chroma_idc == 1 ? 2 : 1) * lines;
		x = unit_x * ue(b);
		x += unit_x * ue(b);
		y = unit_y * ue(b);
		y += unit_y * ue(b);
	}
	if (x >= width || y >= height)
		return ERR_RANGE;
	out->width = (unsigned)(width - x);
	out->height = (unsigned)(height - y);
	return 0;
}

static void
skip_hrd(struct bits *b)
{
	uint32_t count = ue(b);

	u(b, 8);
	for (uint32_t i = 0; i <= count && !b->broken; i++) {
		ue(b);
		ue(b);
		u(b, 1);
	}
	u(b, 20);
}

static void
skip_vui_picture(struct bits *b)
{
	if (u(b, 1) && u(b, 8) == 255) /* Extended_SAR */
		u(b, 32);
	if (u(b, 1)) /* overscan */
		u(b, 1);
	if (u(b, 1)) { /* video signal */
		u(b, 4);
		if (u(b, 1))
			u(b, 24);
	}
	if (u(b, 1)) { /* chroma location */
		ue(b);
		ue(b);
	}
}

static double
read_timing(struct bits *b)
{
	uint32_t units = u(b, 32);
	uint32_t scale = u(b, 32);

	u(b, 1); /* fixed_frame_rate_flag */
	return units && !b->broken ? scale / (2.0 * units) : 0;
}

static void
read_vui(struct bits *b, struct h264_sps *out)
{
	skip_vui_picture(b);
	out->fps = u(b, 1) ? read_timing(b) : 0;
	bool nal_hrd = u(b, 1);
	if (nal_hrd)
		skip_hrd(b);
	bool vcl_hrd = u(b, 1);
	if (vcl_hrd)
		skip_hrd(b);
	if (nal_hrd || vcl_hrd)
		u(b, 1); /* low_delay_hrd_flag */
	u(b, 1);         /* pic_struct_present_flag */
	if (!u(b, 1))    /* bitstream_restriction_flag */
		return;
	u(b, 1);
	for (int i = 0; i < 4; i++)
		ue(b);
	uint32_t reorder = ue(b);
	if (!b->broken && reorder <= 16)
		out->reorder_frames = (int)reorder;
}

static int
read_sps(struct bits *b, struct h264_sps *out)
{
	struct format f = { .chroma_idc = 1 };
	int err = 0;

	out->profile_idc = (uint8_t)u(b, 8);
	out->constraints = (uint8_t)u(b, 8);
	out->level_idc = (uint8_t)u(b, 8);
	uint32_t id = ue(b);
	if (id >= H264_SPS_COUNT)
		return ERR_RANGE;
	out->id = (uint8_t)id;
	if (has_chroma_format(out->profile_idc))
		err = read_chroma_format(b, &f);
	ue(b); /* log2_max_frame_num_minus4 */
	if (!err)
		err = skip_picture_order(b);
	ue(b);   /* max_num_ref_frames */
	u(b, 1); /* gaps_in_frame_num_value_allowed_flag */
	f.width_mbs = ue(b) + 1;
	f.height_map_units = ue(b) + 1;
	out->interlaced = !u(b, 1);
	if (out->interlaced)
		u(b, 1); /* mb_adaptive_frame_field_flag */
	u(b, 1);         /* direct_8x8_inference_flag */
	return err ? err : read_cropping(b, &f, out);
}

int
h264_parse_sps(const uint8_t *nal, size_t len, struct h264_sps *out)
{
	struct h264_sps sps = { .reorder_frames = -1 };

	if (len == 0 || h264_type(nal) != H264_SPS)
		return ERR_PARSE;
	struct bits b = bits_of(nal, len);
	int err = read_sps(&b, &sps);
	bool vui = u(&b, 1);
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
	struct bits b = bits_of(nal, len);
	uint32_t id = ue(&b);
	uint32_t sps_id = ue(&b);
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
	struct bits b = bits_of(nal, len);
	uint32_t first_mb = ue(&b);
	uint32_t type = ue(&b);
	uint32_t pps_id = ue(&b);
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
