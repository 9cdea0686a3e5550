/* aac_payload.c - AAC access units out of RTP packets: RFC 3640, RFC 3016. Pure. */
#include <stdlib.h>
#include <string.h>

#include "worker/aac_payload.h"
#include "common/xmalloc.h"
#include "worker/bits.h"
#include "worker/rtp.h"

/* Samples of an AAC access unit, and ticks, since an RTP clock is to count samples. */
#define DURATION 1024
/* RFC 3640 has no limit. At 8 kHz these are 4 s of sound. */
#define UNITS_MAX 32
/* A number behind by less than this is a late packet, by more a camera that began anew. */
#define LATE_PACKETS 100
/* RFC 3016 of LATM's PayloadLengthInfo: goes on behind such a byte. */
#define LENGTH_GOES_ON 255
/* ISO 14496-3 1.A.2.2 */
#define ADTS_HEAD 7

struct aac_payload {
	struct aac_format format;
	/* Of the last packet; valid from the first on. */
	bool started;
	uint16_t seq;
	uint32_t timestamp;
	uint32_t ssrc;
	size_t count;      /* access units in it; 0: not whole ones */
	uint32_t duration; /* of an access unit, in ticks: as said, or as last seen */
	/* What is still to be handed on of it. */
	const uint8_t *data; /* lent */
	size_t sizes[UNITS_MAX];
	size_t next;
	/* An access unit in several packets. */
	uint8_t open[AAC_UNIT_MAX];
	size_t open_len;  /* 0: none */
	size_t open_size; /* of the whole; LATM: 0, the marker bit ends it */
	bool gap;
	uint32_t errors;
	struct aac_unit out;
};

/* ---- RFC 3640 -------------------------------------------------------------------------------- */

static bool
has_headers(const struct aac_format *f)
{
	return f->size_bits || f->index_bits || f->index_delta_bits || f->cts_delta_bits ||
	       f->dts_delta_bits || f->random_access || f->stream_state_bits;
}

/* One AU header, 3.2.1.1. Returns the size, or -1: this one is interleaved. */
static int64_t
take_header(struct bits *b, const struct aac_format *f, bool first)
{
	uint32_t size = f->size_bits ? bits_take(b, f->size_bits) : f->constant_size;
	uint32_t index = bits_take(b, first ? f->index_bits : f->index_delta_bits);

	if (f->cts_delta_bits && bits_take(b, 1))
		bits_take(b, f->cts_delta_bits);
	if (f->dts_delta_bits && bits_take(b, 1))
		bits_take(b, f->dts_delta_bits);
	bits_take(b, (f->random_access ? 1 : 0) + f->stream_state_bits);
	/* An index that counts on is against the letter, and harmless. */
	return first || index == 0 ? (int64_t)size : -1;
}

/* The sizes of the access units, from the headers' section. Returns 0 or -1. */
static int
read_headers(struct aac_payload *p, struct bits *b)
{
	size_t len = bits_take(b, 16);

	if (b->over || len > b->end - b->at)
		return -1;
	struct bits section = { .bytes = b->bytes, .at = b->at, .end = b->at + len };
	while (section.at < section.end) {
		size_t before = section.at;
		int64_t size = take_header(&section, &p->format, p->count == 0);
		if (section.over || section.at == before || size <= 0 || p->count == UNITS_MAX)
			return -1;
		p->sizes[p->count++] = (size_t)size;
	}
	b->at += (len + 7) / 8 * 8;
	return p->count > 0 && b->at <= b->end ? 0 : -1;
}

/* Without headers all access units have one size. */
static int
split_evenly(struct aac_payload *p, size_t len)
{
	size_t size = p->format.constant_size;

	if (len % size || len / size > UNITS_MAX)
		return -1;
	for (p->count = 0; p->count < len / size; p->count++)
		p->sizes[p->count] = size;
	return 0;
}

static int
skip_auxiliary(const struct aac_format *f, struct bits *b)
{
	if (!f->auxiliary_size_bits)
		return 0;
	size_t len = bits_take(b, f->auxiliary_size_bits);
	if (b->over || len > b->end - b->at)
		return -1;
	b->at = (b->at + len + 7) / 8 * 8;
	return b->at <= b->end ? 0 : -1;
}

static size_t
sum(const struct aac_payload *p)
{
	size_t all = 0;

	for (size_t i = 0; i < p->count; i++)
		all += p->sizes[i];
	return all;
}

/* Appends to the open access unit. Returns 0, or -1: too long. */
static int
append(struct aac_payload *p, const uint8_t *data, size_t len)
{
	if (len > sizeof(p->open) - p->open_len)
		return -1;
	memcpy(p->open + p->open_len, data, len);
	p->open_len += len;
	return 0;
}

/* The open access unit is all that this packet gives. */
static void
close_open(struct aac_payload *p, size_t from)
{
	p->data = p->open + from;
	p->sizes[0] = p->open_len - from;
	p->count = 1;
	p->open_len = 0;
}

/* A packet with a part of one access unit: each says the whole size, so what lacks a part is never
 * taken for whole. */
static int
read_part(struct aac_payload *p, const uint8_t *data, size_t len)
{
	size_t size = p->sizes[0];

	p->count = 0;
	if (p->open_size != size)
		p->open_len = 0;
	p->open_size = size;
	if (!len || append(p, data, len) < 0 || p->open_len > size)
		return -1;
	if (p->open_len == size)
		close_open(p, 0);
	return 0;
}

/* ISO 14496-3 1.A.2: an access unit behind a header of 7 bytes, or 9 with a checksum. */
static bool
is_adts(const uint8_t *at, size_t len)
{
	return len > ADTS_HEAD && at[0] == 0xff && (at[1] & 0xf6) == 0xf0;
}

/* Some cameras send what their encoder gives them in place of AU headers, whose length it cannot
 * be: 8 kB of them. */
static int
read_adts(struct aac_payload *p, const uint8_t *at, size_t len)
{
	for (p->open_len = 0; len > 0;) {
		if (!is_adts(at, len) || p->count == UNITS_MAX)
			return -1;
		const size_t head = at[1] & 1 ? ADTS_HEAD : ADTS_HEAD + 2;
		const size_t size = (size_t)(at[3] & 3) << 11 | (size_t)at[4] << 3 | at[5] >> 5;
		if (size <= head || size > len || append(p, at + head, size - head) < 0)
			return -1;
		p->sizes[p->count++] = size - head;
		at += size;
		len -= size;
	}
	p->open_len = 0;
	p->data = p->open;
	return 0;
}

static int
read_generic(struct aac_payload *p, const uint8_t *payload, size_t len)
{
	struct bits b = { .bytes = payload, .end = 8 * len };
	bool headers = has_headers(&p->format);

	if (headers && is_adts(payload, len))
		return read_adts(p, payload, len);
	if (headers && read_headers(p, &b) < 0)
		return -1;
	if (skip_auxiliary(&p->format, &b) < 0)
		return -1;
	const uint8_t *data = payload + b.at / 8;
	size_t rest = len - b.at / 8;
	if (!headers && split_evenly(p, rest) < 0)
		return -1;
	if (p->count == 1 && (p->open_len || p->sizes[0] > rest))
		return read_part(p, data, rest);
	p->data = data;
	return sum(p) <= rest ? 0 : -1;
}

/* ---- RFC 3016 -------------------------------------------------------------------------------- */

/* An element ends with the marker bit: a length and its access unit. */
static int
read_latm(struct aac_payload *p, const uint8_t *payload, size_t len, bool marker)
{
	size_t at = 0, size = 0;

	if (append(p, payload, len) < 0)
		return -1;
	if (!marker)
		return 0;
	while (at < p->open_len && p->open[at] == LENGTH_GOES_ON)
		size += p->open[at++];
	size += at < p->open_len ? p->open[at++] : 0;
	/* Behind a gap this may be the rest of an element, which must not pass for a whole one. */
	size_t rest = p->open_len - at;
	if (size == 0 || size > rest || (p->gap && size != rest))
		return -1;
	p->open_len = at + size; /* other data may follow */
	close_open(p, at);
	return 0;
}

/* ---- packets --------------------------------------------------------------------------------- */

/* What was being put together is incomplete. */
static void
lose(struct aac_payload *p)
{
	p->open_len = 0;
	p->gap = true;
}

/* Where the duration is not said, the step of timestamps from packet to packet tells it. */
static void
learn_duration(struct aac_payload *p, uint32_t step)
{
	if (p->format.duration || !p->count || step % p->count)
		return;
	uint32_t each = step / (uint32_t)p->count;
	if (each > 0 && each <= 4 * DURATION)
		p->duration = each;
}

/* Returns 0, or -1: late, to be dropped. */
static int
follow(struct aac_payload *p, const struct rtp_header *h)
{
	int16_t step = (int16_t)(h->seq - p->seq);
	bool same = p->started && h->ssrc == p->ssrc;

	if (same && step <= 0 && step > -LATE_PACKETS)
		return -1;
	if (same && step == 1)
		learn_duration(p, h->timestamp - p->timestamp);
	else if (p->started)
		lose(p);
	if (p->open_len && h->timestamp != p->timestamp)
		lose(p);
	p->started = true;
	p->seq = h->seq;
	p->timestamp = h->timestamp;
	p->ssrc = h->ssrc;
	return 0;
}

void
aac_payload_feed(struct aac_payload *p, const uint8_t *packet, size_t len)
{
	const uint8_t *payload;
	struct rtp_header h;
	size_t n;

	if (rtp_parse(packet, len, &h, &payload, &n) < 0) {
		p->errors++;
		return; /* and its number is missed when the next one comes */
	}
	if (follow(p, &h) < 0)
		return;
	p->count = p->next = 0;
	int err = p->format.packing == AAC_LATM ? read_latm(p, payload, n, h.marker)
						: read_generic(p, payload, n);
	if (err < 0) {
		p->errors++;
		p->count = 0;
		lose(p);
	}
}

const struct aac_unit *
aac_payload_next(struct aac_payload *p)
{
	if (p->next == p->count)
		return NULL;
	p->out = (struct aac_unit){
		.data = p->data,
		.len = p->sizes[p->next],
		.rtp_timestamp = p->timestamp + (uint32_t)p->next * p->duration,
		.gap = p->gap,
	};
	p->gap = false;
	p->data += p->sizes[p->next++];
	return &p->out;
}

uint32_t
aac_payload_errors(const struct aac_payload *p)
{
	return p->errors;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct aac_payload *
aac_payload_new(const struct aac_format *format)
{
	struct aac_payload *p = xcalloc(1, sizeof(*p));

	p->format = *format;
	p->duration = format->duration ? format->duration : DURATION;
	return p;
}

void
aac_payload_free(struct aac_payload *p)
{
	free(p);
}
