#ifndef SUPERVISOR_LEAK_H
#define SUPERVISOR_LEAK_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

/* Whether a process's memory grows without end. Pure: in place, {0} has seen nothing. */

/* Evenly over the window. */
#define LEAK_SAMPLES 32

struct leak {
	int64_t pid; /* of whom the samples are */
	double bytes[LEAK_SAMPLES];
	int count;
	ms_t next; /* when the next sample is due */
};

/* A look at process pid, which takes so many bytes. True when it leaks: over the whole window it
 * grew in each quarter, by more than a tenth in all, and if it goes on like this will be over
 * limit_bytes within another window. Forgets then. */
bool leak_look(
	struct leak *l, int64_t pid, int64_t bytes, int64_t limit_bytes, ms_t window_ms, ms_t now);

#endif
