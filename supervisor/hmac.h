#ifndef SUPERVISOR_HMAC_H
#define SUPERVISOR_HMAC_H

#include <stddef.h>

/* HMAC-SHA256 (RFC 2104, FIPS 180-4) and the base64 (RFC 4648 4) that goes with it. Any thread. */

#define HMAC_BYTES 32
/* In base64, with its NUL. */
#define HMAC_TEXT_BYTES 45

/* The code of text by key, in base64. */
void hmac_text(const unsigned char *key, size_t key_len, const char *text, size_t text_len,
	char out[HMAC_TEXT_BYTES]);

/* What base64 means; out has room for three quarters of its length and is the caller's to wipe.
 * Returns the number of bytes, or -1 if it is none. */
int hmac_decode(const char *base64, unsigned char *out, size_t out_size);

#endif
