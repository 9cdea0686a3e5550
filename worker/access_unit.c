/* access_unit.c - whole NAL units, and where access units end.
 * Owns the end mark that goes through libavformat: the writer (the tunnel's side) and the reader
 * (the source's side). Pure; each side on its own thread. */
#include <stdlib.h>
#include <string.h>

#include "worker/access_unit.h"

/* RFC 6184 5.2 */
#define TYPE_SINGLE_MAX 23
#define TYPE_STAP_A 24
#define TYPE_FU_A 28

/* ---- marks in RTP packets ------------------------------------------------------------------- */

bool
au_rtp_parse(const uint8_t *packet, size_t n, struct au_rtp *out)
{
	if (n < 12 || packet[0] >> 6 != 2)
		return false;
	bool extended = packet[0] & 0x10, padded = packet[0] & 0x20;
	size_t payload = 12 + 4 * (size_t)(packet[0] & 0x0f);
	if (extended && payload + 4 > n)
		return false;
	if (extended)
		payload += 4 + 4 * ((size_t)packet[payload + 2] << 8 | packet[payload + 3]);
	size_t padding = padded ? packet[n - 1] : 0;
	if (payload + padding >= n)
		return false;
	*out = (struct au_rtp){ .seq = (uint16_t)(packet[2] << 8 | packet[3]),
		.marker = packet[1] & 0x80,
		.payload = payload,
		.end = n - padding,
		.type = packet[payload] & 0x1f };
	return true;
}

bool
au_rtp_is_fragment(const struct au_rtp *rtp)
{
	return rtp->type == TYPE_FU_A && rtp->end - rtp->payload > 2;
}

size_t
au_mark_end(uint8_t *packet, struct au_rtp *rtp)
{
	static const uint8_t in_annex_b[] = { 0, 0, 0, 1, AU_NAL_END };
	static const uint8_t in_stap_a[] = { 0, 1, AU_NAL_END };
	const uint8_t *mark = in_annex_b;
	size_t len = sizeof(in_annex_b);

	if (rtp->type == TYPE_STAP_A) {
		mark = in_stap_a;
		len = sizeof(in_stap_a);
	} else if (rtp->type > TYPE_SINGLE_MAX) {
		bool ends = au_rtp_is_fragment(rtp) && packet[rtp->payload + 1] & AU_FU_END;
		len = ends ? len : 0;
	}
	packet[0] &= (uint8_t)~0x20;
	memcpy(packet + rtp->end, mark, len);
	return rtp->end + len;
}

void
au_write_gap(const uint8_t *packet, uint8_t out[AU_GAP_BYTES])
{
	/* As a STAP-A: libavformat refuses packets of the types 30 and 31, but not such NAL units.
	 */
	static const uint8_t payload[] = { TYPE_STAP_A, 0, 1, AU_NAL_GAP };

	memcpy(out, packet, 12);
	out[0] = 0x80;
	out[1] &= 0x7f;
	memcpy(out + 12, payload, sizeof(payload));
}

/* ---- H.264 ---------------------------------------------------------------------------------- */

static bool
is_slice(uint8_t nal_header)
{
	uint8_t type = nal_header & 0x1f;

	return type >= 1 && type <= 5;
}

/* H.264 7.4.1.2.3: after a picture's slices these begin the next access unit. Of slices, the first
 * of a picture has first_mb_in_slice 0, which is a single 1 bit. */
static bool
begins_picture(const uint8_t *nal, size_t n)
{
	uint8_t type = nal[0] & 0x1f;

	if (type == 1 || type == 2 || type == 5)
		return n > 1 && nal[1] & 0x80;
	return (type >= 6 && type <= 9) || (type >= 14 && type <= 18);
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

/* ---- reader --------------------------------------------------------------------------------- */

void
au_init(struct au_reader *r)
{
	*r = (struct au_reader){ .in_len = 0 };
}

void
au_clear(struct au_reader *r)
{
	free(r->open.data);
	free(r->out.data);
	au_init(r);
}

void
au_feed(struct au_reader *r, const uint8_t *payload, size_t n, int64_t timestamp,
	int64_t arrived_us)
{
	r->in = payload;
	r->in_len = n;
	r->timestamp = timestamp;
	r->arrived_us = arrived_us;
}

static void
consume(struct au_reader *r, size_t n)
{
	r->in += n;
	r->in_len -= n;
}

static void
drop_open(struct au_reader *r)
{
	r->open.len = 0;
	r->gap = true;
}

/* Moves n bytes of the payload to the open NAL unit. */
static void
append(struct au_reader *r, size_t n)
{
	struct au_nal *nal = &r->open;
	const uint8_t *from = r->in;

	consume(r, n);
	if (nal->len + n > AU_NAL_MAX) {
		drop_open(r);
		return;
	}
	if (nal->len + n > nal->size) {
		nal->size = 2 * (nal->len + n);
		nal->data = realloc(nal->data, nal->size);
		if (!nal->data)
			abort();
	}
	memcpy(nal->data + nal->len, from, n);
	nal->len += n;
	nal->arrived_us = r->arrived_us;
}

/* The payload goes on with a fragment of the open NAL unit, or with what can belong to none. */
static void
read_fragment(struct au_reader *r)
{
	size_t n = until_start_code(r->in, r->in_len);

	if (r->open.len && r->open.timestamp == r->timestamp) {
		append(r, n);
		return;
	}
	drop_open(r);
	consume(r, n);
}

static void
read_begin(struct au_reader *r, size_t code)
{
	const uint8_t *nal = r->in + code;
	size_t n = r->in_len - code;
	size_t len = until_start_code(nal, n);

	/* Zeros before the next start code are no NAL unit. */
	if (!len || !nal[0]) {
		consume(r, code + len);
		return;
	}
	consume(r, code);
	/* A picture that goes on after its end mark: this camera sets the marker bit on each slice.
	 */
	if (r->ended_by_mark && r->timestamp == r->out.timestamp && is_slice(nal[0]) &&
		!begins_picture(nal, n))
		r->marks_lie = true;
	r->ended_by_mark = false;
	r->in_picture = r->in_picture || is_slice(nal[0]);
	r->open.timestamp = r->timestamp;
	r->open.gap = r->gap;
	r->gap = false;
	append(r, len);
}

/* The open NAL unit is whole. */
static const struct au_nal *
hand_on(struct au_reader *r, bool last)
{
	struct au_nal whole = r->open;

	r->open = r->out;
	r->open.len = 0;
	while (whole.len > 1 && whole.data[whole.len - 1] == 0)
		whole.len--;
	whole.last = last;
	if (last)
		r->in_picture = false;
	r->out = whole;
	return &r->out;
}

/* A marker bit on parameter sets or SEI ends nothing. */
static bool
mark_ends(const struct au_reader *r)
{
	return r->open.len && r->in_picture && !r->marks_lie;
}

const struct au_nal *
au_next(struct au_reader *r)
{
	while (r->in_len) {
		size_t code = start_code(r->in, r->in_len);
		if (!code) {
			read_fragment(r);
			continue;
		}
		const uint8_t *nal = r->in + code;
		size_t n = r->in_len - code;
		uint8_t type = n ? nal[0] & 0x1f : 0;
		if (!n) {
			r->in_len = 0;
		} else if (type == AU_NAL_END) {
			consume(r, code + 1);
			if (!mark_ends(r))
				continue;
			r->ended_by_mark = true;
			return hand_on(r, true);
		} else if (type == AU_NAL_GAP) {
			consume(r, code + 1);
			drop_open(r);
		} else if (r->open.len) {
			bool ends = r->timestamp != r->open.timestamp ||
				    (r->in_picture && begins_picture(nal, n));
			return hand_on(r, ends);
		} else {
			read_begin(r, code);
		}
	}
	return NULL;
}
