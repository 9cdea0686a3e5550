/* fuzz_h264.c - any bytes as Annex B: learnt as extradata, then fed as a stream. What comes out
 * keeps the promises of h264_stream.h. The low bits of each NAL unit's last byte say whether it
 * ends its access unit or comes with a new timestamp. */
#include <assert.h>
#include <stdlib.h>

#include "worker/h264_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What a viewer that joins at the first IDR has seen. */
struct viewer {
	bool inside; /* an access unit */
	bool sps;    /* in this access unit */
	bool pps;
	bool idr;
	bool any;
};

static void
on_nal(const struct h264_nal *nal, void *arg)
{
	struct viewer *v = arg;
	enum h264_type type = h264_type(nal->bytes);

	assert(nal->len > 0 && nal->bytes[0] < 0x80);
	assert(nal->first == !v->inside);
	assert(type != H264_AUD && type != 0 && type <= H264_FILLER);
	if (nal->first)
		*v = (struct viewer){ .any = v->any };
	v->sps = v->sps || type == H264_SPS;
	v->pps = v->pps || type == H264_PPS;
	v->idr = v->idr || nal->idr;
	assert(!nal->idr || (v->sps && v->pps));
	assert(v->any || v->idr || type == H264_SPS || type == H264_PPS);
	v->any = v->any || v->idr;
	v->inside = !nal->last;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct viewer v = { 0 };
	struct h264_stream *s = h264_stream_new(on_nal, &v);
	struct h264_bytes rest = { .bytes = data, .len = len };
	struct h264_bytes unit;
	int64_t pts = 0;

	if (len && data[0] & 1)
		h264_stream_learn(s, rest);
	while (h264_next_nal(&rest, &unit)) {
		uint8_t how = unit.bytes[unit.len - 1];
		pts += how & 2 ? 3000 : 0;
		struct h264_nal nal = {
			.bytes = unit.bytes,
			.len = unit.len,
			.pts_90k = pts,
			.last = how & 1,
		};
		h264_stream_feed(s, &nal);
	}
	h264_stream_end(s);
	assert(!v.inside);
	h264_stream_free(s);
	return 0;
}
