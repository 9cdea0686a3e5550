/* recorder.c - the recorder's queue and its thread.
 * Owns the order in which things reach the disk; what becomes of them there is recorder_writer.c's.
 * One lock guards queue, wish and counters; it is never held while the disk works.
 * Media thread (giving), recorder thread (writing), any (the rest). */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/xmalloc.h"
#include "worker/nal_stream.h"
#include "worker/recorder.h"
#include "worker/recorder_queue.h"
#include "worker/recorder_writer.h"

/* When nothing has come for so long the camera is away. */
#define IDLE_MS 3000

struct recorder {
	const char *camera;
	pthread_t thread;
	struct recorder_unit unit; /* the access unit in hand; media thread only */
	bool gap;                  /* before it */

	pthread_mutex_t lock; /* all below */
	pthread_cond_t wake;
	bool running; /* the thread is there */
	bool ending;
	bool on;
	char *dir; /* of the recording that is wanted */
	int min_free_percent;
	struct recorder_queue *queue;
	struct recorder_stats stats;
};

static const char *const state_texts[RECORDER_STATES] = {
	[RECORDER_OFF] = "off",
	[RECORDER_WAITING] = "waiting",
	[RECORDER_RECORDING] = "recording",
	[RECORDER_FULL] = "disk full",
	[RECORDER_FAILED] = "failed",
};

const char *
recorder_state_text(enum recorder_state state)
{
	return state_texts[state];
}

/* ---- the recorder's thread ------------------------------------------------------------------- */

/* From within what the thread has the writer do, without the lock. */
static void
on_stats(void *arg, const struct recorder_stats *stats)
{
	struct recorder *r = arg;

	pthread_mutex_lock(&r->lock);
	r->stats = *stats;
	pthread_mutex_unlock(&r->lock);
}

static bool
has_work(const struct recorder *r)
{
	return r->ending || !recorder_queue_is_empty(r->queue);
}

/* The next thing to do, waited for; false: nothing will be. Called, and returns, with the lock. */
static bool
wait_for_work(struct recorder *r, struct recorder_writer *w)
{
	const ms_t idle_at = clock_now() + IDLE_MS;
	const struct timespec until = { .tv_sec = idle_at / 1000,
		.tv_nsec = idle_at % 1000 * 1000000 };

	while (!has_work(r))
		if (pthread_cond_timedwait(&r->wake, &r->lock, &until) == ETIMEDOUT)
			break;
	if (!has_work(r)) {
		pthread_mutex_unlock(&r->lock);
		recorder_writer_idle(w);
		pthread_mutex_lock(&r->lock);
	}
	while (!has_work(r))
		pthread_cond_wait(&r->wake, &r->lock);
	return !r->ending || !recorder_queue_is_empty(r->queue);
}

static void *
run(void *arg)
{
	struct recorder *r = arg;
	struct recorder_writer *w = recorder_writer_new(r->camera, on_stats, r);
	struct recorder_unit u;

	pthread_setname_np(pthread_self(), "recorder"); /* for top -H */
	pthread_mutex_lock(&r->lock);
	while (wait_for_work(r, w)) {
		recorder_queue_take(r->queue, &u);
		pthread_mutex_unlock(&r->lock);
		recorder_writer_take(w, &u);
		recorder_unit_clear(&u);
		pthread_mutex_lock(&r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	recorder_writer_free(w);
	return NULL;
}

/* ---- wishes ---------------------------------------------------------------------------------- */

struct recorder *
recorder_new(const char *camera)
{
	struct recorder *r = xcalloc(1, sizeof(*r));
	pthread_condattr_t attributes;

	r->camera = camera;
	r->queue = recorder_queue_new();
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC); /* that of clock_now */
	pthread_cond_init(&r->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	return r;
}

/* In the queue, so that a recording that ends has first what was given to it, and the next only
 * what was given since. dir NULL: to no folder. Called with the lock held. */
static void
put_order(struct recorder *r, const char *dir)
{
	struct recorder_unit order = { .type = RECORDER_ORDER,
		.min_free_percent = r->min_free_percent };

	if (dir)
		recorder_unit_add(&order, (const uint8_t *)dir, strlen(dir) + 1);
	recorder_queue_put(r->queue, &order);
	pthread_cond_signal(&r->wake);
}

static bool
is_wanted(const struct recorder *r, const char *dir, int min_free_percent)
{
	return r->on && strcmp(r->dir, dir) == 0 && r->min_free_percent == min_free_percent;
}

void
recorder_start(struct recorder *r, const char *dir, int min_free_percent)
{
	pthread_mutex_lock(&r->lock);
	if (!is_wanted(r, dir, min_free_percent)) {
		free(r->dir);
		r->dir = strdup(dir);
		r->min_free_percent = min_free_percent;
		r->on = true;
		put_order(r, dir);
	}
	if (!r->running && pthread_create(&r->thread, NULL, run, r) != 0)
		abort();
	r->running = true;
	pthread_mutex_unlock(&r->lock);
}

void
recorder_stop(struct recorder *r)
{
	pthread_mutex_lock(&r->lock);
	if (r->on) {
		r->on = false;
		put_order(r, NULL);
	}
	pthread_mutex_unlock(&r->lock);
}

void
recorder_stats(struct recorder *r, struct recorder_stats *out)
{
	pthread_mutex_lock(&r->lock);
	*out = r->stats;
	out->dropped = recorder_queue_dropped(r->queue);
	pthread_mutex_unlock(&r->lock);
}

void
recorder_free(struct recorder *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	if (r->running)
		pthread_join(r->thread, NULL);
	recorder_unit_clear(&r->unit);
	recorder_queue_free(r->queue);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->wake);
	free(r->dir);
	free(r);
}

/* ---- what is given --------------------------------------------------------------------------- */

static void
give(struct recorder *r, struct recorder_unit *u)
{
	pthread_mutex_lock(&r->lock);
	/* What the sound is must be known whenever the recording begins. */
	if (r->on || u->type == RECORDER_SOUND_CONFIG) {
		recorder_queue_put(r->queue, u);
		pthread_cond_signal(&r->wake);
	} else {
		recorder_unit_clear(u);
	}
	pthread_mutex_unlock(&r->lock);
}

static bool
is_on(struct recorder *r)
{
	pthread_mutex_lock(&r->lock);
	bool on = r->on;
	pthread_mutex_unlock(&r->lock);
	return on;
}

void
recorder_gap(struct recorder *r)
{
	recorder_unit_clear(&r->unit);
	r->gap = true;
}

static void
finish_unit(struct recorder *r)
{
	r->unit.gap = r->gap;
	r->gap = false;
	give(r, &r->unit);
}

void
recorder_video(struct recorder *r, const struct stream_nal *nal, int64_t at_us)
{
	if (nal->first) {
		recorder_unit_clear(&r->unit);
		if (is_on(r))
			r->unit = (struct recorder_unit){
				.type = RECORDER_VIDEO, .codec = nal->codec, .at_us = at_us
			};
	}
	if (r->unit.type != RECORDER_VIDEO)
		return; /* switched on in the middle of it */
	r->unit.key |= nal->kind == NAL_KEY;
	r->unit.b |= nal->b;
	if (nal->kind != NAL_FILLER)
		recorder_unit_nal(&r->unit, nal->bytes, nal->len, nal->kind == NAL_SET);
	if (nal->last)
		finish_unit(r);
}

void
recorder_audio_config(struct recorder *r, const uint8_t *config, size_t len)
{
	struct recorder_unit u = { .type = RECORDER_SOUND_CONFIG };

	recorder_unit_add(&u, config, len);
	give(r, &u);
}

void
recorder_audio(struct recorder *r, const uint8_t *frame, size_t len, int64_t at_us)
{
	struct recorder_unit u = { .type = RECORDER_SOUND, .at_us = at_us };

	if (!is_on(r))
		return;
	recorder_unit_add(&u, frame, len);
	give(r, &u);
}
