/* relay_packet.c - what a camera's RTCP says that ends a session. Pure. */
#include "worker/relay_packet.h"

/* RFC 3550 12.1 */
#define RTCP_BYE 203

/* RFC 3550 6.1: an RTCP packet is several, each with its length in words less one. */
bool
relay_packet_says_bye(const uint8_t *packet, size_t n)
{
	while (n >= 4) {
		size_t len = 4 * (((size_t)packet[2] << 8 | packet[3]) + 1);
		if (packet[1] == RTCP_BYE)
			return true;
		if (len > n)
			return false;
		packet += len;
		n -= len;
	}
	return false;
}
