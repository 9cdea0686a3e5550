#ifndef WORKER_SDP_FINGERPRINT_H
#define WORKER_SDP_FINGERPRINT_H

#include <stddef.h>

#include "worker/sdp.h"
#include "worker/sdp_text.h"

/* A hash that is proof of a certificate. */
struct sdp_hash {
	const char *name; /* "sha-256" */
	size_t bytes;
};

/* Adds what one a=fingerprint of a section (or of session level) says to f, which is all zero at
 * first. f keeps those of the one hash that we prefer (RFC 8122 5); those of others, and hashes that
 * prove nothing or that we do not know, are passed over. Returns NULL, or the hash whose digits
 * these are not. Pure. */
const struct sdp_hash *sdp_fingerprint_add(struct sdp_fingerprints *f, struct sdp_text value);

#endif
