/* lite.c - an ice-lite peer for tests. Owns a socket and its source on the loop. Loop thread. */
#include "tests/unit/lite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <unistd.h>

#include <openssl/hmac.h>

/* RFC 8489 5, 14.7 and 18.3 */
#define MAGIC 0x2112a442U
#define FINGERPRINT_XOR 0x5354554eU
#define HEADER 20
#define MAC 20
enum {
	USERNAME = 0x0006,
	MESSAGE_INTEGRITY = 0x0008,
	ERROR_CODE = 0x0009,
	XOR_MAPPED_ADDRESS = 0x0020,
	PRIORITY = 0x0024,
	USE_CANDIDATE = 0x0025,
	FINGERPRINT = 0x8028,
	ICE_CONTROLLING = 0x802a
};

static uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t
crc32(const uint8_t *p, size_t len)
{
	uint32_t crc = 0xffffffffU;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320U : crc >> 1;
	}
	return ~crc;
}

/* HMAC over the first len bytes, with the length field as if the message ended after the MAC. */
static void
integrity(const struct lite *l, const uint8_t *message, size_t len, uint8_t out[MAC])
{
	uint8_t copy[1500];
	unsigned n;

	memcpy(copy, message, len);
	put16(copy + 2, len + 4 + MAC - HEADER);
	HMAC(EVP_sha1(), l->pwd, (int)strlen(l->pwd), copy, len, out, &n);
}

/* ---- requests -------------------------------------------------------------------------------- */

static bool
right_username(const struct lite *l, const uint8_t *value, size_t len)
{
	const size_t ours = strlen(l->ufrag);

	return len > ours + 1 && memcmp(value, l->ufrag, ours) == 0 && value[ours] == ':';
}

/* Notes the attributes in l; true if it is a Binding request that has a right to be answered. */
static bool
check_request(struct lite *l, const uint8_t *m, size_t len)
{
	bool user = false, mac = false;
	uint8_t expected[MAC];
	uint16_t n;

	l->controlling = l->use_candidate = l->priority = l->fingerprint = false;
	for (size_t at = HEADER; at + 4 <= len; at += 4 + (size_t)(n + 3) / 4 * 4) {
		const uint8_t *value = m + at + 4;

		n = get16(m + at + 2);
		if (at + 4 + n > len)
			return false;
		switch (get16(m + at)) {
		case USERNAME:
			user = right_username(l, value, n);
			break;
		case MESSAGE_INTEGRITY:
			integrity(l, m, at, expected);
			mac = n == MAC && memcmp(value, expected, MAC) == 0;
			break;
		case FINGERPRINT:
			l->fingerprint = htonl(crc32(m, at) ^ FINGERPRINT_XOR) ==
					 *(const uint32_t *)(const void *)value;
			break;
		case PRIORITY:
			l->priority = true;
			break;
		case USE_CANDIDATE:
			l->use_candidate = true;
			break;
		case ICE_CONTROLLING:
			l->controlling = true;
			break;
		}
	}
	return user && mac;
}

/* ---- responses ------------------------------------------------------------------------------- */

static size_t
put_mapped(const struct lite *l, uint8_t *m, size_t at)
{
	const struct sockaddr_in *v4 = (const void *)&l->from;
	const struct sockaddr_in6 *v6 = (const void *)&l->from;
	const bool is6 = l->from.ss_family == AF_INET6;
	const size_t n = is6 ? 16 : 4;
	const void *address = is6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr;

	put16(m + at, XOR_MAPPED_ADDRESS);
	put16(m + at + 2, 4 + n);
	put16(m + at + 4, is6 ? 2 : 1);
	put16(m + at + 6,
		(ntohs(is6 ? v6->sin6_port : v4->sin_port) ^ (MAGIC >> 16)) ^ l->behind_nat);
	memcpy(m + at + 8, address, n);
	for (size_t i = 0; i < n; i++)
		m[at + 8 + i] ^= m[4 + i]; /* magic cookie and transaction id */
	return at + 8 + n;
}

static size_t
put_error(uint8_t *m, size_t at, unsigned code)
{
	put16(m + at, ERROR_CODE);
	put16(m + at + 2, 4);
	put32(m + at + 4, code / 100 << 8 | code % 100);
	return at + 8;
}

static void
answer(struct lite *l, const uint8_t *request)
{
	const unsigned error = l->forbid                                        ? 403
			       : l->conflict && (l->controlling || l->whatever) ? 487
										: 0;
	uint8_t m[200] = { 1, error ? 0x11 : 1 };
	size_t at;

	memcpy(m + 4, request + 4, 16);
	at = error ? put_error(m, HEADER, error) : put_mapped(l, m, HEADER);
	integrity(l, m, at, m + at + 4);
	m[at + 4] ^= l->forged;
	put16(m + at, MESSAGE_INTEGRITY);
	put16(m + at + 2, MAC);
	at += 4 + MAC;
	put16(m + 2, at + 8 - HEADER);
	put32(m + at + 4, crc32(m, at) ^ FINGERPRINT_XOR);
	put16(m + at, FINGERPRINT);
	put16(m + at + 2, 4);
	lite_send(l, m, at + 8);
}

static bool
is_lost(const struct lite *l)
{
	return l->lost_percent > 0 && (unsigned)g_random_int_range(0, 100) < l->lost_percent;
}

static gboolean
on_readable(gint fd, GIOCondition condition, gpointer arg)
{
	struct lite *l = arg;
	uint8_t bytes[2048];
	ssize_t n;

	(void)condition;
	l->from_len = sizeof(l->from);
	n = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&l->from, &l->from_len);
	if (n < 0 || l->silent || l->deaf > 0 || is_lost(l)) {
		l->deaf -= l->deaf > 0;
		return G_SOURCE_CONTINUE;
	}
	if (n < HEADER || bytes[0] > 3) {
		if (l->on_packet != NULL)
			l->on_packet(l->arg, bytes, (size_t)n);
	} else if (get16(bytes) == 1) {
		if (check_request(l, bytes, (size_t)n)) {
			l->requests++;
			l->repeated += memcmp(l->newest, bytes + 8, sizeof(l->newest)) == 0;
			memcpy(l->newest, bytes + 8, sizeof(l->newest));
			answer(l, bytes);
		} else {
			l->bad++;
		}
	}
	return G_SOURCE_CONTINUE;
}

/* ---- life ------------------------------------------------------------------------------------ */

void
lite_open(struct lite *l, GMainContext *loop, const char *address)
{
	struct sockaddr_storage own = { .ss_family = strchr(address, ':') ? AF_INET6 : AF_INET };
	struct sockaddr_in *v4 = (void *)&own;
	struct sockaddr_in6 *v6 = (void *)&own;
	void *to = own.ss_family == AF_INET6 ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr;
	socklen_t len = sizeof(own);

	inet_pton(own.ss_family, address, to);
	l->fd = socket(own.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(l->fd, (struct sockaddr *)&own, len), 0);
	assert_int_equal(getsockname(l->fd, (struct sockaddr *)&own, &len), 0);
	l->port = ntohs(v4->sin_port); /* at the same place in both */
	snprintf(l->address, sizeof(l->address), "%s", address);
	if (l->ufrag[0] == '\0')
		strcpy(l->ufrag, "lite");
	if (l->pwd[0] == '\0')
		strcpy(l->pwd, "abcdefghijklmnopqrstuvwxyzABCDEF");
	l->source = g_unix_fd_source_new(l->fd, G_IO_IN);
	g_source_set_callback(l->source, (GSourceFunc)(void (*)(void))on_readable, l, NULL);
	g_source_attach(l->source, loop);
}

void
lite_close(struct lite *l)
{
	g_source_destroy(l->source);
	g_source_unref(l->source);
	close(l->fd);
}

void
lite_send(struct lite *l, const uint8_t *bytes, size_t len)
{
	assert_int_equal(
		sendto(l->fd, bytes, len, 0, (struct sockaddr *)&l->from, l->from_len), len);
}

void
lite_describe(const struct lite *l, struct sdp_remote *out, uint32_t priority)
{
	struct sdp_candidate *c = &out->candidates[out->candidate_count];

	snprintf(out->ice_ufrag, sizeof(out->ice_ufrag), "%s", l->ufrag);
	snprintf(out->ice_pwd, sizeof(out->ice_pwd), "%s", l->pwd);
	out->ice_lite = true;
	snprintf(c->foundation, sizeof(c->foundation), "%zu", ++out->candidate_count);
	snprintf(c->address, sizeof(c->address), "%s", l->address);
	c->port = l->port;
	c->priority = priority;
	strcpy(c->type, "host");
}
