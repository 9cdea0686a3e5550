/* account_status.c - what people see of an account: its row of the snapshot. Changes nothing. Loop
 * thread. */
#include <string.h>

#include "common/xmalloc.h"
#include "proto/status_account.h"
#include "supervisor/account_state.h"
#include "supervisor/account_view.h"
#include "supervisor/config_google.h"
#include "supervisor/scheduler_view.h"

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
account_notice(const struct account *a, int camera)
{
	struct discovery_view view = discovery_view(a->discovery, 0);

	if (scheduler_turned_away(a->scheduler, camera))
		return "waits for a stream: the others need all of Google's commands";
	if (!view.devices)
		return NULL;
	return device_list_trouble(view.devices, account_find_lease(a, camera)->device);
}

const struct call_tally *
account_calls(const struct account *a, int camera)
{
	return &account_find_lease(a, camera)->tally;
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

const char *
account_state(const struct account *a, ms_t now)
{
	const struct scheduler_stats stats = scheduler_stats(a->scheduler, now);
	const struct quota_usage usage =
		quota_usage(scheduler_quota(a->scheduler), NULL, QUOTA_EXECUTE, CALL_EXTEND, now);

	if (oauth_state(a->oauth) == OAUTH_DEAD)
		return "needs login";
	if (!oauth_bearer(a->oauth))
		return "no token yet";
	if (stats.api_down)
		return "api down";
	if (usage.held_ms > 0)
		return "held by 429";
	if (usage.slow_ms > 0)
		return "half pace";
	return stats.turned_away > 0 ? "overloaded" : "ok";
}

void
account_status(const struct account *a, ms_t now, struct status_account *row)
{
	struct scheduler_stats stats = scheduler_stats(a->scheduler, now);
	struct quota_usage usage =
		quota_usage(scheduler_quota(a->scheduler), NULL, QUOTA_EXECUTE, CALL_EXTEND, now);
	const char *why = oauth_why(a->oauth);

	*row = (struct status_account){
		.name = xstrdup(a->config->name),
		.state = xstrdup(account_state(a, now)),
		.error = *why ? xstrdup(why) : NULL,
		.streams = stats.living,
		.qpm = usage.limit,
		.used = usage.used,
		.waiting = stats.waiting,
		.turned_away = stats.turned_away,
		.calls = stats.calls[CALL_EXTEND] + stats.calls[CALL_GENERATE] +
			 stats.calls[CALL_STOP],
		.refused = stats.rate_limited,
		.failed = stats.failed,
		.expired = stats.expired,
		.waits = stats.waits,
		.waited_ms = stats.waited_ms,
		.longest_wait_ms = stats.longest_wait_ms,
	};
	row->buckets = account_buckets(a, -1, now, &row->bucket_count);
}
