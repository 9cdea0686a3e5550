/* http_server_head.c - the head of a request, which http_head_check.c has passed, from
 * libwebsockets' tables to a message. Decides what of a head cannot be served whatever the path.
 * Keeps nothing. Loop thread. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xmalloc.h"
#include "supervisor/http_server_state.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Longest Content-Length that is looked at: 18 digits fit an int64_t. */
#define LENGTH_DIGITS_MAX 18

/* libwebsockets' own tokens for our fields, and their names where it has none. */
static const struct {
	enum lws_token_indexes token;
	const char *custom; /* lower case with its colon; NULL: token */
	bool once;          /* twice is an attack */
} fields[HTTP_FIELDS] = {
	[HTTP_HOST] = { .token = WSI_TOKEN_HOST, .once = true },
	[HTTP_ORIGIN] = { .token = WSI_TOKEN_ORIGIN, .once = true },
	[HTTP_AUTHORIZATION] = { .token = WSI_TOKEN_HTTP_AUTHORIZATION, .once = true },
	[HTTP_CONTENT_TYPE] = { .token = WSI_TOKEN_HTTP_CONTENT_TYPE, .once = true },
	[HTTP_ACCEPT] = { .token = WSI_TOKEN_HTTP_ACCEPT },
	[HTTP_ACCEPT_ENCODING] = { .token = WSI_TOKEN_HTTP_ACCEPT_ENCODING },
	[HTTP_IF_NONE_MATCH] = { .token = WSI_TOKEN_HTTP_IF_NONE_MATCH },
	[HTTP_IF_MATCH] = { .token = WSI_TOKEN_HTTP_IF_MATCH },
	[HTTP_IF_RANGE] = { .token = WSI_TOKEN_HTTP_IF_RANGE },
	[HTTP_RANGE] = { .token = WSI_TOKEN_HTTP_RANGE },
	[HTTP_COOKIE] = { .token = WSI_TOKEN_HTTP_COOKIE },
	[HTTP_LAST_EVENT_ID] = { .custom = "last-event-id:" },
	[HTTP_SEC_FETCH_SITE] = { .custom = "sec-fetch-site:" },
};

static const struct {
	enum lws_token_indexes token;
	enum http_method method;
} methods[] = {
	{ .token = WSI_TOKEN_GET_URI, .method = HTTP_GET },
	{ .token = WSI_TOKEN_HEAD_URI, .method = HTTP_HEAD },
	{ .token = WSI_TOKEN_POST_URI, .method = HTTP_POST },
	{ .token = WSI_TOKEN_PUT_URI, .method = HTTP_PUT },
	{ .token = WSI_TOKEN_PATCH_URI, .method = HTTP_PATCH },
	{ .token = WSI_TOKEN_DELETE_URI, .method = HTTP_DELETE },
	{ .token = WSI_TOKEN_OPTIONS_URI, .method = HTTP_OPTIONS },
};

static char *
allocate(size_t size)
{
	char *p = xcalloc(1, size);

	return p;
}

/* All fragments, NULL if there are none. libwebsockets puts separators between them. */
static char *
copy_token(struct lws *wsi, enum lws_token_indexes token)
{
	int n = lws_hdr_total_length(wsi, token);

	if (n <= 0)
		return NULL;
	int size = 2 * n + 2;
	char *text = allocate((size_t)size);
	if (lws_hdr_copy(wsi, text, size, token) < 0)
		*text = '\0';
	return text;
}

static char *
copy_custom(struct lws *wsi, const char *name)
{
	int n = lws_hdr_custom_length(wsi, name, (int)strlen(name));

	if (n <= 0)
		return NULL;
	char *text = allocate((size_t)n + 1);
	if (lws_hdr_custom_copy(wsi, text, n + 1, name, (int)strlen(name)) < 0)
		*text = '\0';
	return text;
}

static bool
is_repeated(struct lws *wsi, enum lws_token_indexes token)
{
	return lws_hdr_fragment_length(wsi, token, 1) > 0;
}

static struct http_fault
read_fields(struct lws *wsi, struct http_message *m)
{
	for (size_t i = 0; i < HTTP_FIELDS; i++) {
		m->fields[i] = fields[i].custom ? copy_custom(wsi, fields[i].custom)
						: copy_token(wsi, fields[i].token);
		if (fields[i].once && is_repeated(wsi, fields[i].token))
			return (struct http_fault){ 400,
				"a header was sent twice that may be there "
				"once" };
	}
	if (!m->fields[HTTP_HOST])
		return (struct http_fault){ 400, "there is no Host header" };
	return (struct http_fault){ 0 };
}

static struct http_fault
read_target(struct lws *wsi, struct http_message *m)
{
	char text[HTTP_TARGET_MAX + 1];

	size_t i = 0;
	while (i < COUNT(methods) && lws_hdr_total_length(wsi, methods[i].token) <= 0)
		i++;
	if (i == COUNT(methods))
		return (struct http_fault){ 501, "there is no such method" };
	m->method = methods[i].method;
	m->path = copy_token(wsi, methods[i].token);
	for (int k = 0;
		lws_hdr_copy_fragment(wsi, text, sizeof(text), WSI_TOKEN_HTTP_URI_ARGS, k) > 0; k++)
		if (http_message_add_parameter(m, text) < 0)
			return (struct http_fault){ 400, "the query has too many parameters" };
	return (struct http_fault){ 0 };
}

static struct http_fault
read_length(struct lws *wsi, struct http_exchange *x)
{
	char text[LENGTH_DIGITS_MAX + 1];

	/* libwebsockets would take the chunks for requests. */
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
		return (struct http_fault){ 411, "a body must come with Content-Length" };
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0)
		return (struct http_fault){ 0 };
	int n = lws_hdr_copy(wsi, text, sizeof(text), WSI_TOKEN_HTTP_CONTENT_LENGTH);
	if (n <= 0 || strspn(text, "0123456789") != (size_t)n ||
		is_repeated(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH))
		return (struct http_fault){ 400, "Content-Length must be one number" };
	x->body_expected = strtoul(text, NULL, 10);
	return (struct http_fault){ 0 };
}

static bool
has_word(struct lws *wsi, enum lws_token_indexes token, const char *word)
{
	char *text = copy_token(wsi, token);

	bool has = text && strcasestr(text, word);
	free(text);
	return has;
}

/* What libwebsockets goes by is the first Upgrade header, whole. */
static bool
is_websocket(struct lws *wsi)
{
	char word[16];

	return lws_hdr_copy_fragment(wsi, word, sizeof(word), WSI_TOKEN_UPGRADE, 0) > 0 &&
	       strcasecmp(word, "websocket") == 0;
}

struct http_fault
http_head_read(struct lws *wsi, struct http_exchange *x)
{
	struct http_fault length = read_length(wsi, x);
	struct http_fault target = read_target(wsi, &x->message);
	if (target.status)
		return target;
	if (length.status)
		return length;
	x->upgrade = is_websocket(wsi);
	return read_fields(wsi, &x->message);
}

bool
http_head_expects(struct lws *wsi)
{
	return has_word(wsi, WSI_TOKEN_HTTP_EXPECT, "100-continue");
}
