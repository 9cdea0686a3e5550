/* account_status.c - what people see of an account: its row of the snapshot, its queue. Changes
 * nothing. Loop thread. */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "proto/status.h"
#include "supervisor/account_state.h"
#include "supervisor/verdict.h"

/* Slots shown by `camctl queue`: two minutes' worth at 10 a minute. */
#define PLAN_MAX 20

const char *
account_trouble(const struct account *a)
{
	return oauth_bearer(a->oauth) ? NULL : oauth_why(a->oauth);
}

const struct config_google *
account_config(const struct account *a)
{
	return a->config;
}

struct discovery *
account_discovery(struct account *a)
{
	return a->discovery;
}

struct login *
account_login(struct account *a)
{
	return a->login;
}

const char *
account_device_trouble(const struct account *a, int camera)
{
	struct discovery_view view = discovery_view(a->discovery, 0);

	if (!view.devices)
		return NULL;
	return device_list_trouble(view.devices, account_find_lease(a, camera)->device);
}

bool
account_is_usable(const struct account *a)
{
	return oauth_state(a->oauth) != OAUTH_DEAD;
}

/* Every try ends: in a list, or in a sentence. */
enum federation_sight
account_sight(const struct account *a, const char *device)
{
	struct discovery_view view = discovery_view(a->discovery, 0);
	const char *trouble = account_trouble(a);

	if (view.devices)
		return device_list_trouble(view.devices, device) ? FEDERATION_BLIND
								 : FEDERATION_SEES;
	if (a->config->discover_every_ms == 0 || *view.why || (trouble && *trouble))
		return FEDERATION_UNKNOWN;
	return FEDERATION_PENDING;
}

static const char *
state_text(const struct account *a, const struct scheduler_stats *stats)
{
	if (oauth_state(a->oauth) == OAUTH_DEAD)
		return "needs login";
	if (!oauth_bearer(a->oauth))
		return "no token yet";
	return stats->api_down ? "api down" : "ok";
}

static char *
copy(const char *s)
{
	char *c = strdup(s);

	if (!c)
		abort();
	return c;
}

void
account_status(const struct account *a, ms_t now, struct status_account *row)
{
	struct scheduler_stats stats = scheduler_stats(a->scheduler, now);
	struct quota_usage usage =
		quota_usage(scheduler_quota(a->scheduler), NULL, QUOTA_EXECUTE, CALL_EXTEND, now);
	const char *why = oauth_why(a->oauth);

	*row = (struct status_account){
		.name = copy(a->config->name),
		.state = copy(state_text(a, &stats)),
		.error = *why ? copy(why) : NULL,
		.streams = stats.living,
		.qpm = usage.limit,
		.used = usage.used,
		.waiting = stats.waiting,
		.calls = stats.calls[CALL_EXTEND] + stats.calls[CALL_GENERATE] +
			 stats.calls[CALL_STOP],
		.refused = stats.rate_limited,
		.failed = stats.failed,
	};
}

static struct json *
planned_to_json(const struct account *a, const struct planned_call *p, ms_t now)
{
	struct json *j = json_new_object();

	json_set_str(j, "camera", account_find_lease(a, p->camera)->name);
	json_set_str(j, "call", verdict_call_name(p->kind));
	json_set_int(j, "in_ms", p->at > now ? p->at - now : 0);
	return j;
}

struct json *
account_queue(const struct account *a, ms_t now)
{
	struct quota *q = scheduler_quota(a->scheduler);
	struct quota_usage usage = quota_usage(q, NULL, QUOTA_EXECUTE, CALL_EXTEND, now);
	struct quota_usage lists = quota_usage(q, NULL, QUOTA_LIST, CALL_LIST, now);
	struct planned_call plan[PLAN_MAX];
	struct json *j = json_new_object();
	struct json *calls = json_new_array();

	int n = scheduler_plan(a->scheduler, now, plan, PLAN_MAX);
	for (int i = 0; i < n; i++)
		json_add(calls, planned_to_json(a, &plan[i], now));
	json_set_str(j, "account", a->config->name);
	json_set_int(j, "limit", usage.limit);
	json_set_int(j, "used", usage.used);
	json_set_int(j, "held_ms", usage.held_ms);
	json_set_int(j, "list_limit", lists.limit);
	json_set_int(j, "list_used", lists.used);
	json_set_int(j, "pace_ms", quota_pace(q, now));
	json_set(j, "calls", calls);
	return j;
}
