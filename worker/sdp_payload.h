#ifndef WORKER_SDP_PAYLOAD_H
#define WORKER_SDP_PAYLOAD_H

#include "worker/sdp_text.h"

/* Which payload type of an m-section is the media. types is the list of its m-line, section what
 * follows that line (what is behind the next m-line does not count). Returns the first whose rtpmap
 * is none of retransmissions or error correction, the first of all if there is no such rtpmap, or
 * -1 if the list does not begin with a payload type. Pure. */
int sdp_payload_find(struct sdp_text types, struct sdp_text section);

#endif
