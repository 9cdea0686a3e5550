#ifndef WORKER_BITS_H
#define WORKER_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes read bit by bit, highest first; lent. Of a NAL unit's see worker/rbsp.h. Pure. */
struct bits {
	const uint8_t *bytes;
	size_t at;  /* in bits */
	size_t end; /* in bits */
	bool over;  /* read past the end: what was read is 0 */
};

/* The next count bits, 32 at most. */
uint32_t bits_take(struct bits *b, unsigned count);

#endif
