/* whip_answer.c - what a WHIP server says, read into structs. Pure. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "supervisor/whip_answer.h"
#include "common/wipe.h"
#include "common/xmalloc.h"
#include "supervisor/words.h"

/* As with Cloudflare's SFU: a real answer has some 2,000 bytes. */
#define SDP_BYTES_MAX 65536
/* Shorter parts of a URL are words such as "whip", and no secrets. */
#define SECRET_BYTES_MIN 6

/* RFC 9725 4.2 names few codes and asks clients to go by the class; these are told apart since an
 * operator does something else about each. */
/* clang-format off */
static const struct {
	int status;
	enum whip_error error;
} errors[] = {
	{ .status = 400, .error = WHIP_INVALID },
	{ .status = 401, .error = WHIP_UNAUTHORIZED },
	{ .status = 403, .error = WHIP_UNAUTHORIZED },
	{ .status = 404, .error = WHIP_NOT_FOUND },
	{ .status = 405, .error = WHIP_NOT_FOUND },
	{ .status = 406, .error = WHIP_INVALID },
	{ .status = 409, .error = WHIP_CONFLICT },
	{ .status = 410, .error = WHIP_NOT_FOUND },
	{ .status = 415, .error = WHIP_INVALID },
	{ .status = 422, .error = WHIP_INVALID },
	{ .status = 429, .error = WHIP_BUSY },
	{ .status = 503, .error = WHIP_BUSY },
};
/* clang-format on */

static const char *const error_names[WHIP_ERRORS] = {
	[WHIP_OK] = "ok",
	[WHIP_INVALID] = "offer not taken",
	[WHIP_UNAUTHORIZED] = "unauthorized",
	[WHIP_NOT_FOUND] = "no such endpoint",
	[WHIP_CONFLICT] = "conflict",
	[WHIP_BUSY] = "busy",
	[WHIP_SERVER] = "server error",
	[WHIP_REFUSED] = "refused",
	[WHIP_REDIRECT] = "bad redirection",
	[WHIP_TOKEN] = "no token",
	[WHIP_TIMEOUT] = "timeout",
	[WHIP_TRANSPORT] = "transport",
	[WHIP_MALFORMED] = "malformed",
};

const char *
whip_error_name(enum whip_error error)
{
	return error_names[error];
}

static enum whip_error
error_of(int status)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i].status == status)
			return errors[i].error;
	if (status >= 500 && status < 600)
		return WHIP_SERVER;
	return status >= 400 && status < 500 ? WHIP_REFUSED : WHIP_MALFORMED;
}

static void
malformed(struct whip_answer *out, const char *why)
{
	out->error = WHIP_MALFORMED;
	snprintf(out->words, sizeof(out->words), "%s", why);
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* RFC 9457 has title and detail; others say error or message. */
static const char *
sentence_of(const struct json *j)
{
	static const char *const keys[] = { "detail", "title", "message", "error" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const char *text = json_str(j, keys[i]);
		if (text && *text)
			return text;
	}
	return NULL;
}

static bool
is_type(const char *type, const char *wanted)
{
	size_t n = strlen(wanted);

	return type && strncasecmp(type, wanted, n) == 0 && strchr("; \t", type[n]);
}

/* Neither empty nor markup: servers send sentences as whatever type. */
static bool
is_prose(const char *body)
{
	char first = body[strspn(body, " \t\r\n")];

	return first != '\0' && first != '<' && first != '{';
}

static void
quote(const struct whip_bytes *in, char *out, size_t size)
{
	char line[WHIP_WORDS_MAX];
	struct json *j = json_parse(in->body, in->len, line, sizeof(line));
	const char *sentence = sentence_of(j);

	if (sentence)
		words_copy(out, size, sentence);
	else if (is_prose(in->body))
		words_copy(out, size, in->body);
	else
		words_of_page(out, size, in->status, in->body, in->len);
	json_free(j);
}

static void
parse_error(const struct whip_bytes *in, struct whip_answer *out)
{
	char words[WHIP_WORDS_MAX - 8];

	quote(in, words, sizeof(words));
	out->error = error_of(in->status);
	snprintf(out->words, sizeof(out->words), "%d %s", in->status, words);
}

/* ---- success --------------------------------------------------------------------------------- */

/* RFC 9725 4.2: 201, an answer as application/sdp, and the session's URL. gst-plugins-rs takes 200
 * as well, since servers say it; so do we. */
static void
parse_created(const struct whip_bytes *in, struct whip_answer *out)
{
	if (in->status != 201 && in->status != 200) {
		snprintf(out->words, sizeof(out->words), "%d is no answer to an offer", in->status);
		out->error = WHIP_MALFORMED;
	} else if (!is_type(in->type, "application/sdp")) {
		malformed(out, "the answer's Content-Type is not application/sdp");
	} else if (in->len < 4 || in->len > SDP_BYTES_MAX || strlen(in->body) != in->len ||
		   strncmp(in->body, "v=0", 3) != 0) {
		malformed(out, "the answer is no SDP");
	} else if (!in->location || !*in->location) {
		malformed(out, "the answer has no Location: its session could never be ended");
	} else {
		out->sdp = xstrdup(in->body);
	}
}

static bool
is_gone(int status)
{
	return status == 404 || status == 410;
}

void
whip_answer_parse(enum whip_request request, const struct whip_bytes *in, struct whip_answer *out)
{
	bool success = in->status >= 200 && in->status < 300;

	*out = (struct whip_answer){ .status = in->status, .retry_after_ms = -1 };
	if (request == WHIP_DELETE && (success || is_gone(in->status)))
		return;
	if (success)
		parse_created(in, out);
	else
		parse_error(in, out);
}

void
whip_answer_clear(struct whip_answer *a)
{
	wipe_free(a->session_url);
	free(a->sdp);
	*a = (struct whip_answer){ 0 };
}

/* ---- Link ------------------------------------------------------------------------------------ */

/* Behind the quoted string or the single character at c. */
static const char *
skip_one(const char *c)
{
	if (*c != '"')
		return c + 1;
	for (c++; *c && *c != '"'; c++)
		if (*c == '\\' && c[1])
			c++;
	return *c ? c + 1 : c;
}

/* Whether the parameter at c, behind its semicolon, is rel with that word among its words. */
static bool
is_rel(const char *c, const char *word)
{
	size_t n = strlen(word);

	c += strspn(c, " \t");
	if (strncasecmp(c, "rel", 3) != 0)
		return false;
	c += 3 + strspn(c + 3, " \t");
	if (*c != '=')
		return false;
	c += 1 + strspn(c + 1, " \t");
	size_t len = *c == '"' ? strcspn(++c, "\"") : strcspn(c, ";, \t");
	for (const char *end = c + len; c < end; c += strspn(c, " \t")) {
		size_t one = strcspn(c, " \t\"");
		one = one > (size_t)(end - c) ? (size_t)(end - c) : one;
		if (one == n && strncasecmp(c, word, n) == 0)
			return true;
		c += one ? one : 1;
	}
	return false;
}

unsigned
whip_ice_servers(const char *link)
{
	unsigned count = 0;

	while (*link) {
		bool found = false;
		link += strspn(link, " \t,");
		if (*link == '<')
			link += strcspn(link, ">");
		while (*link && *link != ',') {
			found = found || (*link == ';' && is_rel(link + 1, "ice-server"));
			link = skip_one(link);
		}
		count += found;
	}
	return count;
}

/* ---- secrets --------------------------------------------------------------------------------- */

static void
take_out(char *words, const char *secret, size_t len)
{
	char *at = len ? memmem(words, strlen(words), secret, len) : NULL;

	for (; at; at = memmem(at + 3, strlen(at + 3), secret, len)) {
		memset(at, '*', 3);
		memmove(at + 3, at + len, strlen(at + len) + 1);
	}
	/* Words that were cut may end within it. */
	size_t end = strlen(words);
	for (size_t n = len < end ? len : end; n >= SECRET_BYTES_MIN; n--)
		if (memcmp(words + end - n, secret, n) == 0) {
			snprintf(words + end - n, n + 1, "***");
			return;
		}
}

void
whip_scrub(char *words, const char *url, const char *bearer)
{
	const char *authority = strstr(url, "://");
	const char *c = authority ? authority + 3 + strcspn(authority + 3, "/?#") : url;

	if (bearer && strlen(bearer) >= 3)
		take_out(words, bearer, strlen(bearer));
	while (*c) {
		c += strspn(c, "/?&=#");
		size_t n = strcspn(c, "/?&=#");
		if (n >= SECRET_BYTES_MIN)
			take_out(words, c, n);
		c += n;
	}
}
