/* rtsp_auth.c - the answer to a camera that asks who we are.
 * Owns user, password and the challenge. Pure, but for libavutil's hashes; the tunnel's thread. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libavutil/base64.h>
#include <libavutil/md5.h>
#include <libavutil/mem.h>
#include <libavutil/sha.h>

#include "worker/rtsp_auth.h"
#include "common/xmalloc.h"

/* SHA-256 in hex, with a NUL. */
#define HEX_MAX 65
/* Names, quotes and hashes of an Authorization line. */
#define LINE_FRAME 1024
/* "Digest" and the rest of a challenge's words. */
#define NAME_MAX_CHARS 32

/* Weakest first: the last that a camera offers is taken. */
enum scheme { NO_SCHEME, BASIC, DIGEST_MD5, DIGEST_SHA256 };

struct challenge {
	enum scheme scheme;
	bool session; /* MD5-sess, SHA-256-sess */
	bool qop_auth;
	bool stale;
	bool unmet; /* it wants what we cannot do */
	bool named; /* the algorithm was, so it is named in the answer */
	char realm[RTSP_AUTH_VALUE_MAX];
	char nonce[RTSP_AUTH_VALUE_MAX];
	char opaque[RTSP_AUTH_VALUE_MAX];
	bool has_opaque;
};

struct rtsp_auth {
	char *user;
	char *password;
	char cnonce[RTSP_AUTH_CNONCE_MAX];
	struct challenge challenge; /* the newest; NO_SCHEME: none */
	bool used;                  /* the request under way carries an answer to it */
	bool served;                /* the camera has accepted one before */
	bool repeated;              /* the request under way is a repetition with a new nonce */
	uint32_t count;             /* answers to this nonce */
};

struct rtsp_auth *
rtsp_auth_new(const char *user, const char *password, const char *cnonce)
{
	struct rtsp_auth *a = xcalloc(1, sizeof(*a));

	a->user = xstrdup(user);
	a->password = xstrdup(password);
	snprintf(a->cnonce, sizeof(a->cnonce), "%s", cnonce);
	return a;
}

void
rtsp_auth_free(struct rtsp_auth *a)
{
	if (!a)
		return;
	explicit_bzero(a->user, strlen(a->user));
	explicit_bzero(a->password, strlen(a->password));
	free(a->user);
	free(a->password);
	free(a);
}

/* ---- challenges -------------------------------------------------------------------------------
 */

/* A header's value on its way through. */
struct cursor {
	const char *at;
	const char *end;
};

static void
skip_blanks(struct cursor *c, const char *blanks)
{
	while (c->at < c->end && strchr(blanks, *c->at))
		c->at++;
}

/* A word up to what ends one; "" if there is none, or it is longer than any that we know. */
static void
take_word(struct cursor *c, char *out, size_t size)
{
	const char *start = c->at;

	while (c->at < c->end && !strchr(" \t,=\"", *c->at))
		c->at++;
	size_t n = (size_t)(c->at - start);
	snprintf(out, size, "%.*s", n < size ? (int)n : 0, start);
}

/* A quoted string without its quotes and backslashes. Returns false if it is too long for out. */
static bool
take_quoted(struct cursor *c, char *out, size_t size)
{
	size_t n = 0;
	bool fits = true;

	for (c->at++; c->at < c->end && *c->at != '"'; c->at++) {
		if (*c->at == '\\' && c->at + 1 < c->end)
			c->at++;
		fits = n + 1 < size;
		if (fits)
			out[n++] = *c->at;
	}
	if (c->at < c->end)
		c->at++;
	out[n] = '\0';
	return fits;
}

static bool
take_value(struct cursor *c, char *out, size_t size)
{
	const char *start = c->at;

	if (c->at < c->end && *c->at == '"')
		return take_quoted(c, out, size);
	while (c->at < c->end && !strchr(" \t,", *c->at))
		c->at++;
	size_t n = (size_t)(c->at - start);
	snprintf(out, size, "%.*s", n < size ? (int)n : 0, start);
	return n < size;
}

/* True if the list with commas has the word. */
static bool
lists(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (*list) {
		list += strspn(list, " \t,");
		size_t len = strcspn(list, " \t,");
		if (len == n && !strncasecmp(list, word, n))
			return true;
		list += len;
	}
	return false;
}

static const struct {
	const char *name;
	enum scheme scheme;
	bool session;
} algorithms[] = {
	{ .name = "MD5", .scheme = DIGEST_MD5 },
	{ .name = "MD5-sess", .scheme = DIGEST_MD5, .session = true },
	{ .name = "SHA-256", .scheme = DIGEST_SHA256 },
	{ .name = "SHA-256-sess", .scheme = DIGEST_SHA256, .session = true },
};
#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static void
set_algorithm(struct challenge *ch, const char *name)
{
	ch->named = true;
	ch->scheme = NO_SCHEME;
	for (size_t i = 0; i < ALGORITHMS; i++) {
		if (strcasecmp(algorithms[i].name, name))
			continue;
		ch->scheme = algorithms[i].scheme;
		ch->session = algorithms[i].session;
	}
	ch->unmet |= ch->scheme == NO_SCHEME;
}

static const char *
algorithm_name(const struct challenge *ch)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (algorithms[i].scheme == ch->scheme && algorithms[i].session == ch->session)
			return algorithms[i].name;
	return "MD5";
}

static void
set_parameter(struct challenge *ch, const char *name, const char *value)
{
	if (!strcasecmp(name, "realm")) {
		memcpy(ch->realm, value, strlen(value) + 1);
	} else if (!strcasecmp(name, "nonce")) {
		memcpy(ch->nonce, value, strlen(value) + 1);
	} else if (!strcasecmp(name, "opaque")) {
		memcpy(ch->opaque, value, strlen(value) + 1);
		ch->has_opaque = true;
	} else if (!strcasecmp(name, "stale")) {
		ch->stale = !strcasecmp(value, "true");
	} else if (!strcasecmp(name, "algorithm")) {
		set_algorithm(ch, value);
	} else if (!strcasecmp(name, "qop") && *value) { /* empty, it is none: as RFC 2069 has it */
		ch->qop_auth = lists(value, "auth");
		ch->unmet |= !ch->qop_auth;
	}
}

static enum scheme
scheme_of(const char *word)
{
	if (!strcasecmp(word, "Basic"))
		return BASIC;
	return strcasecmp(word, "Digest") ? NO_SCHEME : DIGEST_MD5;
}

static void
choose(struct challenge *best, const struct challenge *offered)
{
	if (!offered->unmet && offered->scheme > best->scheme)
		*best = *offered;
}

/* One header may hold several challenges (RFC 7235 4.1): a word without "=" begins the next. */
static void
read_header(const char *value, size_t len, struct challenge *best)
{
	struct cursor c = { value, value + len };
	struct challenge now = { 0 };
	char name[NAME_MAX_CHARS], text[RTSP_AUTH_VALUE_MAX];

	for (;;) {
		const char *before = c.at;
		skip_blanks(&c, " \t,");
		take_word(&c, name, sizeof(name));
		skip_blanks(&c, " \t");
		if (c.at < c.end && *c.at == '=') {
			c.at++;
			skip_blanks(&c, " \t");
			now.unmet |= !take_value(&c, text, sizeof(text));
			set_parameter(&now, name, text);
		} else {
			choose(best, &now);
			now = (struct challenge){ .scheme = scheme_of(name) };
		}
		if (c.at == before || c.at >= c.end)
			break;
	}
	choose(best, &now);
}

bool
rtsp_auth_challenge(struct rtsp_auth *a, const struct rtsp_piece *answer)
{
	struct challenge best = { 0 };
	const char *value;
	size_t len;

	for (size_t i = 0; (value = rtsp_header_at(answer, "WWW-Authenticate", i, &len)); i++)
		read_header(value, len, &best);
	const bool refused = a->used && (a->repeated || !(best.stale || a->served) ||
						!strcmp(best.nonce, a->challenge.nonce));
	if (best.scheme == NO_SCHEME || refused)
		return false;
	a->repeated = a->used;
	a->used = false;
	a->count = 0;
	a->challenge = best;
	return true;
}

void
rtsp_auth_accept(struct rtsp_auth *a)
{
	a->served |= a->used;
	a->repeated = false;
	a->used = false;
}

/* ---- hashes -----------------------------------------------------------------------------------
 */

static void
to_hex(const uint8_t *bytes, size_t n, char out[HEX_MAX])
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static void
sha256(const uint8_t *text, size_t n, uint8_t out[32])
{
	struct AVSHA *sha = av_sha_alloc();

	if (!sha)
		abort();
	av_sha_init(sha, 256);
	av_sha_update(sha, text, n);
	av_sha_final(sha, out);
	av_free(sha);
}

/* H(a:b:...), the last NULL. RFC 7616 3.3 */
static void
hash(enum scheme scheme, char out[HEX_MAX], const char *const parts[])
{
	uint8_t sum[32];
	size_t n = 0;

	for (size_t i = 0; parts[i]; i++)
		n += strlen(parts[i]) + 1;
	char *text = xcalloc(1, n + 1);
	char *at = text;
	for (size_t i = 0; parts[i]; i++)
		at += snprintf(at, n + 1 - (size_t)(at - text), "%s%s", i ? ":" : "", parts[i]);
	const size_t len = (size_t)(at - text);
	if (scheme == DIGEST_SHA256)
		sha256((const uint8_t *)text, len, sum);
	else
		av_md5_sum(sum, (const uint8_t *)text, len);
	to_hex(sum, scheme == DIGEST_SHA256 ? 32 : 16, out);
	explicit_bzero(text, n);
	free(text);
}

/* RFC 7616 3.4.1, RFC 2617 3.2.2.1 (without qop). */
static void
respond(const struct rtsp_auth *a, const char *method, const char *uri, const char *count,
	char out[HEX_MAX])
{
	const struct challenge *ch = &a->challenge;
	char a1[HEX_MAX], a2[HEX_MAX], session[HEX_MAX];

	hash(ch->scheme, a1, (const char *const[]){ a->user, ch->realm, a->password, NULL });
	if (ch->session) {
		hash(ch->scheme, session, (const char *const[]){ a1, ch->nonce, a->cnonce, NULL });
		memcpy(a1, session, sizeof(a1));
	}
	hash(ch->scheme, a2, (const char *const[]){ method, uri, NULL });
	if (ch->qop_auth)
		hash(ch->scheme, out,
			(const char *const[]){ a1, ch->nonce, count, a->cnonce, "auth", a2, NULL });
	else
		hash(ch->scheme, out, (const char *const[]){ a1, ch->nonce, a2, NULL });
}

/* ---- answers ----------------------------------------------------------------------------------
 */

/* Inside quotes. RFC 7230 3.2.6. Yours to free(). */
static char *
quoted(const char *s)
{
	char *out = xmalloc(2 * strlen(s) + 1), *at = out;

	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			*at++ = '\\';
		*at++ = *s;
	}
	*at = '\0';
	return out;
}

static char *
basic_line(const struct rtsp_auth *a)
{
	char *pair = xasprintf("%s:%s", a->user, a->password);
	const int n = (int)strlen(pair), size = AV_BASE64_SIZE(n);
	char *text = xmalloc((size_t)size);

	if (!av_base64_encode(text, size, (const uint8_t *)pair, n))
		abort();
	char *line = xasprintf("Authorization: Basic %s\r\n", text);
	explicit_bzero(pair, (size_t)n);
	explicit_bzero(text, (size_t)size);
	free(pair);
	free(text);
	return line;
}

/* The parameters after the response, as far as the challenge asks for them. */
static char *
options(const struct rtsp_auth *a, const char *count)
{
	const struct challenge *ch = &a->challenge;
	char *opaque = quoted(ch->opaque), *out;
	char qop[64 + RTSP_AUTH_CNONCE_MAX] = "";

	if (ch->qop_auth)
		snprintf(qop, sizeof(qop), ", qop=auth, nc=%s, cnonce=\"%s\"", count, a->cnonce);
	else if (ch->session)
		snprintf(qop, sizeof(qop), ", cnonce=\"%s\"", a->cnonce);
	out = xasprintf("%s%s%s%s%s%s", ch->named ? ", algorithm=" : "",
		ch->named ? algorithm_name(ch) : "", ch->has_opaque ? ", opaque=\"" : "",
		ch->has_opaque ? opaque : "", ch->has_opaque ? "\"" : "", qop);
	free(opaque);
	return out;
}

static char *
digest_line(struct rtsp_auth *a, const char *method, const char *uri)
{
	char count[9], response[HEX_MAX];

	snprintf(count, sizeof(count), "%08x", ++a->count);
	respond(a, method, uri, count, response);
	char *user = quoted(a->user), *realm = quoted(a->challenge.realm);
	char *nonce = quoted(a->challenge.nonce), *rest = options(a, count);
	char *line = xasprintf("Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", "
			       "uri=\"%s\", response=\"%s\"%s\r\n",
		user, realm, nonce, uri, response, rest);
	free(user);
	free(realm);
	free(nonce);
	free(rest);
	return line;
}

char *
rtsp_auth_line(struct rtsp_auth *a, const char *method, const char *uri)
{
	if (a->challenge.scheme == NO_SCHEME)
		return NULL;
	a->used = true;
	return a->challenge.scheme == BASIC ? basic_line(a) : digest_line(a, method, uri);
}

size_t
rtsp_auth_line_max(const struct rtsp_auth *a, size_t uri_len)
{
	return LINE_FRAME + 2 * (strlen(a->user) + strlen(a->password) + 3 * RTSP_AUTH_VALUE_MAX) +
	       uri_len;
}
