/* transport_cc.c - transport-wide feedback. Keeps nothing. Pure, any thread. */
#include "worker/transport_cc.h"

#include "common/err.h"
#include "worker/wire.h"

#define HEAD_BYTES 8
#define CHUNK_BYTES 2
/* 3.1: the reference time is in multiples of 64 ms, deltas are in those of 250 us. */
#define REFERENCE_US 64000
#define DELTA_US 250

enum symbol { NOT_RECEIVED, SMALL_DELTA, LARGE_DELTA, RESERVED };

/* A walk over the chunks with the deltas beside it. */
struct walk {
	const uint8_t *chunk; /* the next */
	const uint8_t *delta; /* the next */
	const uint8_t *end;
	uint16_t seq;
	unsigned left; /* packets that are to be told of */
	int64_t at_us;
	void (*tell)(const struct transport_cc_packet *p, void *arg); /* NULL: it is only checked */
	void *arg;
};

/* One packet of that symbol. */
static int
step(struct walk *w, enum symbol symbol)
{
	struct transport_cc_packet p = { .seq = w->seq++, .arrived = symbol != NOT_RECEIVED };
	const size_t size = symbol == SMALL_DELTA ? 1 : symbol == LARGE_DELTA ? 2 : 0;

	if (symbol == RESERVED || (size_t)(w->end - w->delta) < size)
		return ERR_PARSE;
	if (size == 1)
		w->at_us += (int64_t)w->delta[0] * DELTA_US;
	else if (size == 2)
		w->at_us += (int64_t)(int16_t)wire_get16(w->delta) * DELTA_US;
	w->delta += size;
	w->left--;
	p.at_us = w->at_us;
	if (w->tell)
		w->tell(&p, w->arg);
	return 0;
}

/* 3.1.3: a symbol and how many packets have it. */
static int
walk_run(struct walk *w, uint16_t chunk)
{
	const enum symbol symbol = (enum symbol)(chunk >> 13 & 3);
	int err = 0;

	for (unsigned n = chunk & 0x1fff; n > 0 && w->left > 0 && !err; n--)
		err = step(w, symbol);
	return err;
}

/* 3.1.4: a symbol for each of 14 or 7 packets. */
static int
walk_vector(struct walk *w, uint16_t chunk)
{
	const unsigned bits = chunk & 0x4000 ? 2 : 1;
	int err = 0;

	for (int at = 14 - (int)bits; at >= 0 && w->left > 0 && !err; at -= (int)bits)
		err = step(w, (enum symbol)(chunk >> at & (bits == 2 ? 3 : 1)));
	return err;
}

static int
walk_all(struct walk w)
{
	int err = 0;

	while (w.left > 0 && !err) {
		const uint16_t chunk = wire_get16(w.chunk);
		w.chunk += CHUNK_BYTES;
		err = chunk & 0x8000 ? walk_vector(&w, chunk) : walk_run(&w, chunk);
	}
	return err;
}

/* Where the chunks end and the deltas begin; NULL if they do not end. */
static const uint8_t *
find_deltas(const uint8_t *chunk, const uint8_t *end, unsigned left)
{
	while (left > 0) {
		if (end - chunk < CHUNK_BYTES)
			return NULL;
		const uint16_t c = wire_get16(chunk);
		const unsigned n = !(c & 0x8000) ? c & 0x1fff : c & 0x4000 ? 7 : 14;
		if (n == 0)
			return NULL;
		left -= n < left ? n : left;
		chunk += CHUNK_BYTES;
	}
	return chunk;
}

int
transport_cc_read(const uint8_t *fci, size_t len,
	void (*tell)(const struct transport_cc_packet *p, void *arg), void *arg)
{
	if (len < HEAD_BYTES)
		return ERR_PARSE;
	const uint32_t reference = wire_get32(fci + 4) >> 8;
	struct walk w = { .chunk = fci + HEAD_BYTES,
		.end = fci + len,
		.seq = wire_get16(fci),
		.left = wire_get16(fci + 2),
		.at_us = (int64_t)reference * REFERENCE_US,
		.arg = arg };

	w.delta = find_deltas(w.chunk, w.end, w.left);
	if (!w.delta)
		return ERR_PARSE;
	int err = walk_all(w);
	if (err || !tell)
		return err;
	w.tell = tell;
	return walk_all(w);
}
