/* camera_conn.c - how bytes get to the camera and back: name, TCP, TLS.
 * Owns the socket. Opened by the media thread, then used by the tunnel's. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "worker/camera_conn.h"
#include "common/xmalloc.h"
#include "worker/resolve.h"
#include "worker/tls.h"
#include "worker/wait_fd.h"

struct camera_conn {
	int fd;
	struct tls *tls; /* owned; NULL for plain TCP */
};

/* The kernel's word on a connection that was started; errno is set. */
static int
connect_result(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	errno = error;
	return error ? ERR_UNREACHABLE : 0;
}

static void
set_options(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static int
connect_one(const struct addrinfo *a, ms_t deadline, int cancel_fd, int *out)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);

	if (fd < 0)
		return ERR_UNREACHABLE;
	set_options(fd);
	int err = 0;
	if (connect(fd, a->ai_addr, a->ai_addrlen) < 0) {
		err = errno == EINPROGRESS ? wait_fd(fd, POLLOUT, deadline, cancel_fd)
					   : ERR_UNREACHABLE;
		if (!err)
			err = connect_result(fd);
	}
	if (err) {
		int saved = errno;
		close(fd);
		errno = saved;
		return err;
	}
	*out = fd;
	return 0;
}

/* One address after the other; each gets its share of the time that is left. */
static int
connect_any(const struct addrinfo *list, const struct camera_conn_config *config, int *fd)
{
	ms_t deadline = clock_now() + config->step_ms;
	int err = ERR_UNREACHABLE, count = 0;

	for (const struct addrinfo *a = list; a; a = a->ai_next)
		count++;
	for (const struct addrinfo *a = list; a && err && err != ERR_CLOSED; a = a->ai_next) {
		ms_t now = clock_now();
		err = connect_one(a, now + (deadline - now) / count--, config->cancel_fd, fd);
	}
	return err;
}

static int
connect_tcp(const struct camera_conn_config *config, int *fd, char *why, size_t why_size)
{
	struct addrinfo *list;
	const char *reason = "";
	int err = resolve(config->host, config->port, clock_now() + config->step_ms,
		config->cancel_fd, &list, &reason);

	if (err) {
		snprintf(why, why_size, "cannot resolve %s: %s", config->host,
			err == ERR_UNREACHABLE ? reason : err_text(err));
		return err;
	}
	err = connect_any(list, config, fd);
	int saved = errno;
	freeaddrinfo(list);
	if (err)
		snprintf(why, why_size, "cannot connect to %s port %s: %s", config->host,
			config->port, err == ERR_UNREACHABLE ? strerror(saved) : err_text(err));
	return err;
}

static int
secure(struct camera_conn *c, const struct camera_conn_config *config, char *why, size_t why_size)
{
	ms_t deadline = clock_now() + config->step_ms;
	char reason[128] = "";
	short events;

	c->tls = tls_new(
		c->fd, config->host, config->ca_file, config->verify, reason, sizeof(reason));
	int err = c->tls ? ERR_AGAIN : ERR_LIBRARY;
	while (err == ERR_AGAIN) {
		err = tls_handshake(c->tls, &events, reason, sizeof(reason));
		if (err != ERR_AGAIN)
			break;
		int waited = wait_fd(c->fd, events, deadline, config->cancel_fd);
		err = waited ? waited : ERR_AGAIN;
	}
	if (err)
		snprintf(why, why_size, "%s %s port %s: %s",
			err == ERR_UNTRUSTED ? "the certificate of" : "no TLS with", config->host,
			config->port, reason[0] ? reason : err_text(err));
	return err;
}

int
camera_conn_open(const struct camera_conn_config *config, struct camera_conn **out,
	int64_t *connected_us, char *why, size_t why_size)
{
	struct camera_conn *c = xcalloc(1, sizeof(*c));

	c->fd = -1;
	int err = connect_tcp(config, &c->fd, why, why_size);
	if (!err) {
		*connected_us = clock_now_us();
		err = config->tls ? secure(c, config, why, why_size) : 0;
	}
	if (err) {
		camera_conn_close(c);
		return err;
	}
	*out = c;
	return 0;
}

static ssize_t
tcp_result(ssize_t n)
{
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_UNREACHABLE;
}

/* A record at a time until no whole one is left, so that "less than asked for" means the same as
 * with TCP. */
static ssize_t
read_records(struct tls *tls, uint8_t *out, size_t n)
{
	size_t got = 0;

	do {
		ssize_t more = tls_read(tls, out + got, n - got);
		if (more < 0)
			return got ? (ssize_t)got : more;
		got += (size_t)more;
	} while (got < n && tls_has_more(tls));
	return (ssize_t)got;
}

ssize_t
camera_conn_read(struct camera_conn *c, uint8_t *out, size_t n)
{
	ssize_t got = c->tls ? read_records(c->tls, out, n) : tcp_result(recv(c->fd, out, n, 0));

	return got ? got : ERR_EOF;
}

ssize_t
camera_conn_write(struct camera_conn *c, const uint8_t *bytes, size_t n)
{
	if (c->tls)
		return tls_write(c->tls, bytes, n);
	return tcp_result(send(c->fd, bytes, n, MSG_NOSIGNAL));
}

int
camera_conn_fd(const struct camera_conn *c)
{
	return c->fd;
}

void
camera_conn_close(struct camera_conn *c)
{
	if (!c)
		return;
	tls_free(c->tls);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}
