/* timer.c - a timer of the libuv loop whose owner may be freed at once. Loop thread. */
#include <stdlib.h>

#include "supervisor/timer.h"
#include "common/xmalloc.h"

struct timer {
	uv_timer_t uv;
	void (*on_due)(void *arg);
	void *arg;
};

static void
on_timer(uv_timer_t *uv)
{
	struct timer *t = uv->data;

	t->on_due(t->arg);
}

static void
on_closed(uv_handle_t *uv)
{
	free(uv->data);
}

struct timer *
timer_new(uv_loop_t *loop, void (*on_due)(void *arg), void *arg)
{
	struct timer *t = xcalloc(1, sizeof(*t));

	if (uv_timer_init(loop, &t->uv) != 0)
		abort();
	t->uv.data = t;
	t->on_due = on_due;
	t->arg = arg;
	return t;
}

void
timer_free(struct timer *t)
{
	if (t)
		uv_close((uv_handle_t *)&t->uv, on_closed);
}

void
timer_start(struct timer *t, ms_t pause_ms)
{
	uv_timer_start(&t->uv, on_timer, pause_ms > 0 ? (uint64_t)pause_ms : 0, 0);
}

void
timer_stop(struct timer *t)
{
	uv_timer_stop(&t->uv);
}
