/* fuzz_consent.c - what a peer may ask by STUN: whatever attributes a check has, it is answered,
 * and the answer fits and is one; and nothing that was not asked for is consent. */
#include <assert.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <stun/usages/ice.h>

#include "worker/consent.h"

#define NAME "ours:theirs"
#define PWD "0123456789012345678901"
#define END_MS CONSENT_MS

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = 1 };

static size_t
receive(struct consent *c, const uint8_t *bytes, size_t len, uint8_t *out)
{
	struct sockaddr_storage from = { 0 };
	uint8_t *copy = malloc(len + 20); /* as ice.c has it: see BEYOND there */
	size_t n;

	if (!copy)
		abort();
	memset(copy, 0, len + 20);
	if (len)
		memcpy(copy, bytes, len);
	memcpy(&from, &peer, sizeof(peer));
	n = consent_receive(c, copy, len, &from, sizeof(peer), 1, out);
	assert(n <= CONSENT_MESSAGE_MAX);
	assert(consent_state(c, END_MS - 1) == CONSENT_GIVEN);
	assert(consent_state(c, END_MS) == CONSENT_EXPIRED);
	free(copy);
	return n;
}

/* A type, a length and a value each. */
static void
append(StunMessage *request, const uint8_t *data, size_t len)
{
	while (len > 2) {
		const size_t n = data[1] < len - 2 ? data[1] : len - 2;
		const uint16_t type = (uint16_t)(data[0] | (data[0] & 0x40) << 9);

		if (type != STUN_ATTRIBUTE_MESSAGE_INTEGRITY)
			stun_message_append_bytes(request, type, data + 2, n);
		data += 2 + n;
		len -= 2 + n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct consent *c = consent_new("ours", PWD, "theirs", PWD);
	uint8_t asked[CONSENT_MESSAGE_MAX], out[CONSENT_MESSAGE_MAX];
	StunAgent agent;
	StunMessage request, answer;
	int error = 0;
	size_t n;

	consent_begin(c, 0, 0);
	consent_ask(c, 0, out);
	receive(c, data, len, out);

	stun_agent_init(&agent, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
		STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
	stun_agent_init_request(&agent, &request, asked, sizeof(asked), STUN_BINDING);
	stun_message_append_string(&request, STUN_ATTRIBUTE_USERNAME, NAME);
	append(&request, data, len);
	n = stun_agent_finish_message(&agent, &request, (const uint8_t *)PWD, strlen(PWD));
	if (n > 0) { /* else it is longer than a check may be */
		n = receive(c, asked, n, out);
		assert(stun_agent_validate(&agent, &answer, out, n, NULL, NULL) ==
			STUN_VALIDATION_SUCCESS);
		stun_message_find_error(&answer, &error);
		assert(error == 0 || error == STUN_ERROR_UNKNOWN_ATTRIBUTE ||
			error == STUN_ERROR_ROLE_CONFLICT);
	}
	consent_free(c);
	return 0;
}
