/* http_head_check.c - the grammar of a request's head. Keeps nothing. Any thread. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "supervisor/http_head_check.h"
#include "supervisor/http_message.h"

/* A piece of the head. */
struct span {
	const char *at;
	size_t len;
};

static const struct http_fault fine = { 0, NULL };
static const struct http_fault not_http = { 400, "this is not HTTP/1.1" };

/* RFC 9110 5.6.2. */
static bool
is_token_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t
token_length(struct span s)
{
	size_t n = 0;

	while (n < s.len && is_token_char(s.at[n]))
		n++;
	return n;
}

static bool
span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && strncasecmp(s.at, text, s.len) == 0;
}

/* ---- the request line ------------------------------------------------------------------------ */

static bool
is_method(struct span s)
{
	for (int m = 0; m < HTTP_METHODS; m++) {
		const char *name = http_method_name((enum http_method)m);
		if (s.len == strlen(name) && memcmp(s.at, name, s.len) == 0)
			return true;
	}
	return false;
}

/* "HTTP/1.1"; 1.0 is served as well, and so would be 1.2 (RFC 9110 2.5). */
static bool
is_version(struct span s)
{
	return s.len == strlen("HTTP/1.x") && memcmp(s.at, "HTTP/1.", s.len - 1) == 0 &&
	       isdigit((unsigned char)s.at[s.len - 1]);
}

/* Of a byte, which zero cannot be: strings end there. */
static bool
is_escape(struct span s)
{
	return s.len >= 3 && isxdigit((unsigned char)s.at[1]) && isxdigit((unsigned char)s.at[2]) &&
	       memcmp(s.at + 1, "00", 2) != 0;
}

static struct http_fault
check_target(struct span s)
{
	size_t parameters = 1;

	if (s.len == 0 || s.at[0] != '/')
		return (struct http_fault){ 400, "the target must be a path, which begins with /" };
	if (s.len > HTTP_TARGET_MAX)
		return (struct http_fault){ 414, "the path and the query are too long" };
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == ' ' || iscntrl((unsigned char)s.at[i]))
			return (struct http_fault){ 400,
				"the path holds a byte that must be escaped" };
		if (s.at[i] == '%' && !is_escape((struct span){ s.at + i, s.len - i }))
			return (struct http_fault){ 400,
				"a % in the path is followed by no byte in hex" };
		parameters += s.at[i] == '&' || s.at[i] == ';';
	}
	if (parameters > HTTP_QUERY_MAX)
		return (struct http_fault){ 400, "the query has too many parameters" };
	return fine;
}

/* RFC 9112 3: method SP target SP version. */
static struct http_fault
check_request_line(struct span line)
{
	size_t n = token_length(line);
	const char *last = memrchr(line.at, ' ', line.len);

	if (n == 0 || n == line.len || line.at[n] != ' ' || last == line.at + n ||
		!is_version((struct span){ last + 1, (size_t)(line.at + line.len - last - 1) }))
		return not_http;
	if (!is_method((struct span){ line.at, n }))
		return (struct http_fault){ 501, "there is no such method" };
	return check_target((struct span){ line.at + n + 1, (size_t)(last - line.at) - n - 1 });
}

/* ---- headers --------------------------------------------------------------------------------- */

/* What libwebsockets would answer 403. h2c it can be kept from (http_server_conn.c). */
static bool
is_known_protocol(struct span value)
{
	return span_is(value, "websocket") || span_is(value, "h2c");
}

/* RFC 9112 5: name, colon, value. */
static struct http_fault
check_header(struct span line)
{
	size_t n = token_length(line);

	if (n == 0 || n == line.len || line.at[n] != ':')
		return (struct http_fault){ 400, "a line of the head is no header" };
	struct span name = { line.at, n };
	struct span value = { line.at + n + 1, line.len - n - 1 };
	for (size_t i = 0; i < value.len; i++)
		if (iscntrl((unsigned char)value.at[i]) && value.at[i] != '\t')
			return (struct http_fault){ 400, "a header holds a control character" };
	while (value.len > 0 && *value.at == ' ') {
		value.at++;
		value.len--;
	}
	if (span_is(name, "Upgrade") && !is_known_protocol(value))
		return (struct http_fault){ 400, "Upgrade can only be to websocket" };
	return fine;
}

/* ---- the head -------------------------------------------------------------------------------- */

/* The next line, without its end, which may be a line feed alone (RFC 9112 2.2). False: it is not
 * whole. */
static bool
take_line(struct span *rest, struct span *line)
{
	const char *end = memchr(rest->at, '\n', rest->len);

	if (!end)
		return false;
	*line = (struct span){ rest->at, (size_t)(end - rest->at) };
	rest->at += line->len + 1;
	rest->len -= line->len + 1;
	if (line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* Of a request line that is not whole: what can never become one. */
static struct http_fault
check_beginning(struct span s)
{
	size_t n = token_length(s);

	if (s.len > 0 && (n == 0 || (n < s.len && s.at[n] != ' ')))
		return not_http;
	if (s.len > HTTP_HEAD_MAX)
		return (struct http_fault){ 414, "the path and the query are too long" };
	return fine;
}

bool
http_head_check(const char *bytes, size_t len, struct http_fault *fault)
{
	struct span rest = { bytes, len };
	struct span line;

	if (!take_line(&rest, &line)) {
		*fault = check_beginning(rest);
		return fault->status != 0;
	}
	*fault = check_request_line(line);
	for (int lines = 0; fault->status == 0; lines++) {
		bool whole = take_line(&rest, &line);
		if ((size_t)(rest.at - bytes) > HTTP_HEAD_MAX || (!whole && len > HTTP_HEAD_MAX) ||
			lines > HTTP_HEAD_LINES_MAX)
			*fault = (struct http_fault){ 431, "the headers are too long" };
		else if (!whole)
			return false;
		else if (line.len == 0)
			return true;
		else
			*fault = check_header(line);
	}
	return true;
}
