#ifndef WORKER_SDP_CANDIDATES_H
#define WORKER_SDP_CANDIDATES_H

#include "worker/sdp.h"
#include "worker/sdp_text.h"

/* The candidates of an answer while it is read: which transport each is of. All zero is none yet.
 * The section that is read is the last of the remote's. Pure. */
struct sdp_candidates {
	/* Lent: of session level and of each section, empty if there is none. */
	struct sdp_text ufrags[SDP_MEDIA_MAX + 1];
	uint8_t section_of[SDP_CANDIDATES_MAX]; /* index in ufrags of the remote's candidates */
};

/* The section's a=ice-ufrag. */
void sdp_candidates_set_ufrag(
	struct sdp_candidates *c, const struct sdp_remote *r, struct sdp_text value);

/* Adds what a=candidate says to the remote's, if it is any use: one that does not follow RFC 8839
 * is none either. */
void sdp_candidates_add(struct sdp_candidates *c, struct sdp_remote *r, struct sdp_text value);

/* Whether no accepted section has another ufrag than the remote's ice_ufrag. */
bool sdp_candidates_share_transport(const struct sdp_candidates *c, const struct sdp_remote *r);

/* At the end: leaves each once, and those only of the transport of the remote's ice_ufrag. */
void sdp_candidates_choose(const struct sdp_candidates *c, struct sdp_remote *r);

#endif
