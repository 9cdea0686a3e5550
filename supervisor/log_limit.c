/* log_limit.c - how many lines of a worker's go into the log.
 * Owns a token bucket and the count of what did not fit. Pure. Loop thread. */
#include "supervisor/log_limit.h"

/* A line in thousandths: LOG_LIMIT_A_SECOND of them come in each ms. */
#define LINE 1000
#define FULL (LOG_LIMIT_BURST * (int64_t)LINE)

void
log_limit_init(struct log_limit *l, ms_t now)
{
	*l = (struct log_limit){ .room = FULL, .at = now };
}

bool
log_limit_take(struct log_limit *l, ms_t now)
{
	l->room += (now - l->at) * LOG_LIMIT_A_SECOND;
	if (l->room > FULL)
		l->room = FULL;
	l->at = now;
	if (l->room < LINE) {
		l->dropped++;
		return false;
	}
	l->room -= LINE;
	return true;
}

int64_t
log_limit_dropped(struct log_limit *l)
{
	int64_t dropped = l->dropped;

	l->dropped = 0;
	return dropped;
}
