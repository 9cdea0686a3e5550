/* cameras.c - the camera table.
 * Owns the units, finds them by name and number, and ends them all. What happens to one is
 * unit.c's. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "supervisor/cameras.h"
#include "supervisor/unit.h"

struct cameras {
	struct cameras_config config;
	struct unit *units; /* owned; number is the index */
	size_t count;
	struct {
		uv_timer_t timer;
		void (*done)(void *arg, bool clean); /* NULL: not shutting down */
		void *arg;
	} shutdown;
	int open_timers;
};

/* ---- making ---------------------------------------------------------------------------------- */

static struct cameras *
make_table(const struct cameras_config *config)
{
	struct cameras *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->config = *config;
	t->units = calloc(config->config->camera_count + 1, sizeof(*t->units));
	if (!t->units)
		abort();
	uv_timer_init(config->loop, &t->shutdown.timer);
	t->shutdown.timer.data = t;
	t->open_timers = 1;
	return t;
}

int
cameras_new(const struct cameras_config *config, struct cameras **out, char *why, size_t why_size)
{
	struct cameras *t = make_table(config);
	int err = 0;

	for (struct config_camera *c = config->config->cameras; c; c = c->next) {
		unit_init(&t->units[t->count], &t->config, c, (int)t->count);
		t->count++;
		t->open_timers++;
	}
	for (size_t i = 0; i < t->count && !err; i++)
		err = unit_open(&t->units[i], why, why_size);
	if (err)
		cameras_free(t);
	else
		*out = t;
	return err;
}

void
cameras_start(struct cameras *t)
{
	for (size_t i = 0; i < t->count; i++) {
		struct unit *u = &t->units[i];
		unit_step(u, CAMERA_EV_START, NULL);
		if (u->account && account_resume(u->account, u->number))
			unit_step(u, CAMERA_EV_RESTORED, NULL);
	}
}

static void
on_timer_closed(uv_handle_t *handle)
{
	struct cameras *t = handle->data;

	if (--t->open_timers > 0)
		return;
	free(t->units);
	free(t);
}

void
cameras_free(struct cameras *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		unit_free(&t->units[i], on_timer_closed, t);
	uv_close((uv_handle_t *)&t->shutdown.timer, on_timer_closed);
}

/* ---- shutdown -------------------------------------------------------------------------------- */

static void
finish_shutdown(struct cameras *t, bool clean)
{
	void (*done)(void *, bool) = t->shutdown.done;

	uv_timer_stop(&t->shutdown.timer);
	t->shutdown.done = NULL;
	done(t->shutdown.arg, clean);
}

static void
check_shutdown(void *arg)
{
	struct cameras *t = arg;

	if (!t->shutdown.done)
		return;
	for (size_t i = 0; i < t->count; i++)
		if (!unit_is_ended(&t->units[i]))
			return;
	finish_shutdown(t, true);
}

static void
on_shutdown_due(uv_timer_t *timer)
{
	finish_shutdown(timer->data, false);
}

void
cameras_shutdown(struct cameras *t, ms_t within_ms, void (*done)(void *arg, bool clean), void *arg)
{
	t->shutdown.done = done;
	t->shutdown.arg = arg;
	uv_timer_start(&t->shutdown.timer, on_shutdown_due, (uint64_t)within_ms, 0);
	for (size_t i = 0; i < t->count; i++)
		unit_stop(&t->units[i], within_ms, check_shutdown, t);
	check_shutdown(t);
}

/* ---- what others say ------------------------------------------------------------------------- */

void
cameras_on_account(void *arg, int camera, enum camera_event ev, const char *why)
{
	struct cameras *t = arg;

	unit_step(&t->units[camera], ev, why);
}

int
cameras_find(const struct cameras *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->units[i].config->name, name) == 0)
			return (int)i;
	return -1;
}

size_t
cameras_count(const struct cameras *t)
{
	return t->count;
}

size_t
cameras_running(const struct cameras *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += camera_view(t->units[i].machine).state == CAMERA_RUNNING;
	return n;
}

void
cameras_command(struct cameras *t, int camera, enum camera_event ev)
{
	struct unit *u = &t->units[camera];

	log_info("camera command", LOG_CAM(u->config->name),
		LOG_STR("command", camera_event_text(ev)));
	unit_step(u, ev, NULL);
}

int
cameras_extend(struct cameras *t, int camera, char *why, size_t why_size)
{
	struct unit *u = &t->units[camera];

	if (u->account && account_extend(u->account, camera) == 0)
		return 0;
	snprintf(why, why_size,
		u->account ? "%s has no stream to extend"
			   : "%s is a plain RTSP camera: nothing expires",
		u->config->name);
	return -1;
}

void
cameras_status(const struct cameras *t, int camera, ms_t now, struct status_camera *row)
{
	unit_status(&t->units[camera], now, row);
}
