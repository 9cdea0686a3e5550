/* report.c - what a run came to, as JSON and as text. Owns the names. Tests only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/scheduler/report.h"

#define NEVER_S 1e8

/* Milliseconds are all there is. */
static void
set_seconds(struct json *j, const char *key, double seconds, bool exists)
{
	if (exists)
		json_set_real(j, key, (double)(long long)(seconds * 1000 + 0.5) / 1000);
	else
		json_set_str(j, key, NULL);
}

static struct json *
calls_json(const struct sim_result *r)
{
	struct json *j = json_new_object();

	json_set_int(j, "extend", r->calls[CALL_EXTEND]);
	json_set_int(j, "generate", r->calls[CALL_GENERATE]);
	json_set_int(j, "stop", r->calls[CALL_STOP]);
	return j;
}

static struct json *
events_json(const struct sim_result *r)
{
	static const char *const names[] = {
		[SCHEDULER_GIVEN_UP] = "given_up",
		[SCHEDULER_EXPIRED] = "expired",
		[SCHEDULER_ENDED] = "ended",
		[SCHEDULER_WAITING] = "waiting",
		[SCHEDULER_API_DOWN] = "api_down",
		[SCHEDULER_API_BACK] = "api_back",
	};
	struct json *j = json_new_object();

	for (int i = 0; i <= SCHEDULER_API_BACK; i++)
		json_set_int(j, names[i], r->events[i]);
	return j;
}

static struct json *
cameras_json(const struct sim_result *r)
{
	struct json *all = json_new_array();

	for (int i = 0; i < r->camera_count; i++) {
		const struct sim_camera *c = &r->cameras[i];
		struct json *j = json_new_object();

		json_set_int(j, "camera", i);
		json_set_int(j, "account", c->account);
		json_set_int(j, "deaths", c->deaths);
		set_seconds(j, "downtime_s", c->downtime_s, true);
		json_set_int(j, "calls", c->calls);
		json_set_int(j, "max_calls_in_any_hour", c->max_hour);
		set_seconds(j, "worst_extension_margin_s", c->margin_s, c->margin_s < NEVER_S);
		set_seconds(j, "first_running_after_s", c->first_run_s, c->first_run_s >= 0);
		json_add(all, j);
	}
	return all;
}

static void
set_more(struct json *j, const struct sim_result *r)
{
	json_set_int(j, "deaths_no_schedule_could_avoid", r->unsavable);
	json_set_int(j, "most_deaths_within_10_s", r->worst_burst);
	json_set_int(j, "most_without_a_stream_at_once", r->most_dead);
	json_set_int(j, "cameras_never_interrupted", r->uninterrupted);
	set_seconds(j, "all_running_again_after_s", r->healed_s, r->healed_s >= 0);
	set_seconds(j, "slots_until_all_run_again_s", r->heal_slots_s, r->heal_slots_s > 0);
	set_seconds(j, "shortest_pause_of_a_degraded_camera_s", r->degraded_gap_s,
		r->degraded_gap_s < NEVER_S);
	json_set_int(j, "refused_for_a_full_bucket", r->over_quota);
	json_set(j, "events", events_json(r));
}

struct json *
report_json(const struct scenario *sc, const struct policy *policy, unsigned seed,
	const struct sim_result *r, bool cameras)
{
	struct json *j = json_new_object();

	json_set_str(j, "scenario", sc->name);
	json_set_str(j, "policy", policy->name);
	json_set_int(j, "seed", seed);
	json_set_int(j, "deaths", r->deaths);
	set_seconds(j, "downtime_camera_s", r->downtime_s, true);
	json_set_int(
		j, "calls", r->calls[CALL_EXTEND] + r->calls[CALL_GENERATE] + r->calls[CALL_STOP]);
	json_set(j, "calls_by_kind", calls_json(r));
	json_set_int(j, "max_calls_in_any_60s", r->max_minute);
	json_set_int(j, "max_calls_per_camera_in_any_hour", r->max_hour);
	json_set_int(j, "refused_429", r->refused);
	set_seconds(j, "worst_extension_margin_s", r->margin_s, r->margin_s < NEVER_S);
	set_seconds(j, "time_to_all_running_s", r->all_running_s, r->all_running_s >= 0);
	set_more(j, r);
	if (cameras)
		json_set(j, "cameras", cameras_json(r));
	return j;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void
print_member(const char *key, struct json *value, void *arg)
{
	const char *prefix = arg;
	char inner[96];

	if (json_is_object(value)) {
		snprintf(inner, sizeof(inner), "%s%s.", prefix, key);
		json_each(value, print_member, inner);
		return;
	}
	if (json_is_array(value))
		return;
	char *text = json_is_string(value) ? strdup(json_str(value, ""))
		     : value               ? json_text(value, false)
					   : strdup("-");
	printf("%s%-*s %s\n", prefix, (int)(40 - strlen(prefix)), key, text ? text : "");
	free(text);
}

static void
print_field(const char *key, struct json *value, void *arg)
{
	char *text = value ? json_text(value, false) : NULL;

	(void)arg;
	printf(" %s=%s", key, text ? text : "-");
	free(text);
}

void
report_text(const struct json *report)
{
	char none[] = "";
	struct json *rows = json_get(report, "cameras");

	json_each(report, print_member, none);
	for (size_t i = 0; i < json_len(rows); i++) {
		json_each(json_at(rows, i), print_field, NULL);
		putchar('\n');
	}
}
