/* hmac.c - HMAC-SHA256 and base64: the supervisor's only use of OpenSSL. Keeps nothing. Any thread.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/hmac.h"

void
hmac_text(const unsigned char *key, size_t key_len, const char *text, size_t text_len,
	char out[HMAC_TEXT_BYTES])
{
	unsigned char code[HMAC_BYTES];
	unsigned len = sizeof(code);

	if (!HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, text_len, code,
		    &len))
		abort();
	EVP_EncodeBlock((unsigned char *)out, code, (int)len);
}

int
hmac_decode(const char *base64, unsigned char *out, size_t out_size)
{
	size_t len = strlen(base64);
	int padding = 0;

	if (len == 0 || len % 4 != 0 || len / 4 * 3 > out_size)
		return -1;
	while (padding < 2 && base64[len - 1 - (size_t)padding] == '=')
		padding++;
	int n = EVP_DecodeBlock(out, (const unsigned char *)base64, (int)len);
	return n < 0 ? -1 : n - padding;
}
