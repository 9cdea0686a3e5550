/* events.c - the events socket. Owns its wire form, not what is worth telling. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/ipc.h"
#include "common/json.h"
#include "supervisor/events.h"
#include "common/xmalloc.h"
#include "supervisor/store.h"

struct events {
	struct ipc *ipc;
	char *path;
	struct store *store;           /* lent; NULL: no history */
	events_account_of *account_of; /* NULL: nobody knows */
	void *account_arg;
	struct {
		events_listener *tell; /* NULL: a free place */
		void *arg;
	} listeners[EVENTS_LISTENERS_MAX];
};

int
events_open(const char *path, struct store *store, struct events **out)
{
	struct events *e = xcalloc(1, sizeof(*e));

	int err = ipc_bind(IPC_PUB, path, &e->ipc);
	if (err) {
		free(e);
		return err;
	}
	e->path = xstrdup(path);
	e->store = store;
	*out = e;
	return 0;
}

static struct json *
to_json(const struct store_event *event)
{
	struct json *j = json_new_object();
	char when[CLOCK_TEXT_BYTES];

	json_set_str(j, "time", clock_text(event->at_us, when));
	if (event->camera)
		json_set_str(j, "camera", event->camera);
	if (event->account)
		json_set_str(j, "account", event->account);
	json_set_str(j, "event", event->event);
	if (event->text)
		json_set_str(j, "text", event->text);
	return j;
}

void
events_set_account_of(struct events *e, events_account_of *account_of, void *arg)
{
	e->account_of = account_of;
	e->account_arg = arg;
}

void
events_add_listener(struct events *e, events_listener *listener, void *arg)
{
	size_t i = 0;

	while (i < EVENTS_LISTENERS_MAX && e->listeners[i].tell)
		i++;
	assert(i < EVENTS_LISTENERS_MAX);
	e->listeners[i].tell = listener;
	e->listeners[i].arg = arg;
}

void
events_remove_listener(struct events *e, events_listener *listener, const void *arg)
{
	for (size_t i = 0; i < EVENTS_LISTENERS_MAX; i++)
		if (e->listeners[i].tell == listener && e->listeners[i].arg == arg)
			e->listeners[i].tell = NULL;
}

void
events_publish(struct events *e, const char *camera, const char *event, const char *text)
{
	const char *account =
		camera && e->account_of ? e->account_of(e->account_arg, camera) : NULL;

	events_publish_account(e, account, camera, event, text);
}

void
events_publish_account(struct events *e, const char *account, const char *camera, const char *event,
	const char *text)
{
	struct store_event row = { .at_us = clock_wall_us(),
		.camera = camera,
		.account = account,
		.event = event,
		.text = text };
	struct json *j = to_json(&row);
	char *line = json_text(j, false);

	ipc_send(e->ipc, line);
	free(line);
	if (e->store)
		store_add_event(e->store, &row); /* which logs its own trouble */
	for (size_t i = 0; i < EVENTS_LISTENERS_MAX; i++)
		if (e->listeners[i].tell)
			e->listeners[i].tell(e->listeners[i].arg, camera, event, j);
	json_free(j);
}

/* ---- history --------------------------------------------------------------------------------- */

struct pile {
	struct json **rows; /* owned, newest first */
	int count;
};

static void
on_row(void *arg, const struct store_event *event)
{
	struct pile *p = arg;

	p->rows[p->count++] = to_json(event);
}

struct json *
events_history(struct events *e, const char *camera, int limit)
{
	struct pile p = { .rows = xcalloc((size_t)limit, sizeof(struct json *)) };

	if (!e->store || store_each_event(e->store, limit, camera, on_row, &p) != 0) {
		free(p.rows);
		return NULL;
	}
	struct json *list = json_new_array();
	while (p.count > 0)
		json_add(list, p.rows[--p.count]);
	free(p.rows);
	return list;
}

void
events_close(struct events *e)
{
	if (!e)
		return;
	ipc_close(e->ipc);
	unlink(e->path);
	free(e->path);
	free(e);
}
