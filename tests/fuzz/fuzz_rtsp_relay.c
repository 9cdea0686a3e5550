/* fuzz_rtsp_relay.c - whatever a camera sends: the relay passes on what stays within its bounds,
 * what goes down can be taken apart again, and pictures become NAL units. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/depacketizer.h"
#include "worker/rtsp_relay.h"

#define DESCRIBE "DESCRIBE rtsp://short RTSP/1.0\r\nCSeq: 1\r\n\r\n"
#define SETUP "SETUP rtsp://short/t1 RTSP/1.0\r\nCSeq: 2\r\n\r\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct relay relay;
static struct fifo in, out, up_in, up_out;

/* Every NAL unit has a header, and is within its bounds. */
static void
read_packet(struct depacketizer *d, const struct relay_packet *p)
{
	const struct nal_unit *nal;

	depacketizer_feed(d, p->bytes, p->len, 0);
	while ((nal = depacketizer_next(d)))
		assert(nal->len > 0 && nal->len <= DEPACKETIZER_NAL_MAX && nal->data[0]);
}

/* Only whole messages are passed down. */
static void
read_messages(struct fifo *down)
{
	struct rtsp_piece p;

	while (down->len && rtsp_split(fifo_front(down), down->len, &p) == 1) {
		assert(p.kind == RTSP_MESSAGE);
		fifo_take(down, p.len);
	}
	assert(!down->len);
}

/* A session in which channel 0 carries pictures, 1 its RTCP, and a request is under way. */
static void
begin(const char *request)
{
	struct fifo *all[] = { &in, &out, &up_in, &up_out };

	for (size_t i = 0; i < 4; i++) {
		if (!all[i]->bytes)
			fifo_init(all[i], 2 * RTSP_PIECE_MAX);
		fifo_take(all[i], all[i]->len);
	}
	relay_init(&relay, "rtsp://short", "rtsps://camera/path?query");
	relay.pictures = 0;
	relay.pt = 96;
	relay.rtcp[1] = true;
	fifo_put(&up_in, request, strlen(request));
	assert(relay_up(&relay, &up_in, &up_out) == 0);
}

/* The first byte says which request is to be answered, and how the rest is cut, as a network would.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t step = len ? data[0] % 64 + 1u : 1;
	struct depacketizer *d = depacketizer_new();
	struct relay_packet packet;
	int got = 0;

	begin(len && data[0] & 0x80 ? DESCRIBE : SETUP);
	for (size_t at = 1; !got && at < len; at += step) {
		fifo_put(&in, data + at, len - at < step ? len - at : step);
		while ((got = relay_down(&relay, &in, &out, &packet)) == 1)
			read_packet(d, &packet);
		read_messages(&out);
	}
	depacketizer_free(d);
	if (len > 1) {
		fifo_put(&up_in, data + 1, len - 1);
		relay_up(&relay, &up_in, &up_out);
	}
	return 0;
}
