#ifndef SUPERVISOR_HTTP_MESSAGE_H
#define SUPERVISOR_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an HTTP request says and what its answer is (RFC 9110), without the connection. Pure. */

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_METHODS
};

/* "GET", ... */
const char *http_method_name(enum http_method m);

/* The request's headers that handlers may see. */
enum http_field {
	HTTP_HOST,
	HTTP_ORIGIN,
	HTTP_AUTHORIZATION,
	HTTP_CONTENT_TYPE,
	HTTP_ACCEPT,
	HTTP_ACCEPT_ENCODING,
	HTTP_IF_NONE_MATCH,
	HTTP_IF_MATCH,
	HTTP_IF_RANGE,
	HTTP_RANGE,
	HTTP_COOKIE,
	HTTP_LAST_EVENT_ID,
	HTTP_SEC_FETCH_SITE,
	HTTP_FIELDS
};

#define HTTP_QUERY_MAX 16 /* parameters of a query; more are an error */
#define HTTP_PEER_SIZE 64 /* of an address, with its zero */

struct http_parameter {
	char *name;  /* decoded, as value */
	char *value; /* "" without one */
};

struct http_message {
	enum http_method method;
	char *path; /* decoded, without the query */
	struct http_parameter query[HTTP_QUERY_MAX];
	size_t query_count;
	char *fields[HTTP_FIELDS]; /* NULL: not given */
	char peer[HTTP_PEER_SIZE]; /* the client's address, for logs and limits */
	bool tls;
	char *body; /* NUL-terminated beyond len */
	size_t body_len;
};

/* Frees what it owns; headers may hold a token, so they are wiped. */
void http_message_clear(struct http_message *m);

/* Adds "name=value" of a query, decoded by the library. Returns 0, or -1 if there are too many. */
int http_message_add_parameter(struct http_message *m, const char *text);

/* The value, lent; NULL if there is no such parameter. */
const char *http_message_parameter(const struct http_message *m, const char *name);

/* Whether Content-Type is type, whatever its parameters: "application/json". */
bool http_message_is(const struct http_message *m, const char *type);

/* Whether a page of another origin has made a browser send this. RFC 6454: Origin names where the
 * page came from; a page of ours has the Host that it asked. Programs send neither. */
bool http_message_is_foreign(const struct http_message *m);

/* Whether Host names this machine by an address or as localhost, so that no foreign name can have
 * been pointed here (DNS rebinding); names is a list separated by commas of others that are ours,
 * NULL: none. */
bool http_message_host_is_ours(const struct http_message *m, const char *names);

/* A Range (RFC 9110 14.2) of size bytes: *at and *end, the byte after its last. Returns 1; 0: it is
 * no single range of bytes and is to be ignored; -1: there is no such part. */
int http_range_parse(const char *range, int64_t size, int64_t *at, int64_t *end);

/* ---- answers --------------------------------------------------------------------------------- */

#define HTTP_RESPONSE_HEADERS_MAX 8

struct http_response {
	int status;
	const char *type; /* lent; NULL without a body */
	char *body;       /* taken over; NULL: none */
	size_t body_len;
	struct {
		const char *name;
		const char *value;
	} headers[HTTP_RESPONSE_HEADERS_MAX]; /* lent; ends with a name of NULL */
};

/* "Not Found". Never NULL. */
const char *http_status_text(int status);

/* Adds a header, both lent; more than HTTP_RESPONSE_HEADERS_MAX are a bug. */
void http_response_add(struct http_response *a, const char *name, const char *value);

/* An error: {"error":{"status":404,"code":"not_found","message":sentence}}. */
struct http_response http_response_error(int status, const char *sentence);

struct json;

/* Takes j, which becomes the body. */
struct http_response http_response_json(int status, struct json *j);

/* What stands before the body: status line, headers with those of security and that the connection
 * is closed after it, the empty line. Yours to free. */
char *http_response_head(const struct http_response *a, bool tls, size_t *len);

#endif
