/* rtp.c - NAL units to RTP packets, and the source's timestamps to ours.
 * Owns small NAL units that wait for company, and the relation of the clocks. Keeps no packet and
 * sends none. Pure; media thread. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/xmalloc.h"
#include "worker/annexb.h"
#include "worker/rtp.h"
#include "worker/video_codec.h"
#include "worker/wire.h"

/* RFC 6184 5.8, RFC 7798 4.4.3: the FU header, behind what looks like a NAL unit's; the type is in
 * its lower bits. */
#define FU_START 0x80
#define FU_END 0x40
#define FU_BYTES 1
/* RFC 6184 5.7.1, RFC 7798 4.4.2: in an aggregation packet a NAL unit's size stands before it. */
#define SIZE_BYTES 2

/* ---- the header ------------------------------------------------------------------------------ */

/* RFC 8285 4.2: one element of two bytes, padded to a word. */
static size_t
write_extension(uint8_t *out, const struct rtp_header *h)
{
	wire_put16(out, 0xbede);
	wire_put16(out + 2, 1);
	out[4] = (uint8_t)(h->transport_cc_id << 4 | 1);
	wire_put16(out + 5, h->transport_seq);
	out[7] = 0;
	return RTP_EXTENSION_BYTES;
}

size_t
rtp_write_header(uint8_t *out, const struct rtp_header *h)
{
	out[0] = 2 << 6;
	out[1] = (uint8_t)(h->marker << 7 | (h->pt & 0x7f));
	wire_put16(out + 2, h->seq);
	wire_put32(out + 4, h->timestamp);
	wire_put32(out + 8, h->ssrc);
	if (!h->transport_cc_id)
		return RTP_HEADER_BYTES;
	out[0] |= 0x10;
	return RTP_HEADER_BYTES + write_extension(out + RTP_HEADER_BYTES, h);
}

int
rtp_parse(const uint8_t *packet, size_t len, struct rtp_header *h, const uint8_t **payload,
	size_t *payload_len)
{
	if (len < RTP_HEADER_BYTES || packet[0] >> 6 != 2)
		return ERR_PARSE;
	size_t at = RTP_HEADER_BYTES + 4 * (size_t)(packet[0] & 0x0f);
	if (packet[0] & 0x10) { /* extension */
		if (at + 4 > len)
			return ERR_PARSE;
		at += 4 + 4 * (size_t)wire_get16(packet + at + 2);
	}
	size_t padding = packet[0] & 0x20 ? packet[len - 1] : 0;
	if (packet[0] & 0x20 && padding == 0)
		return ERR_PARSE;
	if (at + padding > len)
		return ERR_PARSE;
	*h = (struct rtp_header){
		.marker = packet[1] >> 7,
		.pt = packet[1] & 0x7f,
		.seq = wire_get16(packet + 2),
		.timestamp = wire_get32(packet + 4),
		.ssrc = wire_get32(packet + 8),
	};
	*payload = packet + at;
	*payload_len = len - at - padding;
	return 0;
}

/* ---- the packetizer -------------------------------------------------------------------------- */

struct rtp_packetizer {
	struct rtp_config c;
	const struct video_codec *codec; /* NULL before the first is set */
	/* Small NAL units that wait for company, as the aggregation packet they may become. */
	uint32_t held_timestamp;
	unsigned held_count;
	size_t held_len; /* with the packet's own header */
	uint8_t held[];  /* payload_max bytes */
};

struct rtp_packetizer *
rtp_packetizer_new(const struct rtp_config *config)
{
	assert(config->payload_max >= 64);
	struct rtp_packetizer *p = xcalloc(1, sizeof(*p) + config->payload_max);

	p->c = *config;
	return p;
}

void
rtp_packetizer_free(struct rtp_packetizer *p)
{
	free(p);
}

void
rtp_packetizer_set_codec(struct rtp_packetizer *p, const struct video_codec *codec)
{
	assert(p->held_count == 0);
	p->codec = codec;
	p->held_len = codec->header_bytes;
}

static uint8_t *
room(struct rtp_packetizer *p, size_t len, uint32_t timestamp, bool marker)
{
	const struct rtp_slot slot = { .len = len, .timestamp = timestamp, .marker = marker };

	return p->c.room(slot, p->c.arg);
}

static void
send_whole(
	struct rtp_packetizer *p, const struct nal_bytes *payload, uint32_t timestamp, bool marker)
{
	memcpy(room(p, payload->len, timestamp, marker), payload->bytes, payload->len);
}

/* The fewest fragments, all of one size but for the last. */
static void
send_fragments(
	struct rtp_packetizer *p, const struct nal_bytes *nal, uint32_t timestamp, bool marker)
{
	const size_t header = p->codec->header_bytes;
	const uint8_t *at = nal->bytes + header;
	size_t rest = nal->len - header;
	size_t most = p->c.payload_max - header - FU_BYTES;
	size_t count = (rest + most - 1) / most;
	size_t size = (rest + count - 1) / count;
	unsigned flags = video_codec_type(p->codec, nal->bytes) | FU_START;

	while (rest) {
		bool end = rest <= size;
		size_t n = end ? rest : size;
		uint8_t *out = room(p, header + FU_BYTES + n, timestamp, marker && end);
		memcpy(out, nal->bytes, header);
		video_codec_set_type(p->codec, out, p->codec->fragment);
		out[header] = (uint8_t)(flags | (end ? FU_END : 0));
		memcpy(out + header + FU_BYTES, at, n);
		flags &= ~(unsigned)FU_START;
		at += n;
		rest -= n;
	}
}

static void
hold(struct rtp_packetizer *p, const struct nal_bytes *nal, uint32_t timestamp)
{
	if (p->held_count == 0) {
		memcpy(p->held, nal->bytes, p->codec->header_bytes);
		video_codec_set_type(p->codec, p->held, p->codec->aggregate);
	} else {
		p->codec->merge_headers(p->held, nal->bytes);
	}
	wire_put16(p->held + p->held_len, (uint32_t)nal->len);
	memcpy(p->held + p->held_len + SIZE_BYTES, nal->bytes, nal->len);
	p->held_len += SIZE_BYTES + nal->len;
	p->held_timestamp = timestamp;
	p->held_count++;
}

static void
send_held(struct rtp_packetizer *p, bool marker)
{
	const size_t header = p->codec->header_bytes;
	struct nal_bytes payload = { .bytes = p->held, .len = p->held_len };

	if (p->held_count == 0)
		return;
	if (p->held_count == 1) /* a NAL unit alone is its own payload */
		payload = (struct nal_bytes){
			.bytes = p->held + header + SIZE_BYTES,
			.len = p->held_len - header - SIZE_BYTES,
		};
	send_whole(p, &payload, p->held_timestamp, marker);
	p->held_len = header;
	p->held_count = 0;
}

static bool
may_wait(const struct rtp_packetizer *p, const struct nal_bytes *nal)
{
	const enum nal_kind kind = p->codec->kind(nal->bytes, nal->len);

	return kind == NAL_SET || kind == NAL_SEI;
}

void
rtp_packetizer_nal(
	struct rtp_packetizer *p, const uint8_t *nal, size_t len, uint32_t timestamp, bool last)
{
	struct nal_bytes unit = { .bytes = nal, .len = len };

	assert(len >= p->codec->header_bytes);
	if (timestamp != p->held_timestamp || p->held_len + SIZE_BYTES + len > p->c.payload_max)
		send_held(p, false);
	if (may_wait(p, &unit) && p->held_len + SIZE_BYTES + len <= p->c.payload_max) {
		hold(p, &unit, timestamp);
		if (last)
			send_held(p, true);
		return;
	}
	send_held(p, false);
	if (len <= p->c.payload_max)
		send_whole(p, &unit, timestamp, last);
	else
		send_fragments(p, &unit, timestamp, last);
}

/* ---- the clock ------------------------------------------------------------------------------- */

#define TICKS_PER_MS 90

struct rtp_clock {
	bool running;       /* a picture has come: what follows is valid */
	uint32_t last;      /* given out */
	uint32_t shift;     /* outgoing less source timestamp */
	uint32_t last_pts;  /* of the last picture */
	int64_t arrival_us; /* of the last picture */
	uint32_t jumps;
};

/* Microseconds to ticks of 90 kHz. */
static int64_t
ticks(int64_t us)
{
	return us * 9 / 100;
}

/* a is after b, modulo 2^32. */
static bool
after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

struct rtp_clock *
rtp_clock_new(uint32_t start)
{
	struct rtp_clock *c = xcalloc(1, sizeof(*c));

	c->last = start;
	return c;
}

void
rtp_clock_free(struct rtp_clock *c)
{
	free(c);
}

static bool
is_jump(int64_t step, int64_t passed)
{
	int64_t off = step - passed;

	return off > RTP_CLOCK_JUMP_MS * TICKS_PER_MS || off < -RTP_CLOCK_JUMP_MS * TICKS_PER_MS ||
	       step < -RTP_CLOCK_REORDER_MS * TICKS_PER_MS;
}

uint32_t
rtp_clock_picture(struct rtp_clock *c, int64_t pts_90k, int64_t arrival_us)
{
	uint32_t pts = (uint32_t)pts_90k;
	int64_t step = (int32_t)(pts - c->last_pts);
	int64_t passed = ticks(arrival_us - c->arrival_us);
	uint32_t out = c->last;

	if (!c->running) {
		c->shift = out - pts;
		c->running = true;
	} else if (is_jump(step, passed)) {
		out = c->last + (uint32_t)(passed > 0 ? passed : 1);
		c->shift = out - pts;
		c->jumps++;
	} else {
		out = pts + c->shift;
		if (!after(out, c->last))
			out = c->last + 1;
	}
	c->last = out;
	c->last_pts = pts;
	c->arrival_us = arrival_us;
	return out;
}

uint32_t
rtp_clock_jumps(const struct rtp_clock *c)
{
	return c->jumps;
}
