#ifndef WORKER_RELAY_DATA_H
#define WORKER_RELAY_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/rtsp_relay.h"

/* The packets of a relay: which are read, when they end, and one of ours. Pure. */

/* True if the piece is a packet for the caller. Only rtsp_relay.c needs it. */
bool relay_data_is_media(
	const struct relay *r, const struct rtsp_piece *p, struct relay_packet *out);

/* in does not begin with a piece: takes away what stands before the next packet of the caller's or
 * answer. Returns 1, 0 if it has not come yet, ERR_PARSE after RELAY_GARBAGE_MAX bytes. Only
 * rtsp_relay.c needs it. */
int relay_data_find(struct relay *r, struct fifo *in);
/* A packet of which only the begin was sent may be all of this. */
#define RELAY_GARBAGE_MAX (RTSP_DATA_HEAD + 65535)

/* What a packet of the camera's is, which came in this order. Packets that did not come by
 * relay_down are to be shown to it. */
enum relay_verdict {
	RELAY_READ,
	RELAY_LEFT_OUT, /* of another session, which the camera forgot to end */
	RELAY_END,      /* the pictures have ended: a BYE of who sent them last */
};
enum relay_verdict relay_judge(struct relay *r, const struct relay_packet *p);

/* The clock of that media's packets in Hz. */
uint32_t relay_clock_hz(const struct relay *r, enum relay_media media);

/* Writes a packet that makes av_read_frame return, having read all before it: a filler NAL unit
 * on the channel of the pictures, which must be known. */
void relay_put_pill(struct relay *r, struct fifo *out);

#endif
