/* sdp_fingerprint.c - by what certificates the other end may prove itself. Pure, any thread. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "worker/sdp_fingerprint.h"

/* RFC 8122 5, the preferred first. MD5, SHA-1 and SHA-224 are none that we trust. */
static const struct sdp_hash hashes[] = {
	{ .name = "sha-256", .bytes = 32 },
	{ .name = "sha-384", .bytes = 48 },
	{ .name = "sha-512", .bytes = 64 },
};

#define HASHES (sizeof(hashes) / sizeof(hashes[0]))

/* Index in hashes; HASHES if it is none. */
static size_t
find(struct sdp_text name)
{
	size_t i = 0;

	while (i < HASHES && !sdp_text_is_any_case(name, hashes[i].name))
		i++;
	return i;
}

/* "ab:CD:..." of so many bytes to upper case. */
static bool
copy(struct sdp_text t, size_t bytes, char *out)
{
	if (t.len != bytes * 3 - 1)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.s[i];
		if (i % 3 == 2 ? c != ':' : !isxdigit(c))
			return false;
		out[i] = (char)toupper(c);
	}
	out[t.len] = '\0';
	return true;
}

static bool
has(const struct sdp_fingerprints *f, const char *digits)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->digits[i], digits) == 0)
			return true;
	return false;
}

const struct sdp_hash *
sdp_fingerprint_add(struct sdp_fingerprints *f, struct sdp_text value)
{
	const size_t hash = find(sdp_text_word(&value));
	const size_t kept = find((struct sdp_text){ .s = f->hash, .len = strlen(f->hash) });
	char digits[sizeof(f->digits[0])] = "";

	if (hash == HASHES || hash > kept)
		return NULL;
	if (!copy(sdp_text_word(&value), hashes[hash].bytes, digits))
		return &hashes[hash];
	if (hash < kept)
		f->count = 0;
	snprintf(f->hash, sizeof(f->hash), "%s", hashes[hash].name);
	if (f->count < SDP_FINGERPRINTS_MAX && !has(f, digits))
		memcpy(f->digits[f->count++], digits, sizeof(digits));
	return NULL;
}
