#ifndef SUPERVISOR_RETENTION_H
#define SUPERVISOR_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What of the recordings is to be deleted. Pure: what is there goes in, with limits; who carries it
 * out is sweeper.c. */

/* Something that can be deleted by itself: an hour, or a segment of one that is not over. */
struct retention_item {
	int64_t start_us; /* wall time of its first picture */
	int64_t end_us;   /* of its last, or later */
	int64_t bytes;
	int camera;        /* number of the camera, from 0 */
	bool is_protected; /* it stays whatever the limits say */
	bool doomed;       /* the answer */
	size_t tag;        /* the caller's: items change places */
};

struct retention_limits {
	int64_t now_us;               /* wall time */
	int64_t max_age_us;           /* since an item's end */
	int64_t max_bytes;            /* 0: no limit */
	int64_t max_bytes_per_camera; /* 0: no limit */
	int64_t free_bytes;           /* of the disk, now */
	int64_t min_free_bytes;
};

/* What is wanted and cannot be had: all that would have to go is protected. */
struct retention_shortage {
	int64_t bytes;      /* too many in all */
	int64_t free_bytes; /* too few on the disk */
};

/* Dooms the oldest, and no more than it takes: what is too old; of a camera that has too much; of
 * all if they have too much, or the disk has too little room. Sorts the items by their start.
 * Returns how many are doomed. */
size_t retention_plan(struct retention_item *items, size_t count,
	const struct retention_limits *limits, struct retention_shortage *shortage);

#endif
