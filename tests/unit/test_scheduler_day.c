/* test_scheduler_day.c - days of cameras against a model of Google, by the modules of camrelayd.
 * The numbers are those of issue 3; make bench-scheduler prints them over many seeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/day.h"

#define SEEDS 3

/* Deaths of SEEDS days together; whatever else happened, no call was one too many. */
static int
deaths(const struct day *day)
{
	int sum = 0;

	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		struct day_result r = day_run(day, seed);

		assert_int_equal(r.refused, 0);
		assert_true(r.max_minute <= 10);
		assert_true(r.max_hour <= 100);
		sum += r.deaths;
	}
	return sum;
}

static void
twenty_cameras_lose_nothing_though_one_call_in_twenty_fails(void **state)
{
	struct day day = { .cameras = 20, .fail_ratio = 0.05 };

	(void)state;
	assert_int_equal(deaths(&day), 0);
}

static void
forty_and_forty_four_cameras_lose_nothing_though_one_call_in_a_hundred_fails(void **state)
{
	struct day day = { .cameras = 40, .fail_ratio = 0.01 };

	(void)state;
	assert_int_equal(deaths(&day), 0);
	day.cameras = 44;
	assert_int_equal(deaths(&day), 0);
}

static void
forty_cameras_lose_one_stream_a_day_at_most_when_one_call_in_twenty_fails(void **state)
{
	struct day day = { .cameras = 40, .fail_ratio = 0.05 };

	(void)state;
	assert_true(deaths(&day) <= 1 * SEEDS);
}

static void
near_the_limit_one_is_given_up_and_never_a_chain(void **state)
{
	struct day day = { .cameras = 46, .fail_ratio = 0.01 };

	(void)state;
	assert_true(deaths(&day) <= 4 * SEEDS);
	for (unsigned seed = 1; seed <= SEEDS; seed++)
		assert_true(day_run(&day, seed).worst_burst <= 2);
	day.cameras = 47;
	assert_true(deaths(&day) <= 20 * SEEDS);
}

static void
forty_eight_cameras_lose_nothing_when_no_call_fails(void **state)
{
	struct day day = { .cameras = 48 };

	(void)state;
	assert_int_equal(deaths(&day), 0);
	assert_true(day_run(&day, 1).all_running_s < 600);
}

static void
streams_that_all_end_together_are_kept(void **state)
{
	static const int cameras[] = { 20, 40, 44 };
	struct day day = { .start = DAY_SYNCHRONISED };

	(void)state;
	for (int i = 0; i < 3; i++) {
		day.cameras = cameras[i];
		assert_int_equal(deaths(&day), 0);
	}
	day.cameras = 40;
	day.fail_ratio = 0.01;
	day.hours = 0.2;
	for (unsigned seed = 1; seed <= 200; seed++)
		assert_int_equal(day_run(&day, seed).deaths, 0);
}

static void
four_cameras_stay_far_below_a_hundred_calls_an_hour(void **state)
{
	struct day day = { .cameras = 4 };

	(void)state;
	assert_int_equal(deaths(&day), 0);
	assert_true(day_run(&day, 1).max_hour <= 25);
}

static void
an_outage_of_ninety_seconds_at_any_moment_kills_none_of_thirty(void **state)
{
	struct day day = { .cameras = 30, .hours = 4 };

	(void)state;
	for (int i = 0; i < 40; i++) {
		day.faults[0] = (struct day_fault){
			.kind = i % 2 ? DAY_OUTAGE : DAY_HANG,
			.at_s = 7000 + 7.3 * i,
			.for_s = 90,
		};
		assert_int_equal(day_run(&day, (unsigned)i).deaths, 0);
	}
}

/* And all run again when each had its slot; ten seconds are for the probe that meets the end. */
static void
a_long_outage_kills_only_what_no_order_of_calls_could_save(void **state)
{
	static const struct {
		int cameras;
		int seconds;
	} outages[] = {
		{ .cameras = 40, .seconds = 120 },
		{ .cameras = 20, .seconds = 240 },
	};

	(void)state;
	for (int i = 0; i < 40; i++) {
		struct day day = { .cameras = outages[i % 2].cameras, .hours = 4 };

		day.faults[0] = (struct day_fault){
			.kind = DAY_OUTAGE,
			.at_s = 7000 + 7.3 * i,
			.for_s = outages[i % 2].seconds,
		};
		struct day_result r = day_run(&day, (unsigned)i);
		assert_true(r.deaths <= r.unsavable);
		assert_true(r.healed_s >= 0 && r.healed_s <= day.cameras * 6.09 + 10);
	}
}

static void
cameras_that_are_off_cost_the_others_nothing(void **state)
{
	struct day day = {
		.cameras = 40,
		.hours = 4,
		.faults = { { .kind = DAY_OFFLINE, .at_s = 7000, .for_s = 3600, .cameras = 10 } },
	};

	(void)state;
	assert_int_equal(deaths(&day), 0);
}

static void
a_camera_that_fails_every_call_takes_no_other_with_it(void **state)
{
	struct day day = {
		.cameras = 46,
		.hours = 4,
		.faults = { { .kind = DAY_BROKEN, .at_s = 7000, .for_s = 3600, .cameras = 1 } },
	};

	(void)state;
	assert_int_equal(deaths(&day), 0);
}

static void
streams_of_a_minute_are_held_as_far_as_slots_reach(void **state)
{
	struct day few = { .cameras = 4, .life_s = 60 };
	struct day many = { .cameras = 20, .life_s = 60 };

	(void)state;
	assert_int_equal(deaths(&few), 0);
	assert_true(day_run(&few, 1).max_hour <= 95);
	assert_int_equal(deaths(&many), 0);
	assert_int_equal(day_run(&many, 1).uninterrupted, 9);
}

static void
two_accounts_do_not_share_a_budget(void **state)
{
	struct day day = { .cameras = 80, .accounts = 2, .fail_ratio = 0.01 };

	(void)state;
	assert_int_equal(deaths(&day), 0);
}

static void
of_sixty_cameras_those_that_can_be_held_are_held_without_a_gap(void **state)
{
	struct day day = { .cameras = 60 };

	(void)state;
	assert_int_equal(deaths(&day), 0);
	struct day_result r = day_run(&day, 1);
	assert_true(r.uninterrupted >= 46);
	assert_int_equal(r.uninterrupted + r.events[SCHEDULER_WAITING], 60);
}

static void
a_429_out_of_the_blue_is_survived(void **state)
{
	struct day day = {
		.cameras = 30,
		.hours = 4,
		.faults = { {
			.kind = DAY_RATE_LIMITED,
			.at_s = 7000,
			.for_s = 60,
			.retry_after_s = 30,
		} },
	};

	(void)state;
	assert_int_equal(deaths(&day), 0);
}

static void
a_day_may_be_compressed(void **state)
{
	struct day day = { .cameras = 40, .minute_ms = 3000, .fail_ratio = 0.01 };

	(void)state;
	assert_int_equal(deaths(&day), 0);
}

/* Why the pace has a guard: this is the model's own test. */
static void
without_the_guard_google_counts_eleven_in_a_minute(void **state)
{
	struct day day = { .cameras = 44, .hours = 4, .guard_permille = -1 };

	(void)state;
	struct day_result r = day_run(&day, 1);
	assert_int_equal(r.max_minute, 11);
	assert_true(r.refused > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twenty_cameras_lose_nothing_though_one_call_in_twenty_fails),
		cmocka_unit_test(
			forty_and_forty_four_cameras_lose_nothing_though_one_call_in_a_hundred_fails),
		cmocka_unit_test(
			forty_cameras_lose_one_stream_a_day_at_most_when_one_call_in_twenty_fails),
		cmocka_unit_test(near_the_limit_one_is_given_up_and_never_a_chain),
		cmocka_unit_test(forty_eight_cameras_lose_nothing_when_no_call_fails),
		cmocka_unit_test(streams_that_all_end_together_are_kept),
		cmocka_unit_test(four_cameras_stay_far_below_a_hundred_calls_an_hour),
		cmocka_unit_test(an_outage_of_ninety_seconds_at_any_moment_kills_none_of_thirty),
		cmocka_unit_test(a_long_outage_kills_only_what_no_order_of_calls_could_save),
		cmocka_unit_test(cameras_that_are_off_cost_the_others_nothing),
		cmocka_unit_test(a_camera_that_fails_every_call_takes_no_other_with_it),
		cmocka_unit_test(streams_of_a_minute_are_held_as_far_as_slots_reach),
		cmocka_unit_test(two_accounts_do_not_share_a_budget),
		cmocka_unit_test(of_sixty_cameras_those_that_can_be_held_are_held_without_a_gap),
		cmocka_unit_test(a_429_out_of_the_blue_is_survived),
		cmocka_unit_test(a_day_may_be_compressed),
		cmocka_unit_test(without_the_guard_google_counts_eleven_in_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
