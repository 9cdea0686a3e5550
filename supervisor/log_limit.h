#ifndef SUPERVISOR_LOG_LIMIT_H
#define SUPERVISOR_LOG_LIMIT_H

#include <stdbool.h>

#include "common/clock.h"

/* How many lines of a worker's go into the log. Pure. */

/* So many at once: a start, a sanitizer's report; and so many a second after them: some 2 kB, 200
 * MB a day. A worker that is well writes fewer in a day than in this burst. */
#define LOG_LIMIT_BURST 500
#define LOG_LIMIT_A_SECOND 10

struct log_limit {
	int64_t room; /* in thousandths of a line */
	ms_t at;      /* when room was right */
	int64_t dropped;
};

void log_limit_init(struct log_limit *l, ms_t now);

/* A line has come. False: it is not to be written, and is counted. */
bool log_limit_take(struct log_limit *l, ms_t now);

/* Lines that were dropped since this was asked last. */
int64_t log_limit_dropped(struct log_limit *l);

#endif
