/* history.c - the pictures' newest packets.
 * Owns the slabs that hold them and the index by position. Knows nothing of what is in a packet,
 * nor who was sent it. No locks; whoever owns it serialises. */
#include <assert.h>
#include <stdlib.h>

#include "worker/history.h"
#include "common/xmalloc.h"

/* A slab holds some 50 full packets: what is kept too long is little, and so is what a quiet camera
 * keeps. With its head it is what malloc gets: under its limit for mmap. */
#define SLAB_BYTES (64 * 1024)
#define SLABS_MAX (HISTORY_BYTES_MAX / SLAB_BYTES)
#define PACKET_MAX 2048
/* The index grows by doubling. Positions behind half of RTP's sequence numbers are of no use. */
#define INDEX_MIN 512
#define INDEX_MAX 32768

struct record {
	uint32_t timestamp;
	uint16_t len;
	bool marker;
	uint8_t bytes[];
};

/* Packets one after the other. A slab is forgotten as a whole. */
struct slab {
	struct slab *next; /* newer */
	int64_t newest_us; /* when its last packet came */
	size_t packets;
	size_t used;
	uint8_t room[];
};

#define ROOM_BYTES (SLAB_BYTES - sizeof(struct slab))

struct history {
	struct slab *oldest; /* owned, a list; never NULL */
	struct slab *newest;
	size_t slabs;
	struct record **index; /* by position modulo index_size; of those kept only */
	size_t index_size;     /* a power of two */
	size_t packets;        /* kept; their positions are those before next */
	uint64_t next;
	uint64_t key; /* HISTORY_NONE: none; may be forgotten */
	int64_t key_us;
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
	struct history *h = xcalloc(1, sizeof(*h));

	h->index_size = INDEX_MIN;
	h->key = HISTORY_NONE;
	h->index = xcalloc(h->index_size, sizeof(struct record *));
	h->oldest = h->newest = xchecked(slab_new());
	h->slabs = 1;
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
is_older(int64_t then_us, int64_t now_us, int64_t limit_ms)
{
	return now_us - then_us > limit_ms * 1000;
}

static bool
has_key(const struct history *h, const struct slab *oldest)
{
	uint64_t key = history_key(h);

	return key != HISTORY_NONE && key < history_oldest(h) + oldest->packets;
}

/* Nobody needs the oldest slab any more. */
static bool
is_stale(const struct history *h, int64_t now_us)
{
	const struct slab *s = h->oldest;

	if (s == h->newest || !is_older(s->newest_us, now_us, HISTORY_KEEP_MS))
		return false;
	return !has_key(h, s) || is_older(h->key_us, now_us, HISTORY_GOP_MS);
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

/* Where the index says where the packet at a position is. */
static struct record **
slot(const struct history *h, uint64_t position)
{
	return &h->index[position & (h->index_size - 1)];
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
		uint64_t position = h->next - i;
		index[position & (size - 1)] = *slot(h, position);
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
history_add(struct history *h, const struct history_packet *p, int64_t now_us)
{
	assert(p->len > 0 && p->len <= PACKET_MAX);
	if (h->newest->used + record_bytes(p->len) > ROOM_BYTES)
		renew(h, now_us);
	make_room_in_index(h);

	struct slab *s = h->newest;
	struct record *r = (struct record *)(void *)(s->room + s->used);
	*r = (struct record){
		.timestamp = p->timestamp, .len = (uint16_t)p->len, .marker = p->marker
	};
	s->used += record_bytes(p->len);
	s->newest_us = now_us;
	s->packets++;
	h->packets++;
	*slot(h, h->next) = r;
	h->next++;
	return r->bytes;
}

void
history_mark_key(struct history *h, uint64_t position, int64_t now_us)
{
	h->key = position;
	h->key_us = now_us;
}

uint64_t
history_key(const struct history *h)
{
	return h->key == HISTORY_NONE || h->key < history_oldest(h) ? HISTORY_NONE : h->key;
}

uint64_t
history_oldest(const struct history *h)
{
	return h->next - h->packets;
}

uint64_t
history_next(const struct history *h)
{
	return h->next;
}

bool
history_get(const struct history *h, uint64_t position, struct history_packet *out)
{
	if (position < history_oldest(h) || position >= h->next)
		return false;
	const struct record *r = *slot(h, position);
	*out = (struct history_packet){
		.payload = r->bytes, .len = r->len, .timestamp = r->timestamp, .marker = r->marker
	};
	return true;
}

size_t
history_bytes(const struct history *h)
{
	return h->slabs * SLAB_BYTES;
}
