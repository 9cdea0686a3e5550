/* reception.c - counts RTP packets and writes receiver reports. Pure. */
#include <string.h>

#include "worker/reception.h"
#include "worker/wire.h"

/* RFC 3550 12.1 */
#define RTCP_SR 200
#define RTCP_RR 201
#define RTCP_SDES 202
#define SDES_CNAME 1
/* RFC 3550 6.4.1: a sender report up to its NTP time's end. */
#define SR_NTP_END 16
#define LOST_MAX 0x7fffff

static void
begin(struct reception *r, uint32_t ssrc, uint16_t seq)
{
	*r = (struct reception){
		.started = true, .ssrc = ssrc, .clock_hz = r->clock_hz, .highest = seq, .base = seq
	};
}

/* RFC 3550 A.8 */
static void
note_jitter(struct reception *r, uint32_t timestamp, int64_t now_us)
{
	const uint32_t arrival = (uint32_t)(uint64_t)((double)now_us * r->clock_hz / 1e6);
	const uint32_t transit = arrival - timestamp;
	const int32_t d = (int32_t)(transit - r->transit);

	if (r->received > 0)
		r->jitter += ((double)(d < 0 ? -(double)d : d) - r->jitter) / 16;
	r->transit = transit;
}

void
reception_on_rtp(struct reception *r, const uint8_t *packet, int64_t now_us)
{
	const uint16_t seq = (uint16_t)(packet[2] << 8 | packet[3]);
	const uint32_t ssrc = wire_get32(packet + 8);

	if (!r->started || ssrc != r->ssrc)
		begin(r, ssrc, seq);
	if ((int16_t)(seq - r->highest) > 0) {
		r->cycles += seq < r->highest ? 65536 : 0;
		r->highest = seq;
	}
	note_jitter(r, wire_get32(packet + 4), now_us);
	r->received++;
}

void
reception_on_rtcp(struct reception *r, const uint8_t *packet, size_t len, int64_t now_us)
{
	if (len < SR_NTP_END || packet[1] != RTCP_SR)
		return;
	r->report_ntp = wire_get32(packet + 10);
	r->report_at_us = now_us;
}

/* RFC 3550 6.4.1: 24 bytes. */
static void
write_block(struct reception *r, int64_t now_us, uint8_t *out)
{
	const uint32_t extended = r->cycles + r->highest;
	const uint32_t expected = extended - r->base + 1;
	const uint32_t expected_now = expected - r->expected_before;
	const uint32_t received_now = r->received - r->received_before;
	const uint32_t lost_now = expected_now > received_now ? expected_now - received_now : 0;
	uint32_t lost = expected > r->received ? expected - r->received : 0;

	lost = lost < LOST_MAX ? lost : LOST_MAX;
	r->expected_before = expected;
	r->received_before = r->received;
	wire_put32(out, r->ssrc);
	wire_put32(out + 4, lost);
	out[4] = (uint8_t)(expected_now ? (uint64_t)lost_now * 255 / expected_now : 0);
	wire_put32(out + 8, extended);
	wire_put32(out + 12, (uint32_t)r->jitter);
	wire_put32(out + 16, r->report_ntp);
	wire_put32(out + 20,
		r->report_ntp ? (uint32_t)((now_us - r->report_at_us) * 65536 / 1000000) : 0);
}

size_t
reception_write(
	struct reception *r, uint32_t our_ssrc, int64_t now_us, uint8_t out[RECEPTION_REPORT_MAX])
{
	const size_t blocks = r->started;
	uint8_t *sdes = out + 8 + 24 * blocks;

	memset(out, 0, RECEPTION_REPORT_MAX);
	out[0] = (uint8_t)(0x80 | blocks);
	out[1] = RTCP_RR;
	out[3] = (uint8_t)(1 + 6 * blocks);
	wire_put32(out + 4, our_ssrc);
	if (blocks)
		write_block(r, now_us, out + 8);
	sdes[0] = 0x81;
	sdes[1] = RTCP_SDES;
	sdes[3] = 3;
	wire_put32(sdes + 4, our_ssrc);
	sdes[8] = SDES_CNAME;
	sdes[9] = 1;
	sdes[10] = '-'; /* nobody needs to know who we are; then the end of the list */
	return (size_t)(sdes - out) + 16;
}
