/* account_queue.c - what `camctl queue` says of an account: its next calls, and what is left in
 * each of Google's buckets. Changes nothing. Loop thread. */
#include "common/json.h"
#include "supervisor/account_state.h"
#include "supervisor/account_view.h"
#include "supervisor/scheduler_view.h"
#include "supervisor/verdict.h"

/* Two minutes' worth at 10 a minute. */
#define PLAN_MAX 20

static struct json *
plan_to_json(const struct account *a, ms_t now)
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

static void
add_bucket(struct json *to, const char *name, struct quota_usage usage)
{
	struct json *j = json_new_object();

	json_set_str(j, "bucket", name);
	json_set_int(j, "limit", usage.limit);
	json_set_int(j, "used", usage.used);
	json_set_int(j, "held_ms", usage.held_ms);
	json_set_int(j, "slow_ms", usage.slow_ms);
	json_add(to, j);
}

static struct json *
buckets_of_account(struct quota *q, ms_t now)
{
	struct json *list = json_new_array();

	add_bucket(list, "commands", quota_usage(q, NULL, QUOTA_EXECUTE, CALL_EXTEND, now));
	add_bucket(list, "lists", quota_usage(q, NULL, QUOTA_LIST, CALL_LIST, now));
	return list;
}

static struct json *
buckets_of_camera(struct quota *q, struct quota_device *d, ms_t now)
{
	struct json *list = json_new_array();

	for (enum call_kind kind = CALL_EXTEND; kind <= CALL_STOP; kind++)
		add_bucket(
			list, verdict_call_name(kind), quota_usage(q, d, QUOTA_COMMAND, kind, now));
	add_bucket(list, "minute", quota_usage(q, d, QUOTA_DEVICE_MINUTE, CALL_EXTEND, now));
	add_bucket(list, "hour", quota_usage(q, d, QUOTA_DEVICE_HOUR, CALL_EXTEND, now));
	return list;
}

static struct json *
cameras_to_json(const struct account *a, ms_t now)
{
	struct json *cameras = json_new_array();

	for (const struct camera_lease *l = a->leases; l; l = l->next) {
		struct quota_device *d = scheduler_quota_device(a->scheduler, l->camera);
		struct json *j = json_new_object();
		json_set_str(j, "camera", l->name);
		json_set(j, "buckets", buckets_of_camera(scheduler_quota(a->scheduler), d, now));
		json_add(cameras, j);
	}
	return cameras;
}

struct json *
account_queue(const struct account *a, ms_t now)
{
	struct quota *q = scheduler_quota(a->scheduler);
	struct json *j = json_new_object();

	json_set_str(j, "account", a->config->name);
	json_set_int(j, "pace_ms", quota_pace(q, now));
	json_set(j, "buckets", buckets_of_account(q, now));
	json_set(j, "cameras", cameras_to_json(a, now));
	json_set(j, "calls", plan_to_json(a, now));
	return j;
}
