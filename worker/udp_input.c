/* udp_input.c - the sockets that a camera sends its RTP to.
 * Owns them, what waits to be put in order, and the counts for the camera's reports. Media thread.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker/reception.h"
#include "worker/relay_data.h"
#include "worker/rtp_order.h"
#include "worker/udp_input.h"

#define RTP_HEAD 12
/* The largest datagram. */
#define DATAGRAM_MAX 65536
/* Datagrams of one socket between two looks at the others. */
#define BATCH 32
/* A picture of 4K comes at once; the kernel gives what net.core.rmem_max allows. */
#define RECEIVE_BYTES (4 << 20)
/* Even ports whose next is taken; on a machine where that many are, something else is wrong. */
#define PORT_TRIES 64

enum { RTP, RTCP, ENDS };

struct flow {
	int fds[ENDS];
	uint16_t port;
	uint16_t camera_port; /* 0: unknown */
	bool open;
	uint8_t pt; /* of the media that are read */
	struct rtp_order *order;
	struct reception reception;
};

struct udp_input {
	struct sockaddr_storage camera; /* its port does not count */
	socklen_t camera_len;
	uint32_t ssrc;
	struct flow flows[RELAY_MEDIA];
	ms_t report_at;
	size_t rtcp_len; /* in buffer: to be handed on; 0: nothing */
	enum relay_media rtcp_of;
	uint8_t buffer[DATAGRAM_MAX];
};

/* ---- addresses ------------------------------------------------------------------------------- */

static void
set_port(struct sockaddr_storage *a, uint16_t port)
{
	if (a->ss_family == AF_INET6)
		((struct sockaddr_in6 *)a)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)a)->sin_port = htons(port);
}

static uint16_t
port_of(const struct sockaddr_storage *a)
{
	return ntohs(a->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)a)->sin6_port
					      : ((const struct sockaddr_in *)a)->sin_port);
}

static bool
is_same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const bool six = a->ss_family == AF_INET6;
	const size_t at = six ? offsetof(struct sockaddr_in6, sin6_addr)
			      : offsetof(struct sockaddr_in, sin_addr);

	return a->ss_family == b->ss_family &&
	       !memcmp((const char *)a + at, (const char *)b + at,
		       six ? sizeof(struct in6_addr) : sizeof(struct in_addr));
}

/* ---- sockets --------------------------------------------------------------------------------- */

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Port 0: any, which is written there. */
static int
bind_one(struct sockaddr_storage a, uint16_t *port)
{
	const int bytes = RECEIVE_BYTES;
	socklen_t len = sizeof(a);
	int fd = socket(a.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	set_port(&a, *port);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
		getsockname(fd, (struct sockaddr *)&a, &len)) {
		close(fd);
		return -1;
	}
	*port = port_of(&a);
	return fd;
}

/* RFC 3550 11: an even port and the next. */
static bool
bind_pair(struct flow *f, const struct sockaddr_storage *own)
{
	for (int i = 0; i < PORT_TRIES; i++) {
		uint16_t port = 0;
		f->fds[RTP] = bind_one(*own, &port);
		f->port = port;
		port++;
		if (f->fds[RTP] >= 0 && f->port % 2 == 0)
			f->fds[RTCP] = bind_one(*own, &port);
		if (f->fds[RTCP] >= 0)
			return true;
		close_fd(&f->fds[RTP]);
	}
	return false;
}

struct udp_input *
udp_input_new(int camera_fd, uint32_t ssrc)
{
	struct udp_input *u = calloc(1, sizeof(*u));
	struct sockaddr_storage own = { 0 };
	socklen_t own_len = sizeof(own);
	bool good;

	if (!u)
		abort();
	u->ssrc = ssrc;
	u->camera_len = sizeof(u->camera);
	u->report_at = MS_NEVER;
	for (int i = 0; i < RELAY_MEDIA; i++)
		u->flows[i].fds[RTP] = u->flows[i].fds[RTCP] = -1;
	good = !getsockname(camera_fd, (struct sockaddr *)&own, &own_len) &&
	       !getpeername(camera_fd, (struct sockaddr *)&u->camera, &u->camera_len);
	for (int i = 0; good && i < RELAY_MEDIA; i++) {
		u->flows[i].order = rtp_order_new();
		good = bind_pair(&u->flows[i], &own);
	}
	if (good)
		return u;
	udp_input_free(u);
	return NULL;
}

void
udp_input_free(struct udp_input *u)
{
	if (!u)
		return;
	for (int i = 0; i < RELAY_MEDIA; i++) {
		close_fd(&u->flows[i].fds[RTP]);
		close_fd(&u->flows[i].fds[RTCP]);
		rtp_order_free(u->flows[i].order);
	}
	free(u);
}

uint16_t
udp_input_port(const struct udp_input *u, enum relay_media media)
{
	return u->flows[media].port;
}

/* ---- out ------------------------------------------------------------------------------------- */

static void
send_to(const struct udp_input *u, const struct flow *f, int end, const uint8_t *bytes, size_t n)
{
	struct sockaddr_storage to = u->camera;

	if (!f->camera_port)
		return;
	set_port(&to, (uint16_t)(f->camera_port + end));
	/* What is lost is sent again in a while. */
	sendto(f->fds[end], bytes, n, MSG_NOSIGNAL, (struct sockaddr *)&to, u->camera_len);
}

static void
report(struct udp_input *u, struct flow *f)
{
	uint8_t out[RECEPTION_REPORT_MAX];
	const size_t n = reception_write(&f->reception, u->ssrc, clock_now_us(), out);

	send_to(u, f, RTCP, out, n);
}

static void
open_flow(struct udp_input *u, struct flow *f, const struct relay *r, enum relay_media media)
{
	/* Version 2, no media: what other players send to open a firewall, and cameras ignore. */
	static const uint8_t empty[RTP_HEAD] = { 0x80 };

	f->open = true;
	f->camera_port = r->udp[media].port;
	f->pt = r->tracks[r->media[media].track].pt;
	f->reception.clock_hz = relay_clock_hz(r, media);
	send_to(u, f, RTP, empty, sizeof(empty));
	report(u, f);
	if (u->report_at == MS_NEVER)
		u->report_at = clock_now() + UDP_INPUT_REPORT_MS;
}

void
udp_input_follow(struct udp_input *u, struct relay *r)
{
	for (int i = 0; i < RELAY_MEDIA; i++) {
		if (r->udp[i].taken)
			open_flow(u, &u->flows[i], r, (enum relay_media)i);
		r->udp[i].taken = false;
	}
}

void
udp_input_tick(struct udp_input *u)
{
	const ms_t now = clock_now();

	if (now < u->report_at)
		return;
	u->report_at = now + UDP_INPUT_REPORT_MS;
	for (int i = 0; i < RELAY_MEDIA; i++)
		if (u->flows[i].open)
			report(u, &u->flows[i]);
}

/* ---- in -------------------------------------------------------------------------------------- */

void
udp_input_fill(const struct udp_input *u, struct pollfd p[UDP_INPUT_FDS])
{
	for (int i = 0; i < UDP_INPUT_FDS; i++)
		p[i] = (struct pollfd){
			.fd = u->flows[i / ENDS].open ? u->flows[i / ENDS].fds[i % ENDS] : -1,
			.events = POLLIN
		};
}

/* The next datagram of the camera's; 0: there is none. Those of others are thrown away. */
static size_t
receive(struct udp_input *u, int fd)
{
	struct sockaddr_storage from = { 0 };

	for (int i = 0; i < BATCH; i++) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(
			fd, u->buffer, sizeof(u->buffer), 0, (struct sockaddr *)&from, &len);
		if (n < 0 && errno != EINTR)
			return 0;
		if (n > 0 && is_same_host(&from, &u->camera))
			return (size_t)n;
	}
	return 0;
}

static void
read_rtp(struct udp_input *u, struct flow *f)
{
	const int64_t now_us = clock_now_us();
	size_t n;

	for (int i = 0; i < BATCH; i++) {
		n = receive(u, f->fds[RTP]);
		if (!n)
			return;
		if (n < RTP_HEAD || u->buffer[0] >> 6 != 2 ||
			(u->buffer[1] & RELAY_PT_MASK) != f->pt)
			continue;
		reception_on_rtp(&f->reception, u->buffer, now_us);
		rtp_order_put(f->order, u->buffer, n, now_us);
	}
}

static void
read_rtcp(struct udp_input *u, enum relay_media media)
{
	const size_t n = receive(u, u->flows[media].fds[RTCP]);

	if (n < 8)
		return;
	reception_on_rtcp(&u->flows[media].reception, u->buffer, n, clock_now_us());
	u->rtcp_len = n;
	u->rtcp_of = media;
}

/* RTCP last, and of one flow: it lies in the buffer until it is taken. */
void
udp_input_read(struct udp_input *u, const struct pollfd p[UDP_INPUT_FDS])
{
	for (int i = 0; i < RELAY_MEDIA; i++)
		if (p[ENDS * i + RTP].revents)
			read_rtp(u, &u->flows[i]);
	for (int i = 0; i < RELAY_MEDIA && !u->rtcp_len; i++)
		if (p[ENDS * i + RTCP].revents)
			read_rtcp(u, (enum relay_media)i);
}

bool
udp_input_next(struct udp_input *u, struct relay_packet *out)
{
	const int64_t now_us = clock_now_us();

	*out = (struct relay_packet){ .media = u->rtcp_of, .rtcp = true, .bytes = u->buffer };
	out->len = u->rtcp_len;
	u->rtcp_len = 0;
	if (out->len)
		return true;
	for (int i = 0; i < RELAY_MEDIA; i++) {
		*out = (struct relay_packet){ .media = (enum relay_media)i };
		out->bytes = rtp_order_next(u->flows[i].order, now_us, &out->len);
		if (out->bytes)
			return true;
	}
	return false;
}

ms_t
udp_input_due(const struct udp_input *u)
{
	ms_t due = u->report_at;

	for (int i = 0; i < RELAY_MEDIA; i++) {
		const int64_t us = rtp_order_due_us(u->flows[i].order);
		const ms_t at = us == INT64_MAX ? MS_NEVER : us / 1000 + 1;
		due = at < due ? at : due;
	}
	return due;
}
