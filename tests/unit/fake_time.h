#ifndef TESTS_FAKE_TIME_H
#define TESTS_FAKE_TIME_H

#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"

/* A clock and timers that move only when a test moves them: linked instead of common/clock and
 * supervisor/timer. */

struct timer {
	void (*on_due)(void *arg);
	void *arg;
	ms_t due_ms; /* MS_NEVER: not set */
	bool freed;
};

#define FAKE_TIMERS_MAX 16

extern ms_t fake_now_ms;                          /* clock_now(); and wall time, since 1970 */
extern struct timer fake_timers[FAKE_TIMERS_MAX]; /* in the order they were made */
extern size_t fake_timer_count;

/* At that time, without timers. */
void fake_time_reset(ms_t now_ms);

/* Goes to the next moment that a timer is set to, and lets that one go off; how long that took.
 * There must be one. */
ms_t fake_time_elapse(void);

/* Lets so much time pass: what is due meanwhile goes off. */
void fake_time_pass(ms_t span_ms);

#endif
