/* outputs.c - all the places that one camera is published to.
 * Owns each, those that are ending among them, and the count of whom a stop waits for. Loop
 * thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/name.h"
#include "common/xmalloc.h"
#include "supervisor/outputs.h"
#include "supervisor/timer.h"

/* An output that the configuration no longer has ends in the background; nobody waits for that. */
#define LEAVE_MS 10000

/* Its number is its place in the array; -1: it is leaving. */
struct place {
	struct outputs *owner;
	struct output *output; /* owned */
	int number;
	bool ended; /* a stop has come to its end */
	LIST_ENTRY(place) link;
};

struct outputs {
	uv_loop_t *loop;
	char camera[NAME_BYTES];
	struct place *places[MSG_OUTPUTS_MAX]; /* owned */
	size_t count;
	LIST_HEAD(, place) leavers; /* owned */
	struct timer *timer; /* owned; a stop that waits for nobody, and leavers to be freed */
	struct outputs_events events;
	void *arg;
	size_t waits; /* outputs whose end the stop waits for */
	bool closed;  /* all that have ended so far did so in time */
	void (*done)(bool closed, void *arg);
	void *done_arg;
};

static void
on_answer(struct output *output, int64_t offer, const char *sdp, void *arg)
{
	struct place *p = arg;

	if (p->number >= 0)
		p->owner->events.on_answer(
			p->number, offer, output_config(output)->name, sdp, p->owner->arg);
}

static void
on_failed(struct output *output, int64_t offer, const char *why, ms_t retry_ms, void *arg)
{
	struct place *p = arg;
	struct outputs *o = p->owner;

	if (p->number < 0)
		return;
	o->events.on_trouble(output_config(output)->name, why, o->arg);
	if (retry_ms < 0)
		o->events.on_refused(p->number, offer, why, o->arg);
}

/* ---- who comes and goes ---------------------------------------------------------------------- */

static void
place_free(struct place *p)
{
	output_free(p->output);
	free(p);
}

static struct place *
place_new(struct outputs *o, const struct config_output *config, struct http_client *http,
	struct sfu *sfu)
{
	struct output_events events = { .on_answer = on_answer, .on_failed = on_failed };
	struct output_parts parts = {
		.loop = o->loop, .http = http, .sfu = sfu, .camera = o->camera
	};
	struct place *p = xcalloc(1, sizeof(*p));

	p->owner = o;
	p->output = output_new(&parts, config, &events, p);
	return p;
}

/* Not from inside its own machine's callback. */
static void
on_left(bool closed, void *arg)
{
	struct place *p = arg;

	(void)closed;
	p->ended = true;
	timer_start(p->owner->timer, 0);
}

static void
leave(struct place *p)
{
	p->number = -1;
	p->ended = false;
	LIST_INSERT_HEAD(&p->owner->leavers, p, link);
	output_stop(p->output, LEAVE_MS, on_left, p);
}

static void
sweep(struct outputs *o)
{
	struct place *p = LIST_FIRST(&o->leavers);

	while (p) {
		struct place *next = LIST_NEXT(p, link);
		if (p->ended) {
			LIST_REMOVE(p, link);
			place_free(p);
		}
		p = next;
	}
}

/* Takes the place that was made of config out of those there were. */
static struct place *
take(struct place **were, size_t count, const struct config_output *config)
{
	for (size_t i = 0; i < count; i++)
		if (were[i] && config_output_equal(output_config(were[i]->output), config)) {
			struct place *p = were[i];
			were[i] = NULL;
			return p;
		}
	return NULL;
}

bool
outputs_set(struct outputs *o, const struct config_outputs *list, struct http_client *http,
	struct sfu *sfu)
{
	struct place *were[MSG_OUTPUTS_MAX] = { NULL };
	size_t had = o->count;
	bool changed = had != list->count;

	memcpy(were, o->places, had * sizeof(*were));
	for (size_t i = 0; i < list->count; i++) {
		struct place *p = take(were, had, &list->list[i]);
		changed = changed || !p || p->number != (int)i;
		o->places[i] = p ? p : place_new(o, &list->list[i], http, sfu);
		o->places[i]->number = (int)i;
	}
	o->count = list->count;
	for (size_t i = 0; i < had; i++)
		if (were[i])
			leave(were[i]);
	return changed;
}

/* ---- the worker's words ---------------------------------------------------------------------- */

static struct place *
find(struct outputs *o, int64_t number)
{
	return number >= 0 && number < (int64_t)o->count ? o->places[number] : NULL;
}

void
outputs_offer(struct outputs *o, const struct msg_offer *offer)
{
	struct place *p = find(o, offer->output);

	if (p)
		output_offer(p->output, offer);
}

void
outputs_word(struct outputs *o, const struct msg_output *word)
{
	struct place *p = find(o, word->output);

	if (p)
		output_word(p->output, word);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void
on_timer(void *arg)
{
	struct outputs *o = arg;
	void (*done)(bool, void *) = o->done;

	sweep(o);
	if (!done || o->waits > 0)
		return;
	o->done = NULL;
	done(o->closed, o->done_arg); /* may free o */
}

static void
on_ended(bool closed, void *arg)
{
	struct place *p = arg;
	struct outputs *o = p->owner;

	if (p->ended)
		return;
	p->ended = true;
	o->closed = o->closed && closed;
	o->waits--;
	timer_start(o->timer, 0);
}

void
outputs_stop(struct outputs *o, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg)
{
	o->done = done;
	o->done_arg = arg;
	o->closed = true;
	o->waits = done ? o->count : 0;
	for (size_t i = 0; i < o->count; i++) {
		o->places[i]->ended = !done;
		output_stop(o->places[i]->output, within_ms, done ? on_ended : NULL, o->places[i]);
	}
	if (done)
		timer_start(o->timer, 0);
}

/* ---- the rest -------------------------------------------------------------------------------- */

size_t
outputs_count(const struct outputs *o)
{
	return o->count;
}

const struct output *
outputs_get(const struct outputs *o, size_t i)
{
	return o->places[i]->output;
}

int64_t
outputs_two_tracks(const struct outputs *o)
{
	int64_t mask = 0;

	for (size_t i = 0; i < o->count; i++)
		if (output_config(o->places[i]->output)->two_tracks)
			mask |= 1LL << i;
	return mask;
}

struct outputs *
outputs_new(uv_loop_t *loop, const char *camera, const struct outputs_events *events, void *arg)
{
	struct outputs *o = xcalloc(1, sizeof(*o));

	o->loop = loop;
	snprintf(o->camera, sizeof(o->camera), "%s", camera);
	o->timer = timer_new(loop, on_timer, o);
	o->events = *events;
	o->arg = arg;
	return o;
}

void
outputs_free(struct outputs *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->count; i++)
		place_free(o->places[i]);
	while (!LIST_EMPTY(&o->leavers)) {
		struct place *p = LIST_FIRST(&o->leavers);
		LIST_REMOVE(p, link);
		place_free(p);
	}
	timer_free(o->timer);
	free(o);
}
