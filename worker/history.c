/* history.c - the packets sent last, to be sent again to who missed them.
 * Owns the slabs that hold them and the index by sequence number. Knows nothing of what is in a
 * packet. No locks; whoever owns it serialises. */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/err.h"
#include "worker/history.h"

/* A slab holds some 50 full packets: what is kept too long is little, and so is what a quiet camera
 * keeps. With its head it is what malloc gets: under its limit for mmap. */
#define SLAB_BYTES (64 * 1024)
#define SLABS_MAX (HISTORY_BYTES_MAX / SLAB_BYTES)
#define PACKET_MAX 2048
/* The index grows by doubling. At half the sequence numbers "older" loses its meaning. */
#define INDEX_MIN 512
#define INDEX_MAX 32768

struct record {
	int64_t resent_us;
	uint16_t len;
	uint16_t seq;
	uint16_t resends;
	uint8_t bytes[];
};

/* Packets one after the other. A slab is forgotten as a whole. */
struct slab {
	struct slab *next; /* newer */
	int64_t newest_us; /* when its last packet was sent */
	size_t packets;
	size_t used;
	uint8_t room[];
};

#define ROOM_BYTES (SLAB_BYTES - sizeof(struct slab))

struct history {
	struct slab *oldest; /* owned, a list; never NULL */
	struct slab *newest;
	size_t slabs;
	struct record **index; /* by sequence number modulo index_size; of those kept only */
	size_t index_size;     /* a power of two */
	size_t packets;        /* kept; their numbers are those before next_seq */
	uint16_t next_seq;
};

/* Empty, or NULL. Its pages are touched as packets come. */
static struct slab *
slab_new(void)
{
	struct slab *s = malloc(SLAB_BYTES);

	if (s)
		*s = (struct slab){ 0 };
	return s;
}

struct history *
history_new(void)
{
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		abort();
	h->index_size = INDEX_MIN;
	h->index = calloc(h->index_size, sizeof(struct record *));
	h->oldest = h->newest = slab_new();
	h->slabs = 1;
	if (!h->index || !h->oldest)
		abort();
	return h;
}

void
history_free(struct history *h)
{
	if (!h)
		return;
	while (h->oldest) {
		struct slab *next = h->oldest->next;
		free(h->oldest);
		h->oldest = next;
	}
	free(h->index);
	free(h);
}

/* Takes the oldest slab out; its packets, the oldest, are forgotten. Not the only one. */
static struct slab *
take_oldest(struct history *h)
{
	struct slab *s = h->oldest;

	assert(s != h->newest);
	h->oldest = s->next;
	h->slabs--;
	h->packets -= s->packets;
	*s = (struct slab){ 0 };
	return s;
}

static void
append(struct history *h, struct slab *s)
{
	h->newest->next = s;
	h->newest = s;
	h->slabs++;
}

static void
forget_all(struct history *h)
{
	while (h->oldest != h->newest)
		free(take_oldest(h));
	*h->newest = (struct slab){ 0 };
	h->packets = 0;
}

static bool
is_stale(const struct history *h, int64_t now_us)
{
	return h->oldest != h->newest &&
	       now_us - h->oldest->newest_us > HISTORY_KEEP_MS * INT64_C(1000);
}

/* A slab for the next packet: a stale one if there is, since the bitrate then needs no more than
 * there are; else a new one; else, with all the bytes used, the oldest. */
static void
renew(struct history *h, int64_t now_us)
{
	struct slab *s = is_stale(h, now_us) ? take_oldest(h) : NULL;

	/* More than one is stale: the bitrate fell. */
	while (is_stale(h, now_us))
		free(take_oldest(h));
	if (!s && h->slabs < SLABS_MAX)
		s = slab_new();
	if (s)
		append(h, s);
	else if (h->oldest != h->newest)
		append(h, take_oldest(h));
	else
		forget_all(h);
}

/* Where the index says where packet seq is. */
static struct record **
slot(const struct history *h, uint16_t seq)
{
	return &h->index[seq & (h->index_size - 1)];
}

/* Doubles the index. The records stay where they are. */
static bool
grow_index(struct history *h)
{
	size_t size = h->index_size * 2;
	struct record **index = size <= INDEX_MAX ? calloc(size, sizeof(*index)) : NULL;

	if (!index)
		return false;
	for (size_t i = 1; i <= h->packets; i++) {
		uint16_t seq = (uint16_t)(h->next_seq - i);
		index[seq & (size - 1)] = *slot(h, seq);
	}
	free(h->index);
	h->index = index;
	h->index_size = size;
	return true;
}

/* Makes the index have room for one more. */
static void
make_room_in_index(struct history *h)
{
	while (h->packets >= h->index_size) {
		if (grow_index(h))
			return;
		if (h->oldest == h->newest)
			forget_all(h);
		else
			free(take_oldest(h));
	}
}

/* A record's size in its slab, so that the next one is aligned. */
static size_t
record_bytes(size_t len)
{
	size_t align = _Alignof(struct record);

	return (sizeof(struct record) + len + align - 1) / align * align;
}

uint8_t *
history_add(struct history *h, uint16_t seq, size_t len, int64_t now_us)
{
	assert(len > 0 && len <= PACKET_MAX);
	if (seq != h->next_seq)
		forget_all(h);
	if (h->newest->used + record_bytes(len) > ROOM_BYTES)
		renew(h, now_us);
	make_room_in_index(h);

	struct slab *s = h->newest;
	struct record *r = (struct record *)(void *)(s->room + s->used);
	*r = (struct record){ .len = (uint16_t)len, .seq = seq };
	s->used += record_bytes(len);
	s->newest_us = now_us;
	s->packets++;
	h->packets++;
	*slot(h, seq) = r;
	h->next_seq = (uint16_t)(seq + 1);
	return r->bytes;
}

int
history_resend(
	struct history *h, uint16_t seq, int64_t now_us, int64_t rtt_us, struct history_packet *out)
{
	uint16_t age = (uint16_t)(h->next_seq - seq); /* 1: the newest */

	if (age == 0 || age > h->packets)
		return ERR_NOT_FOUND;
	struct record *r = *slot(h, seq);
	assert(r->seq == seq);
	if (r->resends >= HISTORY_RESENDS_MAX)
		return ERR_REFUSED;
	/* The first goes at once: the packet was missed, so it has been under way already. */
	if (r->resends > 0 && now_us - r->resent_us < rtt_us)
		return ERR_AGAIN;
	r->resends++;
	r->resent_us = now_us;
	*out = (struct history_packet){ .bytes = r->bytes, .len = r->len };
	return 0;
}

size_t
history_bytes(const struct history *h)
{
	return h->slabs * SLAB_BYTES;
}

size_t
history_packets(const struct history *h)
{
	return h->packets;
}
