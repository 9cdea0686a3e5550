/* depacketizer.c - whole NAL units, and where access units end. Pure. */
#include <stdlib.h>
#include <string.h>

#include "worker/depacketizer.h"
#include "common/xmalloc.h"

/* RFC 3550 5.1 */
#define RTP_HEAD 12
#define RTP_MARKER 0x80
/* RFC 6184 5.8, RFC 7798 4.4.3: the byte behind a fragment's header has these, and the type. */
#define FU_START 0x80
#define FU_END 0x40

/* A NAL unit and the buffer that it is put together in. */
struct slot {
	struct nal_unit nal; /* its data is the buffer */
	uint8_t *bytes;      /* owned */
	size_t size;
};

/* What ended an access unit: two of these may be wrong. */
enum end {
	NO_END,
	END_CERTAIN, /* another timestamp, or the first slice of a picture */
	END_BY_MARK,
	END_BY_OPENER, /* a NAL unit that may stand before a picture's slices only */
};

struct depacketizer {
	const struct video_codec *codec;
	struct slot open; /* being put together; its nal.len 0: none */
	struct slot out;  /* handed on last */
	bool started;     /* a packet was fed; the next three are of the newest */
	uint16_t seq;
	uint32_t rtp_timestamp;
	bool marker;       /* not looked at yet */
	int64_t timestamp; /* rtp_timestamp, unwrapped */
	int64_t arrived_us;
	uint8_t *run; /* what is to be read next, of one NAL unit (or of several, with start codes)
		       */
	size_t run_len;
	bool run_begins;      /* a NAL unit begins there */
	bool cut;             /* the run ended with a start code: one begins with the next */
	uint8_t *aggregate;   /* what is behind it in an aggregation packet */
	size_t aggregate_len; /* 0: nothing */
	bool gap;             /* to be told with the next NAL unit */
	bool in_picture;      /* the current access unit has a slice */
	enum end ended;       /* of the access unit before; the next is valid if there is one */
	int64_t ended_timestamp;
	bool marks_lie;
	bool openers_lie;
};

/* ---- packets -------------------------------------------------------------------------------- */

/* Where the payload of an RTP packet is, which may be empty; NULL: this is no RTP. */
static uint8_t *
find_payload(uint8_t *packet, size_t n, size_t *len)
{
	if (n < RTP_HEAD || packet[0] >> 6 != 2)
		return NULL;
	bool extended = packet[0] & 0x10, padded = packet[0] & 0x20;
	size_t at = RTP_HEAD + 4 * (size_t)(packet[0] & 0x0f);
	if (extended && at + 4 > n)
		return NULL;
	if (extended)
		at += 4 + 4 * ((size_t)packet[at + 2] << 8 | packet[at + 3]);
	size_t padding = padded ? packet[n - 1] : 0;
	if (at + padding > n)
		return NULL;
	*len = n - at - padding;
	return packet + at;
}

static void
drop_open(struct depacketizer *d)
{
	d->open.nal.len = 0;
	d->gap = true;
	d->cut = false;
}

/* Sequence number and time of a packet. */
static void
note_head(struct depacketizer *d, const uint8_t *packet)
{
	uint16_t seq = (uint16_t)(packet[2] << 8 | packet[3]);
	uint32_t timestamp = (uint32_t)packet[4] << 24 | (uint32_t)packet[5] << 16 |
			     (uint32_t)packet[6] << 8 | packet[7];

	if (d->started && seq != (uint16_t)(d->seq + 1))
		drop_open(d);
	if (d->started)
		d->timestamp += (int32_t)(timestamp - d->rtp_timestamp);
	else
		d->timestamp = timestamp;
	d->started = true;
	d->seq = seq;
	d->rtp_timestamp = timestamp;
	d->marker = packet[1] & RTP_MARKER;
}

static void
set_run(struct depacketizer *d, uint8_t *bytes, size_t len, bool begins)
{
	d->run = bytes;
	d->run_len = len;
	d->run_begins = begins;
	d->cut = false;
}

/* Length of the start code that stands at p; 0: none. */
static size_t
start_code(const uint8_t *p, size_t n)
{
	static const uint8_t code[] = { 0, 0, 0, 1 };

	if (n >= 4 && !memcmp(p, code, 4))
		return 4;
	return n >= 3 && !memcmp(p, code + 1, 3) ? 3 : 0;
}

/* A fragment: its NAL unit's header is the packet's but for the type, and is made such that it ends
 * where the fragment begins. Some cameras leave the unit's own there, behind its start code. */
static void
set_fragment(struct depacketizer *d, uint8_t *payload, size_t len)
{
	const size_t header = d->codec->header_bytes;

	if (len <= header + 1)
		return;
	const uint8_t fu = payload[header];
	const bool start = fu & FU_START;
	const bool whole = start_code(payload + header + 1, len - header - 1) > 0;
	/* More of it is to come, whatever the marker bit says. */
	d->marker = d->marker && fu & FU_END;
	memmove(payload + 1, payload, header);
	video_codec_set_type(d->codec, payload + 1, fu);
	const size_t skipped = start && !whole ? 1 : 1 + header;
	set_run(d, payload + skipped, len - skipped, start || d->cut);
}

void
depacketizer_feed(struct depacketizer *d, uint8_t *packet, size_t n, int64_t arrived_us)
{
	size_t len;
	uint8_t *payload = find_payload(packet, n, &len);

	if (!payload)
		return; /* and its number is missed when the next one comes */
	note_head(d, packet);
	d->arrived_us = arrived_us;
	if (!len)
		return; /* padding, or nothing at all: it keeps a path open or a rate up */
	const unsigned type = video_codec_type(d->codec, payload);
	if (type <= d->codec->type_max) {
		set_run(d, payload, len, true);
	} else if (type == d->codec->aggregate) {
		const size_t header = d->codec->header_bytes < len ? d->codec->header_bytes : len;
		d->aggregate = payload + header;
		d->aggregate_len = len - header;
	} else if (type == d->codec->fragment) {
		set_fragment(d, payload, len);
	} else {
		drop_open(d);
	}
}

/* The next NAL unit of an aggregation packet. */
static bool
next_run(struct depacketizer *d)
{
	size_t room = d->aggregate_len;

	d->aggregate_len = 0;
	if (room < 3)
		return false;
	size_t len = (size_t)d->aggregate[0] << 8 | d->aggregate[1];
	if (len > room - 2) {
		drop_open(d);
		return false;
	}
	set_run(d, d->aggregate + 2, len, true);
	d->aggregate += 2 + len;
	d->aggregate_len = room - 2 - len;
	return true;
}

/* ---- what begins a picture ------------------------------------------------------------------- */

static bool
is_slice(const struct depacketizer *d, const uint8_t *nal, size_t n)
{
	const enum nal_kind kind = d->codec->kind(nal, n);

	return kind == NAL_SLICE || kind == NAL_KEY || kind == NAL_PART;
}

/* The first slice of a picture. */
static bool
begins_picture(const struct depacketizer *d, const uint8_t *nal, size_t n)
{
	const enum nal_kind kind = d->codec->kind(nal, n);

	return (kind == NAL_SLICE || kind == NAL_KEY) &&
	       video_codec_starts_picture(d->codec, nal, n);
}

static bool
is_opener(const struct depacketizer *d, const uint8_t *nal)
{
	return d->codec->openers >> video_codec_type(d->codec, nal) & 1;
}

/* Zeros before a start code are no NAL unit. */
static bool
is_header(const struct depacketizer *d, const uint8_t *nal, size_t n)
{
	for (size_t i = 0; i < d->codec->header_bytes && i < n; i++)
		if (nal[i])
			return true;
	return false;
}

/* Looks for its last byte: memchr is many times faster than memmem, and one byte in 256 is a 1. */
static size_t
until_start_code(const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;
	const uint8_t *at = n > 2 ? memchr(p + 2, 1, n - 2) : NULL;

	while (at && (at[-1] || at[-2]))
		at = memchr(at + 1, 1, (size_t)(end - at - 1));
	return at ? (size_t)(at - 2 - p) : n;
}

/* ---- NAL units ------------------------------------------------------------------------------ */

/* A start code, or its rest. */
static void
skip_code(struct depacketizer *d, size_t code)
{
	d->run += code;
	d->run_len -= code;
	d->run_begins = true;
	d->cut = code && !d->run_len;
}

/* Some cameras put several NAL units, with start codes between them, where RFC 6184 has one. */
static void
consume(struct depacketizer *d, size_t n)
{
	d->run += n;
	d->run_len -= n;
	skip_code(d, start_code(d->run, d->run_len));
}

/* How much of the run is the rest of a start code whose begin is the end of the open NAL unit: they
 * cut fragments wherever it happens to be. No NAL unit has those bytes inside (7.4.1 of both). */
static size_t
rest_of_code(const struct depacketizer *d)
{
	const uint8_t *end = d->open.bytes + d->open.nal.len;
	size_t before = 0, at = 0;

	while (before < 2 && before < d->open.nal.len && !end[-(ptrdiff_t)before - 1])
		before++;
	while (at < 2 && at < d->run_len && !d->run[at])
		at++;
	return before + at >= 2 && at < d->run_len && d->run[at] == 1 ? at + 1 : 0;
}

static void
reserve(struct slot *s, size_t size)
{
	if (size <= s->size)
		return;
	s->size = 2 * size;
	s->bytes = xrealloc(s->bytes, s->size);
	s->nal.data = s->bytes;
}

/* Moves the run, up to a start code, to the open NAL unit. */
static void
append(struct depacketizer *d)
{
	struct nal_unit *nal = &d->open.nal;
	size_t n = until_start_code(d->run, d->run_len);

	if (nal->len + n > DEPACKETIZER_NAL_MAX) {
		drop_open(d);
	} else {
		reserve(&d->open, nal->len + n);
		memcpy(d->open.bytes + nal->len, d->run, n);
		nal->len += n;
		nal->arrived_us = d->arrived_us;
	}
	consume(d, n);
}

/* The run goes on with the open NAL unit, or with what can belong to none. */
static void
read_fragment(struct depacketizer *d)
{
	if (d->open.nal.len && d->open.nal.timestamp == d->timestamp) {
		const size_t code = rest_of_code(d);
		if (code)
			skip_code(d, code);
		else
			append(d);
		return;
	}
	drop_open(d);
	consume(d, until_start_code(d->run, d->run_len));
}

/* A picture that goes on after its end: this camera sets the marker on each slice, or has
 * delimiters or SEI between them. */
static void
note_slice(struct depacketizer *d)
{
	const bool goes_on = d->timestamp == d->ended_timestamp && !d->gap &&
			     !begins_picture(d, d->run, d->run_len);

	if (!d->in_picture && goes_on) {
		d->marks_lie |= d->ended == END_BY_MARK;
		d->openers_lie |= d->ended == END_BY_OPENER;
	}
	d->in_picture = true;
}

static void
read_begin(struct depacketizer *d)
{
	const uint8_t *nal = d->run;

	if (!is_header(d, nal, d->run_len) || start_code(nal, d->run_len)) {
		consume(d, until_start_code(nal, d->run_len));
		return;
	}
	if (is_slice(d, nal, d->run_len))
		note_slice(d);
	d->open.nal.timestamp = d->timestamp;
	d->open.nal.gap = d->gap;
	d->gap = false;
	append(d);
}

/* The open NAL unit is whole. */
static const struct nal_unit *
hand_on(struct depacketizer *d, enum end end)
{
	struct slot whole = d->open;

	d->open = d->out;
	d->open.nal.len = 0;
	while (whole.nal.len > 1 && whole.bytes[whole.nal.len - 1] == 0)
		whole.nal.len--;
	whole.nal.last = end != NO_END;
	if (end != NO_END) {
		d->in_picture = false;
		d->ended = end;
		d->ended_timestamp = whole.nal.timestamp;
	}
	d->out = whole;
	return &d->out.nal;
}

/* A NAL unit begins where the run does: is the open one the last of its access unit? */
static enum end
end_before_run(const struct depacketizer *d)
{
	if (d->timestamp != d->open.nal.timestamp)
		return END_CERTAIN;
	if (!d->in_picture)
		return NO_END;
	if (begins_picture(d, d->run, d->run_len))
		return END_CERTAIN;
	return is_opener(d, d->run) && !d->openers_lie ? END_BY_OPENER : NO_END;
}

/* A marker bit on parameter sets or SEI ends nothing. */
static bool
mark_ends(const struct depacketizer *d)
{
	return d->open.nal.len && d->in_picture && !d->marks_lie;
}

const struct nal_unit *
depacketizer_next(struct depacketizer *d)
{
	while (d->run_len || next_run(d)) {
		if (!d->run_len)
			continue;
		if (d->run_begins && d->open.nal.len)
			return hand_on(d, end_before_run(d));
		if (d->run_begins)
			read_begin(d);
		else
			read_fragment(d);
	}
	bool marked = d->marker;
	d->marker = false;
	if (!marked || !mark_ends(d))
		return NULL;
	return hand_on(d, END_BY_MARK);
}

/* ---- life ----------------------------------------------------------------------------------- */

struct depacketizer *
depacketizer_new(const struct video_codec *codec)
{
	struct depacketizer *d = xcalloc(1, sizeof(*d));

	d->codec = codec;
	return d;
}

void
depacketizer_free(struct depacketizer *d)
{
	if (!d)
		return;
	free(d->open.bytes);
	free(d->out.bytes);
	free(d);
}
