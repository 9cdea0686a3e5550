/* rtcp.c - sender reports out; what receivers report, miss and ask for in.
 * Bytes in decrypted packets only: SRTCP is srtp's. Keeps nothing. Pure, any thread. */
#include <string.h>

#include "common/err.h"
#include "worker/rtcp.h"
#include "worker/transport_cc.h"
#include "worker/wire.h"

/* RFC 3550 12.1; RFC 4585 6.1. */
enum packet_type { SR = 200, RR = 201, SDES = 202, BYE = 203, RTPFB = 205, PSFB = 206 };

/* RFC 4585 6.2.1, 6.3.1; RFC 5104 4.3.1. */
#define FMT_NACK 1
#define FMT_TRANSPORT_CC 15 /* draft-holmer-rmcat-transport-wide-cc-extensions-01 3.1 */
#define FMT_PLI 1
#define FMT_FIR 4

#define HEADER_BYTES 4
#define SENDER_INFO_BYTES 20
#define BLOCK_BYTES 24
#define SDES_CNAME 1

/* From 1900-01-01 to 1970-01-01, RFC 868. */
#define NTP_UNIX_S UINT64_C(2208988800)

uint64_t
rtcp_ntp(int64_t wall_us)
{
	uint64_t us = (uint64_t)wall_us;

	return (us / 1000000 + NTP_UNIX_S) << 32 | ((us % 1000000) << 32) / 1000000;
}

uint32_t
rtcp_ntp_middle(uint64_t ntp)
{
	return (uint32_t)(ntp >> 16);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* len: of the whole packet, a multiple of 4. */
static void
write_header(uint8_t *out, unsigned count, enum packet_type type, size_t len)
{
	out[0] = (uint8_t)(2 << 6 | count);
	out[1] = (uint8_t)type;
	wire_put16(out + 2, (uint32_t)(len / 4 - 1));
}

static size_t
write_sr(uint8_t *out, const struct rtcp_sender *s)
{
	size_t len = HEADER_BYTES + 4 + SENDER_INFO_BYTES;

	write_header(out, 0, SR, len);
	wire_put32(out + 4, s->ssrc);
	wire_put32(out + 8, (uint32_t)(s->ntp >> 32));
	wire_put32(out + 12, (uint32_t)s->ntp);
	wire_put32(out + 16, s->rtp_timestamp);
	wire_put32(out + 20, s->packets);
	wire_put32(out + 24, s->octets);
	return len;
}

static size_t
write_sdes(uint8_t *out, const struct rtcp_sender *s)
{
	size_t cname_len = strnlen(s->cname, 255);
	size_t at = HEADER_BYTES + 4;

	wire_put32(out + HEADER_BYTES, s->ssrc);
	out[at++] = SDES_CNAME;
	out[at++] = (uint8_t)cname_len;
	memcpy(out + at, s->cname, cname_len);
	at += cname_len;
	/* RFC 3550 6.5: the chunk ends with one to four zeros, at a multiple of 4. */
	do
		out[at++] = 0;
	while (at % 4);
	write_header(out, 1, SDES, at);
	return at;
}

static size_t
write_bye(uint8_t *out, const struct rtcp_sender *s)
{
	size_t len = HEADER_BYTES + 4;

	write_header(out, 1, BYE, len);
	wire_put32(out + 4, s->ssrc);
	return len;
}

size_t
rtcp_write_report(uint8_t out[RTCP_REPORT_MAX], const struct rtcp_sender *sender)
{
	size_t len = write_sr(out, sender);

	len += write_sdes(out + len, sender);
	if (sender->bye)
		len += write_bye(out + len, sender);
	return len;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* One packet of a compound. body is what follows its header. */
struct part {
	unsigned count; /* report blocks, sources, or the feedback's format */
	uint8_t type;
	bool padded;
	const uint8_t *body;
	size_t len;
};

/* Tells what a packet says, if quiet is false. Returns 0 or ERR_PARSE. */
typedef int part_reader(const struct part *p, const struct rtcp_reader *r, bool quiet);

static void
tell(const struct rtcp_reader *r, const struct rtcp_event *e, bool quiet)
{
	bool ours = e->type == RTCP_BYE || e->type == RTCP_TRANSPORT_CC;

	for (size_t i = 0; i < r->ssrc_count && !ours; i++)
		ours = r->ssrcs[i] == e->ssrc;
	if (ours && !quiet)
		r->on_event(e, r->arg);
}

/* RFC 3550 6.4.1: now - LSR - DLSR. */
static int32_t
rtt_us(uint32_t now, uint32_t lsr, uint32_t dlsr)
{
	int32_t rtt = (int32_t)(now - lsr - dlsr);

	if (lsr == 0)
		return -1;
	/* Their clock may run faster than ours: no round trip is negative, nor is it hours long. */
	if (rtt < 0)
		return rtt > -65536 ? 0 : -1;
	int64_t us = rtt * INT64_C(1000000) / 65536;
	return us > INT32_MAX ? -1 : (int32_t)us;
}

static struct rtcp_report
read_block(const uint8_t *b, uint32_t now)
{
	/* Cumulative loss has 24 bits and a sign. */
	uint32_t lost = wire_get32(b + 4) & 0xffffff;

	return (struct rtcp_report){
		.loss_ratio = b[4] / 256.0,
		.lost = lost & 0x800000 ? (int32_t)lost - 0x1000000 : (int32_t)lost,
		.highest_seq = wire_get32(b + 8),
		.jitter = wire_get32(b + 12),
		.rtt_us = rtt_us(now, wire_get32(b + 16), wire_get32(b + 20)),
	};
}

/* The report blocks that follow a head of head bytes; an extension may follow them. */
static int
read_blocks(const struct part *p, size_t head, const struct rtcp_reader *r, bool quiet)
{
	if (p->len < head + p->count * (size_t)BLOCK_BYTES)
		return ERR_PARSE;
	for (unsigned i = 0; i < p->count; i++) {
		const uint8_t *b = p->body + head + i * (size_t)BLOCK_BYTES;
		struct rtcp_event e = {
			.type = RTCP_REPORT,
			.from = wire_get32(p->body),
			.ssrc = wire_get32(b),
			.u.report = read_block(b, r->now),
		};
		tell(r, &e, quiet);
	}
	return 0;
}

static int
read_sr(const struct part *p, const struct rtcp_reader *r, bool quiet)
{
	return read_blocks(p, 4 + SENDER_INFO_BYTES, r, quiet);
}

static int
read_rr(const struct part *p, const struct rtcp_reader *r, bool quiet)
{
	return read_blocks(p, 4, r, quiet);
}

static int
read_bye(const struct part *p, const struct rtcp_reader *r, bool quiet)
{
	size_t ssrcs = p->count * (size_t)4;

	if (p->len < ssrcs)
		return ERR_PARSE;
	/* A reason may follow: its length, then so many bytes. */
	if (p->len > ssrcs && ssrcs + 1 + p->body[ssrcs] > p->len)
		return ERR_PARSE;
	for (size_t at = 0; at < ssrcs; at += 4)
		tell(r, &(struct rtcp_event){ .type = RTCP_BYE, .from = wire_get32(p->body + at) },
			quiet);
	return 0;
}

/* Each entry: a sequence number, and a bit for each of the 16 that follow it. */
static void
read_nack(const struct part *p, const struct rtcp_reader *r, bool quiet)
{
	struct rtcp_event e = {
		.type = RTCP_NACK,
		.from = wire_get32(p->body),
		.ssrc = wire_get32(p->body + 4),
	};

	for (size_t at = 8; at < p->len; at += 4) {
		uint16_t pid = wire_get16(p->body + at);
		uint32_t mask = (uint32_t)wire_get16(p->body + at + 2) << 1 | 1;
		for (unsigned i = 0; i <= 16; i++) {
			e.u.nack_seq = (uint16_t)(pid + i);
			if (mask >> i & 1)
				tell(r, &e, quiet);
		}
	}
}

static int
read_transport_cc(const struct part *p, const struct rtcp_reader *r, bool quiet)
{
	const struct rtcp_event e = { .type = RTCP_TRANSPORT_CC,
		.from = wire_get32(p->body),
		.ssrc = wire_get32(p->body + 4),
		.u.transport_cc = { .fci = p->body + 8, .len = p->len - 8 } };

	if (quiet)
		return transport_cc_read(p->body + 8, p->len - 8, NULL, NULL);
	tell(r, &e, false);
	return 0;
}

static int
read_rtpfb(const struct part *p, const struct rtcp_reader *r, bool quiet)
{
	if (p->len < 8)
		return ERR_PARSE;
	if (p->count == FMT_TRANSPORT_CC)
		return read_transport_cc(p, r, quiet);
	if (p->count != FMT_NACK)
		return 0;
	if (p->len < 12)
		return ERR_PARSE;
	read_nack(p, r, quiet);
	return 0;
}

/* The entries name the sources; the header's does not count (RFC 5104 4.3.1.2). */
static int
read_fir(const struct part *p, const struct rtcp_reader *r, bool quiet)
{
	if (p->len < 16 || p->len % 8)
		return ERR_PARSE;
	for (size_t at = 8; at < p->len; at += 8) {
		struct rtcp_event e = {
			.type = RTCP_FIR,
			.from = wire_get32(p->body),
			.ssrc = wire_get32(p->body + at),
			.u.fir_seq = p->body[at + 4],
		};
		tell(r, &e, quiet);
	}
	return 0;
}

static int
read_psfb(const struct part *p, const struct rtcp_reader *r, bool quiet)
{
	if (p->len < 8)
		return ERR_PARSE;
	if (p->count == FMT_FIR)
		return read_fir(p, r, quiet);
	if (p->count != FMT_PLI)
		return 0;
	struct rtcp_event e = {
		.type = RTCP_PLI,
		.from = wire_get32(p->body),
		.ssrc = wire_get32(p->body + 4),
	};
	tell(r, &e, quiet);
	return p->len == 8 ? 0 : ERR_PARSE;
}

static const struct {
	uint8_t type;
	part_reader *read;
} readers[] = {
	{ .type = SR, .read = read_sr },
	{ .type = RR, .read = read_rr },
	{ .type = BYE, .read = read_bye },
	{ .type = RTPFB, .read = read_rtpfb },
	{ .type = PSFB, .read = read_psfb },
};

/* Takes the next packet off a compound. Returns 0, or ERR_PARSE if its length leads nowhere. */
static int
next_part(const uint8_t **at, const uint8_t *end, struct part *p)
{
	const uint8_t *h = *at;

	if (end - h < HEADER_BYTES || h[0] >> 6 != 2)
		return ERR_PARSE;
	size_t len = 4 * ((size_t)wire_get16(h + 2) + 1);
	if (len > (size_t)(end - h))
		return ERR_PARSE;
	*p = (struct part){
		.count = h[0] & 0x1f,
		.type = h[1],
		.padded = h[0] & 0x20,
		.body = h + HEADER_BYTES,
		.len = len - HEADER_BYTES,
	};
	*at = h + len;
	return 0;
}

/* The last byte of the padding counts it (6.4.1). It shall be a multiple of 4 and in the last
 * packet only, but transport-wide feedback is padded to a word by single bytes (Chromium), wherever
 * in a compound it stands (str0m). */
static int
cut_padding(struct part *p)
{
	if (!p->padded)
		return 0;
	uint8_t padding = p->len > 0 ? p->body[p->len - 1] : 0;
	bool odd = padding % 4 && (p->type != RTPFB || p->count != FMT_TRANSPORT_CC);
	if (padding == 0 || odd || padding > p->len)
		return ERR_PARSE;
	p->len -= padding;
	return 0;
}

static int
read_part(const struct part *p, const struct rtcp_reader *r, bool quiet)
{
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i].type == p->type)
			return readers[i].read(p, r, quiet);
	return 0;
}

/* First it is checked, then it is told. */
static int
check_and_tell(struct part *p, const struct rtcp_reader *r)
{
	int err = cut_padding(p);

	if (!err)
		err = read_part(p, r, true);
	return err ? err : read_part(p, r, false);
}

int
rtcp_parse(const uint8_t *packet, size_t len, const struct rtcp_reader *r)
{
	const uint8_t *end = packet + len;
	struct part p;
	int skipped = 0;

	if (len == 0)
		return ERR_PARSE;
	for (const uint8_t *at = packet; at < end;)
		if (next_part(&at, end, &p) != 0)
			return ERR_PARSE;
	for (const uint8_t *at = packet; at < end && next_part(&at, end, &p) == 0;)
		if (check_and_tell(&p, r) != 0)
			skipped++;
	return skipped;
}
