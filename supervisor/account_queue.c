/* account_queue.c - what `camctl queue` says of an account: its next calls, and what is left in
 * each of Google's buckets. Changes nothing. Loop thread. */
#include <stdlib.h>

#include "common/json.h"
#include "proto/status_account.h"
#include "supervisor/account_state.h"
#include "supervisor/account_view.h"
#include "supervisor/config_google.h"
#include "supervisor/scheduler_view.h"
#include "supervisor/verdict.h"

/* Two minutes' worth at 10 a minute. */
#define PLAN_MAX 20

struct json *
account_plan(const struct account *a, ms_t now)
{
	struct planned_call plan[PLAN_MAX];
	struct json *calls = json_new_array();
	int n = scheduler_plan(a->scheduler, now, plan, PLAN_MAX);

	for (int i = 0; i < n; i++) {
		struct json *j = json_new_object();
		json_set_str(j, "camera", account_find_lease(a, plan[i].camera)->name);
		json_set_str(j, "call", verdict_call_name(plan[i].kind));
		json_set_int(j, "in_ms", plan[i].at > now ? plan[i].at - now : 0);
		json_add(calls, j);
	}
	return calls;
}

/* An account's, or with a camera's number that camera's. */
static struct json *
buckets_to_json(const struct account *a, int camera, ms_t now)
{
	struct json *list = json_new_array();
	size_t n;

	struct status_bucket *buckets = account_buckets(a, camera, now, &n);
	for (size_t i = 0; i < n; i++) {
		struct json *j = json_new_object();
		json_set_str(j, "bucket", buckets[i].name);
		json_set_int(j, "limit", buckets[i].limit);
		json_set_int(j, "used", buckets[i].used);
		json_set_int(j, "held_ms", buckets[i].held_ms);
		json_set_int(j, "slow_ms", buckets[i].slow_ms);
		json_add(list, j);
		free(buckets[i].name);
	}
	free(buckets);
	return list;
}

static struct json *
cameras_to_json(const struct account *a, ms_t now)
{
	struct json *cameras = json_new_array();

	for (const struct camera_lease *l = a->leases; l; l = l->next) {
		struct json *j = json_new_object();
		json_set_str(j, "camera", l->name);
		json_set(j, "buckets", buckets_to_json(a, l->camera, now));
		json_add(cameras, j);
	}
	return cameras;
}

struct json *
account_queue(const struct account *a, ms_t now)
{
	struct json *j = json_new_object();

	json_set_str(j, "account", a->config->name);
	json_set_int(j, "pace_ms", quota_outlook(scheduler_quota(a->scheduler), now).slow_pace_ms);
	json_set(j, "buckets", buckets_to_json(a, -1, now));
	json_set(j, "cameras", cameras_to_json(a, now));
	json_set(j, "calls", account_plan(a, now));
	return j;
}
