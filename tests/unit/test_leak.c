/* test_leak.c - memory that grows without end, and memory that does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "supervisor/leak.h"

#define MB 1048576.0
#define LIMIT (512 * 1048576LL)
#define HOUR 3600000
#define LOOK 5000

static struct leak l;
static ms_t now;

static int
setup(void **state)
{
	(void)state;
	l = (struct leak){ 0 };
	now = 0;
	srand(1);
	return 0;
}

/* Hours of looks; megabytes says what is taken at that hour. Returns after how many it was called a
 * leak; -1: never. */
static double
watch(double hours, double (*megabytes)(double hour))
{
	for (ms_t end = now + (ms_t)(hours * HOUR); now < end; now += LOOK) {
		double hour = (double)now / HOUR;
		if (leak_look(&l, 7, (int64_t)(megabytes(hour) * MB), LIMIT, HOUR, now))
			return hour;
	}
	return -1;
}

static double
noise(void)
{
	return (double)(rand() % 1000) / 1000;
}

static double
steady(double hour)
{
	(void)hour;
	return 40 + 8 * noise();
}

static double
warming_up(double hour)
{
	return hour < 0.2 ? 10 + 300 * hour : 70 + 2 * noise();
}

static double
slowly(double hour)
{
	return 40 + 1.5 * hour + noise();
}

static double
fast(double hour)
{
	return 40 + 300 * hour + 4 * noise();
}

/* Grows, and comes down twice in each window. */
static double
saw(double hour)
{
	return 60 + 300 * (2 * hour - (int)(2 * hour));
}

/* Nothing for three hours, then 200 MB an hour. */
static double
late(double hour)
{
	return hour < 3 ? steady(hour) : 45 + 200 * (hour - 3) + noise();
}

static void
what_stays_is_no_leak(void **state)
{
	(void)state;
	assert_true(watch(48, steady) < 0);
}

static void
what_is_taken_at_the_start_is_no_leak(void **state)
{
	(void)state;
	assert_true(watch(48, warming_up) < 0);
}

static void
what_would_not_hurt_for_long_is_left_alone(void **state)
{
	(void)state;
	assert_true(watch(24, slowly) < 0);
}

static void
what_comes_down_again_is_no_leak(void **state)
{
	(void)state;
	assert_true(watch(24, saw) < 0);
}

static void
a_leak_is_seen_before_it_reaches_the_limit(void **state)
{
	(void)state;
	double hour = watch(3, fast);
	assert_true(hour > 0.9 && fast(hour) < 512);
	/* It is forgotten then: one word for one leak, until another window has passed. */
	assert_true(watch(0.9, fast) < 0);
}

static void
a_leak_that_begins_late_is_seen_too(void **state)
{
	(void)state;
	double hour = watch(8, late);
	assert_true(hour > 3.5 && late(hour) < 512);
}

static void
another_process_begins_anew(void **state)
{
	(void)state;
	watch(0.9, fast);
	assert_int_equal(l.pid, 7);
	leak_look(&l, 8, (int64_t)(40 * MB), LIMIT, HOUR, now);
	assert_int_equal(l.count, 1);
	assert_false(leak_look(&l, 0, 0, LIMIT, HOUR, now + HOUR));
}

static void
without_a_limit_nothing_is_said(void **state)
{
	(void)state;
	for (; now < 10 * HOUR; now += LOOK)
		assert_false(leak_look(&l, 7, (int64_t)now * 1000, 0, HOUR, now));
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_stays_is_no_leak),
		TEST(what_is_taken_at_the_start_is_no_leak),
		TEST(what_would_not_hurt_for_long_is_left_alone),
		TEST(what_comes_down_again_is_no_leak),
		TEST(a_leak_is_seen_before_it_reaches_the_limit),
		TEST(a_leak_that_begins_late_is_seen_too),
		TEST(another_process_begins_anew),
		TEST(without_a_limit_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
