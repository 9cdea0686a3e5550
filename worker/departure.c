/* departure.c - who sends an RTP stream, and whether it said that it leaves. Pure. */
#include "worker/departure.h"
#include "worker/wire.h"

/* RFC 3550 12.1 */
#define BYE 203
/* RFC 3550 5.1, 6.6 */
#define RTP_HEAD 12
#define RTP_SSRC 8
#define BYE_HEAD 4
#define COUNT_MASK 0x1f

void
departure_on_rtp(struct departure *d, const uint8_t *packet, size_t n)
{
	if (n < RTP_HEAD)
		return;
	d->known = true;
	d->ssrc = wire_get32(packet + RTP_SSRC);
}

static bool
names(const uint8_t *bye, size_t n, uint32_t ssrc)
{
	const size_t count = bye[0] & COUNT_MASK;

	for (size_t i = 0; i < count && BYE_HEAD + 4 * i + 4 <= n; i++)
		if (wire_get32(bye + BYE_HEAD + 4 * i) == ssrc)
			return true;
	return false;
}

/* RFC 3550 6.1: an RTCP packet is several, each with its length in words less one. */
bool
departure_on_rtcp(const struct departure *d, const uint8_t *packet, size_t n)
{
	while (d->known && n >= 4) {
		const size_t said = 4 * ((size_t)wire_get16(packet + 2) + 1);
		const size_t len = said < n ? said : n;
		if (packet[1] == BYE && names(packet, len, d->ssrc))
			return true;
		packet += len;
		n -= len;
	}
	return false;
}
