#ifndef SUPERVISOR_WEBHOOK_H
#define SUPERVISOR_WEBHOOK_H

#include <stddef.h>
#include <stdint.h>

/* One delivery of a webhook: its headers, and what its answer means. docs/webhooks.md is the
 * contract. The scheme is that of the Standard Webhooks specification, 1.0, so that its libraries
 * verify it. Pure. */

/* "msg_" and 128 random bits in hex, with its NUL. */
#define WEBHOOK_ID_BYTES 37
/* A header with its name. */
#define WEBHOOK_HEADER_BYTES 128

struct webhook_headers {
	char id[WEBHOOK_HEADER_BYTES];
	char timestamp[WEBHOOK_HEADER_BYTES];
	char signature[WEBHOOK_HEADER_BYTES];
	const char *list[4]; /* of these, to a NULL; for http_request */
};

/* random: 16 bytes. */
void webhook_id(const unsigned char random[16], char out[WEBHOOK_ID_BYTES]);

/* secret: the text of the secret's file, NULL: not signed. at_s: now, seconds since 1970, which is
 * signed too. */
void webhook_sign(const char *secret, const char *id, int64_t at_s, const char *body,
	struct webhook_headers *out);

/* What is wrong with a secret: "whsec_" must be followed by base64. NULL: nothing. */
const char *webhook_secret_mistake(const char *secret);

enum webhook_verdict {
	WEBHOOK_DELIVERED, /* 2xx */
	WEBHOOK_RETRY,     /* no answer, 5xx, 408, 425, 429 */
	WEBHOOK_REFUSED,   /* 3xx and other 4xx: this delivery will hardly ever be taken */
	WEBHOOK_GONE       /* 410: nobody wants any */
};

/* err and status are http_answer's. */
enum webhook_verdict webhook_verdict(int err, int status);

#endif
