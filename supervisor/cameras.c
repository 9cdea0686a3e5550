/* cameras.c - the camera table.
 * Owns the units, finds them by name and number, and ends them all. What happens to one is
 * unit.c's, what another configuration makes of them is cameras_change.c's. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "supervisor/account.h"
#include "supervisor/camera_view.h"
#include "supervisor/cameras_state.h"
#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/unit_change.h"
#include "supervisor/unit_guard.h"
#include "supervisor/unit_outputs.h"
#include "supervisor/unit_status.h"

/* ---- making ---------------------------------------------------------------------------------- */

static struct cameras *
make_table(const struct cameras_config *config)
{
	struct cameras *t = xcalloc(1, sizeof(*t));

	t->config = *config;
	uv_timer_init(config->loop, &t->shutdown.timer);
	t->shutdown.timer.data = t;
	t->open_handles = 1;
	return t;
}

int
cameras_new(const struct cameras_config *config, struct cameras **out, char *why, size_t why_size)
{
	struct cameras *t = make_table(config);

	for (struct config_camera *c = config->config->cameras; c; c = c->next) {
		struct unit *u = cameras_make_unit(t, c, why, why_size);
		if (!u) {
			cameras_free(t);
			return -1;
		}
		units_add(&t->units, u);
		unit_attach(u, t->numbers++);
	}
	*out = t;
	return 0;
}

void
cameras_start(struct cameras *t)
{
	for (size_t i = 0; i < t->units.count; i++)
		unit_start(t->units.units[i]);
}

static void
on_handle_closed(struct cameras *t)
{
	if (--t->open_handles > 0)
		return;
	units_clear(&t->units);
	units_clear(&t->leavers);
	units_clear(&t->prepared);
	free(t);
}

static void
on_unit_freed(void *arg)
{
	on_handle_closed(arg);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	on_handle_closed(handle->data);
}

void
cameras_free_unit(struct cameras *t, struct unit *u)
{
	unit_free(u, on_unit_freed, t);
}

static void
free_units(struct cameras *t, struct units *list)
{
	for (size_t i = 0; i < list->count; i++)
		cameras_free_unit(t, list->units[i]);
	list->count = 0;
}

void
cameras_free(struct cameras *t)
{
	if (!t)
		return;
	free_units(t, &t->units);
	free_units(t, &t->leavers);
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

static bool
are_ended(const struct units *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!unit_is_ended(list->units[i]))
			return false;
	return true;
}

static void
check_shutdown(void *arg)
{
	struct cameras *t = arg;

	if (t->shutdown.done && are_ended(&t->units) && are_ended(&t->leavers))
		finish_shutdown(t, true);
}

static void
on_shutdown_due(uv_timer_t *timer)
{
	finish_shutdown(timer->data, false);
}

static void
stop_units(struct cameras *t, struct units *list, ms_t within_ms)
{
	for (size_t i = 0; i < list->count; i++)
		unit_stop(list->units[i], within_ms, check_shutdown, t);
}

void
cameras_shutdown(struct cameras *t, ms_t within_ms, void (*done)(void *arg, bool clean), void *arg)
{
	t->shutdown.done = done;
	t->shutdown.arg = arg;
	uv_timer_start(&t->shutdown.timer, on_shutdown_due, (uint64_t)within_ms, 0);
	stop_units(t, &t->units, within_ms);
	stop_units(t, &t->leavers, within_ms);
	check_shutdown(t);
}

/* ---- what others say ------------------------------------------------------------------------- */

struct unit *
cameras_find_number(const struct cameras *t, int number)
{
	for (size_t i = 0; i < t->units.count; i++)
		if (t->units.units[i]->number == number)
			return t->units.units[i];
	return NULL;
}

void
cameras_on_account(void *arg, int camera, enum camera_event ev, const char *why)
{
	struct cameras *t = arg;

	unit_step(cameras_find_number(t, camera), ev, why);
}

int
cameras_find(const struct cameras *t, const char *name)
{
	const struct unit *u = units_find(&t->units, name);

	return u ? u->number : -1;
}

const char *
cameras_account(const struct cameras *t, const char *name)
{
	const struct unit *u = units_find(&t->units, name);

	return u && u->account ? account_name(u->account) : NULL;
}

size_t
cameras_count(const struct cameras *t)
{
	return t->units.count;
}

int
cameras_number(const struct cameras *t, size_t i)
{
	return t->units.units[i]->number;
}

size_t
cameras_running(const struct cameras *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->units.count; i++)
		n += camera_view(t->units.units[i]->machine).state == CAMERA_RUNNING;
	return n;
}

void
cameras_guard_reading(const struct cameras *t, size_t i, struct guard_reading *out)
{
	unit_guard_reading(t->units.units[i], out);
}

void
cameras_guard(struct cameras *t, size_t i, const struct guard_decision *d)
{
	unit_guard_apply(t->units.units[i], d);
}

bool
cameras_get_source(const struct cameras *t, const char *name, struct output_source *out)
{
	const struct unit *u = units_find(&t->units, name);

	return u && unit_outputs_get_source(u, out);
}

void
cameras_status(const struct cameras *t, size_t i, ms_t now, struct status_camera *row)
{
	unit_status(t->units.units[i], now, row);
}
