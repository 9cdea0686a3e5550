/* fuzz_rtsp_relay.c - whatever a camera sends: the relay passes on what stays within its bounds,
 * and what goes down can be taken apart again, as NAL units too. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/access_unit.h"
#include "worker/rtsp_relay.h"

#define DESCRIBE "DESCRIBE rtsp://short RTSP/1.0\r\nCSeq: 1\r\n\r\n"
#define SETUP "SETUP rtsp://short/t1 RTSP/1.0\r\nCSeq: 2\r\n\r\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct relay relay;
static struct fifo in, out, up_in, up_out;

/* Every piece that was passed down must be a piece, and every picture survives the reader. */
static void
read_pieces(struct fifo *down)
{
	struct au_reader reader;
	struct rtsp_piece p;

	au_init(&reader);
	while (down->len && rtsp_split(fifo_front(down), down->len, &p) == 1) {
		if (p.kind == RTSP_DATA && p.len - p.body > 12) {
			au_feed(&reader, p.bytes + p.body + 12, p.len - p.body - 12, p.channel, 0);
			while (au_next(&reader))
				;
		}
		fifo_take(down, p.len);
	}
	assert(!down->len);
	au_clear(&reader);
}

/* A session in which channel 0 carries pictures, 1 its RTCP, and a request is under way. */
static void
begin(const char *request)
{
	struct fifo *all[] = { &in, &out, &up_in, &up_out };

	for (size_t i = 0; i < 4; i++) {
		if (!all[i]->bytes)
			fifo_init(all[i], RTSP_PIECE_MAX + RELAY_GROWTH);
		fifo_take(all[i], all[i]->len);
	}
	relay_init(&relay, "rtsp://short", "rtsps://camera/path?query");
	relay.channels[0].h264 = true;
	relay.channels[1].rtcp = true;
	fifo_put(&up_in, request, strlen(request));
	assert(relay_up(&relay, &up_in, &up_out) == 0);
}

/* The first byte says which request is to be answered, and how the rest is cut, as a network would.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t step = len ? data[0] % 64 + 1u : 1;
	int err = 0;

	begin(len && data[0] & 0x80 ? DESCRIBE : SETUP);
	for (size_t at = 1; !err && at < len; at += step) {
		fifo_put(&in, data + at, len - at < step ? len - at : step);
		err = relay_down(&relay, &in, &out);
		read_pieces(&out);
	}
	if (len > 1) {
		fifo_put(&up_in, data + 1, len - 1);
		relay_up(&relay, &up_in, &up_out);
	}
	return 0;
}
