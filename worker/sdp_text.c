/* sdp_text.c - lines, words and numbers of an SDP. Keeps nothing. Pure, any thread. */
#include <string.h>
#include <strings.h>

#include "worker/sdp_text.h"

struct sdp_text
sdp_text_cut(struct sdp_text *rest, char mark)
{
	const char *at = rest->len ? memchr(rest->s, mark, rest->len) : NULL;
	struct sdp_text head = *rest;

	if (!at) {
		*rest = (struct sdp_text){ .s = rest->s + rest->len };
		return head;
	}
	head.len = (size_t)(at - rest->s);
	*rest = (struct sdp_text){ .s = at + 1, .len = rest->len - head.len - 1 };
	return head;
}

struct sdp_text
sdp_text_word(struct sdp_text *rest)
{
	struct sdp_text w = { .s = rest->s };

	while (rest->len && w.len == 0)
		w = sdp_text_cut(rest, ' ');
	return w;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct sdp_text
sdp_text_line(struct sdp_text *rest)
{
	struct sdp_text line = sdp_text_cut(rest, '\n');

	while (line.len && is_blank(line.s[line.len - 1]))
		line.len--;
	return line;
}

bool
sdp_text_is(struct sdp_text t, const char *s)
{
	return t.len == strlen(s) && memcmp(t.s, s, t.len) == 0;
}

bool
sdp_text_is_any_case(struct sdp_text t, const char *s)
{
	return t.len == strlen(s) && strncasecmp(t.s, s, t.len) == 0;
}

bool
sdp_text_copy(struct sdp_text t, char *out, size_t size)
{
	bool fits = t.len < size;

	if (fits)
		memcpy(out, t.s, t.len);
	out[fits ? t.len : 0] = '\0';
	return fits;
}

int64_t
sdp_text_number(struct sdp_text t, uint32_t max)
{
	int64_t v = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (t.s[i] < '0' || t.s[i] > '9')
			return -1;
		v = v * 10 + (t.s[i] - '0');
		if (v > max)
			return -1;
	}
	return t.len ? v : -1;
}
