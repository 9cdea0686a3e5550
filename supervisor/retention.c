/* retention.c - which recordings go. Owns the order in which limits count. Pure. Any thread. */
#include <stdlib.h>

#include "supervisor/retention.h"

static int
by_start(const void *a, const void *b)
{
	const struct retention_item *x = a;
	const struct retention_item *y = b;

	if (x->start_us != y->start_us)
		return x->start_us < y->start_us ? -1 : 1;
	return x->tag < y->tag ? -1 : x->tag > y->tag;
}

/* Dooms the oldest of a camera (-1: of all) until so many bytes are gone. Returns those that are
 * still too many. */
static int64_t
take_oldest(struct retention_item *items, size_t count, int camera, int64_t bytes)
{
	for (size_t i = 0; i < count && bytes > 0; i++) {
		struct retention_item *it = &items[i];
		bool meant = camera < 0 || it->camera == camera;
		if (!meant || it->is_protected || it->doomed)
			continue;
		it->doomed = true;
		bytes -= it->bytes;
	}
	return bytes > 0 ? bytes : 0;
}

static int64_t
sum(const struct retention_item *items, size_t count, int camera, bool doomed)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		if ((camera < 0 || items[i].camera == camera) && items[i].doomed == doomed)
			bytes += items[i].bytes;
	return bytes;
}

static void
take_aged(struct retention_item *items, size_t count, const struct retention_limits *l)
{
	for (size_t i = 0; i < count; i++)
		if (!items[i].is_protected && items[i].end_us + l->max_age_us <= l->now_us)
			items[i].doomed = true;
}

static void
take_of_cameras(struct retention_item *items, size_t count, int64_t max)
{
	int cameras = 0;

	for (size_t i = 0; i < count; i++)
		if (items[i].camera >= cameras)
			cameras = items[i].camera + 1;
	for (int c = 0; c < cameras && max > 0; c++)
		take_oldest(items, count, c, sum(items, count, c, false) - max);
}

size_t
retention_plan(struct retention_item *items, size_t count, const struct retention_limits *l,
	struct retention_shortage *shortage)
{
	size_t doomed = 0;

	*shortage = (struct retention_shortage){ 0 };
	if (count > 0)
		qsort(items, count, sizeof(*items), by_start);
	for (size_t i = 0; i < count; i++)
		items[i].doomed = false;
	take_aged(items, count, l);
	take_of_cameras(items, count, l->max_bytes_per_camera);
	if (l->max_bytes > 0)
		shortage->bytes =
			take_oldest(items, count, -1, sum(items, count, -1, false) - l->max_bytes);
	/* What is doomed by now will be free. */
	int64_t missing = l->min_free_bytes - l->free_bytes - sum(items, count, -1, true);
	shortage->free_bytes = take_oldest(items, count, -1, missing);
	for (size_t i = 0; i < count; i++)
		doomed += items[i].doomed;
	return doomed;
}
