/* consumers_view.c - what is known of those who watch. Reads the table, changes nothing. Loop
 * thread. */
#include <string.h>

#include "common/clock.h"
#include "supervisor/consumers_state.h"
#include "supervisor/consumers_view.h"

struct viewer *
consumers_find_in(const struct viewers *list, const char *id)
{
	struct viewer *v;

	TAILQ_FOREACH(v, list, link)
	if (strcmp(v->id, id) == 0)
		return v;
	return NULL;
}

size_t
consumers_count(const struct consumers *t, const char *camera)
{
	const struct viewer *v;
	size_t count = 0;

	TAILQ_FOREACH(v, &t->viewers, link)
	count += v->end == CONSUMERS_WATCHING && (!camera || strcmp(v->camera, camera) == 0);
	return count;
}

int64_t
consumers_ended(const struct consumers *t, enum consumers_end end)
{
	return t->ends[end];
}

int64_t
consumers_pulls(const struct consumers *t)
{
	return t->pulls;
}

const struct config_consumers *
consumers_limits(const struct consumers *t)
{
	return t->config.limits;
}

static struct consumer_row
row_of(const struct viewer *v)
{
	bool over = v->end != CONSUMERS_WATCHING;
	const struct consumer *c = v->consumer;
	ms_t until = over ? v->ended_ms : clock_now();

	return (struct consumer_row){ .id = v->id,
		.camera = v->camera,
		.owner = *v->owner ? v->owner : NULL,
		.whep = v->whep,
		.state = consumer_state_name(c ? consumer_state(c) : CONSUMER_ENDED),
		.end = v->end,
		.why = c && !over ? consumer_why(c) : v->why,
		.session = c ? consumer_session(c) : "",
		.must_pull = !over && !v->whep && consumer_must_pull(c),
		.pulls = c ? consumer_pulls(c) : v->pulls,
		.since_us = v->since_us,
		.lasted_ms = until - v->since_ms,
		.heartbeat_age_ms = until - v->heartbeat_ms,
		.report = v->report };
}

bool
consumers_get(const struct consumers *t, const char *id, struct consumer_row *out)
{
	const struct viewer *v = consumers_find_in(&t->viewers, id);

	if (!v)
		v = consumers_find_in(&t->ended, id);
	if (v)
		*out = row_of(v);
	return v != NULL;
}

static void
each_in(const struct viewers *list, void (*on_row)(const struct consumer_row *, void *), void *arg)
{
	const struct viewer *v;

	TAILQ_FOREACH(v, list, link)
	{
		struct consumer_row row = row_of(v);
		on_row(&row, arg);
	}
}

void
consumers_each(const struct consumers *t, void (*on_row)(const struct consumer_row *row, void *arg),
	void *arg)
{
	each_in(&t->viewers, on_row, arg);
	each_in(&t->ended, on_row, arg);
}
