/* recorder.c - the recorder's queue and its thread.
 * Owns the order in which things reach the disk and what becomes of trouble; what is written is
 * segmenter.c's. One lock guards queue, wish and counters; it is never held while the disk works.
 * Media thread (giving), recorder thread (writing), any (the rest). */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "worker/mp4.h"
#include "worker/nal_stream.h"
#include "worker/recorder.h"
#include "worker/recorder_queue.h"
#include "worker/segmenter.h"

/* When nothing has come for so long the camera is away. */
#define IDLE_MS 3000
/* After trouble with the disk it is looked at this often. */
#define RETRY_MS 2000

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

/* What the thread alone has. */
struct writer {
	struct recorder *r;
	struct segmenter *segmenter;  /* NULL: not wanted */
	struct recorder_stats before; /* of the segmenters that are gone */
	ms_t retry_at;                /* after trouble; MS_NEVER: all is well */
	bool repaired;
	uint8_t *sound; /* as in struct mp4_config */
	size_t sound_len;
	bool refused; /* sound that MP4 cannot hold came, and that was said */
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

static int64_t
to_wall(void *arg, int64_t at_us)
{
	(void)arg;
	return at_us + clock_wall_us() - clock_now_us();
}

/* What the segmenter has done so far, for who asks. */
static void
publish(struct writer *w, enum recorder_state state, const char *why)
{
	struct recorder *r = w->r;
	struct segmenter_stats s = { 0 };

	if (w->segmenter)
		s = segmenter_stats(w->segmenter);
	pthread_mutex_lock(&r->lock);
	r->stats.state = state;
	r->stats.bytes = w->before.bytes + s.bytes;
	r->stats.segments = w->before.segments + s.segments;
	r->stats.gaps = w->before.gaps + s.gaps;
	if (why)
		snprintf(r->stats.why, sizeof(r->stats.why), "%s", why);
	else
		r->stats.why[0] = '\0';
	pthread_mutex_unlock(&r->lock);
}

static void
publish_well(struct writer *w)
{
	enum recorder_state state = RECORDER_OFF;

	if (w->segmenter)
		state = segmenter_stats(w->segmenter).writing ? RECORDER_RECORDING
							      : RECORDER_WAITING;
	publish(w, state, NULL);
}

/* Whoever decides that it goes on without the disk says so, once. */
static void
suffer(struct writer *w, int err)
{
	bool full = err == -ENOSPC || err == -EDQUOT;
	const char *why = segmenter_why(w->segmenter);

	if (w->retry_at == MS_NEVER)
		log_warn("record stopped", LOG_CAM(w->r->camera), LOG_STR("why", why));
	w->retry_at = clock_now() + RETRY_MS;
	w->repaired = false; /* what was lost may have left files behind */
	publish(w, full ? RECORDER_FULL : RECORDER_FAILED, why);
}

static void
end_recording(struct writer *w)
{
	if (!w->segmenter)
		return;
	if (segmenter_end(w->segmenter) != 0)
		log_warn("record end", LOG_CAM(w->r->camera),
			LOG_STR("why", segmenter_why(w->segmenter)));
	struct segmenter_stats s = segmenter_stats(w->segmenter);
	w->before.bytes += s.bytes;
	w->before.segments += s.segments;
	w->before.gaps += s.gaps;
	segmenter_free(w->segmenter);
	w->segmenter = NULL;
	w->retry_at = MS_NEVER;
}

static int
prepare(struct writer *w)
{
	if (w->repaired)
		return 0;
	int err = segmenter_repair(w->segmenter, clock_now_us());
	w->repaired = !err;
	return err;
}

static void
begin_recording(struct writer *w, const char *dir, int min_free_percent)
{
	struct segmenter_config config = {
		.dir = dir, .min_free_percent = min_free_percent, .wall_us = to_wall
	};

	w->segmenter = segmenter_new(&config);
	w->repaired = false;
	segmenter_sound_config(w->segmenter, w->sound, w->sound_len);
	int err = prepare(w);
	if (err)
		suffer(w, err);
	else
		publish_well(w);
}

/* What was given before it is on the disk by now. */
static void
carry_out(struct writer *w, const struct recorder_unit *order)
{
	end_recording(w);
	if (order->len > 0)
		begin_recording(w, (const char *)order->bytes, order->min_free_percent);
	else
		publish_well(w);
}

/* True once the disk is well; what comes until then is nobody's. */
static bool
is_well(struct writer *w)
{
	if (w->retry_at == MS_NEVER)
		return true;
	if (clock_now() < w->retry_at)
		return false;
	int err = segmenter_check_space(w->segmenter);
	if (!err)
		err = prepare(w);
	if (err) {
		suffer(w, err);
		return false;
	}
	log_info("record goes on", LOG_CAM(w->r->camera));
	w->retry_at = MS_NEVER;
	publish_well(w);
	return true;
}

/* Pictures are recorded all the same. */
static void
refuse_sound(struct writer *w)
{
	if (!w->refused)
		log_warn("record no sound", LOG_CAM(w->r->camera),
			LOG_STR("why", "MP4 cannot say what this AAC is"));
	w->refused = true;
	w->sound_len = 0;
}

static void
keep_sound_config(struct writer *w, const struct recorder_unit *u)
{
	free(w->sound);
	w->sound = xmalloc(u->len + 1);
	if (u->len)
		memcpy(w->sound, u->bytes, u->len);
	w->sound_len = u->len;
	if (u->len && !mp4_takes_sound(w->sound, w->sound_len))
		refuse_sound(w);
	if (w->segmenter)
		segmenter_sound_config(w->segmenter, w->sound, w->sound_len);
}

static int
write_video(struct writer *w, const struct recorder_unit *u)
{
	struct segmenter_unit unit = { .codec = u->codec,
		.bytes = u->bytes,
		.len = u->len,
		.sets_len = u->sets_len,
		.at_us = u->at_us,
		.key = u->key,
		.gap = u->gap };

	return segmenter_video(w->segmenter, &unit);
}

static void
write_unit(struct writer *w, const struct recorder_unit *u)
{
	int err;

	if (u->type == RECORDER_SOUND_CONFIG) {
		keep_sound_config(w, u);
		return;
	}
	if (u->type == RECORDER_ORDER) {
		carry_out(w, u);
		return;
	}
	if (!w->segmenter || !is_well(w))
		return;
	if (u->type == RECORDER_VIDEO)
		err = write_video(w, u);
	else
		err = segmenter_sound(w->segmenter, u->bytes, u->len, u->at_us);
	if (err)
		suffer(w, err);
	else if (u->key)
		publish_well(w);
}

static bool
has_work(const struct writer *w)
{
	return w->r->ending || !recorder_queue_is_empty(w->r->queue);
}

/* What there is of a segment is given its name. Called, and returns, with the lock held. */
static void
rest(struct writer *w)
{
	if (!w->segmenter || w->retry_at != MS_NEVER)
		return;
	pthread_mutex_unlock(&w->r->lock);
	int err = segmenter_idle(w->segmenter);
	if (err)
		suffer(w, err);
	else
		publish_well(w);
	pthread_mutex_lock(&w->r->lock);
}

/* The next thing to do, waited for; false: nothing will be. Called, and returns, with the lock. */
static bool
wait_for_work(struct writer *w)
{
	struct recorder *r = w->r;
	const ms_t idle_at = clock_now() + IDLE_MS;
	const struct timespec until = { .tv_sec = idle_at / 1000,
		.tv_nsec = idle_at % 1000 * 1000000 };

	while (!has_work(w))
		if (pthread_cond_timedwait(&r->wake, &r->lock, &until) == ETIMEDOUT)
			break;
	if (!has_work(w))
		rest(w);
	while (!has_work(w))
		pthread_cond_wait(&r->wake, &r->lock);
	return !r->ending || !recorder_queue_is_empty(r->queue);
}

static void *
run(void *arg)
{
	struct writer w = { .r = arg, .retry_at = MS_NEVER };
	struct recorder *r = arg;
	struct recorder_unit u;

	pthread_setname_np(pthread_self(), "recorder"); /* for top -H */
	pthread_mutex_lock(&r->lock);
	while (wait_for_work(&w)) {
		recorder_queue_take(r->queue, &u);
		pthread_mutex_unlock(&r->lock);
		write_unit(&w, &u);
		recorder_unit_clear(&u);
		pthread_mutex_lock(&r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	end_recording(&w);
	free(w.sound);
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
