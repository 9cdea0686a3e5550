/* draw.c - numbers that nobody can guess. */
#include <stdio.h>
#include <sys/random.h>

#include "common/clock.h"
#include "worker/draw.h"

uint32_t
draw(void)
{
	uint32_t r;

	if (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r))
		r = (uint32_t)clock_now_us() * 2654435761u;
	return r;
}

void
draw_id(char out[DRAW_ID_BYTES])
{
	for (int i = 0; i < 4; i++)
		snprintf(out + 8 * i, 9, "%08x", draw());
}
