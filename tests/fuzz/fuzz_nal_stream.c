/* fuzz_nal_stream.c - any bytes as Annex B: learnt as extradata, then fed as a stream. What comes
 * out keeps the promises of nal_stream.h. The first byte chooses: bit 0 learns, bit 7 is H.265,
 * bits 5 and 6 what becomes of B pictures. The low bits of each NAL unit's last byte say whether it
 * ends its access unit or comes with a new timestamp. */
#include <assert.h>
#include <stdlib.h>

#include "worker/nal_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What a viewer that joins at the first key picture has seen. */
struct viewer {
	bool inside;           /* an access unit */
	bool sets[NAL_LEVELS]; /* in this access unit */
	bool key;
	bool any;
};

static void
on_set(struct viewer *v, const struct stream_nal *nal)
{
	struct nal_set set;

	assert(nal->codec->read_set(nal->bytes, nal->len, &set) == 0);
	v->sets[set.level] = true;
}

static void
on_nal(const struct stream_nal *nal, void *arg)
{
	struct viewer *v = arg;

	assert(nal->len >= nal->codec->header_bytes && nal->bytes[0] < 0x80);
	assert(nal->first == !v->inside);
	assert(nal->kind != NAL_AUD && nal->kind != NAL_OTHER);
	if (nal->first)
		*v = (struct viewer){ .any = v->any };
	if (nal->kind == NAL_SET)
		on_set(v, nal);
	v->key |= nal->kind == NAL_KEY;
	for (int level = 0; level < NAL_LEVELS; level++)
		assert(!v->key || v->sets[level] || !nal->codec->set_counts[level]);
	assert(v->any || v->key || nal->kind == NAL_SET);
	v->any = v->any || v->key;
	v->inside = !nal->last;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct viewer v = { 0 };
	struct nal_stream *s = nal_stream_new(on_nal, &v);
	struct nal_bytes rest = { .bytes = data, .len = len };
	struct nal_bytes unit;
	int64_t pts = 0;

	nal_stream_begin(s, len && data[0] & 0x80 ? &video_h265 : &video_h264);
	nal_stream_set_b(s, len ? (enum nal_stream_b)((data[0] >> 5 & 3) % 3) : NAL_STREAM_B_PASS);
	if (len && data[0] & 1)
		nal_stream_learn(s, rest);
	while (annexb_next(&rest, &unit)) {
		uint8_t how = unit.bytes[unit.len - 1];
		pts += how & 2 ? 3000 : 0;
		nal_stream_feed(s, unit, pts, how & 1);
	}
	nal_stream_end(s);
	assert(!v.inside);
	nal_stream_free(s);
	return 0;
}
