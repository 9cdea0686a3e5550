/* rbsp.c - bits and numbers of a NAL unit's payload. Keeps nothing. Pure, any thread. */
#include "common/err.h"
#include "worker/rbsp.h"

struct rbsp
rbsp_of(const uint8_t *nal, size_t len, size_t header_bytes)
{
	const size_t skipped = len < header_bytes ? len : header_bytes;

	return (struct rbsp){ .at = nal + skipped, .end = nal + len };
}

static void
next_byte(struct rbsp *b)
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

uint32_t
rbsp_u(struct rbsp *b, unsigned count)
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

uint32_t
rbsp_ue(struct rbsp *b)
{
	unsigned zeros = 0;

	while (!b->broken && rbsp_u(b, 1) == 0)
		zeros++;
	if (b->broken || zeros > 31) {
		b->broken = true;
		return 0;
	}
	return (uint32_t)((UINT64_C(1) << zeros) - 1 + rbsp_u(b, zeros));
}

int32_t
rbsp_se(struct rbsp *b)
{
	int64_t k = rbsp_ue(b);

	return (int32_t)(k & 1 ? (k + 1) / 2 : -(k / 2));
}

/* What is cut off at two opposite sides, in units of so many samples. */
static uint64_t
read_cut(struct rbsp *b, uint64_t unit)
{
	uint64_t before = rbsp_ue(b);

	return unit * (before + rbsp_ue(b));
}

int
rbsp_crop(struct rbsp *b, struct rbsp_picture *p)
{
	const uint64_t unit_x = p->chroma_idc == 1 || p->chroma_idc == 2 ? 2 : 1;
	const uint64_t unit_y = (p->chroma_idc == 1 ? 2 : 1) * (uint64_t)p->lines;

	if (p->width > p->side_max || p->height > p->side_max)
		return ERR_RANGE;
	const bool cropped = rbsp_u(b, 1);
	const uint64_t x = cropped ? read_cut(b, unit_x) : 0;
	const uint64_t y = cropped ? read_cut(b, unit_y) : 0;
	if (x >= p->width || y >= p->height)
		return ERR_RANGE;
	p->width -= x;
	p->height -= y;
	return 0;
}
