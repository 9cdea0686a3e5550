/* http_server_tls.c - TLS connections. libwebsockets ends the TLS; what is within goes through a
 * pair of sockets, whose other end is served as what came without TLS is: so there is one way in,
 * and one check of heads. Owns the near end. Loop thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "common/xmalloc.h"
#include "supervisor/http_server_accept.h"

/* Once everything was sent, for the client to close: the kernel would answer what still comes by a
 * reset, and the client might never see the response. */
#define LINGER_TIMEOUT_S 2
/* To take the next piece a client has as long as without TLS (http_server_conn.c). The far end may
 * have closed long before, when all was in the pair. */
#define TAKE_TIMEOUT_S 30

struct tls {
	struct http_server *server;
	struct lws *wsi;   /* NULL: the client is gone */
	struct conn *conn; /* until its head is known */
	/* From then on it is this that counts against the client's address: it may outlive the far
	 * end by what the client takes to read the answer. */
	bool seated;
	char peer[HTTP_PEER_SIZE];
	int fd;         /* our end of the pair; -1 before there is one, and once it has ended */
	uv_poll_t poll; /* of fd */
	bool polling;   /* poll is there, or libuv has not let go of it yet */
	size_t len;     /* what the client sent and the other end has not taken */
	char bytes[HTTP_HEAD_MAX + HTTP_TLS_PIECE];
};

/* ---- ending ---------------------------------------------------------------------------------- */

static void
free_if_unused(struct tls *t)
{
	if (!t->wsi && !t->polling)
		free(t);
}

static void
on_poll_closed(uv_handle_t *handle)
{
	struct tls *t = handle->data;

	t->polling = false;
	free_if_unused(t);
}

static void
close_pair(struct tls *t)
{
	if (t->fd < 0)
		return;
	uv_close((uv_handle_t *)&t->poll, on_poll_closed);
	close(t->fd);
	t->fd = -1;
}

/* The other end has closed: all that it said was sent. */
static void
say_goodbye(struct tls *t)
{
	close_pair(t);
	SSL_shutdown(lws_get_ssl(t->wsi));
	shutdown(lws_get_socket_fd(t->wsi), SHUT_WR);
	lws_rx_flow_control(t->wsi, 1);
	lws_set_timeout(t->wsi, PENDING_TIMEOUT_CLOSE_SEND, LINGER_TIMEOUT_S);
}

/* ---- between the two ------------------------------------------------------------------------- */

static void on_pair(uv_poll_t *poll, int status, int events);

static void
watch_pair(struct tls *t, bool readable)
{
	int events = (readable ? UV_READABLE : 0) | (t->len > 0 ? UV_WRITABLE : 0);

	if (events)
		uv_poll_start(&t->poll, events, on_pair);
	else
		uv_poll_stop(&t->poll);
}

/* To the pair what it takes; who sends is held up meanwhile. */
static void
pass_in(struct tls *t)
{
	ssize_t n = send(t->fd, t->bytes, t->len, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		n = (ssize_t)t->len; /* nobody reads it any more */
	if (n > 0) {
		t->len -= (size_t)n;
		memmove(t->bytes, t->bytes + n, t->len);
	}
	lws_rx_flow_control(t->wsi, t->len == 0);
}

static void
on_pair(uv_poll_t *poll, int status, int events)
{
	struct tls *t = poll->data;

	if (t->len > 0)
		pass_in(t);
	bool readable = status < 0 || events & UV_READABLE;
	if (readable)
		lws_callback_on_writable(t->wsi);
	watch_pair(t, !readable);
}

/* To the client what the pair has, piece by piece until there is no more. Returns 0, or -1: it is
 * gone. */
static int
pass_out(struct tls *t)
{
	unsigned char *scratch = t->server->scratch + LWS_PRE;

	if (t->fd < 0)
		return 0;
	ssize_t n = recv(t->fd, scratch, HTTP_CHUNK, 0);
	if (n > 0) {
		if (lws_write(t->wsi, scratch, (size_t)n, LWS_WRITE_RAW) < 0)
			return -1;
		lws_set_timeout(t->wsi, PENDING_TIMEOUT_CLOSE_SEND, TAKE_TIMEOUT_S);
		lws_callback_on_writable(t->wsi);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		say_goodbye(t);
	} else {
		lws_set_timeout(t->wsi, NO_PENDING_TIMEOUT, 0);
		watch_pair(t, true);
	}
	return 0;
}

/* ---- the head -------------------------------------------------------------------------------- */

/* The head is known: makes the pair, and a connection of its far end. */
static int
decided(struct tls *t, struct http_fault fault)
{
	struct conn *c = t->conn;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	t->conn = NULL;
	c->tls = NULL;
	t->seated = true;
	memcpy(t->peer, c->peer, sizeof(t->peer));
	c->seated = false;
	t->fd = pair[0];
	uv_poll_init(t->server->loop, &t->poll, t->fd);
	t->poll.data = t;
	t->polling = true;
	/* From now on the time is the far end's: libwebsockets gives a handshake's 120 s to all of
	 * it. */
	lws_set_timeout(t->wsi, NO_PENDING_TIMEOUT, 0);
	pass_in(t);
	watch_pair(t, true);
	http_accept_decided(c, pair[1], fault);
	return 0;
}

/* Returns 0, or -1: the connection is to be closed. */
static int
on_bytes(struct tls *t, const char *bytes, size_t len)
{
	struct http_fault fault;

	if (!t->conn && t->fd < 0)
		return 0; /* goodbye was said */
	if (len > sizeof(t->bytes) - t->len)
		return -1; /* libwebsockets was told to wait */
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
	if (t->conn)
		return http_head_check(t->bytes, t->len, &fault) ? decided(t, fault) : 0;
	pass_in(t);
	watch_pair(t, true);
	return 0;
}

bool
http_tls_give_up(struct conn *c, struct http_fault fault)
{
	struct tls *t = c->tls;

	if (SSL_is_init_finished(lws_get_ssl(t->wsi)) && decided(t, fault) == 0)
		return true;
	t->conn = NULL;
	c->tls = NULL;
	lws_set_timeout(t->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_SYNC);
	return false;
}

/* ---- libwebsockets --------------------------------------------------------------------------- */

static void
on_gone(struct tls *t)
{
	struct conn *c = t->conn;

	if (c) {
		c->tls = NULL;
		http_conn_free(c);
	}
	if (t->seated)
		http_limit_disconnect(t->server->limit, t->peer);
	t->wsi = NULL;
	close_pair(t);
	free_if_unused(t);
}

int
http_tls_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct tls *t = wsi ? lws_get_opaque_user_data(wsi) : NULL;

	(void)user;
	if (!t)
		return 0;
	switch (reason) {
	case LWS_CALLBACK_RAW_RX:
		return on_bytes(t, in, len);
	case LWS_CALLBACK_RAW_WRITEABLE:
		return pass_out(t);
	case LWS_CALLBACK_WSI_DESTROY:
		lws_set_opaque_user_data(wsi, NULL);
		on_gone(t);
		return 0;
	default:
		return 0;
	}
}

void
http_tls_begin(struct conn *c, int fd)
{
	struct tls *t = xcalloc(1, sizeof(*t));
	const lws_adopt_desc_t desc = { .vh = c->server->vhost,
		.type = LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL,
		.vh_prot_name = HTTP_TLS_PROTOCOL,
		.fd = { .sockfd = fd } };

	t->server = c->server;
	t->fd = -1;
	t->wsi = lws_adopt_descriptor_vhost_via_info(&desc);
	if (!t->wsi) {
		free(t);
		http_conn_free(c);
		return;
	}
	t->conn = c;
	c->tls = t;
	lws_set_opaque_user_data(t->wsi, t);
}
