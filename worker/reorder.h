#ifndef WORKER_REORDER_H
#define WORKER_REORDER_H

#include <stddef.h>
#include <stdint.h>

/* The decoding times of pictures that are shown in another order than they come (B-frames). Pure.
 * All zero: pictures come as they are shown. */

/* ITU-T H.264 E.2.1: max_num_reorder_frames is at most MaxDpbFrames, 16. */
#define REORDER_DEPTH_MAX 16

struct reorder {
	int depth; /* a picture is decoded at most so many others before it is shown */
	int64_t shown[REORDER_DEPTH_MAX + 1]; /* the newest times of showing, growing */
	size_t count;
	int64_t last; /* decoding time */
};

/* Before a key picture shown at at_us; pictures last about picture_us. */
void reorder_begin(struct reorder *r, int depth, int64_t at_us, int64_t picture_us);

/* The next picture, shown at at_us: when it is decoded. Grows from picture to picture, and is not
 * later than at_us if the depth is what the stream needs. */
int64_t reorder_next(struct reorder *r, int64_t at_us);

#endif
