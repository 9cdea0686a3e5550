/* http_server_accept.c - a connection until libwebsockets has it. The head of its request is looked
 * at, and left where it is: what is wrong with it is answered here, since libwebsockets would close
 * the connection or say so in HTML. Loop thread. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/xmalloc.h"
#include "supervisor/http_server_accept.h"

/* The first byte of TLS (RFC 8446 5.1: a record of handshake). */
#define TLS_HANDSHAKE 22

/* uv_poll_t is closed later than its connection may be gone. */
struct look {
	uv_poll_t poll;
	struct conn *conn; /* NULL once it has ended */
	int fd;
};

static void
on_look_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* Returns the descriptor, the caller's from now on. */
static int
end_look(struct conn *c)
{
	int fd = c->look->fd;

	c->look->conn = NULL;
	uv_close((uv_handle_t *)&c->look->poll, on_look_closed);
	c->look = NULL;
	return fd;
}

void
http_accept_decided(struct conn *c, int fd, struct http_fault fault)
{
	const lws_adopt_desc_t desc = { .vh = c->server->vhost,
		.type = fault.status ? LWS_ADOPT_SOCKET : LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP,
		.fd = { .sockfd = fd } };

	c->wsi = lws_adopt_descriptor_vhost_via_info(&desc);
	if (!c->wsi) {
		http_conn_free(c);
		return;
	}
	lws_set_opaque_user_data(c->wsi, c);
	if (fault.status && http_conn_refuse(c, fault) < 0)
		http_conn_kill(c);
}

static void
decide(struct conn *c, struct http_fault fault)
{
	const int any = 1;
	int fd = end_look(c);

	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &any, sizeof(any));
	http_accept_decided(c, fd, fault);
}

void
http_accept_abort(struct conn *c)
{
	if (c->look)
		close(end_look(c));
	http_conn_free(c);
}

/* ---- looking --------------------------------------------------------------------------------- */

/* Where TLS is to be spoken. */
static void
look_for_tls(struct conn *c, unsigned char first)
{
	if (first == TLS_HANDSHAKE)
		http_tls_begin(c, end_look(c));
	else
		decide(c, (struct http_fault){ 400, "TLS is spoken here: use https" });
}

static void
look_at_head(struct conn *c, const char *bytes, size_t len, bool ended)
{
	const int more = (int)len + 1;
	struct http_fault fault;

	if (http_head_check(bytes, len, &fault))
		decide(c, fault);
	else if (ended)
		decide(c, (struct http_fault){ 400, "the request ended before its head did" });
	else
		/* Not to be called again for these bytes. */
		setsockopt(c->look->fd, SOL_SOCKET, SO_RCVLOWAT, &more, sizeof(more));
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	struct look *l = poll->data;
	struct conn *c = l->conn;

	if (!c)
		return;
	unsigned char *bytes = c->server->scratch;
	ssize_t n = recv(l->fd, bytes, HTTP_HEAD_MAX + 1, MSG_PEEK);
	if (n > 0 && c->server->config.cert)
		look_for_tls(c, *bytes);
	else if (n > 0)
		look_at_head(c, (char *)bytes, (size_t)n, events & UV_DISCONNECT);
	else if (n == 0 || status < 0 || (errno != EAGAIN && errno != EINTR))
		http_accept_abort(c);
}

void
http_accept(struct http_server *s, int fd, const char *peer)
{
	struct conn *c = http_conn_new(s, peer);
	struct look *l = xcalloc(1, sizeof(*l));

	*l = (struct look){ .conn = c, .fd = fd };
	c->look = l;
	uv_poll_init(s->loop, &l->poll, fd);
	l->poll.data = l;
	uv_poll_start(&l->poll, UV_READABLE | UV_DISCONNECT, on_readable);
}

void
http_accept_deadline(struct conn *c)
{
	const struct http_fault late = { 408, "the request did not come in time" };

	if (c->look)
		decide(c, late);
	else if (!http_tls_give_up(c, late))
		http_conn_free(c);
}
