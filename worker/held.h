#ifndef WORKER_HELD_H
#define WORKER_HELD_H

#include <stdbool.h>

#include "worker/fifo.h"
#include "worker/relay_packet.h"

/* Packets that came before they could be taken: as far as HELD_BYTES, an IDR picture or two. What
 * does not fit is missed later, by its number. Pure. All zero: none. */
struct held {
	struct fifo packets; /* each with media, whether RTCP, and its length */
	size_t lent;         /* bytes of the first, which is lent */
};

#define HELD_BYTES (512 << 10)

/* Copied. */
void held_put(struct held *h, const struct relay_packet *p);

/* The first, lent until the next call here; false if there is none. */
bool held_take(struct held *h, struct relay_packet *out);

void held_clear(struct held *h);

#endif
