/* rtsp_url.c - the parts of an RTSP URL, of any length. Pure. */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "worker/rtsp_url.h"

/* RFC 2326 3.2: 554. RFC 7826 4.2 gives 322 to rtsps. */
#define PORT_RTSP "554"
#define PORT_RTSPS "322"

static char *
copy(const char *s, size_t n)
{
	char *out = strndup(s, n);

	if (!out)
		abort();
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
	if (at)
		out->userinfo = copy(authority, (size_t)(at - authority));
	if (asprintf(&out->uri, "%.*s%.*s", (int)(authority - url), url, (int)strcspn(host, "#"),
		    host) < 0)
		abort();
	return 0;
}

void
rtsp_url_clear(struct rtsp_url *u)
{
	free(u->userinfo);
	free(u->host);
	free(u->port);
	free(u->uri);
	*u = (struct rtsp_url){ 0 };
}
