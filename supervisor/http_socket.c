/* http_socket.c - WebSockets: texts in, texts out, and no more of them than the client
 * takes. Owns what waits to be sent. Loop thread. */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/xmalloc.h"
#include "supervisor/http_server_state.h"
#include "supervisor/http_socket.h"

/* RFC 9110 15.2.2. */
#define SWITCHING_PROTOCOLS 101
/* RFC 6455 7.4.1. */
#define CLOSE_GOING_AWAY 1001
#define CLOSE_UNSUPPORTED 1003
#define CLOSE_TOO_BIG 1009
/* A client that has been told goodbye answers, or is cut off. */
#define CLOSE_TIMEOUT_MS 3000

struct http_text {
	size_t holders; /* its maker, and each socket that is yet to send it */
	size_t len;
	unsigned char bytes[]; /* LWS_PRE of room, then the text */
};

/* One that waits to be sent. */
struct waiting {
	STAILQ_ENTRY(waiting) next;
	struct http_text *text; /* held */
};

struct http_socket {
	struct conn *conn;
	struct http_socket_handler handler;
	bool open;      /* on_open was called */
	int close_code; /* it is to be closed; 0: no */
	bool close_sent;
	STAILQ_HEAD(, waiting) backlog;
	size_t backlog_bytes;
	size_t received;
	char text[HTTP_SOCKET_TEXT_MAX + 1];
};

/* ---- texts ----------------------------------------------------------------------------------- */

struct http_text *
http_text_new(const char *text, size_t len)
{
	struct http_text *t = xmalloc(sizeof(*t) + LWS_PRE + len);

	t->holders = 1;
	t->len = len;
	memcpy(t->bytes + LWS_PRE, text, len);
	return t;
}

void
http_text_release(struct http_text *t)
{
	if (t && --t->holders == 0)
		free(t);
}

static void
add_last(struct http_socket *s, struct http_text *t)
{
	struct waiting *w = xmalloc(sizeof(*w));

	t->holders++;
	w->text = t;
	STAILQ_INSERT_TAIL(&s->backlog, w, next);
	s->backlog_bytes += t->len;
}

/* Of those that wait, to be released. */
static struct http_text *
take_first(struct http_socket *s)
{
	struct waiting *w = STAILQ_FIRST(&s->backlog);
	struct http_text *t = w->text;

	STAILQ_REMOVE_HEAD(&s->backlog, next);
	s->backlog_bytes -= t->len;
	free(w);
	return t;
}

/* ---- from the upgrade to the end ------------------------------------------------------------- */

void
http_exchange_upgrade(struct http_exchange *x, const struct http_socket_handler *handler)
{
	struct http_socket *s = xcalloc(1, sizeof(*s));

	s->conn = x->conn;
	s->handler = *handler;
	STAILQ_INIT(&s->backlog);
	x->conn->socket = s;
	x->conn->state = CONN_SOCKET;
	x->conn->deadline = MS_NEVER;
	x->conn->exchange = NULL;
	http_message_clear(&x->message);
	free(x);
}

void
http_socket_free(struct http_socket *s)
{
	if (!s)
		return;
	if (s->open)
		s->conn->server->stats.sockets--;
	s->handler.on_close(s->handler.arg, s);
	while (!STAILQ_EMPTY(&s->backlog))
		http_text_release(take_first(s));
	free(s);
}

/* ---- out ------------------------------------------------------------------------------------- */

int
http_socket_send(struct http_socket *s, struct http_text *t)
{
	if (s->close_code)
		return ERR_CLOSED;
	if (s->backlog_bytes + t->len > HTTP_SOCKET_BACKLOG_MAX) {
		/* It takes nothing, so it would not take a goodbye either. */
		s->conn->server->stats.slow_sockets++;
		s->close_code = CLOSE_GOING_AWAY;
		s->conn->deadline = clock_now();
		return ERR_RANGE;
	}
	add_last(s, t);
	if (s->open && s->conn->wsi)
		lws_callback_on_writable(s->conn->wsi);
	return 0;
}

void
http_socket_close(struct http_socket *s, int code)
{
	if (s->close_code || !s->conn->wsi)
		return;
	s->close_code = code;
	s->conn->deadline = clock_now() + CLOSE_TIMEOUT_MS;
	lws_callback_on_writable(s->conn->wsi);
}

/* Written by us: libwebsockets 4.1.6 sends what lws_close_reason says when a callback for what was
 * received returns -1, but not when this one does. The client's answer, or the deadline, ends it.
 */
static int
send_close(struct http_socket *s)
{
	/* RFC 6455 5.2: a final close frame of two bytes. */
	unsigned char frame[LWS_PRE + 4] = { [LWS_PRE] = 0x88, [LWS_PRE + 1] = 2 };

	if (s->close_sent)
		return 0;
	s->close_sent = true;
	frame[LWS_PRE + 2] = (unsigned char)(s->close_code >> 8);
	frame[LWS_PRE + 3] = (unsigned char)s->close_code;
	return lws_write(s->conn->wsi, frame + LWS_PRE, 4, LWS_WRITE_RAW) < 0 ? -1 : 0;
}

/* One text; what libwebsockets cannot send at once it copies, and does not call before it has sent
 * it. Before the text it writes a header, which is the same for all: servers do not mask (RFC
 * 6455 5.1). */
static int
on_writable(struct http_socket *s)
{
	struct lws *wsi = s->conn->wsi;

	if (STAILQ_EMPTY(&s->backlog))
		return s->close_code ? send_close(s) : 0;
	struct http_text *t = take_first(s);
	int n = lws_write(wsi, t->bytes + LWS_PRE, t->len, LWS_WRITE_TEXT);
	http_text_release(t);
	if (n < 0)
		return -1;
	if (!STAILQ_EMPTY(&s->backlog) || s->close_code)
		lws_callback_on_writable(wsi);
	return 0;
}

/* ---- in -------------------------------------------------------------------------------------- */

static int
refuse(struct http_socket *s, int code)
{
	lws_close_reason(s->conn->wsi, (enum lws_close_status)code, NULL, 0);
	return -1;
}

static int
on_received(struct http_socket *s, const char *in, size_t len)
{
	if (lws_frame_is_binary(s->conn->wsi))
		return refuse(s, CLOSE_UNSUPPORTED);
	if (len > HTTP_SOCKET_TEXT_MAX - s->received)
		return refuse(s, CLOSE_TOO_BIG);
	if (len > 0)
		memcpy(s->text + s->received, in, len);
	s->received += len;
	if (!lws_is_final_fragment(s->conn->wsi) || lws_remaining_packet_payload(s->conn->wsi) > 0)
		return 0;
	s->text[s->received] = '\0';
	len = s->received;
	s->received = 0;
	s->handler.on_text(s->handler.arg, s, s->text, len);
	return 0;
}

int
http_socket_event(struct conn *c, enum lws_callback_reasons reason, const char *in, size_t len)
{
	struct http_socket *s = c->socket;

	/* An answer to ours needs none. */
	if (reason == LWS_CALLBACK_WS_PEER_INITIATED_CLOSE)
		return s->close_sent ? -1 : 0;
	if (reason == LWS_CALLBACK_RECEIVE)
		return on_received(s, in, len);
	if (reason == LWS_CALLBACK_SERVER_WRITEABLE)
		return on_writable(s);
	s->open = true;
	c->server->stats.sockets++;
	http_conn_count(c, SWITCHING_PROTOCOLS);
	s->handler.on_open(s->handler.arg, s);
	if (!STAILQ_EMPTY(&s->backlog))
		lws_callback_on_writable(c->wsi);
	return 0;
}
