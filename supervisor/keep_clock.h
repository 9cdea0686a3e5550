#ifndef SUPERVISOR_KEEP_CLOCK_H
#define SUPERVISOR_KEEP_CLOCK_H

#include <stdint.h>

struct store;

/* The store's streams and calls are of wall time, which somebody may set: an hour forward, and for
 * the next camrelayd every living stream would have ended, no call be counted. What the clock that
 * runs since the boot says of the time between is kept beside them. Loop thread. */

/* Rows are about to be written: those that are there are moved, if the clock was set since. */
void keep_clock_note(struct store *s);

/* What wall time were now had nobody set it since; just wall time if that is not known, as after a
 * boot. */
int64_t keep_clock_wall_us(struct store *s);

#endif
