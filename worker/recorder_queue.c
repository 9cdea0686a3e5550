/* recorder_queue.c - access units that wait for the disk.
 * Owns them, and what is dropped when the disk is too slow. Pure. */
#include <stdlib.h>
#include <string.h>

#include "worker/recorder_queue.h"
#include "common/xmalloc.h"

static const uint8_t start_code[] = { 0, 0, 0, 1 };

static void
reserve(struct recorder_unit *u, size_t more)
{
	if (u->len + more <= u->size)
		return;
	u->size = (u->len + more) * 2;
	u->bytes = xrealloc(u->bytes, u->size);
}

void
recorder_unit_add(struct recorder_unit *u, const uint8_t *bytes, size_t len)
{
	reserve(u, len);
	if (len)
		memcpy(u->bytes + u->len, bytes, len);
	u->len += len;
}

void
recorder_unit_nal(struct recorder_unit *u, const uint8_t *nal, size_t len, bool set)
{
	size_t all = sizeof(start_code) + len;
	size_t at = set ? u->sets_len : u->len;

	reserve(u, all);
	memmove(u->bytes + at + all, u->bytes + at, u->len - at);
	memcpy(u->bytes + at, start_code, sizeof(start_code));
	memcpy(u->bytes + at + sizeof(start_code), nal, len);
	u->len += all;
	u->sets_len += set ? all : 0;
}

void
recorder_unit_clear(struct recorder_unit *u)
{
	free(u->bytes);
	*u = (struct recorder_unit){ 0 };
}

/* ---- the queue ------------------------------------------------------------------------------- */

struct node {
	struct node *next;
	struct recorder_unit unit;
};

struct recorder_queue {
	struct node *first;
	struct node **end;
	size_t bytes;
	bool dropping; /* until a key picture finds room */
	uint64_t dropped;
};

struct recorder_queue *
recorder_queue_new(void)
{
	struct recorder_queue *q = xcalloc(1, sizeof(*q));

	q->end = &q->first;
	return q;
}

void
recorder_queue_free(struct recorder_queue *q)
{
	struct recorder_unit u;

	if (!q)
		return;
	while (recorder_queue_take(q, &u))
		recorder_unit_clear(&u);
	free(q);
}

/* Where dropping ended, the queue must have emptied by half: else it would begin at once again. */
static bool
is_taken(struct recorder_queue *q, struct recorder_unit *u)
{
	size_t limit = q->dropping ? RECORDER_QUEUE_BYTES / 2 : RECORDER_QUEUE_BYTES;
	bool room = q->bytes + u->len <= limit;

	if (u->type == RECORDER_SOUND_CONFIG || u->type == RECORDER_ORDER)
		return true;
	if (!q->dropping)
		return room;
	if (!room || !u->key)
		return false;
	q->dropping = false;
	u->gap = true;
	return true;
}

void
recorder_queue_put(struct recorder_queue *q, struct recorder_unit *u)
{
	if (!is_taken(q, u)) {
		q->dropping = true;
		q->dropped += u->type == RECORDER_VIDEO;
		recorder_unit_clear(u);
		return;
	}
	struct node *n = xmalloc(sizeof(*n));
	*n = (struct node){ .unit = *u };
	*u = (struct recorder_unit){ 0 };
	q->bytes += n->unit.len;
	*q->end = n;
	q->end = &n->next;
}

bool
recorder_queue_take(struct recorder_queue *q, struct recorder_unit *out)
{
	struct node *n = q->first;

	if (!n)
		return false;
	q->first = n->next;
	if (!q->first)
		q->end = &q->first;
	*out = n->unit;
	q->bytes -= n->unit.len;
	free(n);
	return true;
}

bool
recorder_queue_is_empty(const struct recorder_queue *q)
{
	return !q->first;
}

uint64_t
recorder_queue_dropped(const struct recorder_queue *q)
{
	return q->dropped;
}
