#ifndef WORKER_RTSP_SDP_H
#define WORKER_RTSP_SDP_H

#include "worker/rtsp_relay.h"

/* An answer to DESCRIBE that does not say how long its SDP is, though RFC 2326 12.14 demands it.
 * Only rtsp_relay.c needs it. Pure. */

/* p was split off what came, n bytes so far. Returns 1, having added to an answer without a length
 * what lies behind it: a camera says no more until it is asked again. 0 if that is no whole
 * description yet: it ends in the middle of a line, or describes no media. Of one whose parts end
 * with a line the first that describes media is taken for all of it. ERR_RANGE if it gets too long.
 */
int rtsp_sdp_extend(const struct relay *r, struct rtsp_piece *p, size_t n);

/* Writes the begin of such an answer, RTSP_SDP_LENGTH_MAX bytes longer than it was, with the length
 * that it has now; of others nothing. Returns where what follows begins. */
const uint8_t *rtsp_sdp_put(const struct relay *r, const struct rtsp_piece *p, struct fifo *out);
#define RTSP_SDP_LENGTH_MAX (sizeof("Content-Length: 65536\r\n"))

#endif
