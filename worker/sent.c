/* sent.c - what one receiver was sent, by sequence number.
 * Owns a ring of the newest numbers. Keeps no payload. Pure; whoever owns it serialises. */
#include <stdbool.h>
#include <stdlib.h>

#include "common/err.h"
#include "worker/sent.h"
#include "common/xmalloc.h"

/* The ring grows by doubling, to as many as go out in SENT_KEEP_MS. */
#define RING_MIN 512

struct entry {
	struct sent_packet packet;
	int64_t sent_us;
	int64_t resent_us;
	uint16_t seq;
	uint8_t resends;
	bool used;
};

struct sent {
	struct entry *ring; /* by sequence number modulo size */
	size_t size;        /* a power of two */
};

static struct entry *
ring_new(size_t size)
{
	struct entry *ring = xcalloc(size, sizeof(*ring));

	return ring;
}

struct sent *
sent_new(void)
{
	struct sent *s = xmalloc(sizeof(*s));

	*s = (struct sent){ .ring = ring_new(RING_MIN), .size = RING_MIN };
	return s;
}

void
sent_free(struct sent *s)
{
	if (!s)
		return;
	free(s->ring);
	free(s);
}

static struct entry *
slot(const struct sent *s, uint16_t seq)
{
	return &s->ring[seq & (s->size - 1)];
}

static bool
is_old(const struct entry *e, int64_t now_us)
{
	return now_us - e->sent_us > SENT_KEEP_MS * INT64_C(1000);
}

static void
grow(struct sent *s)
{
	struct entry *old = s->ring;
	const size_t count = s->size;

	s->size *= 2;
	s->ring = ring_new(s->size);
	for (size_t i = 0; i < count; i++) {
		if (old[i].used)
			*slot(s, old[i].seq) = old[i];
	}
	free(old);
}

void
sent_add(struct sent *s, uint16_t seq, const struct sent_packet *p, int64_t now_us)
{
	const struct entry *evicted = slot(s, seq);

	if (evicted->used && !is_old(evicted, now_us) && s->size < SENT_MAX)
		grow(s);
	*slot(s, seq) = (struct entry){ .packet = *p, .sent_us = now_us, .seq = seq, .used = true };
}

int
sent_again(struct sent *s, uint16_t seq, int64_t now_us, int64_t rtt_us, struct sent_packet *out)
{
	struct entry *e = slot(s, seq);

	if (!e->used || e->seq != seq || is_old(e, now_us))
		return ERR_NOT_FOUND;
	if (e->resends >= SENT_RESENDS_MAX)
		return ERR_REFUSED;
	/* The first goes at once: the packet was missed, so it has been under way already. */
	if (e->resends > 0 && now_us - e->resent_us < rtt_us)
		return ERR_AGAIN;
	*out = e->packet;
	out->resends = e->resends++;
	e->resent_us = now_us;
	return 0;
}
