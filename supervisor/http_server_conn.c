/* http_server_conn.c - one connection: requests in, responses out, what becomes of it in time.
 * The head of a request is http_server_head.c's, a WebSocket http_socket.c's. Loop thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xmalloc.h"
#include "supervisor/http_server_file.h"

/* How long a client may take, in ms: for the head of a request (RFC 9110 15.5.9 leaves it to us; a
 * phone on a bad network takes two seconds), for its body, */
#define HEAD_TIMEOUT_MS 10000
#define BODY_TIMEOUT_MS 15000
/* for the next piece of a response, to read a response that came early. */
#define RESPONSE_TIMEOUT_MS 30000
#define LINGER_TIMEOUT_MS 2000
/* And a handler for its response: the longest waits for a call to the SFU. */
#define HANDLER_TIMEOUT_MS 60000

/* ---- ending ---------------------------------------------------------------------------------- */

/* The exchange goes on without its connection, or ends with it. */
static void
detach(struct conn *c)
{
	struct http_exchange *x = c->exchange;

	c->exchange = NULL;
	if (!x)
		return;
	x->conn = NULL;
	if (c->state == CONN_HANDLER)
		return;
	if (c->state == CONN_BODY && c->server->config.on_dropped)
		c->server->config.on_dropped(c->server->config.arg, x);
	http_message_clear(&x->message);
	free(x);
}

static void
forget_response(struct conn *c)
{
	free(c->head);
	free(c->body);
	http_file_free(c->file);
	c->head = c->body = NULL;
	c->file = NULL;
	c->body_at = 0;
}

struct conn *
http_conn_new(struct http_server *s, const char *peer)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	*c = (struct conn){ .server = s, .deadline = clock_now() + HEAD_TIMEOUT_MS };
	snprintf(c->peer, sizeof(c->peer), "%s", peer);
	c->verdict = http_limit_connect(s->limit, c->peer, clock_now());
	c->seated = true;
	LIST_INSERT_HEAD(&s->conns, c, link);
	s->stats.connections++;
	s->stats.accepted++;
	return c;
}

void
http_conn_free(struct conn *c)
{
	detach(c);
	forget_response(c);
	http_socket_free(c->socket);
	if (c->seated)
		http_limit_disconnect(c->server->limit, c->peer);
	c->server->stats.connections--;
	LIST_REMOVE(c, link);
	free(c);
}

void
http_conn_kill(struct conn *c)
{
	if (!c->wsi)
		return;
	/* Else libwebsockets keeps it for what it has still to send. */
	shutdown(lws_get_socket_fd(c->wsi), SHUT_RDWR);
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_SYNC);
}

/* ---- writing --------------------------------------------------------------------------------- */

static int
write_bytes(struct conn *c, const char *bytes, size_t len, bool last)
{
	unsigned char *scratch = c->server->scratch + LWS_PRE;

	memcpy(scratch, bytes, len);
	int n = lws_write(c->wsi, scratch, len, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP);
	return n < 0 ? -1 : 0;
}

/* The next piece of it. */
static int
write_body(struct conn *c)
{
	size_t n = c->body_len - c->body_at;

	if (n > HTTP_CHUNK)
		n = HTTP_CHUNK;
	if (write_bytes(c, c->body + c->body_at, n, c->body_at + n == c->body_len) < 0)
		return -1;
	c->server->stats.bytes_out += n;
	c->body_at += n;
	return 0;
}

/* Returns what libwebsockets wants of a callback: -1 closes the connection. There is one request on
 * each: libwebsockets 4.1.6 loops for ever over a POST that was sent before the answer to the
 * request before it, and with it would the supervisor. */
static int
finish(struct conn *c)
{
	forget_response(c);
	if (!c->unread)
		return -1;
	/* Closed now, the kernel would answer what still comes by a reset, and the client might
	 * never see the response. */
	c->state = CONN_LINGER;
	c->deadline = clock_now() + LINGER_TIMEOUT_MS;
	shutdown(lws_get_socket_fd(c->wsi), SHUT_WR);
	return 0;
}

static int
on_writable(struct conn *c)
{
	if (c->state != CONN_RESPONSE)
		return 0;
	c->deadline = clock_now() + RESPONSE_TIMEOUT_MS;
	if (c->head) {
		if (write_bytes(c, c->head, c->head_len, !c->body && !c->file) < 0)
			return -1;
		free(c->head);
		c->head = NULL;
	} else if (c->file) {
		int done = http_file_write(c);
		return done > 0 ? finish(c) : done;
	} else if (c->body && write_body(c) < 0) {
		return -1;
	}
	if (!c->file && (!c->body || c->body_at == c->body_len))
		return finish(c);
	lws_callback_on_writable(c->wsi);
	return 0;
}

/* The same for a short response and a connection that has room for it. Returns as on_writable; -1
 * for a file too, which is read while libwebsockets has the connection. */
static int
write_now(struct conn *c)
{
	int n = c->file ? -1 : 0;

	while (c->state == CONN_RESPONSE && n == 0)
		n = on_writable(c);
	return n;
}

void
http_conn_count(struct conn *c, int status)
{
	c->server->stats.requests++;
	c->server->stats.by_class[status / 100 % 6]++;
}

/* Takes the response; it is sent when the connection takes it. */
static void
respond(struct conn *c, struct http_response *r, bool head_only)
{
	struct http_server *s = c->server;

	c->head = http_response_head(r, s->config.cert != NULL, &c->head_len);
	if (head_only || r->body_len == 0)
		free(r->body);
	else
		c->body = r->body;
	c->body_len = r->body_len;
	c->state = CONN_RESPONSE;
	c->deadline = clock_now() + RESPONSE_TIMEOUT_MS;
	http_conn_count(c, r->status);
	lws_callback_on_writable(c->wsi);
}

void
http_respond(struct http_exchange *x, struct http_response *response)
{
	struct conn *c = x->conn;
	bool head_only = x->message.method == HTTP_HEAD;

	if (c) {
		c->exchange = NULL;
		respond(c, response, head_only);
	} else {
		free(response->body);
	}
	http_message_clear(&x->message);
	free(x);
}

static void
refuse(struct http_exchange *x, int status, const char *why)
{
	struct http_response r = http_response_error(status, why);

	http_respond(x, &r);
}

/* ---- a request ------------------------------------------------------------------------------- */

static void
handle(struct conn *c)
{
	c->unread = false;
	c->state = CONN_HANDLER;
	c->deadline = clock_now() + HANDLER_TIMEOUT_MS;
	c->server->config.on_request(c->server->config.arg, c->exchange);
}

static void
await_body(struct conn *c)
{
	struct http_exchange *x = c->exchange;
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

	x->message.body = xcalloc(1, x->body_expected + 1);
	c->state = CONN_BODY;
	c->deadline = clock_now() + BODY_TIMEOUT_MS;
	if (http_head_expects(c->wsi))
		write_bytes(c, go_on, strlen(go_on), false);
}

struct over_limit {
	struct http_response response;
	char seconds[24]; /* of its Retry-After */
};

/* A request has come: whether it is one too many, and what is said to that. */
static bool
is_over_limit(struct conn *c, struct over_limit *o)
{
	ms_t wait_ms = http_limit_request(c->server->limit, c->peer, clock_now());

	if (wait_ms == 0 && c->verdict == HTTP_LIMIT_OK)
		return false;
	bool all = c->verdict == HTTP_LIMIT_ALL;
	o->response = http_response_error(all ? 503 : 429,
		all                           ? "too many connections: try again later"
		: c->verdict != HTTP_LIMIT_OK ? "too many connections from this address"
					      : "too many requests from this address");
	snprintf(o->seconds, sizeof(o->seconds), "%lld",
		(long long)(wait_ms + 999) / 1000 + (wait_ms == 0));
	http_response_add(&o->response, "Retry-After", o->seconds);
	if (c->verdict != HTTP_LIMIT_OK)
		c->server->stats.turned_away++;
	return true;
}

/* Answers what has not come as a whole. Written at once: before that, libwebsockets does not say
 * that a connection takes bytes. Returns as http_conn_refuse. */
static int
answer_early(struct conn *c, struct http_response *r)
{
	c->unread = true;
	respond(c, r, false);
	return write_now(c);
}

int
http_conn_refuse(struct conn *c, struct http_fault fault)
{
	struct over_limit o;

	if (!is_over_limit(c, &o))
		o.response = http_response_error(fault.status, fault.why);
	return answer_early(c, &o.response);
}

/* A head has come. */
static void
on_head(struct conn *c)
{
	struct http_server *s = c->server;
	struct http_exchange *x = xcalloc(1, sizeof(*x));
	struct over_limit o;

	x->conn = c;
	c->exchange = x;
	memcpy(x->message.peer, c->peer, sizeof(c->peer));
	x->message.tls = s->config.cert != NULL;
	c->state = CONN_HEAD;
	struct http_fault fault = http_head_read(c->wsi, x);
	c->unread = x->body_expected > 0 || fault.status == 411;
	if (is_over_limit(c, &o))
		http_respond(x, &o.response);
	else if (fault.status)
		refuse(x, fault.status, fault.why);
	else if (x->body_expected > s->config.body_max)
		refuse(x, 413, "the body is too long");
	else if (!s->config.on_head(s->config.arg, x))
		return;
	else if (x->body_expected > 0)
		await_body(c);
	else
		handle(c);
}

static void
on_body(struct conn *c, const void *bytes, size_t len)
{
	struct http_exchange *x = c->exchange;

	if (c->state != CONN_BODY || len > x->body_expected - x->message.body_len)
		return;
	memcpy(x->message.body + x->message.body_len, bytes, len);
	x->message.body_len += len;
	if (x->message.body_len == x->body_expected)
		handle(c);
}

/* ---- what handlers ask ----------------------------------------------------------------------- */

const struct http_message *
http_exchange_message(const struct http_exchange *x)
{
	return &x->message;
}

void
http_exchange_set_data(struct http_exchange *x, void *data)
{
	x->data = data;
}

void *
http_exchange_data(const struct http_exchange *x)
{
	return x->data;
}

bool
http_exchange_is_gone(const struct http_exchange *x)
{
	return x->conn == NULL;
}

bool
http_exchange_is_upgrade(const struct http_exchange *x)
{
	return x->upgrade;
}

/* ---- libwebsockets --------------------------------------------------------------------------- */

/* libwebsockets has read that the client sends no more, and writes no more itself; the socket is
 * not closed yet, and a short answer fits. */
static void
say_ended(struct conn *c)
{
	struct http_response r = http_response_error(400, "the connection ended before the body");
	int fd = lws_get_socket_fd(c->wsi);
	size_t n;
	char *head = http_response_head(&r, c->server->config.cert != NULL, &n);

	if (send(fd, head, n, MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE) == (ssize_t)n)
		send(fd, r.body, r.body_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	http_conn_count(c, r.status);
	free(head);
	free(r.body);
}

/* A head that asks for another protocol, libwebsockets' own copy of the word. Refusals are written
 * here and now, since libwebsockets takes the connection back when this returns. 0: it may go on.
 *
 * HTTP/2 is not spoken here, and a server may ignore what it does not speak (RFC 9110 7.8), but
 * libwebsockets 4.1.6 has no option for that: it upgrades to the protocol that is named when this
 * returns 0, and to none that it does not know. */
static int
on_upgrade(struct conn *c, char *protocol)
{
	if (lws_hdr_total_length(c->wsi, WSI_TOKEN_UPGRADE) <= 0)
		return -1;
	if (strcasecmp(protocol, "websocket") != 0) {
		*protocol = '-';
		return 0;
	}
	on_head(c);
	if (c->state == CONN_SOCKET)
		return 0;
	if (c->state == CONN_HANDLER)
		return -1;
	write_now(c);
	return -1;
}

int
http_conn_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct conn *c = wsi ? lws_get_opaque_user_data(wsi) : NULL;

	(void)user;
	if (!c)
		return 0;
	switch (reason) {
	case LWS_CALLBACK_HTTP:
		on_head(c);
		return 0;
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return on_upgrade(c, in);
	case LWS_CALLBACK_HTTP_BODY:
		on_body(c, in, len);
		return 0;
	case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
		if (c->state == CONN_BODY)
			say_ended(c);
		return 0;
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return on_writable(c);
	case LWS_CALLBACK_ESTABLISHED:
	case LWS_CALLBACK_RECEIVE:
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return c->socket ? http_socket_event(c, reason, in, len) : -1;
	case LWS_CALLBACK_RAW_CLOSE:
	case LWS_CALLBACK_CLOSED_HTTP:
	case LWS_CALLBACK_CLOSED:
		detach(c);
		c->wsi = NULL;
		http_socket_free(c->socket);
		c->socket = NULL;
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		lws_set_opaque_user_data(wsi, NULL);
		http_conn_free(c);
		return 0;
	default:
		return 0;
	}
}

/* ---- time ------------------------------------------------------------------------------------ */

static void
say_timeout(struct conn *c, int status, const char *why)
{
	struct http_response r = http_response_error(status, why);

	detach(c);
	if (answer_early(c, &r) < 0)
		http_conn_kill(c);
}

void
http_conn_deadline(struct conn *c)
{
	switch (c->state) {
	case CONN_BODY:
		say_timeout(c, 408, "the body did not come in time");
		return;
	case CONN_HANDLER:
		say_timeout(c, 504, "it took too long");
		return;
	case CONN_HEAD: /* it was all there when libwebsockets got it */
	case CONN_RESPONSE:
	case CONN_LINGER:
	case CONN_SOCKET:
		break;
	}
	http_conn_kill(c);
}
