#ifndef WORKER_SUBSTREAM_H
#define WORKER_SUBSTREAM_H

#include <stdbool.h>

#include "common/clock.h"

/* When a camera's smaller stream is taken instead of its main one: while the path to the receiver
 * does not carry the main one. Whether it would again cannot be known without trying it. Pure. All
 * zero: the main one. */

/* The main one is tried again after so long, and after twice as long each time that it did not
 * last. */
#define SUBSTREAM_STAY_MS 60000
#define SUBSTREAM_STAY_MAX_MS 1800000

struct substream {
	bool active;
	ms_t stay_ms; /* 0: the main one was never left */
	ms_t changed_at;
	ms_t not_before; /* it could not be had */
};

/* Once a second: whether the path is overloaded now. Returns true if the other stream is to be
 * taken. */
bool substream_step(struct substream *s, bool overloaded, ms_t now);

/* The smaller stream cannot be had: back to the main one, for as long as it would have been used at
 * least. */
void substream_on_failure(struct substream *s, ms_t now);

#endif
