#ifndef WORKER_DEPARTURE_H
#define WORKER_DEPARTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether who sends an RTP stream has left it: by a BYE of its own. One of another source (a camera
 * sends many, and may have begun anew with another SSRC) says nothing of this stream. Pure. All
 * zero is nobody yet. */
struct departure {
	bool known;
	uint32_t ssrc; /* of the newest packet */
};

/* A packet of the stream came. */
void departure_on_rtp(struct departure *d, const uint8_t *packet, size_t n);

/* An RTCP packet that belongs to the stream came. True if who sends the stream leaves. */
bool departure_on_rtcp(const struct departure *d, const uint8_t *packet, size_t n);

#endif
