/* bits.c - bytes read bit by bit. Pure, any thread. */
#include "worker/bits.h"

uint32_t
bits_take(struct bits *b, unsigned count)
{
	uint32_t v = 0;

	if (count > b->end - b->at) {
		b->at = b->end;
		b->over = true;
		return 0;
	}
	for (; count > 0; count--, b->at++)
		v = v << 1 | ((b->bytes[b->at / 8] >> (7 - b->at % 8)) & 1);
	return v;
}
