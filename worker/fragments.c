/* fragments.c - joins the fragments of a NAL unit as they come. Pure. RFC 6184 5.8. */
#include <string.h>

#include "worker/fragments.h"

/* RTP header without CSRCs and extension, FU indicator, FU header. */
#define RTP_HEAD 12
#define FU_HEAD 2
#define FU_START 0x80

static void
begin(struct fragments *f, const uint8_t *packet, const struct au_rtp *rtp)
{
	memcpy(f->packet, packet, RTP_HEAD);
	f->packet[0] = 0x80;
	memcpy(f->packet + RTP_HEAD, packet + rtp->payload, rtp->end - rtp->payload);
	f->len = RTP_HEAD + rtp->end - rtp->payload;
}

/* Same timestamp and SSRC, and not the start of another NAL unit. */
static bool
continues(const struct fragments *f, const uint8_t *packet, const struct au_rtp *rtp)
{
	return !memcmp(f->packet + 4, packet + 4, 8) && !(packet[rtp->payload + 1] & FU_START);
}

bool
fragments_add(struct fragments *f, const uint8_t *packet, const struct au_rtp *rtp)
{
	const uint8_t *fu = packet + rtp->payload;
	size_t more = rtp->end - rtp->payload - FU_HEAD;

	if (!f->len) {
		begin(f, packet, rtp);
		return true;
	}
	if (!continues(f, packet, rtp) || f->len + more > FRAGMENTS_MAX)
		return false;
	memcpy(f->packet + f->len, fu + FU_HEAD, more);
	f->len += more;
	/* The marker bit and the end bit are the last fragment's. A FU-A with both the start and
	 * the end bit is not allowed on the wire, but libavformat reads the start bit only. */
	f->packet[1] = packet[1];
	f->packet[RTP_HEAD + 1] |= fu[1] & AU_FU_END;
	return true;
}
