/* supervisor_status.c - the snapshot. Owns nothing, changes nothing. Loop thread. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "proto/status.h"
#include "supervisor/account_view.h"
#include "supervisor/supervisor_state.h"

static void
fill_accounts(struct supervisor *s, ms_t now, struct status *out)
{
	for (struct google *g = s->googles; g; g = g->next)
		out->account_count++;
	out->accounts = calloc(out->account_count + 1, sizeof(*out->accounts));
	if (!out->accounts)
		abort();
	struct status_account *row = out->accounts;
	for (struct google *g = s->googles; g; g = g->next, row++) {
		struct discovery_view view = discovery_view(account_discovery(g->account), now);
		account_status(g->account, now, row);
		row->unconfigured = inventory_unconfigured(s->inventory, g->config, &view);
	}
}

void
supervisor_status(struct supervisor *s, struct status *out)
{
	ms_t now = clock_now();

	*out = (struct status){ .version = strdup(VERSION),
		.pid = getpid(),
		.uptime_ms = now - s->started,
		.camera_count = cameras_count(s->cameras) };
	fill_accounts(s, now, out);
	out->cameras = calloc(out->camera_count + 1, sizeof(*out->cameras));
	if (!out->cameras || !out->version)
		abort();
	for (size_t i = 0; i < out->camera_count; i++)
		cameras_status(s->cameras, i, now, &out->cameras[i]);
	health_status(s->health, now, out);
	notify_status(s->notify, now, out);
}

struct json *
supervisor_health(struct supervisor *s)
{
	struct status now;

	supervisor_status(s, &now);
	struct json *j = status_health_to_json(&now);
	status_clear(&now);
	json_set(j, "history", health_history(s->health));
	return j;
}
