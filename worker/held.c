/* held.c - a queue of packets. Pure. */
#include "worker/held.h"

#define HEAD_BYTES 4

void
held_put(struct held *h, const struct relay_packet *p)
{
	const uint8_t head[HEAD_BYTES] = { (uint8_t)p->media, p->rtcp, (uint8_t)(p->len >> 8),
		(uint8_t)p->len };

	if (!h->packets.bytes)
		fifo_init(&h->packets, HELD_BYTES);
	if (fifo_room(&h->packets) < sizeof(head) + p->len)
		return;
	fifo_put(&h->packets, head, sizeof(head));
	fifo_put(&h->packets, p->bytes, p->len);
}

bool
held_take(struct held *h, struct relay_packet *out)
{
	fifo_take(&h->packets, h->lent);
	h->lent = 0;
	if (!h->packets.len) {
		fifo_clear(&h->packets);
		return false;
	}
	const uint8_t *head = fifo_front(&h->packets);
	out->media = (enum relay_media)head[0];
	out->rtcp = head[1];
	out->len = (size_t)head[2] << 8 | head[3];
	out->bytes = fifo_at(&h->packets, HEAD_BYTES);
	h->lent = HEAD_BYTES + out->len;
	return true;
}

void
held_clear(struct held *h)
{
	fifo_clear(&h->packets);
	h->lent = 0;
}
