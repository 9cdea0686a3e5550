#ifndef SUPERVISOR_HTTP_SERVER_H
#define SUPERVISOR_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "supervisor/http_limit.h"
#include "supervisor/http_message.h"

/* HTTP/1.1 and WebSockets on the libuv loop, by libwebsockets. Knows nothing of cameras: requests
 * come out, answers go in. Whatever is wrong with a request before a handler sees it is answered
 * here with a JSON error. Loop thread. */
struct http_server;

/* A request and, in the end, its response. It outlives its connection: a handler may take its time,
 * and the client may be gone meanwhile. */
struct http_exchange;

/* A WebSocket (RFC 6455). */
struct http_socket;

/* Longest path with its query (RFC 9110 4.1 wants 8000 of general servers; ours are 100), and the
 * longest head. */
#define HTTP_TARGET_MAX 2048
#define HTTP_HEAD_MAX 8192

struct http_server_config {
	uv_loop_t *loop;
	const char *address; /* "127.0.0.1:8080", "[::]:8443"; port 0: any that is free */
	const char *cert;    /* PEM files, the chain and its key; NULL: plain HTTP */
	const char *key;
	struct http_limit_config limits;
	size_t body_max;
	/* The head of a request is there, its body is not (http_exchange_message has neither).
	 * True: it may go on. False: the handler has answered it, or made a WebSocket of it. */
	bool (*on_head)(void *arg, struct http_exchange *x);
	/* The whole request. It is the handler's until it gives it to http_respond. */
	void (*on_request)(void *arg, struct http_exchange *x);
	/* Instead of on_request: the body of a request that may go on did not come. x is gone when
	 * this returns. NULL: nobody wants to know. */
	void (*on_dropped)(void *arg, struct http_exchange *x);
	void *arg;
};

/* Listens. Everything in config is copied. Returns 0, or -1 with a sentence in why. */
int http_server_new(const struct http_server_config *config, struct http_server **out, char *why,
	size_t why_size);

/* Closes what is open; freed when libuv has let go of it. Requests that are still a handler's stay
 * valid: it answers them all the same. NULL is fine. */
void http_server_free(struct http_server *s);

/* Where it listens: "http://127.0.0.1:8080", lent. */
const char *http_server_url(const struct http_server *s);

/* Reads the certificate and its key again, for connections from now on. Returns 0, or -1 with a
 * sentence and the old ones kept. 0 without TLS. */
int http_server_reload_cert(struct http_server *s, char *why, size_t why_size);

/* Counters since the start, for metrics. */
struct http_server_stats {
	size_t connections;    /* now */
	size_t sockets;        /* of these, WebSockets */
	uint64_t accepted;     /* connections */
	uint64_t turned_away;  /* of these, over a limit */
	uint64_t requests;     /* answered, by the first digit of the status: */
	uint64_t by_class[6];  /* [2]: 2xx */
	uint64_t bytes_out;    /* bodies */
	uint64_t slow_sockets; /* WebSockets closed because they did not keep up */
};
void http_server_stats(const struct http_server *s, struct http_server_stats *out);

/* ---- requests -------------------------------------------------------------------------------- */

/* Lent, valid until the answer. */
const struct http_message *http_exchange_message(const struct http_exchange *x);

/* The caller's own, from on_head to on_request or on_dropped. NULL at first. */
void http_exchange_set_data(struct http_exchange *x, void *data);
void *http_exchange_data(const struct http_exchange *x);

/* Whether it is known that nobody waits for the answer any more: libwebsockets may learn that a
 * client is gone only when it writes. It must be given all the same. */
bool http_exchange_is_gone(const struct http_exchange *x);

/* Answers x, which is freed; once, now or later. response's body is taken over; to HEAD it is not
 * sent. */
void http_respond(struct http_exchange *x, struct http_response *response);

/* Sends the regular file at path as it is when it is opened, or the one range of it that the
 * request wants (RFC 9110 14), in pieces as the client takes them; read on libuv's pool. type is
 * lent until this returns. 404 if there is none. Not for who asks for a WebSocket: that breaks the
 * connection off. */
void http_respond_file(struct http_exchange *x, const char *path, const char *type);

/* The same of count files, 1 or more, as one, in that order; the paths are copied. One that is gone
 * when its turn comes breaks the connection off. disposition: the header of that name (RFC 6266),
 * lent until this returns; NULL: none. */
void http_respond_files(struct http_exchange *x, const char *const *paths, size_t count,
	const char *type, const char *disposition);

/* ---- WebSockets ------------------------------------------------------------------------------ */

/* A client that takes nothing while more than that is waiting for it is dropped. */
#define HTTP_SOCKET_BACKLOG_MAX (256 * 1024)
/* Longest text taken from a client; a longer one closes the connection (1009). */
#define HTTP_SOCKET_TEXT_MAX 4096

struct http_socket_handler {
	void (*on_open)(void *arg, struct http_socket *s);
	/* NUL-terminated beyond len, lent. */
	void (*on_text)(void *arg, struct http_socket *s, const char *text, size_t len);
	/* Once, also if on_open never came: the client may be gone before. s is gone when this
	 * returns. */
	void (*on_close)(void *arg, struct http_socket *s);
	void *arg;
};

/* Whether the client asks for a WebSocket. */
bool http_exchange_is_upgrade(const struct http_exchange *x);

/* In on_head: takes the request, which is freed, as a WebSocket; on_head then returns false. */
void http_exchange_upgrade(struct http_exchange *x, const struct http_socket_handler *handler);

/* A text for any number of sockets, which is kept once: freed when the last has sent it and its
 * maker has let go of it. NULL is fine. */
struct http_text;
struct http_text *http_text_new(const char *text, size_t len);
void http_text_release(struct http_text *t);

/* Sends it. Returns 0, or ERR_RANGE if its backlog is full: then it is being closed, and on_close
 * follows. ERR_CLOSED if it is being closed already. */
int http_socket_send(struct http_socket *s, struct http_text *t);

/* Closes it, code as in RFC 6455 7.4.1; on_close follows. */
void http_socket_close(struct http_socket *s, int code);

void http_socket_set_data(struct http_socket *s, void *data);
void *http_socket_data(const struct http_socket *s);

#endif
