/* test_health.c - the state of a camera's media, second by second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "worker/health.h"

#define FPS 15

static struct health *h;
static ms_t now;
static struct health_sample second; /* what each is like */

static int
setup(void **state)
{
	(void)state;
	h = health_new();
	now = 1000;
	second = (struct health_sample){ .fps = FPS,
		.keyframe_age_ms = 500,
		.gop_ms = 2000,
		.silence_ms = 60,
		.wall_us = INT64_C(1700000000000000) }; /* 22:13:20 UTC */
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	health_free(h);
	return 0;
}

static void
measure(void)
{
	now += 1000;
	second.wall_us += 1000000;
	second.pictures += (uint64_t)second.fps;
	health_measure(h, &second, now);
}

static void
run_for(unsigned seconds)
{
	while (seconds-- > 0)
		measure();
}

/* A camera that has sent well for so long. */
static void
play(unsigned seconds)
{
	health_connection(h, true, 0, "");
	run_for(seconds);
	assert_int_equal(health_state(h), HEALTH_HEALTHY);
}

static void
assert_is(enum health_state state, const char *why)
{
	assert_string_equal(health_text(health_state(h)), health_text(state));
	assert_string_equal(health_why(h), why);
}

static void
it_is_reconnecting_until_pictures_flow(void **state)
{
	(void)state;
	assert_is(HEALTH_RECONNECTING, "");
	health_connection(h, false, 1, "connection refused");
	assert_is(HEALTH_RECONNECTING, "connection refused");
	health_connection(h, true, 0, "");
	assert_is(HEALTH_HEALTHY, "");
}

static void
it_is_offline_after_so_many_tries_and_until_pictures_come(void **state)
{
	(void)state;
	play(20);
	health_connection(h, false, 7, "no route");
	assert_is(HEALTH_RECONNECTING, "no route");
	health_connection(h, false, 8, "no route");
	assert_is(HEALTH_OFFLINE, "no route");
	/* Another stream was named: its tries begin anew, but there are no pictures yet. */
	health_connection(h, false, 0, "no answer");
	assert_is(HEALTH_OFFLINE, "no answer");
	health_connection(h, true, 0, "");
	assert_is(HEALTH_HEALTHY, "");
}

static void
operators_say_how_many_tries(void **state)
{
	struct health_watch watch = health_watch_default;

	(void)state;
	watch.offline_after = 2;
	health_set_watch(h, &watch);
	health_connection(h, false, 1, "");
	assert_int_equal(health_state(h), HEALTH_RECONNECTING);
	health_connection(h, false, 2, "");
	assert_int_equal(health_state(h), HEALTH_OFFLINE);
}

static void
a_rate_below_the_share_of_the_usual_is_degraded_after_five_seconds(void **state)
{
	(void)state;
	play(60);
	second.fps = 7;
	run_for(5);
	assert_is(HEALTH_HEALTHY, "");
	measure();
	assert_is(HEALTH_DEGRADED, "7.0 pictures a second, usually 14.4");
}

static void
a_rate_just_above_the_share_is_not(void **state)
{
	(void)state;
	play(60);
	second.fps = 8;
	run_for(100);
	assert_is(HEALTH_HEALTHY, "");
}

static void
a_camera_that_is_always_slow_is_healthy(void **state)
{
	(void)state;
	second.fps = 0.5;
	second.silence_ms = 1900;
	play(300);
	second.silence_ms = 9000;
	measure();
	assert_is(HEALTH_HEALTHY, "");
	second.silence_ms = 11000;
	measure();
	assert_int_equal(health_state(h), HEALTH_DEGRADED);
}

static void
a_rate_that_is_lower_for_good_becomes_the_usual_one(void **state)
{
	(void)state;
	play(600);
	second.fps = 5;
	run_for(30);
	assert_int_equal(health_state(h), HEALTH_DEGRADED);
	run_for(600);
	assert_is(HEALTH_HEALTHY, "");
}

static void
nothing_flaps_while_trouble_comes_and_goes(void **state)
{
	unsigned changes = 0;
	enum health_state was;

	(void)state;
	play(60);
	was = health_state(h);
	for (int i = 0; i < 20; i++) {
		second.loss_ratio = 0.2;
		run_for(i == 0 ? 6 : 3);
		second.loss_ratio = 0;
		run_for(9);
		changes += health_state(h) != was;
		was = health_state(h);
	}
	assert_int_equal(changes, 1);
	assert_is(HEALTH_DEGRADED, "20 % of the packets are lost on the way to viewers");
	run_for(2);
	assert_is(HEALTH_HEALTHY, "");
}

static void
short_trouble_is_none(void **state)
{
	(void)state;
	play(60);
	for (int i = 0; i < 20; i++) {
		second.loss_ratio = 0.2;
		run_for(5);
		second.loss_ratio = 0;
		run_for(1);
	}
	assert_is(HEALTH_HEALTHY, "");
}

static void
loss_below_the_share_is_none(void **state)
{
	(void)state;
	play(60);
	second.loss_ratio = 0.049;
	run_for(60);
	assert_is(HEALTH_HEALTHY, "");
}

static void
silence_is_told_at_once_and_in_one_sentence(void **state)
{
	(void)state;
	play(60);
	second.fps = 0;
	second.silence_ms = 3100;
	measure();
	assert_is(HEALTH_DEGRADED, "no picture for 3 s");
	second.silence_ms = 4100;
	measure();
	assert_is(HEALTH_DEGRADED, "no picture for 3 s");
}

static void
three_gaps_in_a_minute_are_degraded_until_they_are_past(void **state)
{
	(void)state;
	play(60);
	for (int i = 0; i < 2; i++) {
		second.gaps++;
		run_for(10);
	}
	assert_is(HEALTH_HEALTHY, "");
	second.gaps++;
	measure();
	assert_is(HEALTH_DEGRADED, "3 times in a minute no picture for more than 1 s");
	run_for(38);
	assert_int_equal(health_state(h), HEALTH_DEGRADED);
	run_for(12);
	assert_is(HEALTH_HEALTHY, "");
}

static void
gaps_of_a_minute_ago_do_not_count(void **state)
{
	(void)state;
	play(60);
	for (int i = 0; i < 10; i++) {
		second.gaps++;
		run_for(31);
	}
	assert_is(HEALTH_HEALTHY, "");
}

static void
every_tenth_picture_late_is_degraded(void **state)
{
	(void)state;
	play(60);
	for (int i = 0; i < 120; i++) {
		second.late += 1;
		measure();
	}
	assert_is(HEALTH_HEALTHY, "");
	for (int i = 0; i < 60; i++) {
		second.late += 2;
		measure();
	}
	assert_int_equal(health_state(h), HEALTH_DEGRADED);
	assert_non_null(strstr(health_why(h), "of 900 pictures came late in the last minute"));
}

static void
a_key_picture_that_is_overdue_is_degraded(void **state)
{
	(void)state;
	play(60);
	second.keyframe_age_ms = 30000;
	measure();
	assert_is(HEALTH_HEALTHY, "");
	second.keyframe_age_ms = 31000;
	measure();
	assert_is(HEALTH_DEGRADED, "no key picture for 31 s: who comes now has to wait");
}

static void
a_long_gop_is_no_trouble_if_the_last_one_was_long(void **state)
{
	(void)state;
	second.gop_ms = 20000;
	second.keyframe_age_ms = 59000;
	play(60);
	assert_is(HEALTH_HEALTHY, "");
}

static void
a_frozen_picture_says_since_when(void **state)
{
	(void)state;
	play(20);
	second.frozen_ms = 9000;
	measure();
	assert_is(HEALTH_HEALTHY, "");
	second.frozen_ms = 10000;
	measure();
	assert_is(HEALTH_DEGRADED,
		"picture is frozen since 22:13:32 UTC: the camera sends the same again and again");
}

static void
a_graver_cause_replaces_the_sentence_and_a_lesser_one_does_not(void **state)
{
	(void)state;
	play(60);
	second.loss_ratio = 0.3;
	run_for(6);
	assert_is(HEALTH_DEGRADED, "30 % of the packets are lost on the way to viewers");
	second.silence_ms = 5000;
	measure();
	assert_is(HEALTH_DEGRADED, "no picture for 5 s");
	second.silence_ms = 60;
	measure();
	assert_is(HEALTH_DEGRADED, "no picture for 5 s");
}

static void
what_happens_while_no_pictures_flow_is_not_judged(void **state)
{
	(void)state;
	play(60);
	health_connection(h, false, 1, "no picture for 10 s");
	second.silence_ms = 12000;
	second.gaps += 20;
	run_for(30);
	assert_is(HEALTH_RECONNECTING, "no picture for 10 s");
	health_connection(h, true, 0, "");
	second.silence_ms = 60;
	run_for(30);
	assert_is(HEALTH_HEALTHY, "");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(it_is_reconnecting_until_pictures_flow),
		TEST(it_is_offline_after_so_many_tries_and_until_pictures_come),
		TEST(operators_say_how_many_tries),
		TEST(a_rate_below_the_share_of_the_usual_is_degraded_after_five_seconds),
		TEST(a_rate_just_above_the_share_is_not),
		TEST(a_camera_that_is_always_slow_is_healthy),
		TEST(a_rate_that_is_lower_for_good_becomes_the_usual_one),
		TEST(nothing_flaps_while_trouble_comes_and_goes),
		TEST(short_trouble_is_none),
		TEST(loss_below_the_share_is_none),
		TEST(silence_is_told_at_once_and_in_one_sentence),
		TEST(three_gaps_in_a_minute_are_degraded_until_they_are_past),
		TEST(gaps_of_a_minute_ago_do_not_count),
		TEST(every_tenth_picture_late_is_degraded),
		TEST(a_key_picture_that_is_overdue_is_degraded),
		TEST(a_long_gop_is_no_trouble_if_the_last_one_was_long),
		TEST(a_frozen_picture_says_since_when),
		TEST(a_graver_cause_replaces_the_sentence_and_a_lesser_one_does_not),
		TEST(what_happens_while_no_pictures_flow_is_not_judged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
