#ifndef WORKER_NEGOTIATION_H
#define WORKER_NEGOTIATION_H

#include <stddef.h>

#include "worker/sdp.h"

/* Offer and answer (RFC 3264) of one connection: what was offered, and whether the answer is one to
 * it. Pure. { 0 } is one that has offered nothing. */
struct negotiation {
	struct {
		enum sdp_kind kind;
		char codec[32]; /* "H264" */
	} offered[SDP_MEDIA_MAX];
	size_t count;
};

/* Writes the offer and remembers it. The text is to be freed by the caller. */
char *negotiation_offer(struct negotiation *n, const struct sdp_offer *offer);

/* Reads the answer into *out. Returns 0, or what sdp_parse returns, ERR_PARSE (another number of
 * m-sections, another kind or codec in one), ERR_REFUSED (the pictures are not taken: no section
 * is, theirs is rejected or has another codec), ERR_UNSUPPORTED (setup:actpass, which an answer
 * must not say), with a sentence in why. A section of sound may be rejected, not changed. */
int negotiation_answer(const struct negotiation *n, const char *text, size_t len,
	struct sdp_remote *out, char *why, size_t why_size);

#endif
