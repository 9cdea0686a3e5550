#ifndef WORKER_DEPARTURE_H
#define WORKER_DEPARTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who sends an RTP stream, and whether who does has left it.
 *
 * A camera that begins anew may do so with another SSRC, so the newest sends. But some cameras
 * forget who is at the end of a connection that broke, and go on sending that session's packets to
 * who is there now, between those of the new one: who was followed by another is not heard again
 * unless nobody else is, or the numbers go on: then it is one that uses several. Pure. All zero is
 * nobody yet. */

#define DEPARTURE_FORMER_MAX 4
/* So many packets in a row: the other has gone. A key picture of 4K is 300. */
#define DEPARTURE_STRAYS_MAX 1000

struct departure {
	bool known;
	uint32_t ssrc;                         /* who sends, */
	uint16_t seq;                          /* this last */
	uint32_t former[DEPARTURE_FORMER_MAX]; /* who did before, the newest of them */
	size_t formers;                        /* so many did */
	unsigned strays;                       /* packets of those in a row */
};

/* A packet of the stream came. False if it is one of who sent before: it is to be left out. */
bool departure_on_rtp(struct departure *d, const uint8_t *packet, size_t n);

/* True if an RTCP packet is of who sends the stream. */
bool departure_is_of(const struct departure *d, const uint8_t *rtcp, size_t n);

/* The same as departure_on_rtp of an RTCP packet that belongs to the stream. */
bool departure_is_heard(const struct departure *d, const uint8_t *rtcp, size_t n);

/* An RTCP packet that belongs to the stream came. True if who sends the stream leaves, by a BYE of
 * its own. One of another source says nothing of this stream. */
bool departure_on_rtcp(const struct departure *d, const uint8_t *packet, size_t n);

#endif
