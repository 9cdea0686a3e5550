/* departure.c - who sends an RTP stream, and whether it said that it leaves. Pure. */
#include "worker/departure.h"
#include "worker/wire.h"

/* RFC 3550 12.1 */
#define BYE 203
/* RFC 3550 5.1, 6.6 */
#define RTP_HEAD 12
#define RTP_SEQ 2
#define RTP_SSRC 8
#define RTCP_SSRC 4
#define BYE_HEAD 4
#define COUNT_MASK 0x1f

static bool
is_former(const struct departure *d, uint32_t ssrc)
{
	for (size_t i = 0; i < d->formers && i < DEPARTURE_FORMER_MAX; i++)
		if (d->former[i] == ssrc)
			return true;
	return false;
}

static void
follow(struct departure *d, uint32_t ssrc)
{
	if (d->known)
		d->former[d->formers++ % DEPARTURE_FORMER_MAX] = d->ssrc;
	d->known = true;
	d->ssrc = ssrc;
}

bool
departure_on_rtp(struct departure *d, const uint8_t *packet, size_t n)
{
	if (n < RTP_HEAD)
		return true; /* no packet: whoever reads it says so */
	const uint32_t ssrc = wire_get32(packet + RTP_SSRC);
	const uint16_t seq = wire_get16(packet + RTP_SEQ);
	const bool goes_on = ssrc == d->ssrc || seq == (uint16_t)(d->seq + 1);
	if (d->known && !goes_on && is_former(d, ssrc) && ++d->strays <= DEPARTURE_STRAYS_MAX)
		return false;
	d->strays = 0;
	d->seq = seq;
	if (!d->known || ssrc != d->ssrc)
		follow(d, ssrc);
	return true;
}

/* All RTCP packets but unknown ones begin with the SSRC of who sent them. */
bool
departure_is_of(const struct departure *d, const uint8_t *rtcp, size_t n)
{
	return d->known && n >= RTCP_SSRC + 4 && wire_get32(rtcp + RTCP_SSRC) == d->ssrc;
}

bool
departure_is_heard(const struct departure *d, const uint8_t *rtcp, size_t n)
{
	if (n < RTCP_SSRC + 4)
		return true;
	const uint32_t ssrc = wire_get32(rtcp + RTCP_SSRC);
	return ssrc == d->ssrc || !is_former(d, ssrc);
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
