/* guard_policy.c - which cameras have to do with less.
 * Owns a ladder for each camera and one for all together. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "supervisor/guard_ladder.h"
#include "supervisor/guard_policy.h"
#include "supervisor/leak.h"

/* One camera over looks. */
struct watched {
	char name[NAME_BYTES];
	struct guard_ladder ladder;
	struct leak leak;
	ms_t restarted; /* for its memory; 0: never */
};

struct guard_policy {
	struct watched *cameras; /* owned */
	size_t count;
	struct guard_ladder all;
	char why[160];
};

static const char *const step_texts[GUARD_STEPS] = {
	[GUARD_NONE] = "none",
	[GUARD_WARN] = "warn",
	[GUARD_NO_RECORDING] = "recording off",
	[GUARD_SUBSTREAM] = "substream",
	[GUARD_PAUSED] = "paused",
};

const char *
guard_step_text(enum guard_step step)
{
	return step_texts[step];
}

struct guard_policy *
guard_policy_new(void)
{
	return xcalloc(1, sizeof(struct guard_policy));
}

void
guard_policy_free(struct guard_policy *p)
{
	if (!p)
		return;
	free(p->cameras);
	free(p);
}

int
guard_policy_level(const struct guard_policy *p)
{
	return p->all.level;
}

const char *
guard_policy_why(const struct guard_policy *p)
{
	return p->why;
}

/* ---- loads ----------------------------------------------------------------------------------- */

/* The largest part of any limit that is taken, and which that is if it is more than all. */
struct load {
	double part;
	char *why;
	size_t why_size;
};

static void
consider(struct load *l, const char *what, double value, double limit, const char *unit)
{
	if (limit <= 0 || value / limit <= l->part)
		return;
	l->part = value / limit;
	if (l->part > 1)
		snprintf(l->why, l->why_size, "%s is %.0f %s of %.0f", what, value, unit, limit);
}

#define MB (1024.0 * 1024.0)

static double
load_of_one(const struct config_guard *c, const struct guard_reading *r, char *why, size_t why_size)
{
	struct load l = { .why = why, .why_size = why_size };

	consider(&l, "memory", (double)r->memory_bytes / MB, (double)c->worker_memory_bytes / MB,
		"MB");
	consider(&l, "CPU", r->cpu_percent, c->worker_cpu_percent, "%");
	consider(&l, "frame rate", r->fps, c->worker_fps, "fps");
	return l.part;
}

static double
load_of_all(const struct config_guard *c, const struct guard_reading *readings, size_t count,
	char *why, size_t why_size)
{
	struct load l = { .why = why, .why_size = why_size };
	double bytes = 0, percent = 0;

	for (size_t i = 0; i < count; i++) {
		bytes += (double)readings[i].memory_bytes;
		percent += readings[i].cpu_percent;
	}
	consider(&l, "memory of all workers", bytes / MB, (double)c->total_memory_bytes / MB, "MB");
	consider(&l, "CPU of all workers", percent, c->total_cpu_percent, "%");
	return l.part;
}

/* ---- one camera ------------------------------------------------------------------------------ */

static struct watched
take(const struct guard_policy *p, const char *name)
{
	struct watched fresh = { 0 };

	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->cameras[i].name, name) == 0)
			return p->cameras[i];
	snprintf(fresh.name, sizeof(fresh.name), "%s", name);
	return fresh;
}

static bool
may_restart(const struct watched *w, const struct config_guard *c, const struct guard_reading *r,
	ms_t now)
{
	if (!r->running)
		return false;
	return w->restarted == 0 || now - w->restarted >= c->leak_window_ms;
}

/* Whether a new worker is to be had: it leaks, or all that may be dropped was, and did not help.
 * Not more often than once a window: where the limit is just too low, a restart is no cure. */
static bool
look_at_memory(struct watched *w, const struct config_guard *c, const struct guard_reading *r,
	ms_t now, struct guard_decision *d)
{
	bool over = c->worker_memory_bytes > 0 && r->memory_bytes > c->worker_memory_bytes;
	bool leaks = leak_look(
		&w->leak, r->pid, r->memory_bytes, c->worker_memory_bytes, c->leak_window_ms, now);
	bool helpless =
		over && w->ladder.level >= GUARD_SUBSTREAM && w->ladder.over >= GUARD_LADDER_UP;

	if ((!leaks && !helpless) || !may_restart(w, c, r, now))
		return false;
	snprintf(d->why, sizeof(d->why),
		leaks ? "memory grows without end, %.0f MB of %.0f"
		      : "memory is %.0f MB of %.0f whatever is dropped",
		(double)r->memory_bytes / MB, (double)c->worker_memory_bytes / MB);
	w->restarted = now;
	return true;
}

static void
look_at_one(struct watched *w, const struct config_guard *c, const struct guard_reading *r,
	ms_t now, struct guard_decision *d)
{
	*d = (struct guard_decision){ 0 };
	double load = load_of_one(c, r, d->why, sizeof(d->why));
	/* Who has no worker just now has proved nothing. */
	if (r->pid != 0)
		guard_ladder_look(&w->ladder, load, GUARD_SUBSTREAM);
	d->restart = look_at_memory(w, c, r, now, d);
	d->own = d->step = (enum guard_step)w->ladder.level;
}

/* ---- all together ---------------------------------------------------------------------------- */

static size_t
count_wanted(const struct guard_reading *readings, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += readings[i].wanted;
	return n;
}

/* The least important that is not paused yet; of equals the one that stands last. */
static size_t
least_important(
	const struct guard_reading *readings, const struct guard_decision *decisions, size_t count)
{
	size_t found = count;

	for (size_t i = 0; i < count; i++)
		if (readings[i].wanted && decisions[i].step != GUARD_PAUSED &&
			(found == count || readings[i].priority <= readings[found].priority))
			found = i;
	return found;
}

static void
apply_level(const struct guard_policy *p, const struct guard_reading *readings, size_t count,
	struct guard_decision *decisions)
{
	int common = p->all.level < GUARD_SUBSTREAM ? p->all.level : GUARD_SUBSTREAM;

	for (size_t i = 0; i < count; i++)
		if ((int)decisions[i].step < common)
			decisions[i].step = (enum guard_step)common;
	for (int k = common; k < p->all.level; k++) {
		size_t i = least_important(readings, decisions, count);
		if (i < count)
			decisions[i].step = GUARD_PAUSED;
	}
}

void
guard_policy_look(struct guard_policy *p, const struct config_guard *limits,
	const struct guard_reading *readings, size_t count, ms_t now,
	struct guard_decision *decisions)
{
	struct watched *cameras = xcalloc(count + 1, sizeof(*cameras));
	size_t wanted = count_wanted(readings, count);

	for (size_t i = 0; i < count; i++) {
		cameras[i] = take(p, readings[i].name);
		look_at_one(&cameras[i], limits, &readings[i], now, &decisions[i]);
	}
	free(p->cameras);
	p->cameras = cameras;
	p->count = count;
	/* The most important one is never paused. */
	int top = GUARD_SUBSTREAM + (wanted > 1 ? (int)wanted - 1 : 0);
	p->why[0] = '\0';
	guard_ladder_look(
		&p->all, load_of_all(limits, readings, count, p->why, sizeof(p->why)), top);
	apply_level(p, readings, count, decisions);
}
