#ifndef SUPERVISOR_TIMER_H
#define SUPERVISOR_TIMER_H

#include <uv.h>

#include "common/clock.h"

/* One timer of the libuv loop whose owner may be freed at once: libuv itself keeps a handle's
 * memory until the loop has turned. */
struct timer;

/* on_due comes from the loop. Never NULL. */
struct timer *timer_new(uv_loop_t *loop, void (*on_due)(void *arg), void *arg);

/* on_due will not come again. The loop must run once more to let go of the memory. NULL is fine. */
void timer_free(struct timer *t);

/* Due once, in pause_ms (0 or less: the next turn); replaces what was set before. */
void timer_start(struct timer *t, ms_t pause_ms);
void timer_stop(struct timer *t);

#endif
