/* supervisor_view.c - what others see of the supervisor: the queue, devices, its
 * parts. Changes nothing. Loop thread. */
#include <string.h>

#include "common/json.h"
#include "supervisor/account_view.h"
#include "supervisor/config_google.h"
#include "supervisor/store.h"
#include "supervisor/supervisor_state.h"
#include "supervisor/web.h"

struct cameras *
supervisor_cameras(struct supervisor *s)
{
	return s->cameras;
}

const char *
supervisor_store_state(const struct supervisor *s)
{
	if (!s->store)
		return "none";
	return store_stats(s->store).failing ? "failing" : "ok";
}

uv_loop_t *
supervisor_loop(struct supervisor *s)
{
	return s->loop;
}

const struct config *
supervisor_config(const struct supervisor *s)
{
	return s->config;
}

struct tokens *
supervisor_tokens(struct supervisor *s)
{
	return s->tokens;
}

const char *
supervisor_token_path(const struct supervisor *s)
{
	return s->token_path;
}

struct web *
supervisor_web(struct supervisor *s)
{
	return s->web;
}

struct json *
supervisor_events(struct supervisor *s, const char *camera, int limit)
{
	return events_history(s->events, camera, limit);
}

struct json *
supervisor_queue(struct supervisor *s)
{
	struct json *list = json_new_array();
	ms_t now = clock_now();

	for (struct google *g = s->googles; g; g = g->next)
		json_add(list, account_queue(g->account, now));
	return list;
}

struct json *
supervisor_calls(struct supervisor *s, const char *google)
{
	struct account *a = supervisor_account(s, google);

	return a ? account_plan(a, clock_now()) : NULL;
}

/* ---- devices --------------------------------------------------------------------------------- */

struct account *
supervisor_account(struct supervisor *s, const char *google)
{
	for (struct google *g = s->googles; g; g = g->next)
		if (strcmp(g->config->name, google) == 0)
			return g->account;
	return NULL;
}

static struct json *
account_devices(
	struct supervisor *s, const struct google *g, struct proposal_names *names, bool ask)
{
	struct discovery *d = account_discovery(g->account);
	char why[256] = "";

	if (ask)
		discovery_ask(d, why, sizeof(why));
	struct discovery_view view = discovery_view(d, clock_now());
	return inventory_json(s->inventory, g->config, &view, names, why);
}

struct json *
supervisor_devices(struct supervisor *s, const struct account *only, bool ask)
{
	struct proposal_names *names = proposal_names_new(s->config);
	struct json *list = json_new_array();

	for (struct google *g = s->googles; g; g = g->next)
		if (!only || g->account == only)
			json_add(list, account_devices(s, g, names, ask));
	proposal_names_free(names);
	return list;
}
