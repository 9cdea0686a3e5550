/* sender.c - encrypts packets and sends them in batches.
 * Owns the send buffer, the lock around the sealing context, and the counters. Does not look into
 * RTP. Any thread. */
#include "worker/sender.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "worker/srtp.h"
#include "worker/udp_path.h"

enum state { NOT_YET, OPEN, CLOSED };

struct sender {
	struct udp_path *path;
	void (*on_first)(void *arg);
	void *arg;
	pthread_mutex_t lock; /* guards what follows */
	enum state state;
	struct srtp *srtp; /* lent; sealing only */
	struct peer_stats stats;
	uint8_t buffer[UDP_BATCH_BYTES];
};

struct sender *
sender_new(struct udp_path *path, void (*on_first)(void *arg), void *arg)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->path = path;
	s->on_first = on_first;
	s->arg = arg;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void
sender_free(struct sender *s)
{
	if (s == NULL)
		return;
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void
sender_open(struct sender *s, struct srtp *srtp)
{
	pthread_mutex_lock(&s->lock);
	assert(s->state == NOT_YET);
	s->state = OPEN;
	s->srtp = srtp;
	pthread_mutex_unlock(&s->lock);
}

void
sender_close(struct sender *s)
{
	pthread_mutex_lock(&s->lock);
	s->state = CLOSED;
	s->srtp = NULL;
	pthread_mutex_unlock(&s->lock);
}

/* What is sealed in the buffer and waits to be sent at once: packets of one size, the last perhaps
 * shorter, which is what GSO takes. */
struct batch {
	size_t len;
	size_t count;
	size_t plain;   /* size of all packets but the last, before sealing */
	size_t segment; /* and after */
	bool complete;  /* the last is shorter */
};

static size_t
packet_len(const struct peer_packet *packet)
{
	return packet->head_len + packet->len;
}

static bool
batch_takes(const struct batch *b, size_t plain)
{
	return b->count == 0 ||
	       (!b->complete && plain <= b->plain && b->count < UDP_BATCH_SEGMENTS &&
		       b->len + plain + SRTP_TRAILER_MAX <= UDP_BATCH_BYTES);
}

static void
batch_add(struct sender *s, struct batch *b, const struct peer_packet *packet)
{
	uint8_t *to = s->buffer + b->len;
	const size_t plain = packet_len(packet);
	size_t len = plain;

	assert(len <= PEER_PACKET_MAX);
	if (packet->head_len > 0)
		memcpy(to, packet->head, packet->head_len);
	memcpy(to + packet->head_len, packet->data, packet->len);
	if (srtp_seal_rtp(s->srtp, to, &len) != 0) {
		s->stats.dropped++;
		return;
	}
	if (b->count == 0) {
		b->plain = plain;
		b->segment = len;
	}
	b->complete = plain < b->plain;
	b->count++;
	b->len += len;
}

static size_t
batch_send(struct sender *s, struct batch *b)
{
	size_t sent;
	int rc;

	if (b->count == 0)
		return 0;
	rc = udp_path_send(s->path, s->buffer, b->len, b->segment);
	sent = rc > 0 ? (size_t)rc : 0;
	if (sent > 0 && s->stats.packets == 0)
		s->on_first(s->arg);
	s->stats.batches++;
	s->stats.packets += sent;
	s->stats.dropped += b->count - sent;
	s->stats.bytes += sent == b->count ? b->len : sent * b->segment;
	*b = (struct batch){ 0 };
	return sent;
}

static int
send_packets(struct sender *s, const struct peer_packet *packets, size_t n)
{
	struct batch batch = { 0 };
	size_t sent = 0;

	for (size_t i = 0; i < n; i++) {
		if (!batch_takes(&batch, packet_len(&packets[i])))
			sent += batch_send(s, &batch);
		batch_add(s, &batch, &packets[i]);
	}
	sent += batch_send(s, &batch);
	return (int)sent;
}

static int
send_compound(struct sender *s, const uint8_t *bytes, size_t len)
{
	int err;

	assert(len <= PEER_PACKET_MAX);
	memcpy(s->buffer, bytes, len);
	err = srtp_seal_rtcp(s->srtp, s->buffer, &len);
	if (err != 0)
		return err;
	return udp_path_send(s->path, s->buffer, len, len) == 1 ? 0 : ERR_AGAIN;
}

/* 0, or why nothing can be sent. */
static int
not_open(const struct sender *s)
{
	if (s->state == OPEN)
		return 0;
	return s->state == CLOSED ? ERR_CLOSED : ERR_AGAIN;
}

int
sender_send(struct sender *s, const struct peer_packet *packets, size_t n)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = not_open(s);
	if (rc == 0)
		rc = send_packets(s, packets, n);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

int
sender_send_rtcp(struct sender *s, const uint8_t *bytes, size_t len)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = not_open(s);
	if (rc == 0)
		rc = send_compound(s, bytes, len);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

void
sender_stats(struct sender *s, struct peer_stats *out)
{
	pthread_mutex_lock(&s->lock);
	*out = s->stats;
	pthread_mutex_unlock(&s->lock);
}

void
sender_count_rejected(struct sender *s)
{
	pthread_mutex_lock(&s->lock);
	s->stats.rejected++;
	pthread_mutex_unlock(&s->lock);
}
