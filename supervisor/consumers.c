/* consumers.c - everybody who watches a camera through us.
 * Owns the viewers, those that ended lately among them, and the way their sessions are closed.
 * Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/config_consumers.h"
#include "supervisor/consumers_state.h"
#include "supervisor/consumers_view.h"
#include "supervisor/timer.h"
#include "supervisor/unpublish.h"
#include "supervisor/viewer_tracks.h"

/* How soon a republication or a lapse is noticed. */
#define TICK_MS 250

/* One that watches. */
static struct viewer *
find(const struct consumers *t, const char *id)
{
	struct viewer *v = consumers_find_in(&t->viewers, id);

	return v && v->end == CONSUMERS_WATCHING ? v : NULL;
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void
viewer_free(struct viewer *v)
{
	consumer_free(v->consumer);
	free(v);
}

/* Its consumer stays until it has ended, and this may be called from inside it. */
static void
finish(struct viewer *v, enum consumers_end end)
{
	v->end = end;
	v->ended_ms = clock_now();
	v->table->ends[end]++;
	snprintf(v->why, sizeof(v->why), "%s", consumer_why(v->consumer));
	log_info("consumer ended", LOG_CAM(v->camera), LOG_STR("id", v->id),
		LOG_STR("why", consumers_end_name(end)),
		LOG_INT("after_ms", v->ended_ms - v->since_ms));
	consumers_keep(v);
	consumer_end(v->consumer);
}

static void
forget_oldest(struct consumers *t)
{
	struct viewer *v = TAILQ_LAST(&t->ended, viewers);

	TAILQ_REMOVE(&t->ended, v, link);
	t->ended_count--;
	viewer_free(v);
}

static void
remember(struct consumers *t, struct viewer *v)
{
	v->pulls = consumer_pulls(v->consumer);
	consumer_free(v->consumer);
	v->consumer = NULL;
	TAILQ_REMOVE(&t->viewers, v, link);
	TAILQ_INSERT_HEAD(&t->ended, v, link);
	if (++t->ended_count > CONSUMERS_HISTORY)
		forget_oldest(t);
}

/* ---- now and then ---------------------------------------------------------------------------- */

/* A player by WHEP sends no heartbeats: the SFU is asked instead. */
static void
check_presence(struct viewer *v, ms_t now)
{
	const struct config_consumers *limits = v->table->config.limits;

	if (!v->whep && now - v->heartbeat_ms > limits->heartbeat_timeout_ms &&
		!consumer_is_asked(v->consumer))
		finish(v, CONSUMERS_LAPSED);
	if (!v->whep || now - v->probed_ms < limits->heartbeat_ms)
		return;
	v->probed_ms = now;
	consumer_probe(v->consumer);
}

static void
check_camera(struct viewer *v)
{
	const struct consumers_config *config = &v->table->config;

	if (!config->exists(v->camera, config->arg)) {
		finish(v, CONSUMERS_NO_CAMERA);
		return;
	}
	consumer_check(v->consumer);
	if (v->whep && consumer_state(v->consumer) == CONSUMER_IDLE) {
		finish(v, CONSUMERS_FAILED);
		return;
	}
	bool must = consumer_must_pull(v->consumer);
	if (must && !v->told)
		config->on_must_pull(v->id, v->camera, config->arg);
	v->told = must;
}

static void
check(struct viewer *v, ms_t now)
{
	if (v->end == CONSUMERS_WATCHING)
		check_presence(v, now);
	if (v->end == CONSUMERS_WATCHING)
		check_camera(v);
	if (consumer_state(v->consumer) == CONSUMER_ENDED)
		remember(v->table, v);
}

static void
stopped(struct consumers *t, bool closed)
{
	void (*done)(bool, void *) = t->stop.done;

	t->stop.done = NULL;
	done(closed, t->stop.arg); /* may free t */
}

static void
on_closed(bool closed, void *arg)
{
	stopped(arg, closed);
}

/* All have ended, or time is up. */
static void
finish_stop(struct consumers *t, ms_t now)
{
	if (TAILQ_EMPTY(&t->viewers) && t->unpublish)
		unpublish_wait(t->unpublish, t->stop.deadline_ms - now, on_closed, t);
	else
		stopped(t, TAILQ_EMPTY(&t->viewers));
}

static void
on_tick(void *arg)
{
	struct consumers *t = arg;
	ms_t now = clock_now();
	struct viewer *v = TAILQ_FIRST(&t->viewers);

	while (v) {
		struct viewer *next = TAILQ_NEXT(v, link);
		check(v, now);
		v = next;
	}
	if (t->stop.done && (TAILQ_EMPTY(&t->viewers) || now >= t->stop.deadline_ms))
		finish_stop(t, now);
	else if (!TAILQ_EMPTY(&t->viewers))
		timer_start(t->timer, TICK_MS);
}

void
consumers_stop(struct consumers *t, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg)
{
	struct viewer *v;

	t->stop.done = done;
	t->stop.arg = arg;
	t->stop.deadline_ms = clock_now() + within_ms;
	TAILQ_FOREACH(v, &t->viewers, link)
	if (v->end == CONSUMERS_WATCHING)
		finish(v, CONSUMERS_STOPPED);
	timer_start(t->timer, 0);
}

/* ---- the owners' requests -------------------------------------------------------------------- */

static bool
on_find(struct output_source *out, void *arg)
{
	struct viewer *v = arg;

	return v->table->config.find(v->camera, out, v->table->config.arg);
}

static void
on_tracks(void *arg)
{
	consumers_keep_tracks(arg);
	consumers_keep(arg);
}

static void
on_result(const struct consumer_result *result, void *arg)
{
	struct viewer *v = arg;
	consumers_done *done = v->done;

	v->done = NULL;
	v->heartbeat_ms = clock_now();
	v->served = v->served || result->verdict == CONSUMER_DONE;
	if (!v->served && v->end == CONSUMERS_WATCHING)
		finish(v, CONSUMERS_FAILED);
	done(v->id, result, v->done_arg);
}

static void
make_id(char id[CONSUMER_ID_BYTES])
{
	unsigned char bits[(CONSUMER_ID_BYTES - 1) / 2];

	/* It fails only for want of a kernel that has it, or bad arguments. */
	if (getrandom(bits, sizeof(bits), 0) != sizeof(bits))
		abort();
	for (size_t i = 0; i < sizeof(bits); i++)
		snprintf(id + 2 * i, 3, "%02x", bits[i]);
}

static struct viewer *
viewer_new(struct consumers *t, const char *camera, const char *owner, const char *offer)
{
	struct consumer_events events = {
		.on_tracks = on_tracks, .on_result = on_result, .find = on_find
	};
	struct viewer *v = xcalloc(1, sizeof(*v));

	v->table = t;
	make_id(v->id);
	snprintf(v->camera, sizeof(v->camera), "%s", camera);
	snprintf(v->owner, sizeof(v->owner), "%s", owner ? owner : "");
	v->whep = offer != NULL;
	v->report = consumer_report_none();
	v->since_us = clock_wall_us();
	v->since_ms = v->heartbeat_ms = v->probed_ms = clock_now();
	struct consumer_parts parts = { .loop = t->config.loop,
		.sfu = t->sfu,
		.unpublish = t->unpublish,
		.id = v->id,
		.camera = camera,
		.offer = offer };
	v->consumer = consumer_new(&parts, &events, v);
	return v;
}

static bool
has_room(const char *offer, const struct output_source *source)
{
	const struct viewer_room room = viewer_room_read(offer);
	struct sfu_track tracks[SFU_TRACKS_MAX];

	return viewer_tracks_fit(&room, source->tracks, source->track_count, tracks) > 0;
}

static enum consumers_refusal
may_open(const struct consumers *t, const char *camera, const char *offer)
{
	struct output_source source;

	if (!t->sfu || t->stop.deadline_ms || !t->config.find(camera, &source, t->config.arg) ||
		!source.sending)
		return CONSUMERS_NOT_PUBLISHED;
	if (offer && !has_room(offer, &source))
		return CONSUMERS_NO_ROOM;
	if (consumers_count(t, NULL) >= (size_t)t->config.limits->max)
		return CONSUMERS_FULL;
	if (consumers_count(t, camera) >= (size_t)t->config.limits->max_per_camera)
		return CONSUMERS_CAMERA_FULL;
	return CONSUMERS_TAKEN;
}

static void
pull(struct viewer *v)
{
	v->table->pulls += consumer_pull(v->consumer);
}

enum consumers_refusal
consumers_open(struct consumers *t, const char *camera, const char *owner, const char *offer,
	consumers_done *done, void *arg, char id[CONSUMER_ID_BYTES])
{
	enum consumers_refusal refusal = may_open(t, camera, offer);

	if (refusal != CONSUMERS_TAKEN)
		return refusal;
	struct viewer *v = viewer_new(t, camera, owner, offer);
	memcpy(id, v->id, CONSUMER_ID_BYTES);
	if (TAILQ_EMPTY(&t->viewers))
		timer_start(t->timer, TICK_MS);
	TAILQ_INSERT_HEAD(&t->viewers, v, link);
	consumers_keep(v);
	v->done = done;
	v->done_arg = arg;
	pull(v);
	return CONSUMERS_TAKEN;
}

/* Readies v for a request of its owner. */
static enum consumers_refusal
take(struct viewer *v, bool allowed, consumers_done *done, void *arg)
{
	if (!v)
		return CONSUMERS_UNKNOWN;
	if (v->done)
		return CONSUMERS_BUSY;
	if (!allowed)
		return CONSUMERS_NOT_ASKED;
	v->heartbeat_ms = clock_now();
	v->done = done;
	v->done_arg = arg;
	return CONSUMERS_TAKEN;
}

enum consumers_refusal
consumers_pull(struct consumers *t, const char *id, consumers_done *done, void *arg)
{
	struct viewer *v = find(t, id);
	struct output_source source;

	if (v && !v->whep && !v->done && (!on_find(&source, v) || !source.sending))
		return CONSUMERS_NOT_PUBLISHED;
	enum consumers_refusal refusal = take(v, v && !v->whep, done, arg);
	if (refusal == CONSUMERS_TAKEN)
		pull(v);
	return refusal;
}

enum consumers_refusal
consumers_answer(
	struct consumers *t, const char *id, const char *sdp, consumers_done *done, void *arg)
{
	struct viewer *v = find(t, id);
	bool offered = v && consumer_state(v->consumer) == CONSUMER_OFFERED;
	enum consumers_refusal refusal = take(v, offered, done, arg);

	if (refusal == CONSUMERS_TAKEN)
		consumer_answer(v->consumer, sdp);
	return refusal;
}

bool
consumers_heartbeat(struct consumers *t, const char *id, const struct consumer_report *report)
{
	struct viewer *v = find(t, id);

	if (!v)
		return false;
	v->heartbeat_ms = clock_now();
	v->report = *report;
	return true;
}

bool
consumers_close(struct consumers *t, const char *id, enum consumers_end end)
{
	struct viewer *v = find(t, id);

	if (v)
		finish(v, end);
	return v != NULL;
}

int
consumers_revoke(struct consumers *t, const char *owner)
{
	struct viewer *v;
	int count = 0;

	TAILQ_FOREACH(v, &t->viewers, link)
	{
		if (v->end != CONSUMERS_WATCHING || strcmp(v->owner, owner) != 0)
			continue;
		finish(v, CONSUMERS_REVOKED);
		count++;
	}
	return count;
}

/* ---- making and ending ----------------------------------------------------------------------- */

void
consumers_set_sfu(struct consumers *t, struct sfu *sfu)
{
	if (!sfu || t->sfu)
		return;
	t->sfu = sfu;
	t->unpublish = unpublish_new(t->config.loop, sfu);
	consumers_restore_sessions(t);
}

void
consumers_configure(struct consumers *t, const struct config_consumers *limits)
{
	t->config.limits = limits;
}

struct consumers *
consumers_new(const struct consumers_config *config)
{
	struct consumers *t = xcalloc(1, sizeof(*t));

	t->config = *config;
	TAILQ_INIT(&t->viewers);
	TAILQ_INIT(&t->ended);
	t->timer = timer_new(config->loop, on_tick, t);
	consumers_restore(t);
	return t;
}

static void
free_all(struct viewers *list)
{
	struct viewer *v;

	while ((v = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, v, link);
		viewer_free(v);
	}
}

void
consumers_free(struct consumers *t)
{
	if (!t)
		return;
	free_all(&t->viewers);
	free_all(&t->ended);
	unpublish_free(t->unpublish);
	timer_free(t->timer);
	free(t);
}
