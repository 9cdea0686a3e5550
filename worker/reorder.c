/* reorder.c - decoding times of pictures. Pure. Recorder thread. */
#include <string.h>

#include "worker/reorder.h"

void
reorder_begin(struct reorder *r, int depth, int64_t at_us, int64_t picture_us)
{
	*r = (struct reorder){ .depth = depth < REORDER_DEPTH_MAX ? depth : REORDER_DEPTH_MAX,
		.last = INT64_MIN };
	/* As if as many had been shown before. */
	for (int i = 0; i < r->depth; i++)
		r->shown[r->count++] = at_us - (r->depth - i) * picture_us;
}

/* Of the pictures that have come, the one that is shown depth before the last to be shown is
 * shown next: that is when this one is decoded. What comes later is shown later. */
int64_t
reorder_next(struct reorder *r, int64_t at_us)
{
	size_t i = r->count;

	while (i > 0 && r->shown[i - 1] > at_us) {
		r->shown[i] = r->shown[i - 1];
		i--;
	}
	r->shown[i] = at_us;
	int64_t decoded = r->shown[0];
	memmove(r->shown, r->shown + 1, r->count * sizeof(r->shown[0]));
	if (decoded <= r->last)
		decoded = r->last + 1;
	r->last = decoded;
	return decoded;
}
