/* relay_data.c - which of a camera's packets are read, and what says that they end. Pure. */
#include <string.h>

#include "common/err.h"
#include "worker/relay_data.h"

/* RFC 3550 5.1 */
#define RTP_HEAD 12
#define RTP_VERSION 2
/* Of a version that libavformat takes for one. */
#define ANSWER "RTSP/1."
/* Enough to tell what something is: a packet's frame and its first two bytes, or that of an answer.
 */
#define FOUND_BYTES 8
/* RFC 5761 4: the second byte of RTCP is from here to there, which no payload type in use is. */
#define RTCP_TYPE_MIN 192
#define RTCP_TYPE_MAX 223
/* Of a camera that does not say: video's, RFC 6184 8.2.1. */
#define DEFAULT_CLOCK_HZ 90000

uint32_t
relay_clock_hz(const struct relay *r, enum relay_media media)
{
	const long clock = r->tracks[r->media[media].track].clock;

	return clock > 0 ? (uint32_t)clock : DEFAULT_CLOCK_HZ;
}

static bool
is_rtcp(uint8_t type)
{
	return type >= RTCP_TYPE_MIN && type <= RTCP_TYPE_MAX;
}

/* Which of the tracks on a channel an RTCP packet on the next is of. Some cameras have one channel
 * for all tracks: then it is that of who sent it, or the first if one SSRC sends them all. */
static enum relay_media
rtcp_media(const struct relay *r, const struct rtsp_piece *p, enum relay_media first)
{
	for (int i = first; i < RELAY_MEDIA; i++)
		if (r->media[i].channel == r->media[first].channel &&
			departure_is_of(&r->departure[i], p->bytes + p->body, p->len - p->body))
			return (enum relay_media)i;
	return first;
}

/* Some cameras have a channel for each track and none for RTCP: the next is another track's. */
bool
relay_data_is_media(const struct relay *r, const struct rtsp_piece *p, struct relay_packet *out)
{
	if (p->kind != RTSP_DATA || p->len < p->body + 2)
		return false;
	const uint8_t second = p->bytes[p->body + 1], pt = second & RELAY_PT_MASK;
	for (int i = 0; i < RELAY_MEDIA; i++) {
		const int channel = r->media[i].channel;
		*out = (struct relay_packet){ .media = (enum relay_media)i };
		out->rtcp = channel >= 0 && p->channel == channel + 1 && is_rtcp(second);
		if (out->rtcp)
			out->media = rtcp_media(r, p, out->media);
		if (out->rtcp || (p->channel == channel && pt == r->tracks[r->media[i].track].pt))
			return true;
	}
	return false;
}

/* What begins with n bytes, as many as FOUND_BYTES or more, looks like a packet of the caller's, or
 * like an answer. */
static bool
looks_right(const struct relay *r, const uint8_t *bytes, size_t n)
{
	const struct rtsp_piece p = { .kind = RTSP_DATA,
		.bytes = bytes,
		.len = n,
		.body = RTSP_DATA_HEAD,
		.channel = bytes[1] };
	struct relay_packet packet;

	if (memcmp(bytes, ANSWER, sizeof(ANSWER) - 1) == 0)
		return true;
	return bytes[0] == '$' && bytes[RTSP_DATA_HEAD] >> 6 == RTP_VERSION &&
	       relay_data_is_media(r, &p, &packet);
}

int
relay_data_find(struct relay *r, struct fifo *in)
{
	const uint8_t *bytes = fifo_front(in);
	size_t at = r->garbage ? 0 : 1;

	while (at + FOUND_BYTES <= in->len && !looks_right(r, bytes + at, in->len - at))
		at++;
	const bool found = at + FOUND_BYTES <= in->len;
	r->garbage = found ? 0 : r->garbage + at;
	fifo_take(in, at);
	return r->garbage > RELAY_GARBAGE_MAX ? ERR_PARSE : found;
}

static enum relay_verdict
judge_rtcp(const struct departure *d, const struct relay_packet *p)
{
	if (!departure_is_heard(d, p->bytes, p->len))
		return RELAY_LEFT_OUT;
	if (p->media == RELAY_PICTURES && departure_on_rtcp(d, p->bytes, p->len))
		return RELAY_END;
	return RELAY_READ;
}

enum relay_verdict
relay_judge(struct relay *r, const struct relay_packet *p)
{
	struct departure *d = &r->departure[p->media];

	if (p->rtcp)
		return judge_rtcp(d, p);
	return departure_on_rtp(d, p->bytes, p->len) ? RELAY_READ : RELAY_LEFT_OUT;
}

void
relay_put_pill(struct relay *r, struct fifo *out)
{
	const uint16_t seq = r->pill_seq++;
	const uint8_t channel = (uint8_t)r->media[RELAY_PICTURES].told;
	const uint8_t pt = r->tracks[r->media[RELAY_PICTURES].track].pt;
	const size_t len = RTP_HEAD + r->codec->filler_bytes;
	const uint8_t head[RTSP_DATA_HEAD + RTP_HEAD] = { '$', channel, 0, (uint8_t)len, 0x80, pt,
		(uint8_t)(seq >> 8), (uint8_t)seq };

	fifo_put(out, head, sizeof(head));
	fifo_put(out, r->codec->filler, r->codec->filler_bytes);
}
