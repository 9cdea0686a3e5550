/* test_scenario.c - scenario files: what is read, and the sentence for what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/sim/scheduler/scenario.h"

static struct scenario
read(const char *text)
{
	struct scenario sc = { 0 };
	char why[300] = "";

	if (scenario_parse(text, strlen(text), &sc, why, sizeof(why)))
		fail_msg("%s", why);
	return sc;
}

static void
an_empty_object_is_a_day_of_twenty_cameras(void **state)
{
	struct scenario sc = read("{}");

	(void)state;
	assert_int_equal(sc.cameras, 20);
	assert_int_equal(sc.qpm, 10);
	assert_true(sc.hours == 24 && sc.stream_life_s == 300);
	assert_true(sc.latency_s[0] == 0.5 && sc.latency_s[1] == 2.0);
	assert_int_equal(sc.guard_permille, 15);
	assert_int_equal(sc.early_percent, 60);
}

static void
every_key_is_read(void **state)
{
	struct scenario sc =
		read("{\"name\": \"n\", \"hours\": 1.5, \"cameras\": 7, \"accounts\": 2,"
		     "\"qpm\": 20, \"stream_life_s\": 120, \"latency_s\": [1, 3],"
		     "\"fail_ratio\": 0.25, \"lost_call_ratio\": 0.5,"
		     "\"start\": \"restored\", \"rotate_s\": 60, \"guard_permille\": 5,"
		     "\"early_percent\": 10, \"minute_ms\": 3000, \"comment\": \"c\"}");

	(void)state;
	assert_string_equal(sc.name, "n");
	assert_int_equal(sc.cameras, 7);
	assert_int_equal(sc.accounts, 2);
	assert_int_equal(sc.qpm, 20);
	assert_true(sc.hours == 1.5 && sc.stream_life_s == 120 && sc.rotate_s == 60);
	assert_true(sc.latency_s[0] == 1 && sc.latency_s[1] == 3);
	assert_true(sc.fail_ratio == 0.25 && sc.lost_call_ratio == 0.5);
	assert_int_equal(sc.start, START_RESTORED);
	assert_int_equal(sc.guard_permille, 5);
	assert_int_equal(sc.early_percent, 10);
	assert_int_equal(sc.minute_ms, 3000);
}

static void
every_event_of_the_issue_is_read(void **state)
{
	struct scenario sc =
		read("{\"events\": [{\"at_s\": 3600, \"outage_s\": 240},"
		     "{\"at_s\": 7200, \"http\": 429, \"for_s\": 60, \"retry_after_s\": 30},"
		     "{\"at_s\": 9000, \"camera\": 3, \"offline_s\": 600},"
		     "{\"at_s\": 10000, \"camera\": 5, \"stream_lost\": true},"
		     "{\"at_s\": 12000, \"restart_s\": 20}, {\"at_s\": 13000, \"add_cameras\": 4},"
		     "{\"at_s\": 14000, \"life_s\": 60, \"for_s\": 600}]}");
	static const enum scenario_event_kind kinds[] = { EVENT_OUTAGE, EVENT_HTTP, EVENT_OFFLINE,
		EVENT_STREAM_LOST, EVENT_RESTART, EVENT_ADD, EVENT_LIFE };

	(void)state;
	assert_int_equal(sc.event_count, 7);
	for (int i = 0; i < 7; i++)
		assert_int_equal(sc.events[i].kind, kinds[i]);
	assert_true(sc.events[0].at_s == 3600 && sc.events[0].for_s == 240);
	assert_true(sc.events[1].http == 429 && sc.events[1].retry_after_s == 30);
	assert_int_equal(sc.events[2].camera, 3);
	assert_int_equal(sc.events[5].cameras, 4);
	assert_int_equal(scenario_cameras(&sc), 24);
	assert_true(sc.events[6].life_s == 60 && sc.events[6].for_s == 600);
}

static void
a_moment_may_be_left_to_the_seed(void **state)
{
	struct scenario sc = read("{\"events\": [{\"at_s\": [10, 20], \"outage_s\": 5}]}");

	(void)state;
	assert_true(sc.events[0].at_s == 10 && sc.events[0].at_latest_s == 20);
}

static void
what_is_wrong_is_said_in_a_sentence(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} wrong[] = {
		{ .text = "{", .why = "unexpected end of data at byte 1" },
		{ .text = "[]", .why = "a scenario is one JSON object" },
		{ .text = "{\"camera\": 3}", .why = "camera is not a key of a scenario" },
		{ .text = "{\"cameras\": \"3\"}", .why = "cameras is not a number" },
		{ .text = "{\"cameras\": null}", .why = "cameras is null" },
		{ .text = "{\"cameras\": 2.5}",
			.why = "cameras is 2.5, must be a whole number from 0 to 1000" },
		{ .text = "{\"fail_ratio\": 5}", .why = "fail_ratio is 5, must be 0 to 1" },
		{ .text = "{\"latency_s\": 2}",
			.why = "latency_s must be two numbers, [least, most]" },
		{ .text = "{\"latency_s\": [2, 1]}",
			.why = "latency_s is [2, 1], the first must not be more than the second" },
		{ .text = "{\"start\": \"cold\"}",
			.why = "start is cold, must be staggered, synchronised or restored" },
		{ .text = "{\"events\": {}}",
			.why = "events must be an array of at most 64 objects" },
		{ .text = "{\"events\": [3]}", .why = "events[0] is not an object" },
		{ .text = "{\"events\": [{\"outage_s\": 3}]}",
			.why = "events[0]: at_s is missing" },
		{ .text = "{\"events\": [{\"at_s\": 1, \"outage_s\": -3}]}",
			.why = "events[0]: outage_s is -3, must be 0.001 to 3.1536e+07" },
		{ .text = "{\"events\": [{\"at_s\": 1, \"outage_s\": 3, \"http\": 500}]}",
			.why = "events[0]: outage_s and http are two events: write two objects" },
		{ .text = "{\"events\": [{\"at_s\": 1, \"outage_s\": 3, \"camera\": 1}]}",
			.why = "events[0]: camera is not a key of an event with outage_s" },
		{ .text = "{\"events\": [{\"at_s\": 1, \"http\": 429}]}",
			.why = "events[0]: for_s is missing" },
		{ .text = "{\"events\": [{\"at_s\": 1, \"http\": 430, \"for_s\": 1}]}",
			.why = "events[0]: http is 430, must be 429 or 500 to 599" },
		{ .text = "{\"events\": [{\"at_s\": 1, \"offline_s\": 3, \"camera\": 20}]}",
			.why = "events[0]: camera 20 does not exist, they are 0 to 19" },
		{ .text = "{\"events\": [{\"at_s\": 1, \"outage_s\": 3, \"account\": 1}]}",
			.why = "events[0]: account 1 does not exist, they are 0 to 0" },
		{ .text = "{\"events\": [{\"at_s\": 1, \"camera\": 1, \"stream_lost\": 1}]}",
			.why = "events[0]: stream_lost must be true" },
		{ .text = "{\"events\": [{\"at_s\": 1, \"outage_s\": 3, \"hang\": 1}]}",
			.why = "events[0]: hang must be true or false" },
		{ .text = "{\"events\": [{\"at_s\": 1}]}",
			.why = "events[0]: says no event: one of outage_s, http, offline_s, "
			       "broken_s, stopped_s, stream_lost, restart_s, add_cameras, life_s" },
		{ .text = "{\"cameras\": 999, \"events\": [{\"at_s\": 1, \"add_cameras\": 9}]}",
			.why = "1008 cameras with those added, at most 1000 are possible" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct scenario sc;
		char why[300] = "nothing";

		assert_int_equal(
			scenario_parse(wrong[i].text, strlen(wrong[i].text), &sc, why, sizeof(why)),
			-1);
		assert_string_equal(why, wrong[i].why);
	}
}

static void
a_file_that_is_not_there_is_named(void **state)
{
	struct scenario sc;
	char why[300];

	(void)state;
	assert_int_equal(scenario_load("/nowhere/x.json", &sc, why, sizeof(why)), -1);
	assert_string_equal(why, "/nowhere/x.json: No such file or directory");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_object_is_a_day_of_twenty_cameras),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(every_event_of_the_issue_is_read),
		cmocka_unit_test(a_moment_may_be_left_to_the_seed),
		cmocka_unit_test(what_is_wrong_is_said_in_a_sentence),
		cmocka_unit_test(a_file_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
