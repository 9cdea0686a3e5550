#ifndef WORKER_RECEPTION_H
#define WORKER_RECEPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a camera is told of its RTP packets that came by UDP: RFC 3550 6.4.2, A.3, A.8. Cameras end
 * a stream whose receiver says nothing. Pure. All zero: nothing came yet. */
struct reception {
	bool started;
	uint32_t ssrc;
	uint32_t clock_hz; /* set by the owner */
	uint16_t highest;
	uint32_t cycles; /* of the sequence numbers, times 65536 */
	uint32_t base;
	uint32_t received;
	uint32_t expected_before, received_before; /* at the last report */
	uint32_t transit;
	double jitter;
	uint32_t report_ntp;  /* middle of the newest sender report's; 0: none came */
	int64_t report_at_us; /* when */
};

/* An RTP packet of at least 12 bytes. */
void reception_on_rtp(struct reception *r, const uint8_t *packet, int64_t now_us);

/* An RTCP packet. */
void reception_on_rtcp(struct reception *r, const uint8_t *packet, size_t len, int64_t now_us);

/* RR of 32 and SDES of 16 bytes. */
#define RECEPTION_REPORT_MAX 48
/* Writes a receiver report; returns its length. */
size_t reception_write(
	struct reception *r, uint32_t our_ssrc, int64_t now_us, uint8_t out[RECEPTION_REPORT_MAX]);

#endif
