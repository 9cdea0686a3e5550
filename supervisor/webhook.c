/* webhook.c - one delivery: its headers, and what its answer means. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/hmac.h"
#include "supervisor/webhook.h"

/* Of the specification: what follows is the key in base64. */
static const char secret_prefix[] = "whsec_";
/* secret.h's longest word, decoded. */
#define KEY_BYTES_MAX 4096

void
webhook_id(const unsigned char random[16], char out[WEBHOOK_ID_BYTES])
{
	size_t n = (size_t)snprintf(out, WEBHOOK_ID_BYTES, "msg_");

	for (size_t i = 0; i < 16; i++)
		n += (size_t)snprintf(out + n, WEBHOOK_ID_BYTES - n, "%02x", random[i]);
}

/* The bytes that a secret stands for; -1 if it stands for none. */
static int
key_of(const char *secret, unsigned char *key, size_t size)
{
	size_t prefix = strlen(secret_prefix);
	size_t len = strlen(secret);

	if (strncmp(secret, secret_prefix, prefix) == 0)
		return hmac_decode(secret + prefix, key, size);
	memcpy(key, secret, len < size ? len : size);
	return (int)(len < size ? len : size);
}

const char *
webhook_secret_mistake(const char *secret)
{
	unsigned char key[KEY_BYTES_MAX];

	int n = key_of(secret, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	return n > 0 ? NULL : "what follows whsec_ must be base64";
}

void
webhook_sign(const char *secret, const char *id, int64_t at_s, const char *body,
	struct webhook_headers *out)
{
	unsigned char key[KEY_BYTES_MAX];
	char code[HMAC_TEXT_BYTES];
	char *signed_text;

	*out = (struct webhook_headers){ .list = { out->id, out->timestamp } };
	snprintf(out->id, sizeof(out->id), "webhook-id: %s", id);
	snprintf(
		out->timestamp, sizeof(out->timestamp), "webhook-timestamp: %lld", (long long)at_s);
	int key_len = secret ? key_of(secret, key, sizeof(key)) : -1;
	if (key_len < 0)
		return;
	int len = asprintf(&signed_text, "%s.%lld.%s", id, (long long)at_s, body);
	if (len < 0)
		abort();
	hmac_text(key, (size_t)key_len, signed_text, (size_t)len, code);
	explicit_bzero(key, sizeof(key));
	free(signed_text);
	snprintf(out->signature, sizeof(out->signature), "webhook-signature: v1,%s", code);
	out->list[2] = out->signature;
}

enum webhook_verdict
webhook_verdict(int err, int status)
{
	if (err || status >= 500 || status == 408 || status == 425 || status == 429)
		return WEBHOOK_RETRY;
	if (status == 410)
		return WEBHOOK_GONE;
	return status / 100 == 2 ? WEBHOOK_DELIVERED : WEBHOOK_REFUSED;
}
