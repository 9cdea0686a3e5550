/* cameras_change.c - the camera table under another configuration: who comes, who goes, who
 * changes. Owns the units that are prepared and those that are leaving. What is not named by a
 * change is not touched. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/cameras_change.h"
#include "supervisor/cameras_state.h"
#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_diff.h"
#include "supervisor/events.h"
#include "supervisor/unit_change.h"

/* ---- lists ----------------------------------------------------------------------------------- */

void
units_add(struct units *list, struct unit *u)
{
	list->units = xrealloc(list->units, (list->count + 1) * sizeof(struct unit *));
	list->units[list->count++] = u;
}

struct unit *
units_find(const struct units *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->units[i]->name, name) == 0)
			return list->units[i];
	return NULL;
}

void
units_take(struct units *list, struct unit *u)
{
	size_t i = 0;

	while (list->units[i] != u)
		i++;
	list->count--;
	memmove(&list->units[i], &list->units[i + 1], (list->count - i) * sizeof(struct unit *));
}

void
units_clear(struct units *list)
{
	free(list->units);
	*list = (struct units){ 0 };
}

/* ---- what may fail --------------------------------------------------------------------------- */

struct unit *
cameras_make_unit(struct cameras *t, const struct config_camera *config, char *why, size_t why_size)
{
	struct unit *u = unit_new(&t->config, config);

	t->open_handles++;
	if (unit_open(u, why, why_size) == 0)
		return u;
	cameras_free_unit(t, u);
	return NULL;
}

static bool
is_camera(const struct config_change *c)
{
	return strcmp(c->section, "camera") == 0;
}

void
cameras_give_up(struct cameras *t)
{
	for (size_t i = 0; i < t->prepared.count; i++)
		cameras_free_unit(t, t->prepared.units[i]);
	t->prepared.count = 0;
}

int
cameras_prepare(struct cameras *t, const struct config_diff *diff, char *why, size_t why_size)
{
	for (size_t i = 0; i < diff->count; i++) {
		const struct config_change *c = &diff->changes[i];
		/* Who is leaving still has its socket: it comes back. */
		if (!is_camera(c) || c->kind != CONFIG_ADDED || units_find(&t->leavers, c->name))
			continue;
		struct unit *u = cameras_make_unit(t, c->is, why, why_size);
		if (!u) {
			cameras_give_up(t);
			return -1;
		}
		units_add(&t->prepared, u);
	}
	return 0;
}

/* ---- what may not ---------------------------------------------------------------------------- */

/* Frees those that have left. */
static void
sweep(void *arg)
{
	struct cameras *t = arg;

	for (size_t i = t->leavers.count; i > 0; i--) {
		struct unit *u = t->leavers.units[i - 1];
		if (!unit_is_ended(u))
			continue;
		log_info("camera has left", LOG_CAM(u->name));
		units_take(&t->leavers, u);
		cameras_free_unit(t, u);
	}
}

static void
announce(struct cameras *t, const struct config_change *c)
{
	char *text = NULL;
	size_t size;
	FILE *out = xopen_memstream(&text, &size);

	config_change_print(c, out);
	fclose(out);
	events_publish(t->config.events, c->name, config_change_text(c->kind), text);
	free(text);
}

/* First all that lets go of a device, since another camera may be about to take it. */
static void
let_go(struct cameras *t, const struct config_change *c)
{
	struct unit *u = units_find(&t->units, c->name);

	if (c->kind == CONFIG_REMOVED) {
		units_take(&t->units, u);
		units_add(&t->leavers, u);
		unit_leave(u, sweep, t);
	} else if (c->kind == CONFIG_CHANGED && c->effect == CONFIG_CAMERA_STREAM) {
		unit_detach(u);
	}
}

static struct unit *
come(struct cameras *t, const struct config_change *c)
{
	struct unit *u = units_find(&t->leavers, c->name);

	if (u) {
		units_take(&t->leavers, u);
		unit_return(u, c->is);
	} else {
		u = units_find(&t->prepared, c->name);
		units_take(&t->prepared, u);
	}
	units_add(&t->units, u);
	return u;
}

static void
take_up(struct cameras *t, const struct config_change *c)
{
	if (c->kind == CONFIG_CHANGED) {
		unit_change(units_find(&t->units, c->name), c, t->numbers++);
	} else if (c->kind == CONFIG_ADDED) {
		struct unit *u = come(t, c);
		unit_attach(u, t->numbers++);
		unit_start(u);
	}
	announce(t, c);
}

/* As the file has them. */
static void
put_in_order(struct cameras *t)
{
	struct units ordered = { 0 };

	for (struct config_camera *c = t->config.config->cameras; c; c = c->next)
		units_add(&ordered, units_find(&t->units, c->name));
	units_clear(&t->units);
	t->units = ordered;
}

void
cameras_apply(struct cameras *t, const struct config_diff *diff, const struct config *config,
	struct sfu *sfu)
{
	t->config.config = config;
	t->config.sfu = sfu;
	for (size_t i = 0; i < t->units.count; i++)
		unit_configure(t->units.units[i]);
	for (size_t i = 0; i < diff->count; i++)
		if (is_camera(&diff->changes[i]))
			let_go(t, &diff->changes[i]);
	for (size_t i = 0; i < diff->count; i++)
		if (is_camera(&diff->changes[i]))
			take_up(t, &diff->changes[i]);
	put_in_order(t);
	sweep(t);
}
