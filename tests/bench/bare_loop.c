/* bare_loop.c - the least that relaying a camera can cost, for bench_worker.py to compare with.
 *   bare_loop rtsp[s]://HOST:PORT/PATH SINK
 * Reads one video track by RTSP over TCP, and seals each RTP packet as it is and sends it to the
 * UDP port SINK of this machine. No ICE, no DTLS, no packets of its own, no certificate looked at,
 * and a key that everybody knows. Ends with the camera, or by a signal. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <srtp2/srtp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* RFC 2326 10.12: '$', the channel, the length. */
#define FRAME_HEAD 4
#define FRAME_MAX (FRAME_HEAD + 65535)
/* What worker/tls.c asks for too. */
#define READ_BYTES 65536
#define REPLY_MAX 16384
/* RFC 2326 12.37: a session may end after 60 s in which nothing was asked. */
#define KEEPALIVE_S 25
/* RFC 7714 12: AEAD_AES_128_GCM takes 16 bytes of key and 12 of salt. */
#define MASTER_BYTES 28

struct camera {
	const char *url;
	int fd;
	SSL *ssl; /* NULL: plain */
	int cseq;
	char session[128];
	uint8_t in[FRAME_MAX + READ_BYTES];
	size_t at, len; /* in[at..len] is not used yet */
};

/* What the camera has said, inside of camera.in until the next is asked for. */
struct item {
	bool is_frame;
	const uint8_t *bytes;
	size_t len;
};

static void
die(const char *what)
{
	fprintf(stderr, "bare_loop: %s\n", what);
	exit(1);
}

/* ---- the connection -------------------------------------------------------------------------- */

static int
dial(const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	const int on = 1;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		die("no such host");
	int fd = socket(found->ai_family, found->ai_socktype, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) != 0)
		die("the camera cannot be reached");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	freeaddrinfo(found);
	return fd;
}

static SSL *
start_tls(int fd)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (!context)
		die("OpenSSL");
	SSL_CTX_set_default_read_buffer_len(context, READ_BYTES);
	SSL_CTX_set_read_ahead(context, 1);
	SSL *ssl = SSL_new(context);
	if (!ssl || SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1)
		die("no TLS");
	return ssl;
}

static void
camera_open(struct camera *c, const char *url)
{
	char scheme[8], host[256], port[8];

	if (sscanf(url, "%7[^:]://%255[^:/]:%7[0-9]/", scheme, host, port) != 3)
		die("the URL must be rtsp[s]://HOST:PORT/PATH");
	c->url = url;
	c->fd = dial(host, port);
	if (strcmp(scheme, "rtsps") == 0)
		c->ssl = start_tls(c->fd);
}

static void
read_more(struct camera *c)
{
	ssize_t n;

	memmove(c->in, c->in + c->at, c->len - c->at);
	c->len -= c->at;
	c->at = 0;
	if (c->ssl)
		n = SSL_read(c->ssl, c->in + c->len, (int)(sizeof(c->in) - c->len));
	else
		n = recv(c->fd, c->in + c->len, sizeof(c->in) - c->len, 0);
	if (n <= 0)
		die("the camera has closed");
	c->len += (size_t)n;
}

/* ---- RTSP ------------------------------------------------------------------------------------ */

/* Into value, cut at the first of stop. False: there is no such header. */
static bool
header(const char *reply, const char *name, const char *stop, char *value, size_t size)
{
	const char *at = strcasestr(reply, name);

	if (!at)
		return false;
	at += strlen(name);
	at += strspn(at, " ");
	snprintf(value, size, "%.*s", (int)strcspn(at, stop), at);
	return true;
}

/* With its body; 0: it is not all there. */
static size_t
reply_len(const uint8_t *bytes, size_t len)
{
	char head[REPLY_MAX], length[16] = "0";
	const uint8_t *end = memmem(bytes, len, "\r\n\r\n", 4);

	if (!end)
		return 0;
	size_t n = (size_t)(end - bytes) + 4;
	snprintf(head, sizeof(head), "%.*s", (int)n, (const char *)bytes);
	header(head, "\r\nContent-Length:", "\r", length, sizeof(length));
	n += strtoul(length, NULL, 10);
	return n <= len ? n : 0;
}

static struct item
next(struct camera *c)
{
	for (;; read_more(c)) {
		const uint8_t *p = c->in + c->at;
		size_t have = c->len - c->at, n = 0;
		bool is_frame = have > 0 && *p == '$';

		if (is_frame && have >= FRAME_HEAD)
			n = FRAME_HEAD + (size_t)(p[2] << 8 | p[3]);
		else if (!is_frame && have > 0)
			n = reply_len(p, have);
		if (n == 0 || n > have)
			continue;
		c->at += n;
		return (struct item){ .is_frame = is_frame, .bytes = p, .len = n };
	}
}

static void
ask(struct camera *c, const char *method, const char *url, const char *headers)
{
	char request[2048], session[160] = "";

	if (c->session[0])
		snprintf(session, sizeof(session), "Session: %s\r\n", c->session);
	int n = snprintf(request, sizeof(request), "%s %s RTSP/1.0\r\nCSeq: %d\r\n%s%s\r\n", method,
		url, ++c->cseq, session, headers);
	ssize_t sent = c->ssl ? SSL_write(c->ssl, request, n) : send(c->fd, request, (size_t)n, 0);
	if (sent != n)
		die("the camera takes no request");
}

static void
hear(struct camera *c, char reply[REPLY_MAX])
{
	struct item item;

	do
		item = next(c);
	while (item.is_frame);
	snprintf(reply, REPLY_MAX, "%.*s", (int)item.len, (const char *)item.bytes);
	if (strncmp(reply, "RTSP/1.0 200 ", 13) != 0)
		die("the camera refuses");
}

/* The video track's own URL. */
static void
find_track(const char *url, const char *reply, char *track, size_t size)
{
	const char *video = strstr(reply, "m=video");
	char base[1024], control[512];

	if (!video || !header(video, "\r\na=control:", "\r", control, sizeof(control)))
		die("the camera has no pictures");
	if (strncmp(control, "rtsp", 4) == 0) {
		snprintf(track, size, "%s", control);
		return;
	}
	if (!header(reply, "\r\nContent-Base:", "\r", base, sizeof(base)))
		snprintf(base, sizeof(base), "%s/", url);
	snprintf(track, size, "%s%s", base, control);
}

static void
play(struct camera *c)
{
	char reply[REPLY_MAX], track[1600];

	ask(c, "DESCRIBE", c->url, "Accept: application/sdp\r\n");
	hear(c, reply);
	find_track(c->url, reply, track, sizeof(track));
	ask(c, "SETUP", track, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
	hear(c, reply);
	header(reply, "\r\nSession:", ";\r", c->session, sizeof(c->session));
	ask(c, "PLAY", c->url, "Range: npt=0.000-\r\n");
	hear(c, reply);
}

/* ---- relaying -------------------------------------------------------------------------------- */

static srtp_t
new_seal(void)
{
	static uint8_t master[MASTER_BYTES] = "everybody knows this key";
	srtp_policy_t policy = {
		.ssrc = { .type = ssrc_any_outbound },
		.key = master,
		.window_size = 1024,
		.allow_repeat_tx = 1,
	};
	srtp_t seal;

	srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
	srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
	if (srtp_init() != srtp_err_status_ok || srtp_create(&seal, &policy) != srtp_err_status_ok)
		die("libsrtp2 has no AES-128-GCM");
	return seal;
}

static void
relay(struct camera *c, int sink, const struct sockaddr_in *to)
{
	static uint8_t packet[FRAME_MAX + SRTP_MAX_TRAILER_LEN];
	srtp_t seal = new_seal();
	time_t asked = time(NULL);

	for (;;) {
		struct item item = next(c);
		if (!item.is_frame || item.bytes[1] != 0)
			continue;
		int len = (int)item.len - FRAME_HEAD;
		memcpy(packet, item.bytes + FRAME_HEAD, (size_t)len);
		if (srtp_protect(seal, packet, &len) == srtp_err_status_ok)
			sendto(sink, packet, (size_t)len, 0, (const struct sockaddr *)to,
				sizeof(*to));
		if (time(NULL) - asked < KEEPALIVE_S)
			continue;
		ask(c, "GET_PARAMETER", c->url, "");
		asked = time(NULL);
	}
}

int
main(int argc, char **argv)
{
	static struct camera camera;
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	if (argc != 3)
		die("usage: bare_loop rtsp[s]://HOST:PORT/PATH SINK");
	to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	int sink = socket(AF_INET, SOCK_DGRAM, 0);
	camera_open(&camera, argv[1]);
	play(&camera);
	relay(&camera, sink, &to);
}
