#ifndef SUPERVISOR_HTTP_SERVER_H
#define SUPERVISOR_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "supervisor/http_limit.h"

struct http_exchange;

/* HTTP/1.1 and WebSockets on the libuv loop, by libwebsockets. Knows nothing of cameras: requests
 * come out, answers go in (http_exchange.h, http_socket.h). Whatever is wrong with a request before
 * a handler sees it is answered here with a JSON error. Loop thread. */
struct http_server;

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

#endif
