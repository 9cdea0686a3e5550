/* tunnel.c - the way between libavformat and the camera.
 * Owns the connection to the camera, the one to libavformat, and what is on its way. Media thread.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "common/xmalloc.h"
#include "worker/fifo.h"
#include "worker/held.h"
#include "worker/loopback.h"
#include "worker/relay_data.h"
#include "worker/rtsp_relay.h"
#include "worker/tunnel.h"
#include "worker/rtsp_setup.h"
#include "worker/udp_input.h"
#include "worker/wait_fd.h"

/* A read takes as much as this at most. What is in the buffers is all that a late reader can make
 * us keep: the rest stays with the camera. */
#define DOWN_BYTES (RTSP_PIECE_MAX + 65536)

enum phase {
	LISTENING, /* for libavformat */
	RELAYING,
	CAMERA_GONE, /* what came is still sent down */
	DONE,        /* libavformat was given its end of file, or has closed */
	LINGERING,   /* and the camera is given time to answer TEARDOWN */
};

struct tunnel {
	enum phase phase;
	struct camera_conn *camera; /* owned */
	int stop_fd;                /* lent */
	int listen_fd;
	int local_fd;     /* to libavformat */
	int other_end;    /* libavformat's own; lent */
	bool camera_more; /* the last read did not empty it */
	int64_t read_us;  /* when that was */
	bool sent;        /* libavformat has something new to read */
	bool wanted;      /* what the camera says: else it is left where it is */
	struct relay relay;
	struct udp_input *udp; /* owned; NULL: RTP comes by the camera's connection */
	struct fifo up_in, up_out, down_in, down_out;
	struct held held; /* packets that came while libavformat was being answered */
	char *camera_uri;
	char short_uri[48];
	int err;
};

/* ---- sockets -------------------------------------------------------------------------------- */

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- the way down --------------------------------------------------------------------------- */

static void
set_camera_gone(struct tunnel *t, int err)
{
	t->err = err;
	t->phase = CAMERA_GONE;
}

static void
set_done(struct tunnel *t)
{
	close_fd(&t->local_fd);
	close_fd(&t->listen_fd);
	t->sent = true;
	t->phase = DONE;
}

static void
send_down(struct tunnel *t)
{
	while (t->down_out.len) {
		ssize_t n =
			send(t->local_fd, fifo_front(&t->down_out), t->down_out.len, MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		/* If libavformat has closed, nobody wants it; the way up says so. */
		fifo_take(&t->down_out, n < 0 ? t->down_out.len : (size_t)n);
		t->sent = true;
	}
}

static void
send_up(struct tunnel *t)
{
	while (t->up_out.len) {
		ssize_t n = camera_conn_write(t->camera, fifo_front(&t->up_out), t->up_out.len);
		if (n == ERR_AGAIN)
			return;
		if (n < 0) {
			set_camera_gone(t, (int)n);
			return;
		}
		fifo_take(&t->up_out, (size_t)n);
	}
}

/* The camera asked who we are: the request goes up again. */
static void
repeat(struct tunnel *t)
{
	if (!t->relay.again || (t->phase != RELAYING && t->phase != LINGERING))
		return;
	relay_up(&t->relay, &t->up_in, &t->up_out);
	send_up(t);
}

/* Passes on what lies in down_in, as far as libavformat reads. */
static void
pump_down(struct tunnel *t)
{
	struct relay_packet packet;
	bool moved;
	int got;

	do {
		size_t in = t->down_in.len;
		while ((got = relay_down(&t->relay, &t->down_in, &t->down_out, &packet)) == 1)
			if (t->phase != LINGERING)
				held_put(&t->held, &packet);
		size_t out = t->down_out.len;
		send_down(t);
		moved = t->down_in.len < in || t->down_out.len < out;
	} while (!got && moved && !t->down_out.len);
	repeat(t);
	if (got && t->phase != CAMERA_GONE)
		set_camera_gone(t, got);
}

static void
read_camera(struct tunnel *t)
{
	size_t room = fifo_room(&t->down_in);
	ssize_t n = camera_conn_read(t->camera, fifo_back(&t->down_in), room);

	t->camera_more = n > 0 && (size_t)n == room;
	t->read_us = clock_now_us();
	if (n > 0)
		fifo_add(&t->down_in, (size_t)n);
	else if (n != ERR_AGAIN)
		set_camera_gone(t, (int)n);
}

/* ---- the way up ----------------------------------------------------------------------------- */

static void
accept_local(struct tunnel *t)
{
	t->local_fd = loopback_accept(t->listen_fd, &t->other_end);
	if (t->local_fd < 0)
		return;
	close_fd(&t->listen_fd);
	t->phase = RELAYING;
}

static void
read_local(struct tunnel *t)
{
	int err = loopback_receive(t->local_fd, &t->up_in);

	if (err == ERR_AGAIN)
		return;
	if (!err)
		err = relay_up(&t->relay, &t->up_in, &t->up_out);
	if (t->phase == RELAYING)
		send_up(t);
	if (err)
		set_done(t);
}

/* ---- one step ------------------------------------------------------------------------------- */

enum { STOP, LISTEN, LOCAL, CAMERA, UDP, FDS = UDP + UDP_INPUT_FDS };

/* What to wait for, by phase. */
static void
choose(const struct tunnel *t, struct pollfd p[FDS])
{
	bool relaying = t->phase == RELAYING;
	short up = relaying && t->up_out.len ? POLLOUT : 0;
	short reads = relaying && t->wanted && fifo_room(&t->down_in) ? POLLIN : 0;
	short down = t->down_out.len ? POLLOUT : 0;
	short requests = t->phase != CAMERA_GONE && fifo_room(&t->up_in) ? POLLIN : 0;

	p[STOP] = (struct pollfd){ .fd = t->stop_fd, .events = POLLIN };
	p[LISTEN] = (struct pollfd){ .fd = t->listen_fd, .events = POLLIN };
	p[LOCAL] = (struct pollfd){ .fd = t->local_fd, .events = (short)(requests | down) };
	p[CAMERA] = (struct pollfd){ .fd = up || reads ? camera_conn_fd(t->camera) : -1,
		.events = (short)(up | reads) };
	for (int i = UDP; i < FDS; i++)
		p[i] = (struct pollfd){ .fd = -1 };
	if (t->udp && relaying && t->wanted)
		udp_input_fill(t->udp, p + UDP);
}

static void
relay_both(struct tunnel *t, const struct pollfd p[FDS], bool more)
{
	if (p[LOCAL].revents & POLLOUT)
		send_down(t);
	if (p[CAMERA].revents & POLLOUT)
		send_up(t);
	if (t->phase == RELAYING && (more || p[CAMERA].revents & ~POLLOUT))
		read_camera(t);
	if (p[LOCAL].revents & ~POLLOUT)
		read_local(t);
	if (t->udp)
		udp_input_read(t->udp, p + UDP);
}

static void
act(struct tunnel *t, const struct pollfd p[FDS], bool more)
{
	switch (t->phase) {
	case LISTENING:
		accept_local(t);
		break;
	case RELAYING:
		relay_both(t, p, more);
		break;
	case CAMERA_GONE:
	case DONE:
	case LINGERING:
		break;
	}
}

/* Waits for the first thing to do, and does it. Returns 0, ERR_TIMEOUT, ERR_CLOSED. */
static int
step(struct tunnel *t, ms_t deadline)
{
	struct pollfd p[FDS];
	ms_t left = deadline - clock_now();

	if (left < 0)
		return ERR_TIMEOUT;
	choose(t, p);
	bool more = t->camera_more && p[CAMERA].events & POLLIN;
	int n = poll(p, FDS, more ? 0 : (int)(left < INT_MAX ? left : INT_MAX));
	if (n < 0)
		return 0; /* EINTR */
	if (p[STOP].revents)
		return ERR_CLOSED;
	if (n == 0 && !more)
		return ERR_TIMEOUT;
	act(t, p, more);
	return 0;
}

/* The same, and passes on what came. */
static int
carry(struct tunnel *t, ms_t deadline)
{
	int err = step(t, deadline);

	if (err || (t->phase != RELAYING && t->phase != CAMERA_GONE))
		return err;
	pump_down(t);
	if (t->phase == CAMERA_GONE && !t->down_out.len)
		set_done(t);
	return 0;
}

void
tunnel_poke(struct tunnel *t)
{
	/* Accept, request, answer: a step each. */
	for (int i = 0; i < 4 && t->phase != DONE; i++) {
		t->wanted = tunnel_awaits_answer(t);
		if (carry(t, clock_now()))
			return;
	}
}

int
tunnel_run(struct tunnel *t, ms_t deadline)
{
	int err = 0;

	t->sent = false;
	t->wanted = true;
	while (!err && !t->sent && t->phase != DONE)
		err = carry(t, deadline);
	return err;
}

/* ---- pictures ------------------------------------------------------------------------------- */

/* The next packet that came by UDP. */
static bool
next_datagram(struct tunnel *t, struct relay_packet *out)
{
	if (!t->udp)
		return false;
	udp_input_follow(t->udp, &t->relay);
	udp_input_tick(t->udp);
	if (!udp_input_next(t->udp, out))
		return false;
	/* Another session's have other ports. */
	if (relay_judge(&t->relay, out) == RELAY_END)
		set_camera_gone(t, ERR_EOF);
	return t->phase == RELAYING;
}

/* Waits, but no longer than what came by UDP may. */
static int
step_with_datagrams(struct tunnel *t, ms_t deadline)
{
	const ms_t due = t->udp ? udp_input_due(t->udp) : MS_NEVER;
	const ms_t now = clock_now();

	if (due >= deadline)
		return step(t, deadline);
	int err = step(t, due > now ? due : now);
	return err == ERR_TIMEOUT ? 0 : err;
}

int
tunnel_read(struct tunnel *t, ms_t deadline, struct relay_packet *out)
{
	const unsigned messages = t->relay.messages;
	int err = 0;

	t->wanted = true;
	while (!err) {
		if (held_take(&t->held, out) || next_datagram(t, out)) {
			out->arrived_us = clock_now_us();
			return 0;
		}
		int got = relay_down(&t->relay, &t->down_in, &t->down_out, out);
		if (got == 1) {
			out->arrived_us = t->read_us;
			return 0;
		}
		if (got)
			set_camera_gone(t, got);
		repeat(t);
		if (t->phase != RELAYING)
			return t->err ? t->err : ERR_EOF;
		if (t->relay.messages != messages)
			return ERR_AGAIN;
		err = step_with_datagrams(t, deadline);
	}
	return err;
}

bool
tunnel_send_pill(struct tunnel *t)
{
	if (t->relay.media[RELAY_PICTURES].channel < 0 || fifo_room(&t->down_out) < RELAY_PILL_MAX)
		return false;
	relay_put_pill(&t->relay, &t->down_out);
	send_down(t);
	return true;
}

void
tunnel_push(struct tunnel *t)
{
	send_down(t);
}

/* ---- the end -------------------------------------------------------------------------------- */

/* Until libavformat's end of file. */
static void
take_rest(struct tunnel *t, ms_t deadline)
{
	while (t->phase == RELAYING && !wait_fd(t->local_fd, POLLIN, deadline, -1))
		read_local(t);
}

void
tunnel_finish(struct tunnel *t)
{
	ms_t deadline = clock_now() + TUNNEL_LINGER_MS;
	unsigned before = t->relay.answers;
	int fd = camera_conn_fd(t->camera);

	take_rest(t, deadline);
	if (!t->relay.torn_down || t->err)
		return;
	t->phase = LINGERING;
	while (t->phase == LINGERING && t->relay.answers == before) {
		if (!t->camera_more && wait_fd(fd, POLLIN, deadline, -1))
			break;
		read_camera(t);
		pump_down(t);
	}
	t->phase = DONE;
}

const struct relay *
tunnel_relay(const struct tunnel *t)
{
	return &t->relay;
}

struct tunnel_outcome
tunnel_outcome(const struct tunnel *t)
{
	struct tunnel_outcome o = { .err = t->err,
		.status = t->relay.status,
		.sound_status = t->relay.sound_status,
		.by_udp = t->relay.by_udp,
		.by_multicast = t->relay.by_multicast };

	memcpy(o.method, t->relay.method, sizeof(o.method));
	memcpy(o.codec, t->relay.refused_codec, sizeof(o.codec));
	return o;
}

bool
tunnel_awaits_answer(const struct tunnel *t)
{
	return t->phase == RELAYING && (int)(t->relay.requests - t->relay.answers) > 0;
}

bool
tunnel_is_drained(struct tunnel *t)
{
	if (t->down_out.len)
		pump_down(t);
	return t->phase != DONE && !t->down_out.len &&
	       (t->phase == LISTENING || !loopback_unread(t->other_end));
}

/* ---- life ----------------------------------------------------------------------------------- */

struct tunnel *
tunnel_new(struct camera_conn *camera, const struct tunnel_config *config)
{
	struct tunnel *t = xcalloc(1, sizeof(*t));
	uint16_t port = 0;

	t->camera = camera;
	t->stop_fd = config->stop_fd;
	t->local_fd = -1;
	t->camera_uri = xstrdup(config->uri);
	relay_init(&t->relay, t->short_uri, t->camera_uri, config->sound, config->auth);
	fifo_init(&t->up_in, RTSP_PIECE_MAX);
	fifo_init(&t->up_out, RTSP_PIECE_MAX + relay_growth(&t->relay));
	fifo_init(&t->down_in, DOWN_BYTES);
	fifo_init(&t->down_out, RTSP_PIECE_MAX + RTSP_SETUP_ANSWER_MAX + RELAY_PILL_MAX);
	if (config->udp)
		t->udp = udp_input_new(camera_conn_fd(camera), config->ssrc);
	for (int i = 0; t->udp && i < RELAY_MEDIA; i++)
		t->relay.ports[i] = udp_input_port(t->udp, (enum relay_media)i);
	t->listen_fd = config->udp && !t->udp ? -1 : loopback_listen(&port);
	snprintf(t->short_uri, sizeof(t->short_uri), "rtsp://127.0.0.1:%u/camera", port);
	if (t->listen_fd >= 0)
		return t;
	tunnel_free(t);
	return NULL;
}

const char *
tunnel_address(const struct tunnel *t)
{
	return t->short_uri + strlen("rtsp://");
}

void
tunnel_free(struct tunnel *t)
{
	if (!t)
		return;
	camera_conn_close(t->camera);
	close_fd(&t->local_fd);
	close_fd(&t->listen_fd);
	relay_clear(&t->relay);
	udp_input_free(t->udp);
	fifo_clear(&t->up_in);
	fifo_clear(&t->up_out);
	fifo_clear(&t->down_in);
	fifo_clear(&t->down_out);
	held_clear(&t->held);
	free(t->camera_uri);
	free(t);
}
