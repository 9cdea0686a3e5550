/* http_message.c - what requests say and what answers look like.
 * Owns the words of HTTP and the headers that every answer has. Pure but for common/json. */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"
#include "supervisor/http_message.h"
#include "common/wipe.h"
#include "common/xmalloc.h"

const char *
http_method_name(enum http_method m)
{
	static const char *const names[HTTP_METHODS] = { [HTTP_GET] = "GET",
		[HTTP_HEAD] = "HEAD",
		[HTTP_POST] = "POST",
		[HTTP_PUT] = "PUT",
		[HTTP_PATCH] = "PATCH",
		[HTTP_DELETE] = "DELETE",
		[HTTP_OPTIONS] = "OPTIONS" };

	return names[m];
}

/* ---- requests -------------------------------------------------------------------------------- */

void
http_message_clear(struct http_message *m)
{
	for (size_t i = 0; i < HTTP_FIELDS; i++)
		wipe_free(m->fields[i]);
	for (size_t i = 0; i < m->query_count; i++) {
		wipe_free(m->query[i].name);
		wipe_free(m->query[i].value);
	}
	if (m->body)
		explicit_bzero(m->body, m->body_len);
	free(m->body);
	free(m->path);
	*m = (struct http_message){ 0 };
}

int
http_message_add_parameter(struct http_message *m, const char *text)
{
	size_t n = strcspn(text, "=");

	if (m->query_count == HTTP_QUERY_MAX)
		return -1;
	m->query[m->query_count++] = (struct http_parameter){ .name = xstrndup(text, n),
		.value = xstrdup(text[n] ? text + n + 1 : "") };
	return 0;
}

const char *
http_message_parameter(const struct http_message *m, const char *name)
{
	for (size_t i = 0; i < m->query_count; i++)
		if (strcmp(m->query[i].name, name) == 0)
			return m->query[i].value;
	return NULL;
}

bool
http_message_is(const struct http_message *m, const char *type)
{
	const char *is = m->fields[HTTP_CONTENT_TYPE];
	size_t n = strlen(type);

	return is && strncasecmp(is, type, n) == 0 && (is[n] == '\0' || strchr("; \t", is[n]));
}

bool
http_message_is_foreign(const struct http_message *m)
{
	const char *origin = m->fields[HTTP_ORIGIN];
	const char *host = m->fields[HTTP_HOST];
	const char *site = m->fields[HTTP_SEC_FETCH_SITE];

	if (!origin)
		return site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
	const char *authority = strstr(origin, "://");
	return !authority || !host || strcasecmp(authority + 3, host) != 0;
}

static bool
is_address(const char *host, size_t n)
{
	return (n > 2 && host[0] == '[' && host[n - 1] == ']' &&
		       strspn(host + 1, "0123456789abcdefABCDEF:.") == n - 2) ||
	       (n > 0 && strspn(host, "0123456789.") >= n);
}

static bool
is_listed(const char *host, size_t n, const char *names)
{
	while (names && *names) {
		names += strspn(names, ", \t");
		size_t len = strcspn(names, ", \t");
		if (len == n && n > 0 && strncasecmp(names, host, n) == 0)
			return true;
		names += len;
	}
	return false;
}

bool
http_message_host_is_ours(const struct http_message *m, const char *names)
{
	const char *host = m->fields[HTTP_HOST];

	if (!host)
		return false;
	size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	if (n > strlen(host))
		return false;
	return is_address(host, n) || is_listed(host, n, "localhost") || is_listed(host, n, names);
}

/* Digits as a number, at most INT64_MAX; -1 if there are none. */
static int64_t
take_number(const char **text)
{
	int64_t n = 0;

	if (!isdigit((unsigned char)**text))
		return -1;
	for (; isdigit((unsigned char)**text); (*text)++)
		if (__builtin_mul_overflow(n, 10, &n) ||
			__builtin_add_overflow(n, **text - '0', &n))
			n = INT64_MAX;
	return n;
}

int
http_range_parse(const char *range, int64_t size, int64_t *at, int64_t *end)
{
	const char unit[] = "bytes=";

	if (strncasecmp(range, unit, strlen(unit)) != 0)
		return 0;
	range += strlen(unit);
	int64_t first = take_number(&range);
	if (*range != '-')
		return 0;
	range++;
	int64_t last = take_number(&range);
	if (*range || (first < 0 && last < 0) || (last >= 0 && first > last))
		return 0;
	if (first < 0 && last == 0)
		return -1;
	if (first < 0) { /* the last so many */
		first = last < size ? size - last : 0;
		last = -1;
	}
	if (first >= size)
		return -1;
	*at = first;
	*end = last < 0 || last >= size ? size : last + 1;
	return 1;
}

/* ---- answers --------------------------------------------------------------------------------- */

static const struct {
	int status;
	const char *text;
} texts[] = {
	{ .status = 101, .text = "Switching Protocols" },
	{ .status = 200, .text = "OK" },
	{ .status = 201, .text = "Created" },
	{ .status = 202, .text = "Accepted" },
	{ .status = 204, .text = "No Content" },
	{ .status = 206, .text = "Partial Content" },
	{ .status = 304, .text = "Not Modified" },
	{ .status = 400, .text = "Bad Request" },
	{ .status = 401, .text = "Unauthorized" },
	{ .status = 403, .text = "Forbidden" },
	{ .status = 404, .text = "Not Found" },
	{ .status = 405, .text = "Method Not Allowed" },
	{ .status = 406, .text = "Not Acceptable" },
	{ .status = 408, .text = "Request Timeout" },
	{ .status = 409, .text = "Conflict" },
	{ .status = 411, .text = "Length Required" },
	{ .status = 412, .text = "Precondition Failed" },
	{ .status = 413, .text = "Content Too Large" },
	{ .status = 414, .text = "URI Too Long" },
	{ .status = 415, .text = "Unsupported Media Type" },
	{ .status = 416, .text = "Range Not Satisfiable" },
	{ .status = 421, .text = "Misdirected Request" },
	{ .status = 422, .text = "Unprocessable Content" },
	{ .status = 429, .text = "Too Many Requests" },
	{ .status = 431, .text = "Request Header Fields Too Large" },
	{ .status = 500, .text = "Internal Server Error" },
	{ .status = 501, .text = "Not Implemented" },
	{ .status = 502, .text = "Bad Gateway" },
	{ .status = 503, .text = "Service Unavailable" },
	{ .status = 504, .text = "Gateway Timeout" },
};

const char *
http_status_text(int status)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Unknown";
}

/* "Not Found" as programs compare it: not_found. */
static void
make_code(int status, char *out, size_t size)
{
	snprintf(out, size, "%s", http_status_text(status));
	for (char *c = out; *c; c++)
		*c = isalpha((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '_';
}

void
http_response_add(struct http_response *a, const char *name, const char *value)
{
	size_t i = 0;

	while (i < HTTP_RESPONSE_HEADERS_MAX && a->headers[i].name)
		i++;
	assert(i < HTTP_RESPONSE_HEADERS_MAX);
	a->headers[i].name = name;
	a->headers[i].value = value;
}

struct http_response
http_response_json(int status, struct json *j)
{
	char *text = json_text(j, false);

	json_free(j);
	return (struct http_response){
		.status = status, .type = "application/json", .body = text, .body_len = strlen(text)
	};
}

struct http_response
http_response_error(int status, const char *sentence)
{
	struct json *j = json_new_object();
	struct json *error = json_new_object();
	char code[64];

	make_code(status, code, sizeof(code));
	json_set_int(error, "status", status);
	json_set_str(error, "code", code);
	json_set_str(error, "message", sentence);
	json_set(j, "error", error);
	return http_response_json(status, j);
}

/* What a browser may do with our answers: nothing but show them to our own pages. */
static const char security[] = "X-Content-Type-Options: nosniff\r\n"
			       "X-Frame-Options: DENY\r\n"
			       "Referrer-Policy: no-referrer\r\n"
			       "Cross-Origin-Resource-Policy: same-origin\r\n"
			       "Cross-Origin-Opener-Policy: same-origin\r\n";

/* Unless an answer brings its own. */
static const struct {
	const char *name;
	const char *value;
} defaults[] = {
	{ .name = "Cache-Control", .value = "no-store" },
	{ .name = "Content-Security-Policy",
		.value = "default-src 'none'; frame-ancestors 'none'" },
};

static bool
has_header(const struct http_response *a, const char *name)
{
	for (size_t i = 0; i < HTTP_RESPONSE_HEADERS_MAX && a->headers[i].name; i++)
		if (strcasecmp(a->headers[i].name, name) == 0)
			return true;
	return false;
}

char *
http_response_head(const struct http_response *a, bool tls, size_t *len)
{
	char *text;
	FILE *out = xopen_memstream(&text, len);

	fprintf(out, "HTTP/1.1 %d %s\r\n", a->status, http_status_text(a->status));
	if (a->type)
		fprintf(out, "Content-Type: %s\r\n", a->type);
	if (a->status != 204 && a->status != 304 && !has_header(a, "Content-Length"))
		fprintf(out, "Content-Length: %zu\r\n", a->body_len);
	for (size_t i = 0; i < HTTP_RESPONSE_HEADERS_MAX && a->headers[i].name; i++)
		fprintf(out, "%s: %s\r\n", a->headers[i].name, a->headers[i].value);
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (!has_header(a, defaults[i].name))
			fprintf(out, "%s: %s\r\n", defaults[i].name, defaults[i].value);
	fputs(security, out);
	/* RFC 6797: a year. */
	if (tls)
		fputs("Strict-Transport-Security: max-age=31536000\r\n", out);
	fputs("Connection: close\r\n\r\n", out);
	fclose(out);
	return text;
}
