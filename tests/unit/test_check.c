/* test_check.c - what readings mean, one after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/check.h"

static const struct config_health limits = { .disk_warn = 85,
	.disk_error = 95,
	.memory_warn = 80,
	.memory_error = 90,
	.cpu_warn = 90,
	.cpu_error = 99,
	.clock_warn_ms = 5000,
	.clock_error_ms = 60000 };

static struct check c;
static ms_t now;

static int
setup(void **state)
{
	(void)state;
	c = (struct check){ 0 };
	now = 0;
	return 0;
}

static bool
judge(enum check_kind kind, double value)
{
	struct check_reading r = { .kind = kind, .name = "x", .value = value };

	return check_judge(&c, &limits, &r, now += 30000);
}

static void
expect(enum check_kind kind, double value, enum check_status status, bool changed)
{
	assert_int_equal(judge(kind, value), changed);
	assert_int_equal(c.status, status);
}

static void
the_first_reading_is_believed_and_news_if_it_is_bad(void **state)
{
	(void)state;
	expect(CHECK_DISK, 84.9, CHECK_OK, false);
	setup(NULL);
	expect(CHECK_DISK, 85, CHECK_WARN, true);
	setup(NULL);
	expect(CHECK_DISK, 95, CHECK_ERROR, true);
	assert_int_equal(c.since, 30000);
}

static void
another_status_must_be_read_twice_in_a_row(void **state)
{
	(void)state;
	expect(CHECK_CPU, 50, CHECK_OK, false);
	expect(CHECK_CPU, 95, CHECK_OK, false);
	expect(CHECK_CPU, 50, CHECK_OK, false);
	expect(CHECK_CPU, 95, CHECK_OK, false);
	expect(CHECK_CPU, 100, CHECK_OK, false); /* something else again */
	expect(CHECK_CPU, 100, CHECK_ERROR, true);
	assert_int_equal(c.since, 180000);
	expect(CHECK_CPU, 100, CHECK_ERROR, false);
}

static void
a_better_one_needs_a_margin(void **state)
{
	(void)state;
	expect(CHECK_MEMORY, 91, CHECK_ERROR, true);
	for (int i = 0; i < 3; i++)
		expect(CHECK_MEMORY, 88.5, CHECK_ERROR, false);
	expect(CHECK_MEMORY, 87.9, CHECK_ERROR, false);
	expect(CHECK_MEMORY, 87.9, CHECK_WARN, true);
	for (int i = 0; i < 3; i++)
		expect(CHECK_MEMORY, 78.5, CHECK_WARN, false);
	/* It goes up by the limit itself. */
	expect(CHECK_MEMORY, 89.9, CHECK_WARN, false);
	expect(CHECK_MEMORY, 10, CHECK_WARN, false);
	expect(CHECK_MEMORY, 10, CHECK_OK, true);
}

static void
around_a_limit_it_does_not_flap(void **state)
{
	int changes = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		changes += judge(CHECK_DISK, 85 + (i / 3 % 2 ? 0.5 : -0.5));
	assert_int_equal(changes, 1);
}

static void
what_is_reached_or_not_has_no_margin(void **state)
{
	(void)state;
	expect(CHECK_NETWORK, 0, CHECK_OK, false);
	expect(CHECK_NETWORK, 2, CHECK_OK, false);
	expect(CHECK_NETWORK, 2, CHECK_ERROR, true);
	expect(CHECK_NETWORK, 0, CHECK_ERROR, false);
	expect(CHECK_NETWORK, 0, CHECK_OK, true);
	expect(CHECK_PERMISSIONS, 1, CHECK_OK, false);
	expect(CHECK_PERMISSIONS, 1, CHECK_WARN, true);
}

static void
a_clock_must_come_to_half_of_the_limit(void **state)
{
	(void)state;
	expect(CHECK_CLOCK, 5000, CHECK_WARN, true);
	expect(CHECK_CLOCK, 2600, CHECK_WARN, false);
	expect(CHECK_CLOCK, 2600, CHECK_WARN, false);
	expect(CHECK_CLOCK, 2400, CHECK_WARN, false);
	expect(CHECK_CLOCK, 2400, CHECK_OK, true);
	expect(CHECK_CLOCK, 61000, CHECK_OK, false);
	expect(CHECK_CLOCK, 61000, CHECK_ERROR, true);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_reading_is_believed_and_news_if_it_is_bad),
		TEST(another_status_must_be_read_twice_in_a_row),
		TEST(a_better_one_needs_a_margin),
		TEST(around_a_limit_it_does_not_flap),
		TEST(what_is_reached_or_not_has_no_margin),
		TEST(a_clock_must_come_to_half_of_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
