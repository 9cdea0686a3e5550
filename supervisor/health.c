/* health.c - the health checker.
 * Owns the checks, their history and the times at which they are read. What a reading means is
 * check.c's, how it is read readings.c's. Loop thread; work: a thread of the pool. */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "proto/status.h"
#include "proto/status_health.h"
#include "supervisor/check.h"
#include "supervisor/config.h"
#include "supervisor/events.h"
#include "supervisor/health.h"
#include "supervisor/http_client.h"
#include "supervisor/readings.h"
#include "supervisor/timer.h"

struct result {
	int64_t at_us;
	char name[64]; /* cut if need be */
	char text[96];
	enum check_status status;
	double value;
};

/* One piece of work on the pool. Its own object: it may outlive the checker. */
struct job {
	uv_work_t request;
	struct health *health;      /* NULL: it was freed */
	struct readings_plan *plan; /* owned */
	struct job **slot;          /* the checker's word for it */
	bool network;
	struct readings_cpu cpu;
	struct check_reading *readings; /* owned */
	size_t count;
};

struct health {
	uv_loop_t *loop;
	struct events *events;
	const struct http_client *http;
	const struct config *config; /* NULL: not yet */
	struct timer *timer;         /* owned */
	struct job *machine;         /* NULL: none runs; the same of the next */
	struct job *network;
	struct readings_cpu cpu;
	int64_t date_seen;    /* answers of which the clock was judged */
	struct check *checks; /* owned */
	size_t count;
	struct result *history; /* owned: a ring */
	size_t results;         /* ever */
};

/* ---- results --------------------------------------------------------------------------------- */

static struct check *
find(struct health *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++)
		if (strcmp(h->checks[i].last.name, name) == 0)
			return &h->checks[i];
	h->checks = xrealloc(h->checks, (h->count + 1) * sizeof(*h->checks));
	h->checks[h->count] = (struct check){ 0 };
	return &h->checks[h->count++];
}

static void
note(struct health *h, const struct check *c)
{
	struct result *r = &h->history[h->results++ % HEALTH_HISTORY_MAX];

	*r = (struct result){
		.at_us = clock_wall_us(), .status = c->status, .value = c->last.value
	};
	snprintf(r->name, sizeof(r->name), "%.63s", c->last.name);
	snprintf(r->text, sizeof(r->text), "%.95s", c->last.text);
}

static void
announce(struct health *h, const struct check *c)
{
	static const char *const names[] = { [CHECK_OK] = "health ok",
		[CHECK_WARN] = "health warning",
		[CHECK_ERROR] = "health error" };
	static const enum log_level levels[] = {
		[CHECK_OK] = LOG_INFO, [CHECK_WARN] = LOG_WARN, [CHECK_ERROR] = LOG_ERROR
	};
	char text[CHECK_NAME_MAX + CHECK_TEXT_MAX + 2];

	snprintf(text, sizeof(text), "%s: %s", c->last.name, c->last.text);
	log_at(levels[c->status], names[c->status], LOG_STR("check", c->last.name),
		LOG_STR("text", c->last.text));
	events_publish(h->events, NULL, names[c->status], text);
}

static void
judge(struct health *h, const struct check_reading *r)
{
	/* A reload may have come while it was read. */
	struct check *c = find(h, r->name);

	bool changed = check_judge(c, &h->config->health, r, clock_now());
	note(h, c);
	if (changed)
		announce(h, c);
}

/* The clock is judged when somebody told the time. */
static void
judge_clock(struct health *h)
{
	struct http_client_clock clock = http_client_clock(h->http);
	struct check_reading r = { .kind = CHECK_CLOCK, .name = "clock" };

	if (clock.answers == h->date_seen)
		return;
	h->date_seen = clock.answers;
	r.value = (double)llabs(clock.ahead_ms);
	snprintf(r.text, sizeof(r.text), "%.1f s %s that of the last service that answered",
		r.value / 1000, clock.ahead_ms < 0 ? "behind" : "ahead of");
	judge(h, &r);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void
work(uv_work_t *request)
{
	struct job *j = request->data;

	j->readings = j->network ? readings_of_network(j->plan, &j->count)
				 : readings_of_machine(j->plan, &j->cpu, &j->count);
}

static void
on_worked(uv_work_t *request, int status)
{
	struct job *j = request->data;
	struct health *h = j->health;

	if (h) {
		*j->slot = NULL;
		if (!j->network)
			h->cpu = j->cpu;
		for (size_t i = 0; status == 0 && i < j->count; i++)
			judge(h, &j->readings[i]);
	}
	readings_plan_free(j->plan);
	free(j->readings);
	free(j);
}

/* One at a time of each sort: a resolver may take longer than the interval. */
static void
start(struct health *h, struct job **slot, bool network)
{
	if (*slot)
		return;
	struct job *j = xcalloc(1, sizeof(*j));
	*j = (struct job){ .health = h,
		.plan = readings_plan_new(h->config),
		.slot = slot,
		.network = network,
		.cpu = h->cpu };
	j->request.data = j;
	*slot = j;
	uv_queue_work(h->loop, &j->request, work, on_worked);
}

static void
on_due(void *arg)
{
	struct health *h = arg;

	start(h, &h->machine, false);
	start(h, &h->network, true);
	judge_clock(h);
	timer_start(h->timer, h->config->health.interval_ms);
}

/* Checks of what is no longer configured. */
static void
drop_unplanned(struct health *h)
{
	struct readings_plan *plan = readings_plan_new(h->config);
	size_t kept = 0;

	for (size_t i = 0; i < h->count; i++)
		if (readings_plan_has(plan, h->checks[i].last.kind, h->checks[i].last.name))
			h->checks[kept++] = h->checks[i];
	h->count = kept;
	readings_plan_free(plan);
}

void
health_set_config(struct health *h, const struct config *config)
{
	h->config = config;
	drop_unplanned(h);
	timer_start(h->timer, 0);
}

/* ---- what people see ------------------------------------------------------------------------- */

void
health_status(const struct health *h, ms_t now, struct status *out)
{
	enum check_status worst = CHECK_OK;

	out->check_count = h->count;
	out->checks = xcalloc(h->count + 1, sizeof(*out->checks));
	for (size_t i = 0; i < h->count; i++) {
		const struct check *c = &h->checks[i];
		worst = check_worse(worst, c->status);
		out->checks[i] = (struct status_check){ .name = xstrdup(c->last.name),
			.status = xstrdup(check_status_text(c->status)),
			.text = xstrdup(c->last.text),
			.value = c->last.value,
			.since_ms = now - c->since,
			.age_ms = now - c->read_at };
	}
	out->health = xstrdup(check_status_text(worst));
}

struct json *
health_history(const struct health *h)
{
	struct json *list = json_new_array();
	size_t n = h->results < HEALTH_HISTORY_MAX ? h->results : HEALTH_HISTORY_MAX;

	for (size_t i = h->results - n; i < h->results; i++) {
		const struct result *r = &h->history[i % HEALTH_HISTORY_MAX];
		struct json *j = json_new_object();
		char when[CLOCK_TEXT_BYTES];
		json_set_str(j, "time", clock_text(r->at_us, when));
		json_set_str(j, "check", r->name);
		json_set_str(j, "status", check_status_text(r->status));
		json_set_real(j, "value", r->value);
		json_set_str(j, "text", r->text);
		json_add(list, j);
	}
	return list;
}

/* ---- making and ending ----------------------------------------------------------------------- */

struct health *
health_new(uv_loop_t *loop, struct events *events, const struct http_client *http)
{
	struct health *h = xcalloc(1, sizeof(*h));

	*h = (struct health){ .loop = loop, .events = events, .http = http };
	h->history = xcalloc(HEALTH_HISTORY_MAX, sizeof(*h->history));
	h->timer = timer_new(loop, on_due, h);
	return h;
}

void
health_free(struct health *h)
{
	if (!h)
		return;
	if (h->machine)
		h->machine->health = NULL;
	if (h->network)
		h->network->health = NULL;
	timer_free(h->timer);
	free(h->checks);
	free(h->history);
	free(h);
}
