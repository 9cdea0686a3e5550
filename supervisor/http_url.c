/* http_url.c - where http and https URLs lead: curl's parser, so that what is checked is where it
 * goes. Keeps nothing. Any thread. */
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/http_url.h"

/* RFC 9110 4.2.1 */
#define HTTP_PORT 80

/* NULL if it is not one of ours. */
static CURLU *
parse(const char *base, const char *text)
{
	CURLU *u = curl_url();
	char *scheme = NULL;

	if (!u)
		abort();
	bool good = (!base || curl_url_set(u, CURLUPART_URL, base, 0) == CURLUE_OK) &&
		    curl_url_set(u, CURLUPART_URL, text, 0) == CURLUE_OK &&
		    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		    (strcmp(scheme, "https") == 0 || strcmp(scheme, "http") == 0);
	curl_free(scheme);
	if (good)
		return u;
	curl_url_cleanup(u);
	return NULL;
}

/* Copies a part in lower case; -1 if it is missing or does not fit. */
static int
get(CURLU *u, CURLUPart part, char *out, size_t size)
{
	char *text = NULL;

	if (curl_url_get(u, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
		return -1;
	int n = snprintf(out, size, "%s", text);
	curl_free(text);
	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return n > 0 && (size_t)n < size ? 0 : -1;
}

int
http_url_parse(const char *text, struct http_url *out)
{
	CURLU *u = parse(NULL, text);
	char scheme[8];
	char port[8];

	if (!u)
		return -1;
	int err = get(u, CURLUPART_SCHEME, scheme, sizeof(scheme));
	if (!err)
		err = get(u, CURLUPART_HOST, out->host, sizeof(out->host));
	if (!err)
		err = get(u, CURLUPART_PORT, port, sizeof(port));
	if (!err) {
		out->https = strcmp(scheme, "https") == 0;
		out->port = atoi(port);
	}
	curl_url_cleanup(u);
	return err;
}

char *
http_url_resolve(const char *base, const char *reference)
{
	CURLU *u = parse(base, reference);
	char *text = NULL;
	char *out = NULL;

	if (!u)
		return NULL;
	curl_url_set(u, CURLUPART_USER, NULL, 0);
	curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
	curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
	if (curl_url_get(u, CURLUPART_URL, &text, 0) == CURLUE_OK)
		out = strdup(text);
	curl_free(text);
	curl_url_cleanup(u);
	return out;
}

char *
http_url_secured(const char *base, const char *url)
{
	struct http_url from, to;
	char port[8];
	char *text = NULL;
	char *out = NULL;

	if (http_url_parse(base, &from) < 0 || http_url_parse(url, &to) < 0 || !from.https ||
		to.https || strcmp(from.host, to.host) != 0 ||
		(to.port != HTTP_PORT && to.port != from.port))
		return NULL;
	CURLU *u = parse(NULL, url);
	snprintf(port, sizeof(port), "%d", from.port);
	if (u && curl_url_set(u, CURLUPART_SCHEME, "https", 0) == CURLUE_OK &&
		curl_url_set(u, CURLUPART_PORT, port, 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_URL, &text, CURLU_NO_DEFAULT_PORT) == CURLUE_OK)
		out = strdup(text);
	curl_free(text);
	curl_url_cleanup(u);
	return out;
}

bool
http_url_is_loopback(const struct http_url *url)
{
	return strcmp(url->host, "localhost") == 0 || strcmp(url->host, "[::1]") == 0 ||
	       (strncmp(url->host, "127.", 4) == 0 &&
		       strspn(url->host, "0123456789.") == strlen(url->host));
}

const char *
http_url_origin(const char *text, char *out, size_t size)
{
	struct http_url url;

	if (http_url_parse(text, &url) < 0)
		snprintf(out, size, "-");
	else
		snprintf(
			out, size, "%s://%s:%d/", url.https ? "https" : "http", url.host, url.port);
	return out;
}
