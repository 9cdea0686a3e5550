#ifndef WORKER_SDP_PAYLOAD_H
#define WORKER_SDP_PAYLOAD_H

#include "worker/sdp_text.h"

/* Which payload type of an m-section is the media. types is the list of its m-line, section what
 * follows that line (what is behind the next m-line does not count). Returns the first that has a
 * codec, by its rtpmap or a static one, which is none of retransmissions or error correction; the
 * first of all if there is none; or -1 if the list does not begin with a payload type. Pure. */
int sdp_payload_find(struct sdp_text types, struct sdp_text section);

/* The codec of a payload type that needs no rtpmap (RFC 8866 6.6), of those that we may offer (RFC
 * 3551 6); NULL: it needs one. */
const char *sdp_payload_static(int64_t pt);

#endif
