/* sdp_candidates.c - which candidates of an answer are any use. Pure, any thread. */
#include <arpa/inet.h>
#include <string.h>

#include "worker/sdp_candidates.h"

static bool
is_ip_literal(const char *address)
{
	struct in6_addr any;

	return inet_pton(AF_INET, address, &any) == 1 || inet_pton(AF_INET6, address, &any) == 1;
}

void
sdp_candidates_set_ufrag(
	struct sdp_candidates *c, const struct sdp_remote *r, struct sdp_text value)
{
	c->ufrags[r->media_count] = sdp_text_word(&value);
}

static bool
is_same(const struct sdp_candidate *a, const struct sdp_candidate *b)
{
	return a->port == b->port && strcmp(a->address, b->address) == 0 &&
	       strcmp(a->type, b->type) == 0;
}

/* What is twice in a section counts once. */
static void
add(struct sdp_candidates *c, struct sdp_remote *r, const struct sdp_candidate *candidate)
{
	for (size_t i = 0; i < r->candidate_count; i++)
		if (c->section_of[i] == r->media_count && is_same(&r->candidates[i], candidate))
			return;
	if (r->candidate_count == SDP_CANDIDATES_MAX)
		return;
	c->section_of[r->candidate_count] = (uint8_t)r->media_count;
	r->candidates[r->candidate_count++] = *candidate;
}

/* RFC 8839 5.1: foundation component transport priority address port "typ" type ... */
void
sdp_candidates_add(struct sdp_candidates *c, struct sdp_remote *r, struct sdp_text value)
{
	struct sdp_candidate new = { 0 };
	bool fits = sdp_text_copy(sdp_text_word(&value), new.foundation, sizeof(new.foundation)) &&
		    new.foundation[0];
	int64_t component = sdp_text_number(sdp_text_word(&value), 256);
	bool udp = sdp_text_is_any_case(sdp_text_word(&value), "udp");
	int64_t priority = sdp_text_number(sdp_text_word(&value), UINT32_MAX);
	bool literal = sdp_text_copy(sdp_text_word(&value), new.address, sizeof(new.address)) &&
		       is_ip_literal(new.address);
	int64_t port = sdp_text_number(sdp_text_word(&value), UINT16_MAX);
	bool typ = sdp_text_is(sdp_text_word(&value), "typ");

	if (!sdp_text_copy(sdp_text_word(&value), new.type, sizeof(new.type)) || !new.type[0] ||
		!typ || !fits || priority < 0)
		return;
	/* rtcp-mux: there is no second component, though Cloudflare lists one. */
	if (component != 1 || !udp || !literal || port < 1)
		return;
	new.priority = (uint32_t)priority;
	new.port = (uint16_t)port;
	add(c, r, &new);
}

/* section: index in c->ufrags. */
static bool
is_of_transport(const struct sdp_candidates *c, size_t section, const char *ufrag)
{
	const struct sdp_text own = c->ufrags[section];

	return own.len == 0 || sdp_text_is(own, ufrag);
}

bool
sdp_candidates_share_transport(const struct sdp_candidates *c, const struct sdp_remote *r)
{
	for (size_t i = 0; i < r->media_count; i++)
		if (r->media[i].accepted && !is_of_transport(c, i + 1, r->ice_ufrag))
			return false;
	return true;
}

void
sdp_candidates_choose(const struct sdp_candidates *c, struct sdp_remote *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->candidate_count; i++) {
		bool again = false;
		for (size_t j = 0; j < kept; j++)
			again |= is_same(&r->candidates[j], &r->candidates[i]);
		if (!again && is_of_transport(c, c->section_of[i], r->ice_ufrag))
			r->candidates[kept++] = r->candidates[i];
	}
	r->candidate_count = kept;
}
