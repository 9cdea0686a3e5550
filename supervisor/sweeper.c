/* sweeper.c - the times at which recordings are deleted, and who is told.
 * Owns the timer and the one piece of work on the pool. What goes is retention.c's, how it goes
 * recordings.c's. Loop thread; work: a thread of the pool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/config_recording.h"
#include "supervisor/recordings.h"
#include "supervisor/sweeper.h"

/* How often the disk's room is looked at: one statvfs. Fifty cameras of 4 Mbit/s write 125 MB
 * meanwhile. */
#define SPACE_INTERVAL_MS 5000
#define SWEEP_INTERVAL_MS 3600000
/* When nothing that could go was left, the whole is looked through only this often. */
#define VAIN_INTERVAL_MS 60000

/* Everything that the pool's thread touches. */
struct work {
	char *dir;
	struct retention_limits limits;
	int min_free_percent;
	bool sweep; /* also if there is room */
	/* What came of it. */
	bool swept;
	size_t count;
	int64_t bytes;
	int64_t disk_bytes;             /* 0: the disk could not be looked at */
	struct recordings_stored *left; /* of each camera, if swept */
	size_t left_count;
	struct retention_shortage shortage;
};

struct sweeper {
	uv_timer_t timer;
	uv_work_t request;
	struct events *events;
	struct work work;
	bool configured;
	bool busy;    /* work is the pool's */
	bool closing; /* to be freed when it is not busy and the timer is closed */
	bool closed;
	bool short_told;
	ms_t sweep_at; /* the next whole look */
	ms_t vain_until;
	struct config_recording config; /* dir owned */
	struct sweeper_disk disk;
	struct recordings_stored *stored; /* owned; of the last sweep */
	size_t stored_count;
};

/* ---- the pool's thread ----------------------------------------------------------------------- */

static void
sweep(struct work *w)
{
	struct recordings *r = recordings_scan(w->dir, NULL, w->limits.now_us);
	size_t count;

	struct retention_item *items = recordings_items(r, &count);
	w->count = retention_plan(items, count, &w->limits, &w->shortage);
	w->left = recordings_sum(r, &w->left_count);
	w->bytes = recordings_delete(r, NULL);
	w->swept = true;
	recordings_free(r);
}

static void
on_work(uv_work_t *request)
{
	struct sweeper *s = request->data;
	struct work *w = &s->work;

	/* Without a folder nothing was recorded yet. */
	if (recordings_space(w->dir, &w->limits.free_bytes, &w->disk_bytes) != 0)
		return;
	w->limits.min_free_bytes = w->disk_bytes / 100 * w->min_free_percent;
	if (w->sweep || w->limits.free_bytes < w->limits.min_free_bytes)
		sweep(w);
}

/* ---- the loop's ------------------------------------------------------------------------------ */

static void
free_if_done(struct sweeper *s)
{
	if (!s->closing || !s->closed || s->busy)
		return;
	free(s->work.dir);
	free(s->work.left);
	free(s->stored);
	free(s->config.dir);
	free(s);
}

static void
tell_shortage(struct sweeper *s)
{
	const struct work *w = &s->work;
	bool is_short = w->swept && (w->shortage.bytes > 0 || w->shortage.free_bytes > 0);
	char text[200];

	if (is_short && !s->short_told) {
		snprintf(text, sizeof(text),
			"%s: %.1f MB too much and nothing that may go: what is left is protected, "
			"or others fill the disk",
			w->dir, (double)(w->shortage.bytes + w->shortage.free_bytes) / 1e6);
		log_error("retention short", LOG_STR("why", text));
		events_publish(s->events, NULL, "recordings too large", text);
	}
	if (w->swept)
		s->short_told = is_short;
}

/* Takes over what work has seen. */
static void
note(struct sweeper *s, struct work *w)
{
	s->disk.free_bytes = w->disk_bytes > 0 ? w->limits.free_bytes : -1;
	s->disk.bytes = w->disk_bytes;
	s->disk.min_free_bytes = w->limits.min_free_bytes;
	s->disk.deleted_bytes += w->bytes;
	if (!w->swept)
		return;
	free(s->stored);
	s->stored = w->left;
	s->stored_count = w->left_count;
	w->left = NULL;
}

static void
on_swept(uv_work_t *request, int status)
{
	struct sweeper *s = request->data;
	struct work *w = &s->work;

	s->busy = false;
	if (s->closing || status < 0) {
		free_if_done(s);
		return;
	}
	note(s, w);
	if (w->count > 0) {
		char text[120];
		snprintf(text, sizeof(text), "%zu hours and segments, %.1f MB", w->count,
			(double)w->bytes / 1e6);
		log_info("retention deleted", LOG_STR("dir", w->dir), LOG_STR("what", text));
		events_publish(s->events, NULL, "recordings deleted", text);
	}
	if (w->swept && w->bytes == 0)
		s->vain_until = clock_now() + VAIN_INTERVAL_MS;
	tell_shortage(s);
}

static void
start_work(struct sweeper *s)
{
	ms_t now = clock_now();
	const struct config_recording *c = &s->config;
	bool due = now >= s->sweep_at;

	free(s->work.dir);
	s->work = (struct work){ .dir = xstrdup(c->dir),
		.min_free_percent = c->min_free_percent,
		.sweep = due,
		.limits = { .now_us = clock_wall_us(),
			.max_age_us = c->max_age_ms * 1000,
			.max_bytes = c->max_bytes,
			.max_bytes_per_camera = c->max_bytes_per_camera } };
	if (!s->work.dir)
		abort();
	if (due)
		s->sweep_at = now + SWEEP_INTERVAL_MS;
	s->request.data = s;
	s->busy = true;
	uv_queue_work(s->timer.loop, &s->request, on_work, on_swept);
}

static void
on_timer(uv_timer_t *timer)
{
	struct sweeper *s = timer->data;
	ms_t now = clock_now();

	if (s->busy || !s->configured || (now < s->vain_until && now < s->sweep_at))
		return;
	start_work(s);
}

struct sweeper *
sweeper_new(uv_loop_t *loop, struct events *events)
{
	struct sweeper *s = xcalloc(1, sizeof(*s));

	s->events = events;
	s->disk.free_bytes = -1;
	uv_timer_init(loop, &s->timer);
	s->timer.data = s;
	return s;
}

void
sweeper_set_config(struct sweeper *s, const struct config_recording *config)
{
	free(s->config.dir);
	s->config = (struct config_recording){ 0 };
	s->configured = config != NULL;
	s->disk.free_bytes = -1;
	if (!config) {
		uv_timer_stop(&s->timer);
		return;
	}
	s->config = *config;
	s->config.dir = xstrdup(config->dir);
	s->sweep_at = s->vain_until = clock_now();
	uv_timer_start(&s->timer, on_timer, 0, SPACE_INTERVAL_MS);
}

struct sweeper_disk
sweeper_disk(const struct sweeper *s)
{
	return s->disk;
}

bool
sweeper_stored(const struct sweeper *s, const char *camera, struct recordings_stored *out)
{
	for (size_t i = 0; i < s->stored_count; i++) {
		if (strcmp(s->stored[i].name, camera) != 0)
			continue;
		*out = s->stored[i];
		return true;
	}
	return false;
}

static void
on_closed(uv_handle_t *handle)
{
	struct sweeper *s = handle->data;

	s->closed = true;
	free_if_done(s);
}

void
sweeper_free(struct sweeper *s)
{
	if (!s)
		return;
	s->closing = true;
	uv_close((uv_handle_t *)&s->timer, on_closed);
}
