#ifndef SUPERVISOR_HTTP_URL_H
#define SUPERVISOR_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

/* Where an http or https URL leads, as the client that is to go there reads it. Pure but for its
 * library; any thread. */

/* Names of hosts have at most 253 bytes (RFC 1035 2.3.4, without the dot at the end). */
#define HTTP_URL_HOST_MAX 256

struct http_url {
	bool https;
	char host[HTTP_URL_HOST_MAX]; /* lower case; of IPv6 in brackets */
	int port;
};

/* Returns 0, or -1 if text is no URL of http or https. */
int http_url_parse(const char *text, struct http_url *out);

/* What reference (absolute or relative, RFC 3986 5) means in an answer of base, without user and
 * password; yours to free(). NULL if that is no URL of http or https. */
char *http_url_resolve(const char *base, const char *reference);

/* What an http URL in an answer of base means if the server knows nothing of the proxy before it that
 * ends TLS: https at base's host and port, if it names that host and that port or none. Yours to
 * free(); NULL if that cannot be it. */
char *http_url_secured(const char *base, const char *url);

/* Whether it is this machine. */
bool http_url_is_loopback(const struct http_url *url);

/* "https://host:8443/" and no more: paths and queries may be secrets. Writes into out, returns it.
 */
const char *http_url_origin(const char *text, char *out, size_t size);

#endif
