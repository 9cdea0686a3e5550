/* fuzz_udp_input.c - any datagrams by UDP, at any times: each comes out once at most, whole, the
 * late ones too; what the camera is told of them is RTCP, and no NAL unit leaves its bounds. Clock
 * and sockets are made of nothing: real ones take a hundred times as long. An input is datagrams: a
 * byte that says where to and how many ms later, a byte of length, so many bytes. */
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "worker/demux.h"
#include "worker/depacketizer.h"
#include "worker/relay_track.h"
#include "worker/rtcp.h"
#include "worker/rtsp_relay.h"
#include "worker/rtsp_wire.h"
#include "worker/udp_input.h"
#include "worker/video_codec.h"

#define ENDS (2 * RELAY_MEDIA)
#define DATAGRAMS_MAX 2048
/* What is missing has been given up by then: RTP_ORDER_WAIT_US. */
#define LATER_MS 60
#define OURS 0x11111111U

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int64_t now_us;

ms_t
clock_now(void)
{
	return now_us / 1000;
}

int64_t
clock_now_us(void)
{
	return now_us;
}

/* Sockets: the camera's is FIRST_FD, then ours, as they are asked for. No descriptors of the
 * process's, so that to close one does nothing. */
#define FIRST_FD 100000
#define FIRST_PORT 5000
#define CAMERA_PORT 7000

static int fd_count;
static const struct datagram *waiting; /* the one that is on its way; NULL: none */

struct datagram {
	const uint8_t *bytes;
	size_t len;
	unsigned to;
	bool out; /* it has come out */
};

static struct datagram sent[DATAGRAMS_MAX];
static size_t sent_count;

/* ---- sockets --------------------------------------------------------------------------------- */

static int
end_of(int fd)
{
	return fd - FIRST_FD - 1;
}

static void
set_address(struct sockaddr *to, uint16_t port)
{
	const struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	memcpy(to, &a, sizeof(a));
}

int
socket(int domain, int type, int protocol)
{
	(void)protocol;
	assert(domain == AF_INET && type & SOCK_DGRAM);
	return FIRST_FD + ++fd_count;
}

int
setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	(void)level, (void)name, (void)value, (void)len;
	return end_of(fd) < ENDS ? 0 : -1;
}

int
bind(int fd, __CONST_SOCKADDR_ARG to, socklen_t len)
{
	(void)fd, (void)len;
	return to.__sockaddr__->sa_family == AF_INET ? 0 : -1;
}

int
getsockname(int fd, __SOCKADDR_ARG to, socklen_t *restrict len)
{
	set_address(to.__sockaddr__, (uint16_t)(FIRST_PORT + end_of(fd)));
	*len = sizeof(struct sockaddr_in);
	return 0;
}

int
getpeername(int fd, __SOCKADDR_ARG to, socklen_t *restrict len)
{
	assert(fd == FIRST_FD);
	set_address(to.__sockaddr__, CAMERA_PORT);
	*len = sizeof(struct sockaddr_in);
	return 0;
}

ssize_t
recvfrom(int fd, void *restrict buffer, size_t size, int flags, __SOCKADDR_ARG from,
	socklen_t *restrict from_len)
{
	const struct datagram *d = waiting;

	(void)flags;
	if (!d || d->to != (unsigned)end_of(fd)) {
		errno = EAGAIN;
		return -1;
	}
	waiting = NULL;
	assert(d->len <= size && *from_len >= sizeof(struct sockaddr_in));
	if (d->len)
		memcpy(buffer, d->bytes, d->len);
	set_address(from.__sockaddr__, CAMERA_PORT);
	*from_len = sizeof(struct sockaddr_in);
	return (ssize_t)d->len;
}

static void
on_event(const struct rtcp_event *e, void *arg)
{
	(void)arg;
	assert(e->type == RTCP_REPORT && e->from == OURS);
}

/* What we tell the camera: at first an empty packet, which opens firewalls, and receiver reports.
 */
ssize_t
sendto(int fd, const void *bytes, size_t len, int flags, __CONST_SOCKADDR_ARG to, socklen_t to_len)
{
	static const uint32_t none = 0;
	const struct rtcp_reader reader = { .ssrcs = &none, .ssrc_count = 1, .on_event = on_event };

	(void)flags, (void)to, (void)to_len;
	if (end_of(fd) % 2 == 0) {
		assert(len == 12);
	} else {
		assert(len == 24 || len == 48);
		assert(rtcp_parse(bytes, len, &reader) == 0);
	}
	return (ssize_t)len;
}

/* ---- packets --------------------------------------------------------------------------------- */

static void
mark_out(const struct relay_packet *p)
{
	for (size_t i = 0; i < sent_count; i++) {
		struct datagram *d = &sent[i];
		if (d->out || d->to != 2 * p->media + p->rtcp || d->len != p->len ||
			memcmp(d->bytes, p->bytes, p->len) != 0)
			continue;
		d->out = true;
		return;
	}
	assert(!"a packet that was never sent");
}

static void
read_units(struct demux *d, const struct relay_packet *p)
{
	struct source_unit unit;

	demux_feed(d, p, now_us);
	while (demux_next(d, &unit))
		assert(unit.kind != SOURCE_PICTURE || unit.nal.len <= DEPACKETIZER_NAL_MAX);
}

/* All that is there, as tunnel.c takes it; something came there. */
static void
take(struct udp_input *u, struct demux *d, unsigned to)
{
	struct pollfd p[UDP_INPUT_FDS];
	struct relay_packet packet;

	udp_input_fill(u, p);
	p[to].revents = POLLIN;
	udp_input_read(u, p);
	udp_input_tick(u);
	while (udp_input_next(u, &packet)) {
		assert(packet.len >= (packet.rtcp ? 8 : 12));
		assert(packet.rtcp || (packet.bytes[1] & RELAY_PT_MASK) == 96 + packet.media);
		mark_out(&packet);
		read_units(d, &packet);
	}
}

/* Takes a datagram off the input and sends it. Returns its length there. */
static size_t
send_datagram(const uint8_t *data, size_t len)
{
	struct datagram *d = &sent[sent_count++];

	*d = (struct datagram){ .bytes = data + 2,
		.len = data[1] < len - 2 ? data[1] : len - 2,
		.to = data[0] % ENDS };
	now_us += data[0] / ENDS * 1000;
	waiting = d;
	return 2 + d->len;
}

static struct udp_input *
open_input(void)
{
	struct udp_input *u = udp_input_new(FIRST_FD, OURS);
	struct relay relay = { 0 };

	assert(u);
	for (int i = 0; i < RELAY_MEDIA; i++) {
		relay.udp[i].taken = true;
		relay.udp[i].port = CAMERA_PORT;
		relay.media[i].track = i;
		relay.tracks[i].clock = i == RELAY_SOUND ? 16000 : 90000;
		relay.tracks[i].pt = i == RELAY_SOUND ? 97 : 96;
	}
	udp_input_follow(u, &relay);
	return u;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct relay_track sound = { .media = RTSP_AUDIO,
		.codec = "mpeg4-generic",
		.clock = 16000,
		.fmtp = "mode=AAC-hbr;config=1408;sizeLength=13;indexLength=3;indexDeltaLength=3" };

	now_us = INT64_C(1000000000);
	sent_count = 0;
	fd_count = 0;
	waiting = NULL;
	struct udp_input *u = open_input();
	struct demux *d = demux_new();
	demux_open_pictures(d, len % 2 ? &video_h265 : &video_h264);
	demux_open_sound(d, &sound);
	for (size_t at = 0; at + 2 < len && sent_count < DATAGRAMS_MAX;) {
		at += send_datagram(data + at, len - at);
		take(u, d, sent[sent_count - 1].to);
	}
	now_us += LATER_MS * 1000;
	take(u, d, 0);
	/* Nothing is kept: only the report is due. */
	assert(udp_input_due(u) > clock_now() || udp_input_due(u) == MS_NEVER);
	now_us += UDP_INPUT_REPORT_MS * INT64_C(1000);
	take(u, d, 0);
	demux_free(d);
	udp_input_free(u);
	return 0;
}
