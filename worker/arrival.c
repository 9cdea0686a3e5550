/* arrival.c - the lower edge of arrivals against a media clock. Pure; media thread. */
#include <math.h>

#include "worker/arrival.h"

/* Of a second there are 15 access units of AAC at 16 kHz at least: one of them is in time. */
#define WINDOW_US 1000000
/* What a window's least lateness does to the offset and to the drift: at first, and when the line
 * is known. Damped a little less than critically, both. */
#define QUICK_OFFSET 0.5
#define QUICK_DRIFT 0.2
#define SLOW_OFFSET 0.2
#define SLOW_DRIFT 0.02
#define QUICK_WINDOWS 15
/* So late or early is no jitter of a second's least: the drift has changed. */
#define LOST_US 25000
/* Beside the drift the line bends by no more: sound follows it by resampling. */
#define BEND_MAX 0.01
#define DRIFT_MAX 0.015
/* Windows in which nothing came in time: the path has become longer for good. */
#define FAR_WINDOWS 5

static double
within(double x, double max)
{
	return x > max ? max : x < -max ? -max : x;
}

static double
line(const struct arrival *a, int64_t media_us)
{
	return a->offset_us + a->rate * (double)(media_us - a->media_us);
}

int64_t
arrival_at(const struct arrival *a, int64_t media_us)
{
	return media_us + llrint(line(a, media_us));
}

static void
open_window(struct arrival *a, int64_t arrived_us)
{
	a->window_us = arrived_us;
	a->any = false;
}

/* The line goes through this unit. */
static void
step_to(struct arrival *a, int64_t media_us, int64_t arrived_us)
{
	a->media_us = media_us;
	a->offset_us = (double)(arrived_us - media_us);
	a->rate = a->drift;
	a->windows = 0;
	a->far = 0;
	open_window(a, arrived_us);
}

/* The next second's line begins where this one's ends. */
static void
bend(struct arrival *a, int64_t media_us)
{
	bool quick = a->windows < QUICK_WINDOWS;
	double late = a->least_us / WINDOW_US;

	a->offset_us = line(a, media_us);
	a->media_us = media_us;
	a->drift = within(
		a->drift + (quick ? QUICK_DRIFT : SLOW_DRIFT) * within(late, BEND_MAX), DRIFT_MAX);
	a->rate = a->drift + within((quick ? QUICK_OFFSET : SLOW_OFFSET) * late, BEND_MAX);
	a->known = true;
	a->windows++;
	if (fabs(a->least_us) > LOST_US && !quick)
		a->windows = 0;
}

static void
close_window(struct arrival *a, int64_t media_us)
{
	a->far = a->least_us > ARRIVAL_STEP_US ? a->far + 1 : 0;
	if (a->far >= FAR_WINDOWS) {
		a->offset_us += a->least_us;
		a->least_us = 0;
		a->far = 0;
	}
	/* Late by far for some seconds is a stall. */
	if (a->far)
		a->least_us = 0;
	bend(a, media_us);
}

int64_t
arrival_note(struct arrival *a, int64_t media_us, int64_t arrived_us)
{
	if (!a->running)
		step_to(a, media_us, arrived_us);
	a->running = true;
	double late_us = (double)(arrived_us - media_us) - line(a, media_us);
	if (late_us < -ARRIVAL_STEP_US) {
		step_to(a, media_us, arrived_us);
		late_us = 0;
	}
	if (!a->known && late_us < 0) { /* the first of all was a late one */
		a->offset_us += late_us;
		late_us = 0;
	}
	if (!a->any || late_us < a->least_us)
		a->least_us = late_us;
	a->any = true;
	if (arrived_us - a->window_us >= WINDOW_US) {
		close_window(a, media_us);
		open_window(a, arrived_us);
	}
	return arrival_at(a, media_us);
}

bool
arrival_known(const struct arrival *a)
{
	return a->running && a->known;
}

void
arrival_restart(struct arrival *a)
{
	a->running = a->known = false;
}
