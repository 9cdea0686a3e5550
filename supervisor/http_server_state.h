#ifndef SUPERVISOR_HTTP_SERVER_STATE_H
#define SUPERVISOR_HTTP_SERVER_STATE_H

#include <libwebsockets.h>
#include <sys/queue.h>

#include "supervisor/http_exchange.h"
#include "supervisor/http_head_check.h"
#include "supervisor/http_server.h"

/* What the HTTP server consists of. For http_server*.c and http_socket.c. */

enum conn_state {
	CONN_HEAD,     /* the head of the request is awaited */
	CONN_BODY,     /* its body is coming */
	CONN_HANDLER,  /* somebody works on it */
	CONN_RESPONSE, /* the response is being sent */
	CONN_LINGER,   /* it was sent before the request had come: the rest is thrown away */
	CONN_SOCKET,   /* a WebSocket */
};

struct http_file;
struct look;
struct tls;

struct conn {
	struct http_server *server;
	LIST_ENTRY(conn) link;
	/* One of three, or none when libwebsockets has let go: */
	struct look *look; /* its head is looked at */
	struct tls *tls;   /* its head is awaited within TLS */
	struct lws *wsi;   /* libwebsockets has it */
	enum conn_state state;
	ms_t deadline; /* of the state */
	enum http_limit_verdict verdict;
	char peer[HTTP_PEER_SIZE];
	bool seated; /* it counts against its address; within TLS what holds the client does */
	struct http_exchange *exchange; /* in CONN_BODY and CONN_HANDLER; NULL otherwise */
	/* CONN_RESPONSE */
	char *head, *body; /* owned; each NULL once it was sent */
	size_t head_len, body_len, body_at;
	struct http_file *file;     /* owned; what comes after head instead of body */
	bool unread;                /* a part of the request has not come */
	struct http_socket *socket; /* owned; CONN_SOCKET */
};

struct http_exchange {
	struct conn *conn; /* NULL: the client is gone */
	struct http_message message;
	size_t body_expected;
	bool upgrade; /* a WebSocket is asked for */
	void *data;
};

/* Where bytes are put together that libwebsockets is to send: it wants LWS_PRE bytes before them.
 */
#define HTTP_CHUNK 32768

struct http_server {
	uv_loop_t *loop;
	struct http_server_config config; /* strings owned */
	struct http_limit *limit;
	struct lws_context *context;
	struct lws_vhost *vhost;
	uv_poll_t listen;
	uv_timer_t timer;
	int fd;
	int open_handles;
	char url[96];
	struct timespec cert_changed; /* when the files did that were tried last */
	struct timespec key_changed;
	ms_t cert_look; /* when to look next whether they have again */
	struct http_server_stats stats;
	LIST_HEAD(, conn) conns;
	unsigned char scratch[LWS_PRE + HTTP_CHUNK];
};

/* ---- http_server_head.c: what libwebsockets has parsed, as a message ------------------------- */

/* Fills x->message, body_expected and upgrade from the head that wsi has just taken. */
struct http_fault http_head_read(struct lws *wsi, struct http_exchange *x);

/* Whether the client waits for "100 Continue" before it sends the body. */
bool http_head_expects(struct lws *wsi);

/* ---- http_server_conn.c ---------------------------------------------------------------------- */

/* A connection that was accepted, counted as one of the server's; nobody has it yet. */
struct conn *http_conn_new(struct http_server *s, const char *peer);
void http_conn_free(struct conn *c);

/* Closes it at once. Not from within a callback of libwebsockets on the same connection. */
void http_conn_kill(struct conn *c);

/* Answers a request that cannot be served before its head is read; what still comes of it is thrown
 * away. Returns 0, or -1: it is to be closed. */
int http_conn_refuse(struct conn *c, struct http_fault fault);

/* The lws_callback_function of all connections. */
int http_conn_event(
	struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

/* A request of it was answered with that status. */
void http_conn_count(struct conn *c, int status);

/* Its deadline is over. Not from within a callback of libwebsockets. */
void http_conn_deadline(struct conn *c);

/* ---- http_socket.c --------------------------------------------------------------------------- */

/* Its part of http_conn_event. */
int http_socket_event(struct conn *c, enum lws_callback_reasons reason, const char *in, size_t len);
void http_socket_free(struct http_socket *s);

#endif
