/* guard.c - the resource guard.
 * Owns the times of its looks, what it saw at the last one, and what is told. What is to be done is
 * guard_policy.c's, doing it the camera table's. Loop thread. */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/xmalloc.h"
#include "proto/status.h"
#include "proto/status_health.h"
#include "supervisor/cameras.h"
#include "supervisor/events.h"
#include "supervisor/guard.h"
#include "supervisor/guard_policy.h"
#include "supervisor/proc_usage.h"
#include "supervisor/timer.h"

/* A camera at the last look. */
struct seen {
	struct guard_reading reading;
	struct guard_decision decision;
	struct proc_usage usage; /* of its worker */
	int64_t restarts;
};

struct guard {
	struct cameras *cameras;
	struct events *events;
	struct config_guard config;
	struct guard_policy *policy; /* owned, as below */
	struct timer *timer;
	struct seen *seen;
	size_t count;
};

/* ---- what is told ---------------------------------------------------------------------------- */

static const char *const step_events[GUARD_STEPS] = {
	[GUARD_NONE] = "limit back",
	[GUARD_WARN] = "limit warning",
	[GUARD_NO_RECORDING] = "limit recording off",
	[GUARD_SUBSTREAM] = "limit substream",
	[GUARD_PAUSED] = "limit paused",
};

/* camera NULL: all together. */
static void
tell(struct guard *g, const char *camera, const char *event, const char *step, const char *why)
{
	char text[320];

	snprintf(text, sizeof(text), "%s%s%s", step, *why ? ": " : "", why);
	log_warn(event, LOG_STR("cam", camera), LOG_STR("text", text));
	events_publish(g->events, camera, event, text);
}

static void
tell_change(struct guard *g, const struct seen *was, const struct seen *is)
{
	enum guard_step before = was->decision.own, after = is->decision.own;
	const char *why = is->decision.why;

	/* For the sake of others: only this step is a camera's own. */
	if (is->decision.step == GUARD_PAUSED || was->decision.step == GUARD_PAUSED) {
		before = was->decision.step;
		after = is->decision.step;
		why = guard_policy_why(g->policy);
	}
	if (after != before)
		tell(g, is->reading.name, after > before ? step_events[after] : "limit back",
			guard_step_text(after), why);
	if (is->decision.restart)
		tell(g, is->reading.name, "limit restart", "its worker is restarted",
			is->decision.why);
}

static void
tell_level(struct guard *g, int before)
{
	int after = guard_policy_level(g->policy);

	/* Who is paused is told camera by camera. */
	before = before > GUARD_SUBSTREAM ? GUARD_SUBSTREAM : before;
	after = after > GUARD_SUBSTREAM ? GUARD_SUBSTREAM : after;
	if (after != before)
		tell(g, NULL, after > before ? step_events[after] : "limit back",
			guard_step_text((enum guard_step)after), guard_policy_why(g->policy));
}

/* ---- looking --------------------------------------------------------------------------------- */

static const struct seen *
find(const struct guard *g, const char *name)
{
	for (size_t i = 0; i < g->count; i++)
		if (strcmp(g->seen[i].reading.name, name) == 0)
			return &g->seen[i];
	return NULL;
}

static void
read_usage(struct seen *s, const struct seen *was, ms_t now)
{
	if (was)
		s->usage = was->usage;
	proc_usage_look(&s->usage, s->reading.pid, now);
	s->reading.memory_bytes = s->usage.memory_bytes;
	s->reading.cpu_percent = s->usage.cpu_percent;
}

static struct seen *
read_all(const struct guard *g, size_t count, ms_t now)
{
	struct seen *list = xcalloc(count + 1, sizeof(*list));

	for (size_t i = 0; i < count; i++) {
		cameras_guard_reading(g->cameras, i, &list[i].reading);
		const struct seen *was = find(g, list[i].reading.name);
		list[i].restarts = was ? was->restarts : 0;
		read_usage(&list[i], was, now);
	}
	return list;
}

static void
decide(struct guard *g, struct seen *list, size_t count, ms_t now)
{
	struct guard_reading *readings = xcalloc(count + 1, sizeof(*readings));
	struct guard_decision *decisions = xcalloc(count + 1, sizeof(*decisions));

	for (size_t i = 0; i < count; i++)
		readings[i] = list[i].reading;
	guard_policy_look(g->policy, &g->config, readings, count, now, decisions);
	for (size_t i = 0; i < count; i++) {
		list[i].decision = decisions[i];
		list[i].restarts += decisions[i].restart;
	}
	free(readings);
	free(decisions);
}

/* Told before it is done: who listens reads causes before effects. */
static void
carry_out(struct guard *g, const struct seen *list, size_t count)
{
	static const struct seen nothing;

	for (size_t i = 0; i < count; i++) {
		const struct seen *was = find(g, list[i].reading.name);
		tell_change(g, was ? was : &nothing, &list[i]);
		cameras_guard(g->cameras, i, &list[i].decision);
	}
}

static void
on_due(void *arg)
{
	struct guard *g = arg;
	ms_t now = clock_now();
	size_t count = cameras_count(g->cameras);
	int level = guard_policy_level(g->policy);

	struct seen *list = read_all(g, count, now);
	decide(g, list, count, now);
	tell_level(g, level);
	carry_out(g, list, count);
	free(g->seen);
	g->seen = list;
	g->count = count;
	timer_start(g->timer, g->config.interval_ms);
}

/* ---- the rest -------------------------------------------------------------------------------- */

void
guard_status(const struct guard *g, struct status *out)
{
	out->limit_count = g->count;
	out->limits = xcalloc(g->count + 1, sizeof(*out->limits));
	for (size_t i = 0; i < g->count; i++) {
		const struct seen *s = &g->seen[i];
		out->limits[i] = (struct status_limit){ .camera = xstrdup(s->reading.name),
			.step = xstrdup(guard_step_text(s->decision.step)),
			.own = xstrdup(guard_step_text(s->decision.own)),
			.why = *s->decision.why ? xstrdup(s->decision.why) : NULL,
			.priority = s->reading.priority,
			.memory_bytes = s->reading.memory_bytes,
			.cpu_percent = s->reading.cpu_percent,
			.fps = s->reading.fps,
			.restarts = s->restarts };
	}
	out->limit_level = guard_policy_level(g->policy);
	out->limit_why = *guard_policy_why(g->policy) ? xstrdup(guard_policy_why(g->policy)) : NULL;
}

struct guard *
guard_new(uv_loop_t *loop, struct cameras *cameras, struct events *events)
{
	struct guard *g = xcalloc(1, sizeof(*g));

	*g = (struct guard){ .cameras = cameras, .events = events };
	g->policy = guard_policy_new();
	g->timer = timer_new(loop, on_due, g);
	return g;
}

void
guard_set_config(struct guard *g, const struct config_guard *config)
{
	g->config = *config;
	/* The first look is at once: every camera has its row from the start. */
	timer_start(g->timer, g->seen ? g->config.interval_ms : 0);
}

void
guard_free(struct guard *g)
{
	if (!g)
		return;
	timer_free(g->timer);
	guard_policy_free(g->policy);
	free(g->seen);
	free(g);
}
