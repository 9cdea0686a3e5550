/* test_guard_policy.c - hours of readings, and what the cameras have to do without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/guard_ladder.h"
#include "supervisor/guard_policy.h"

#define MB (1024 * 1024LL)
#define LOOK 5000
#define CAMERAS 3

static struct guard_policy *p;
static struct config_guard limits;
static struct guard_reading readings[CAMERAS];
static struct guard_decision decisions[CAMERAS];
static ms_t now;

static int
setup(void **state)
{
	static const char *const names[] = { "door", "yard", "shed" };

	(void)state;
	p = guard_policy_new();
	limits =
		(struct config_guard){ .worker_memory_bytes = 100 * MB, .leak_window_ms = 3600000 };
	now = 1000;
	for (int i = 0; i < CAMERAS; i++) {
		readings[i] = (struct guard_reading){ .priority = 50,
			.wanted = true,
			.running = true,
			.pid = 100 + i,
			.memory_bytes = 40 * MB,
			.cpu_percent = 10,
			.fps = 15 };
		snprintf(readings[i].name, sizeof(readings[i].name), "%s", names[i]);
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	guard_policy_free(p);
	return 0;
}

static void
look(int times)
{
	for (int i = 0; i < times; i++, now += LOOK)
		guard_policy_look(p, &limits, readings, CAMERAS, now, decisions);
}

/* As the actuators would: who is paused takes nothing. */
static void
look_as_decided(int times, double percent_of_one)
{
	for (int i = 0; i < times; i++) {
		for (int k = 0; k < CAMERAS; k++) {
			bool runs = decisions[k].step != GUARD_PAUSED;
			readings[k].pid = runs ? 100 + k : 0;
			readings[k].cpu_percent = runs ? percent_of_one : 0;
		}
		look(1);
	}
}

static void
expect(enum guard_step door, enum guard_step yard, enum guard_step shed)
{
	assert_string_equal(guard_step_text(decisions[0].step), guard_step_text(door));
	assert_string_equal(guard_step_text(decisions[1].step), guard_step_text(yard));
	assert_string_equal(guard_step_text(decisions[2].step), guard_step_text(shed));
}

static void
within_its_limits_nobody_does_without(void **state)
{
	(void)state;
	look(10000);
	expect(GUARD_NONE, GUARD_NONE, GUARD_NONE);
	assert_string_equal(decisions[0].why, "");
}

static void
a_moment_over_the_limit_is_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		readings[1].memory_bytes = 120 * MB;
		look(GUARD_LADDER_UP - 1);
		readings[1].memory_bytes = 90 * MB;
		look(1);
	}
	expect(GUARD_NONE, GUARD_NONE, GUARD_NONE);
}

static void
who_takes_too_much_goes_down_step_by_step_and_alone(void **state)
{
	(void)state;
	readings[1].memory_bytes = 120 * MB;
	look(GUARD_LADDER_UP);
	expect(GUARD_NONE, GUARD_WARN, GUARD_NONE);
	assert_string_equal(decisions[1].why, "memory is 120 MB of 100");
	look(GUARD_LADDER_UP);
	expect(GUARD_NONE, GUARD_NO_RECORDING, GUARD_NONE);
	look(GUARD_LADDER_UP);
	expect(GUARD_NONE, GUARD_SUBSTREAM, GUARD_NONE);
	/* For itself it is never paused. */
	look(1000);
	expect(GUARD_NONE, GUARD_SUBSTREAM, GUARD_NONE);
}

static void
and_comes_back_step_by_step_once_it_is_well_below(void **state)
{
	(void)state;
	readings[1].memory_bytes = 120 * MB;
	look(3 * GUARD_LADDER_UP);
	/* Below, but not well below. */
	readings[1].memory_bytes = 90 * MB;
	look(1000);
	expect(GUARD_NONE, GUARD_SUBSTREAM, GUARD_NONE);
	readings[1].memory_bytes = 70 * MB;
	look(GUARD_LADDER_HOLD);
	expect(GUARD_NONE, GUARD_NO_RECORDING, GUARD_NONE);
	look(GUARD_LADDER_HOLD);
	expect(GUARD_NONE, GUARD_WARN, GUARD_NONE);
	look(GUARD_LADDER_HOLD);
	expect(GUARD_NONE, GUARD_NONE, GUARD_NONE);
}

static void
cpu_and_frame_rate_count_likewise(void **state)
{
	(void)state;
	limits.worker_cpu_percent = 50;
	limits.worker_fps = 30;
	readings[0].cpu_percent = 51;
	readings[2].fps = 60;
	look(GUARD_LADDER_UP);
	expect(GUARD_WARN, GUARD_NONE, GUARD_WARN);
	assert_string_equal(decisions[0].why, "CPU is 51 % of 50");
	assert_string_equal(decisions[2].why, "frame rate is 60 fps of 30");
}

static void
what_nothing_helps_is_restarted_but_once_a_window(void **state)
{
	int restarts = 0;

	(void)state;
	readings[1].memory_bytes = 120 * MB;
	look(3 * GUARD_LADDER_UP);
	assert_false(decisions[1].restart);
	for (int i = 0; i < 3 * 3600000 / LOOK; i++) {
		look(1);
		restarts += decisions[1].restart;
		if (decisions[1].restart)
			assert_string_equal(
				decisions[1].why, "memory is 120 MB of 100 whatever is dropped");
	}
	assert_int_equal(restarts, 3);
	assert_false(decisions[0].restart || decisions[2].restart);
}

static void
who_is_not_up_yet_is_not_restarted(void **state)
{
	(void)state;
	readings[1].memory_bytes = 120 * MB;
	readings[1].running = false;
	for (int i = 0; i < 100; i++) {
		look(1);
		assert_false(decisions[1].restart);
	}
	readings[1].running = true;
	look(1);
	assert_true(decisions[1].restart);
}

static void
a_leak_is_restarted_before_the_limit(void **state)
{
	(void)state;
	for (int i = 0; i < 3600000 / LOOK + 200 && !decisions[0].restart; i++) {
		readings[0].memory_bytes += 60 * 1024; /* 43 MB an hour */
		look(1);
	}
	assert_true(decisions[0].restart);
	assert_true(readings[0].memory_bytes < limits.worker_memory_bytes);
	assert_non_null(strstr(decisions[0].why, "memory grows without end"));
	assert_int_equal(decisions[0].step, GUARD_NONE);
}

static void
together_they_do_without_in_the_order_of_the_ladder(void **state)
{
	(void)state;
	limits.total_cpu_percent = 100;
	readings[0].priority = 90;
	readings[2].priority = 10;
	memset(decisions, 0, sizeof(decisions));
	look_as_decided(GUARD_LADDER_UP, 120);
	expect(GUARD_WARN, GUARD_WARN, GUARD_WARN);
	assert_string_equal(guard_policy_why(p), "CPU of all workers is 360 % of 100");
	look_as_decided(GUARD_LADDER_UP, 120);
	expect(GUARD_NO_RECORDING, GUARD_NO_RECORDING, GUARD_NO_RECORDING);
	look_as_decided(GUARD_LADDER_UP, 120);
	expect(GUARD_SUBSTREAM, GUARD_SUBSTREAM, GUARD_SUBSTREAM);
	look_as_decided(GUARD_LADDER_UP, 120);
	expect(GUARD_SUBSTREAM, GUARD_SUBSTREAM, GUARD_PAUSED);
	look_as_decided(GUARD_LADDER_UP, 120);
	expect(GUARD_SUBSTREAM, GUARD_PAUSED, GUARD_PAUSED);
	/* The most important goes on, whatever it takes. */
	look_as_decided(1000, 120);
	expect(GUARD_SUBSTREAM, GUARD_PAUSED, GUARD_PAUSED);
	/* And back again: first who was paused last. */
	look_as_decided(GUARD_LADDER_HOLD, 10);
	expect(GUARD_SUBSTREAM, GUARD_SUBSTREAM, GUARD_PAUSED);
	look_as_decided(GUARD_LADDER_HOLD, 10);
	expect(GUARD_SUBSTREAM, GUARD_SUBSTREAM, GUARD_SUBSTREAM);
	look_as_decided(3 * GUARD_LADDER_HOLD, 10);
	expect(GUARD_NONE, GUARD_NONE, GUARD_NONE);
}

/* Two of three fit: who comes back is one too many, each time. */
static void
a_step_back_that_was_one_too_many_comes_ever_more_rarely(void **state)
{
	int changes = 0;

	(void)state;
	limits.total_cpu_percent = 100;
	memset(decisions, 0, sizeof(decisions));
	for (int i = 0; i < 24 * 3600000 / LOOK; i++) {
		enum guard_step before = decisions[2].step;
		look_as_decided(1, 39);
		changes += (decisions[2].step == GUARD_PAUSED) != (before == GUARD_PAUSED);
	}
	/* Without that: once in 75 s, 2300 in a day. */
	assert_in_range(changes, 2, 70);
}

static void
who_is_stopped_by_an_operator_is_not_paused_in_vain(void **state)
{
	(void)state;
	limits.total_memory_bytes = 60 * MB;
	readings[2].wanted = false;
	readings[2].pid = 0;
	readings[2].memory_bytes = 0;
	look(4 * GUARD_LADDER_UP);
	assert_int_equal(decisions[1].step, GUARD_PAUSED);
	assert_int_not_equal(decisions[2].step, GUARD_PAUSED);
	assert_int_not_equal(decisions[0].step, GUARD_PAUSED);
}

static void
equals_are_paused_from_the_end_of_the_file(void **state)
{
	(void)state;
	limits.total_memory_bytes = 60 * MB;
	look(4 * GUARD_LADDER_UP);
	expect(GUARD_SUBSTREAM, GUARD_SUBSTREAM, GUARD_PAUSED);
}

static void
a_limit_that_is_taken_away_lets_all_come_back(void **state)
{
	(void)state;
	limits.total_memory_bytes = 60 * MB;
	look(5 * GUARD_LADDER_UP);
	limits.total_memory_bytes = 0;
	look(5 * GUARD_LADDER_HOLD);
	expect(GUARD_NONE, GUARD_NONE, GUARD_NONE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(within_its_limits_nobody_does_without),
		TEST(a_moment_over_the_limit_is_nothing),
		TEST(who_takes_too_much_goes_down_step_by_step_and_alone),
		TEST(and_comes_back_step_by_step_once_it_is_well_below),
		TEST(cpu_and_frame_rate_count_likewise),
		TEST(what_nothing_helps_is_restarted_but_once_a_window),
		TEST(who_is_not_up_yet_is_not_restarted),
		TEST(a_leak_is_restarted_before_the_limit),
		TEST(together_they_do_without_in_the_order_of_the_ladder),
		TEST(a_step_back_that_was_one_too_many_comes_ever_more_rarely),
		TEST(who_is_stopped_by_an_operator_is_not_paused_in_vain),
		TEST(equals_are_paused_from_the_end_of_the_file),
		TEST(a_limit_that_is_taken_away_lets_all_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
