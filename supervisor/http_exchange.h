#ifndef SUPERVISOR_HTTP_EXCHANGE_H
#define SUPERVISOR_HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supervisor/http_message.h"

/* A request to the HTTP server and, in the end, its response. It outlives its connection: a handler
 * may take its time, and the client may be gone meanwhile. By http_server_conn.c and
 * http_server_file.c. Loop thread. */
struct http_exchange;

/* Lent, valid until the answer. */
const struct http_message *http_exchange_message(const struct http_exchange *x);

/* The caller's own, from on_head to on_request or on_dropped. NULL at first. */
void http_exchange_set_data(struct http_exchange *x, void *data);
void *http_exchange_data(const struct http_exchange *x);

/* Whether it is known that nobody waits for the answer any more: libwebsockets may learn that a
 * client is gone only when it writes. It must be given all the same. */
bool http_exchange_is_gone(const struct http_exchange *x);

/* Whether the client asks for a WebSocket: http_socket.h. */
bool http_exchange_is_upgrade(const struct http_exchange *x);

/* Answers x, which is freed; once, now or later. response's body is taken over; to HEAD it is not
 * sent. */
void http_respond(struct http_exchange *x, struct http_response *response);

/* Sends the regular file at path as it is when it is opened, or the one range of it that the
 * request wants (RFC 9110 14), in pieces as the client takes them; opened and read on libuv's pool.
 * Strings are copied. 404 if there is none. Not for who asks for a WebSocket: that breaks the
 * connection off. */
void http_respond_file(struct http_exchange *x, const char *path, const char *type);

/* One of several files: what stat(2) said of it. */
struct http_part {
	const char *path;
	int64_t bytes;
	int64_t written_ns; /* st_mtim, since 1970 */
};

/* The same of count files, 1 or more, as one, in that order; nothing is read before the client
 * takes it. One that is gone or shorter when its turn comes breaks the connection off. disposition:
 * the header of that name (RFC 6266); NULL: none. All is lent until this returns. */
void http_respond_files(struct http_exchange *x, const struct http_part *parts, size_t count,
	const char *type, const char *disposition);

#endif
