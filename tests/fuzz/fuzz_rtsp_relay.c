/* fuzz_rtsp_relay.c - whatever a camera sends: the relay passes on what stays within its bounds,
 * what goes down can be taken apart again, and pictures become NAL units. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/aac_payload.h"
#include "worker/demux.h"
#include "worker/depacketizer.h"
#include "worker/rtsp_relay.h"

#define DESCRIBE "DESCRIBE rtsp://short RTSP/1.0\r\nCSeq: 1\r\n\r\n"
#define SETUP "SETUP rtsp://short/t1 RTSP/1.0\r\nCSeq: 2\r\n\r\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct relay relay;
static struct fifo in, out, up_in, up_out;

/* Every NAL unit has a header, and is within its bounds. */
static void
read_packet(struct demux *d, const struct relay_packet *p)
{
	struct source_unit unit;

	demux_feed(d, p, 0);
	while (demux_next(d, &unit)) {
		if (unit.kind == SOURCE_PICTURE)
			assert(unit.nal.len > 0 && unit.nal.len <= DEPACKETIZER_NAL_MAX);
		else
			assert(unit.sound.len > 0 && unit.sound.len <= AAC_UNIT_MAX);
	}
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

static const struct relay_track sound = { .media = RTSP_AUDIO,
	.codec = "mpeg4-generic",
	.clock = 16000,
	.fmtp = "mode=AAC-hbr;config=1408;sizeLength=13;indexLength=3;indexDeltaLength=3",
	.pt = 97 };

/* A session in which channel 0 carries pictures, 1 its RTCP, 2 sound, and a request is under way.
 */
static void
begin(const char *request, const struct video_codec *codec)
{
	struct fifo *all[] = { &in, &out, &up_in, &up_out };

	for (size_t i = 0; i < 4; i++) {
		if (!all[i]->bytes)
			fifo_init(all[i], 2 * RTSP_PIECE_MAX);
		fifo_take(all[i], all[i]->len);
	}
	relay_clear(&relay);
	relay_init(&relay, "rtsp://short", "rtsps://camera/path?query", true,
		rtsp_auth_new("user", "password", "cnonce"));
	relay.codec = codec;
	relay.tracks[0] = (struct relay_track){ .media = RTSP_VIDEO, .pt = 96 };
	memcpy(relay.tracks[0].codec, codec->name, strlen(codec->name) + 1);
	relay.tracks[1] = sound;
	relay.media[RELAY_PICTURES].channel = 0;
	relay.media[RELAY_SOUND].channel = 2;
	relay.media[RELAY_SOUND].track = 1;
	fifo_put(&up_in, request, strlen(request));
	assert(relay_up(&relay, &up_in, &up_out) == 0);
}

/* The first byte says which request is to be answered (bit 7), what the pictures are (bit 6), and
 * how the rest is cut, as a network would. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t step = len ? data[0] % 64 + 1u : 1;
	struct demux *d = demux_new();
	const struct video_codec *codec = len && data[0] & 0x40 ? &video_h265 : &video_h264;
	struct relay_packet packet;
	int got = 0;

	begin(len && data[0] & 0x80 ? DESCRIBE : SETUP, codec);
	demux_open_pictures(d, codec);
	demux_open_sound(d, &sound);
	for (size_t at = 1; !got && at < len; at += step) {
		fifo_put(&in, data + at, len - at < step ? len - at : step);
		while ((got = relay_down(&relay, &in, &out, &packet)) == 1)
			read_packet(d, &packet);
		read_messages(&out);
	}
	demux_free(d);
	if (len > 1) {
		fifo_put(&up_in, data + 1, len - 1);
		relay_up(&relay, &up_in, &up_out);
	}
	return 0;
}
