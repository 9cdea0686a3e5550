/* naming.c - names that people gave at Google, made fit for a terminal and for a configuration
 * file. Owns the spelling of a slug. Pure. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "supervisor/naming.h"

/* U+00C0 to U+00FF without their marks; '-' is what has no letter. */
static const char latin1[] = "aaaaaaaceeeeiiiidnooooo-ouuuuytsaaaaaaaceeeeiiiidnooooo-ouuuuyty";

/* ---- characters ------------------------------------------------------------------------------ */

/* The smallest character of so many bytes: a longer form of a smaller one is no UTF-8. */
static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };

static size_t
length_of(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xf0 && first < 0xf8)
		return 4;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	return first >= 0xc0 && first < 0xe0 ? 2 : 0;
}

/* The character that text begins with. Returns its length, 0 if it is none (RFC 3629). */
static size_t
decode(const char *text, uint32_t *out)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = length_of(s[0]);
	uint32_t c = n == 1 ? s[0] : s[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (n == 0 || c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*out = c;
	return n;
}

/* Controls, line breaks, and marks that make a line read as something else. */
static bool
is_blank(uint32_t c)
{
	return c <= ' ' || (c >= 0x7f && c <= 0xa0) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* ---- for people ------------------------------------------------------------------------------ */

char *
naming_clean(char *out, size_t size, const char *text)
{
	size_t len = 0;
	bool gap = false;

	while (*text) {
		uint32_t c = '?';
		size_t n = decode(text, &c);
		size_t step = n ? n : 1;
		bool blank = is_blank(c);
		if (!blank && len + (gap && len) + step + 1 > size)
			break;
		if (!blank && gap && len)
			out[len++] = ' ';
		if (!blank) {
			memcpy(out + len, n ? text : "?", step);
			len += step;
		}
		gap = blank;
		text += step;
	}
	out[len] = '\0';
	return out;
}

/* ---- for the configuration ------------------------------------------------------------------- */

/* What stands for it in a slug: '-' separates, '\0' is left out. */
static char
letter_of(uint32_t c)
{
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return (char)c;
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if (c >= 0xc0 && c <= 0xff)
		return latin1[c - 0xc0];
	return c == '\'' || c == 0x2019 ? '\0' : '-';
}

char *
naming_slug(char out[NAMING_SLUG_MAX], const char *text)
{
	size_t len = 0;
	bool gap = false;

	while (*text && len + 2 < NAMING_SLUG_MAX) {
		uint32_t c = '-';
		size_t n = decode(text, &c);
		char letter = letter_of(c);
		text += n ? n : 1;
		if (letter == '-')
			gap = len > 0;
		if (letter == '-' || letter == '\0')
			continue;
		if (gap)
			out[len++] = '-';
		out[len++] = letter;
		gap = false;
	}
	out[len] = '\0';
	if (len == 0)
		memcpy(out, "camera", sizeof("camera"));
	return out;
}
