#ifndef WORKER_RTP_INFO_H
#define WORKER_RTP_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/rtsp_wire.h"

/* The RTP-Info header of the answer to PLAY, RFC 2326 12.33: for each track the RTP timestamp of
 * the moment that the play begins with. What a camera says there may be wrong: worker/timeline.h
 * judges it by the packets. Pure. */

/* An entry that has a timestamp. */
struct rtp_info {
	const char *url; /* lent, without a NUL; as the camera writes it: absolute, relative, "" */
	size_t url_len;
	uint32_t timestamp;
};

/* Reads at most max entries; returns how many. Those without a timestamp are left out, those
 * with one that is no number of 32 bits too. */
size_t rtp_info_read(const struct rtsp_piece *answer, struct rtp_info *out, size_t max);

/* Its URL is that of a track with this a=control, as far as can be said: one of the two ends with
 * the other, behind a slash; a query in the URL does not count. */
bool rtp_info_is_of(const struct rtp_info *info, const char *control);

#endif
