/* rtsp_url.c - the parts of an RTSP URL, of any length. Pure. */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "worker/rtsp_url.h"
#include "common/xmalloc.h"

/* RFC 2326 3.2: 554. RFC 7826 4.2 gives 322 to rtsps. */
#define PORT_RTSP "554"
#define PORT_RTSPS "322"

static char *
copy(const char *s, size_t n)
{
	char *out = xstrndup(s, n);

	return out;
}

/* Nothing that ends or splits a request line. */
static bool
is_printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

static bool
is_port(const char *s, size_t n)
{
	char text[6] = { 0 };

	if (n < 1 || n > 5 || strspn(s, "0123456789") < n)
		return false;
	memcpy(text, s, n);
	int port = atoi(text);
	return port >= 1 && port <= 65535;
}

/* host, [v6], each with or without :port. */
static bool
parse_host(const char *s, size_t n, struct rtsp_url *out)
{
	bool literal = n && *s == '[';
	const char *host = s + literal;
	const char *end = memchr(host, literal ? ']' : ':', n - literal);
	const char *stop = s + n;

	if (!end && literal)
		return false;
	const char *rest = end ? end + literal : stop;
	size_t host_len = (size_t)((end ? end : stop) - host);
	if (host_len == 0 || (rest < stop && *rest != ':'))
		return false;
	if (rest < stop && !is_port(rest + 1, (size_t)(stop - rest - 1)))
		return false;
	out->host = copy(host, host_len);
	out->port = rest < stop ? copy(rest + 1, (size_t)(stop - rest - 1))
				: copy(out->tls ? PORT_RTSPS : PORT_RTSP, 3);
	return true;
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c ? strchr(digits, c | 0x20) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* The byte of "%41" and the like at s; -1 if there is none, which stands for itself then: people
 * write passwords as they are. */
static int
encoded(const char *s, size_t n)
{
	if (n < 3 || *s != '%')
		return -1;
	const int high = hex_digit(s[1]), low = hex_digit(s[2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static char *
decode(const char *s, size_t n)
{
	char *out = copy(s, n), *to = out;

	for (size_t i = 0; i < n; i++) {
		const int byte = encoded(s + i, n - i);
		*to++ = byte < 0 ? s[i] : (char)byte;
		i += byte < 0 ? 0 : 2;
	}
	*to = '\0';
	return out;
}

/* Nothing that no header can carry: a NUL would cut it. */
static bool
is_text(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const int byte = encoded(s + i, n - i);
		if (byte == 0x7f || (byte >= 0 && byte < ' '))
			return false;
	}
	return true;
}

static bool
parse_userinfo(const char *s, size_t n, struct rtsp_url *out)
{
	const char *colon = memchr(s, ':', n);
	const size_t user = colon ? (size_t)(colon - s) : n;

	if (!is_text(s, n))
		return false;
	out->user = decode(s, user);
	out->password = colon ? decode(colon + 1, n - user - 1) : copy("", 0);
	return true;
}

int
rtsp_url_parse(const char *url, struct rtsp_url *out, const char **why)
{
	*out = (struct rtsp_url){ .tls = !strncasecmp(url, "rtsps://", 8) };
	if (!out->tls && strncasecmp(url, "rtsp://", 7)) {
		*why = "not an rtsp:// or rtsps:// URL";
		return ERR_RANGE;
	}
	if (!is_printable(url)) {
		*why = "the URL holds a blank or a control character";
		return ERR_RANGE;
	}
	const char *authority = url + (out->tls ? 8 : 7);
	size_t len = strcspn(authority, "/?#");
	const char *at = memrchr(authority, '@', len);
	const char *host = at ? at + 1 : authority;
	if (!parse_host(host, len - (size_t)(host - authority), out)) {
		*why = "the URL names no host, or a port outside 1 to 65535";
		return ERR_RANGE;
	}
	if (at && !parse_userinfo(authority, (size_t)(at - authority), out)) {
		*why = "user or password hold a control character";
		return ERR_RANGE;
	}
	out->uri =
		xasprintf("%.*s%.*s", (int)(authority - url), url, (int)strcspn(host, "#"), host);
	return 0;
}

static void
wipe(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

void
rtsp_url_clear(struct rtsp_url *u)
{
	wipe(u->user);
	wipe(u->password);
	free(u->host);
	free(u->port);
	free(u->uri);
	*u = (struct rtsp_url){ 0 };
}
