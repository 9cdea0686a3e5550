/* rtp_order.c - puts packets in order, and tells the late from the lost. Pure. */
#include <stdlib.h>
#include <string.h>

#include "worker/rtp_order.h"
#include "common/xmalloc.h"

struct held {
	uint8_t *bytes; /* owned; NULL: no packet */
	size_t len;
	uint16_t seq;
	int64_t arrived_us;
};

struct rtp_order {
	struct held ring[RTP_ORDER_PACKETS]; /* by sequence number */
	size_t count;                        /* in it */
	struct held beyond;                  /* does not fit: all before it go first */
	struct held lent;
	bool started;
	unsigned late; /* in a row */
	uint16_t next; /* sequence number that is due */
};

struct rtp_order *
rtp_order_new(void)
{
	struct rtp_order *r = xcalloc(1, sizeof(*r));

	return r;
}

void
rtp_order_free(struct rtp_order *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < RTP_ORDER_PACKETS; i++)
		free(r->ring[i].bytes);
	free(r->beyond.bytes);
	free(r->lent.bytes);
	free(r);
}

static struct held *
slot(struct rtp_order *r, uint16_t seq)
{
	return &r->ring[seq % RTP_ORDER_PACKETS];
}

static struct held
copy(const uint8_t *packet, size_t len, int64_t now_us)
{
	struct held h = { .bytes = malloc(len),
		.len = len,
		.seq = (uint16_t)(packet[2] << 8 | packet[3]),
		.arrived_us = now_us };

	if (!h.bytes)
		abort();
	memcpy(h.bytes, packet, len);
	return h;
}

static void
place(struct rtp_order *r, struct held h)
{
	*slot(r, h.seq) = h;
	r->count++;
}

void
rtp_order_put(struct rtp_order *r, const uint8_t *packet, size_t len, int64_t now_us)
{
	struct held h = copy(packet, len, now_us);
	const int step = (int16_t)(h.seq - r->next);
	const bool behind = r->started && step < 0 && step > -RTP_ORDER_STEP_MAX;

	r->late = behind ? r->late + 1 : 0;
	if (r->late > RTP_ORDER_LATE_MAX && !r->count)
		r->started = false;
	if (!r->started)
		r->next = h.seq;
	const bool late = r->started && behind;
	const bool ahead = r->started && (step <= -RTP_ORDER_STEP_MAX || step >= RTP_ORDER_PACKETS);
	r->started = true;
	if (late || (!ahead && slot(r, h.seq)->bytes) || (ahead && r->beyond.bytes))
		free(h.bytes); /* twice, or lost already */
	else if (ahead)
		r->beyond = h;
	else
		place(r, h);
}

/* The first that is there, from the one that is due on; there must be one. */
static struct held *
first(const struct rtp_order *r)
{
	uint16_t seq = r->next;

	while (!slot((struct rtp_order *)(uintptr_t)r, seq)->bytes)
		seq++;
	return slot((struct rtp_order *)(uintptr_t)r, seq);
}

static uint8_t *
lend(struct rtp_order *r, struct held *h, size_t *len)
{
	r->lent = *h;
	*h = (struct held){ 0 };
	r->next = (uint16_t)(r->lent.seq + 1);
	*len = r->lent.len;
	return r->lent.bytes;
}

uint8_t *
rtp_order_next(struct rtp_order *r, int64_t now_us, size_t *len)
{
	free(r->lent.bytes);
	r->lent = (struct held){ 0 };
	if (!r->count && !r->beyond.bytes)
		return NULL;
	if (!r->count)
		return lend(r, &r->beyond, len);
	struct held *h = first(r);
	if (h->seq != r->next && !r->beyond.bytes && now_us < h->arrived_us + RTP_ORDER_WAIT_US)
		return NULL;
	r->count--;
	return lend(r, h, len);
}

int64_t
rtp_order_due_us(const struct rtp_order *r)
{
	if (!r->count)
		return r->beyond.bytes ? 0 : INT64_MAX;
	return first(r)->arrived_us + RTP_ORDER_WAIT_US;
}
