/* negotiation.c - what was offered, and whether an answer fits it. Pure, loop thread. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "worker/negotiation.h"

char *
negotiation_offer(struct negotiation *n, const struct sdp_offer *offer)
{
	n->count = offer->media_count;
	for (size_t i = 0; i < n->count; i++) {
		const struct sdp_media *m = &offer->media[i];
		n->offered[i].kind = m->kind;
		snprintf(n->offered[i].codec, sizeof(n->offered[i].codec), "%.*s",
			(int)strcspn(m->rtpmap, "/"), m->rtpmap);
	}
	return sdp_write_offer(offer);
}

static int
check_media(const struct negotiation *n, const struct sdp_remote *r, char *why, size_t why_size)
{
	if (r->media_count != n->count) {
		snprintf(why, why_size, "the answer has %zu m-sections, the offer has %zu",
			r->media_count, n->count);
		return ERR_PARSE;
	}
	for (size_t i = 0; i < r->media_count; i++) {
		const struct sdp_remote_media *m = &r->media[i];
		const bool pictures = m->kind == SDP_VIDEO;
		if (m->kind == n->offered[i].kind &&
			(m->accepted ? strcasecmp(m->codec, n->offered[i].codec) == 0 : !pictures))
			continue;
		if (!m->accepted)
			snprintf(why, why_size,
				"the answer rejects the m-section of the pictures%s%s",
				m->refusal ? ": " : "", m->refusal ? m->refusal : "");
		else
			snprintf(why, why_size,
				"the answer's m-section %zu wants %s, the offer has %s", i,
				m->codec, n->offered[i].codec);
		return pictures ? ERR_REFUSED : ERR_PARSE;
	}
	return 0;
}

int
negotiation_answer(const struct negotiation *n, const char *text, size_t len,
	struct sdp_remote *out, char *why, size_t why_size)
{
	int err = sdp_parse(text, len, out, why, why_size);

	if (err)
		return err;
	if (out->setup == SDP_SETUP_ACTPASS) {
		/* RFC 8842 5.3 */
		snprintf(why, why_size, "the answer says a=setup:actpass, which only an offer may");
		return ERR_UNSUPPORTED;
	}
	return check_media(n, out, why, why_size);
}
