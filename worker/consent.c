/* consent.c - asks a peer whether it may be sent to, and answers its checks (RFC 7675, RFC 8445).
 * Owns the checks that were not answered yet. Knows no socket; STUN is libnice's. */
#include "worker/consent.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stun/usages/ice.h>

#include "common/xmalloc.h"
#include "worker/draw.h"
#include "worker/sdp.h"

/* An answer counts for as long as consent would: no more than these were asked in that time. */
#define ASKED_MAX (CONSENT_MS / (CONSENT_PERIOD_MS * 4 / 5) + 1)

/* RFC 8445 5.1.2: what a peer-reflexive candidate of ours would have. */
#define PRIORITY (110U << 24 | 65535U << 8 | 255U)

#define NAME_BYTES (2 * SDP_ICE_CHARS_MAX + 2) /* "ufrag:ufrag" */

struct consent {
	StunAgent stun;               /* remembers what was asked until it is told to forget */
	char name[NAME_BYTES];        /* who we say we are: theirs first */
	char remote_name[NAME_BYTES]; /* who they say they are: ours first */
	char pwd[SDP_ICE_CHARS_MAX + 1];
	char remote_pwd[SDP_ICE_CHARS_MAX + 1];
	uint64_t tie_breaker;
	bool controlling;
	bool corrected; /* the peer told us to change that, and has not answered since */
	bool revoked;
	ms_t answered;                      /* last */
	ms_t next;                          /* when to ask again; MS_NEVER: not begun */
	StunTransactionId asked[ASKED_MAX]; /* a ring */
	size_t newest;
	bool asked_controlling; /* by the newest */
};

struct consent *
consent_new(const char *ufrag, const char *pwd, const char *remote_ufrag, const char *remote_pwd)
{
	struct consent *c = xcalloc(1, sizeof(*c));

	stun_agent_init(&c->stun, STUN_ALL_KNOWN_ATTRIBUTES, STUN_COMPATIBILITY_RFC5389,
		STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT |
			STUN_AGENT_USAGE_CONSENT_FRESHNESS);
	snprintf(c->name, sizeof(c->name), "%s:%s", remote_ufrag, ufrag);
	snprintf(c->remote_name, sizeof(c->remote_name), "%s:%s", ufrag, remote_ufrag);
	snprintf(c->pwd, sizeof(c->pwd), "%s", pwd);
	snprintf(c->remote_pwd, sizeof(c->remote_pwd), "%s", remote_pwd);
	c->tie_breaker = (uint64_t)draw() << 32 | draw();
	c->controlling = true;
	c->next = MS_NEVER;
	return c;
}

void
consent_free(struct consent *c)
{
	if (c == NULL)
		return;
	explicit_bzero(c, sizeof(*c));
	free(c);
}

void
consent_begin(struct consent *c, ms_t answered, ms_t now)
{
	c->answered = answered;
	c->next = now;
}

ms_t
consent_due(const struct consent *c)
{
	const ms_t end = c->answered + CONSENT_MS;

	return c->next < end ? c->next : end;
}

enum consent_state
consent_state(const struct consent *c, ms_t now)
{
	if (c->revoked)
		return CONSENT_REVOKED;
	return now < c->answered + CONSENT_MS ? CONSENT_GIVEN : CONSENT_EXPIRED;
}

/* ---- ours ------------------------------------------------------------------------------------ */

/* In place of the oldest one, which is too old to be answered. */
static void
remember(struct consent *c, const StunMessage *check)
{
	c->newest = (c->newest + 1) % ASKED_MAX;
	stun_agent_forget_transaction(&c->stun, c->asked[c->newest]);
	stun_message_id(check, c->asked[c->newest]);
	c->asked_controlling = c->controlling;
}

size_t
consent_ask(struct consent *c, ms_t now, uint8_t out[CONSENT_MESSAGE_MAX])
{
	StunMessage check;
	size_t len;

	if (now < c->next || consent_state(c, now) != CONSENT_GIVEN)
		return 0;
	c->next = now + CONSENT_PERIOD_MS * 4 / 5 + draw() % (CONSENT_PERIOD_MS * 2 / 5 + 1);
	len = stun_usage_ice_conncheck_create(&c->stun, &check, out, CONSENT_MESSAGE_MAX,
		(const uint8_t *)c->name, strlen(c->name), (const uint8_t *)c->remote_pwd,
		strlen(c->remote_pwd), c->controlling, c->controlling, PRIORITY, c->tie_breaker,
		NULL, STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
	if (len > 0)
		remember(c, &check);
	return len;
}

static void
take_answer(struct consent *c, ms_t now)
{
	if (consent_state(c, now) != CONSENT_GIVEN)
		return; /* it does not come back */
	c->answered = now;
	c->corrected = false;
}

/* RFC 8445 7.2.5.1: the peer has the role that our newest check claimed; it is asked again at once,
 * but not for ever. libnice does not tell which role it ended with. */
static void
correct_role(struct consent *c, const StunMessage *error, ms_t now)
{
	StunTransactionId id;

	stun_message_id(error, id);
	if (c->corrected || memcmp(id, c->asked[c->newest], sizeof(id)) != 0)
		return;
	c->corrected = true;
	c->controlling = !c->asked_controlling;
	c->next = now;
}

static void
take_error(struct consent *c, const StunMessage *error, StunValidationStatus status, ms_t now)
{
	int code = 0;

	if (status == STUN_VALIDATION_FORBIDDEN)
		c->revoked = true;
	else if (status == STUN_VALIDATION_SUCCESS &&
		 stun_message_find_error(error, &code) == STUN_MESSAGE_RETURN_SUCCESS &&
		 code == STUN_ERROR_ROLE_CONFLICT)
		correct_role(c, error, now);
}

/* ---- theirs ---------------------------------------------------------------------------------- */

static bool
find_password(StunAgent *stun, StunMessage *message, uint8_t *name, uint16_t name_len,
	uint8_t **pwd, size_t *pwd_len, void *arg)
{
	struct consent *c = arg;

	(void)stun;
	(void)message;
	if (name == NULL || name_len != strlen(c->remote_name) ||
		memcmp(name, c->remote_name, name_len) != 0)
		return false;
	*pwd = (uint8_t *)c->pwd;
	*pwd_len = strlen(c->pwd);
	return true;
}

static size_t
refuse(struct consent *c, const StunMessage *request, StunError error, uint8_t *out)
{
	StunMessage answer;

	if (!stun_agent_init_error(&c->stun, &answer, out, CONSENT_MESSAGE_MAX, request, error))
		return 0;
	return stun_agent_finish_message(&c->stun, &answer, NULL, 0);
}

static size_t
answer_request(struct consent *c, StunMessage *request, StunValidationStatus status,
	const struct sockaddr_storage *from, socklen_t from_len, uint8_t *out)
{
	StunMessage answer;
	size_t len = CONSENT_MESSAGE_MAX;

	switch (status) {
	case STUN_VALIDATION_SUCCESS:
		stun_usage_ice_conncheck_create_reply(&c->stun, request, &answer, out, &len, from,
			from_len, &c->controlling, c->tie_breaker,
			STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
		return len;
	case STUN_VALIDATION_UNKNOWN_REQUEST_ATTRIBUTE:
		return stun_agent_build_unknown_attributes_error(
			&c->stun, &answer, out, CONSENT_MESSAGE_MAX, request);
	case STUN_VALIDATION_UNAUTHORIZED:
		return refuse(c, request, STUN_ERROR_UNAUTHORIZED, out);
	case STUN_VALIDATION_UNAUTHORIZED_BAD_REQUEST:
		return refuse(c, request, STUN_ERROR_BAD_REQUEST, out);
	default:
		return 0; /* no ICE check: RFC 8489 6.3 */
	}
}

size_t
consent_receive(struct consent *c, const uint8_t *bytes, size_t len,
	const struct sockaddr_storage *from, socklen_t from_len, ms_t now,
	uint8_t out[CONSENT_MESSAGE_MAX])
{
	StunMessage message;
	const StunValidationStatus status =
		stun_agent_validate(&c->stun, &message, bytes, len, find_password, c);

	if (status == STUN_VALIDATION_NOT_STUN || status == STUN_VALIDATION_INCOMPLETE_STUN)
		return 0;
	switch (stun_message_get_class(&message)) {
	case STUN_REQUEST:
		return answer_request(c, &message, status, from, from_len, out);
	case STUN_RESPONSE:
		if (status == STUN_VALIDATION_SUCCESS)
			take_answer(c, now);
		return 0;
	case STUN_ERROR:
		take_error(c, &message, status, now);
		return 0;
	case STUN_INDICATION:
		break;
	}
	return 0;
}
