/* fake_time.c - a clock and timers made of nothing. */
#include "tests/unit/fake_time.h"

#include <assert.h>
#include <string.h>
#include <uv.h>

#include "supervisor/timer.h"

ms_t fake_now_ms;
struct timer fake_timers[FAKE_TIMERS_MAX];
size_t fake_timer_count;

void
fake_time_reset(ms_t now_ms)
{
	fake_now_ms = now_ms;
	fake_timer_count = 0;
	memset(fake_timers, 0, sizeof(fake_timers));
}

static struct timer *
next_due(void)
{
	struct timer *next = &fake_timers[0];

	for (size_t i = 1; i < fake_timer_count; i++)
		if (fake_timers[i].due_ms < next->due_ms)
			next = &fake_timers[i];
	return next;
}

ms_t
fake_time_elapse(void)
{
	struct timer *next = next_due();
	ms_t before_ms = fake_now_ms;

	assert(next->due_ms < MS_NEVER);
	fake_now_ms = next->due_ms;
	next->due_ms = MS_NEVER;
	next->on_due(next->arg);
	return fake_now_ms - before_ms;
}

void
fake_time_pass(ms_t span_ms)
{
	ms_t until_ms = fake_now_ms + span_ms;

	while (next_due()->due_ms <= until_ms)
		fake_time_elapse();
	fake_now_ms = until_ms;
}

ms_t
clock_now(void)
{
	return fake_now_ms;
}

int64_t
clock_now_us(void)
{
	return fake_now_ms * 1000;
}

int64_t
clock_wall_us(void)
{
	return fake_now_ms * 1000;
}

char *
clock_text(int64_t wall_us, char out[CLOCK_TEXT_BYTES])
{
	(void)wall_us;
	return strcpy(out, "-");
}

struct timer *
timer_new(uv_loop_t *loop, void (*on_due)(void *arg), void *arg)
{
	struct timer *t = &fake_timers[fake_timer_count++];

	(void)loop;
	assert(fake_timer_count <= FAKE_TIMERS_MAX);
	*t = (struct timer){ .on_due = on_due, .arg = arg, .due_ms = MS_NEVER };
	return t;
}

void
timer_free(struct timer *t)
{
	t->freed = true;
	t->due_ms = MS_NEVER;
}

void
timer_start(struct timer *t, ms_t pause_ms)
{
	t->due_ms = fake_now_ms + (pause_ms > 0 ? pause_ms : 0);
}

void
timer_stop(struct timer *t)
{
	t->due_ms = MS_NEVER;
}
