/* fuzz_rtcp.c - any bytes as RTCP: nothing is told of a broken compound, nor of SSRCs not ours. */
#include <assert.h>

#include "worker/rtcp.h"
#include "worker/transport_cc.h"

#define OURS 0x11111111U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What was handed on can be read. */
static void
on_packet(const struct transport_cc_packet *p, void *arg)
{
	(void)arg;
	assert(p);
}

static void
on_event(const struct rtcp_event *e, void *arg)
{
	size_t *told = arg;

	if (e->type == RTCP_TRANSPORT_CC) {
		const struct rtcp_transport_cc *t = &e->u.transport_cc;
		assert(transport_cc_read(t->fci, t->len, on_packet, NULL) == 0);
		return;
	}
	assert(e->ssrc == (e->type == RTCP_BYE ? 0 : OURS));
	assert(e->type != RTCP_REPORT || e->u.report.rtt_us >= -1);
	(*told)++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint32_t ours = OURS;
	size_t told = 0;
	struct rtcp_reader r = {
		.ssrcs = &ours,
		.ssrc_count = 1,
		.now = 0x00a00000,
		.on_event = on_event,
		.arg = &told,
	};

	int err = rtcp_parse(data, len, &r);
	assert(err >= 0 || told == 0);
	return 0;
}
