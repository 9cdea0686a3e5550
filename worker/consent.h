#ifndef WORKER_CONSENT_H
#define WORKER_CONSENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/clock.h"

/* RFC 7675 5.1: consent ends 30 s after the last answer; it is asked for every 5 s, each time by
 * up to a fifth sooner or later, by a new check, which is sent once. */
#define CONSENT_MS 30000
#define CONSENT_PERIOD_MS 5000

/* No message that is written here is longer: two names of 256 characters take half of it. */
#define CONSENT_MESSAGE_MAX 1200

/* Whether a peer may be sent to on the path that ICE found: it is asked by STUN checks, and its own
 * checks are answered. Times and messages in, messages out: knows no socket. */
struct consent;

enum consent_state {
	CONSENT_GIVEN,
	CONSENT_EXPIRED, /* it did not answer for CONSENT_MS */
	CONSENT_REVOKED, /* it answered 403 (RFC 7675 5.2) */
};

/* The two's ICE credentials, which are copied. Out of memory aborts. */
struct consent *consent_new(
	const char *ufrag, const char *pwd, const char *remote_ufrag, const char *remote_pwd);
void consent_free(struct consent *c); /* NULL is fine */

/* The checks of ICE are over: the peer answered then, which is consent too, and is asked at once.
 */
void consent_begin(struct consent *c, ms_t answered, ms_t now);

/* When to call consent_ask next. */
ms_t consent_due(const struct consent *c);

/* Writes the check that is due and returns how long it is, or 0. */
size_t consent_ask(struct consent *c, ms_t now, uint8_t out[CONSENT_MESSAGE_MAX]);

/* Takes a STUN message that came from the peer's address, which is given. Writes what is to be
 * answered and returns how long that is, or 0. */
size_t consent_receive(struct consent *c, const uint8_t *bytes, size_t len,
	const struct sockaddr_storage *from, socklen_t from_len, ms_t now,
	uint8_t out[CONSENT_MESSAGE_MAX]);

enum consent_state consent_state(const struct consent *c, ms_t now);

#endif
