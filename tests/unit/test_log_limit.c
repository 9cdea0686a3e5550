/* test_log_limit.c - a worker that floods the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/log_limit.h"

static struct log_limit limit;

static int
setup(void **state)
{
	(void)state;
	log_limit_init(&limit, 1000);
	return 0;
}

/* How many of n lines at that moment may be written. */
static int
lines(int n, ms_t now)
{
	int taken = 0;

	while (n-- > 0)
		taken += log_limit_take(&limit, now);
	return taken;
}

static void
a_burst_is_written_and_no_more(void **state)
{
	(void)state;
	assert_int_equal(lines(10 * LOG_LIMIT_BURST, 1000), LOG_LIMIT_BURST);
	assert_int_equal(log_limit_dropped(&limit), 9 * LOG_LIMIT_BURST);
}

static void
after_it_some_are_written_each_second(void **state)
{
	(void)state;
	lines(LOG_LIMIT_BURST, 1000);
	for (ms_t now = 1001; now <= 61000; now++)
		lines(5, now);
	assert_int_equal(log_limit_dropped(&limit), 5 * 60000 - 60 * LOG_LIMIT_A_SECOND);
}

static void
what_was_dropped_is_told_once(void **state)
{
	(void)state;
	lines(LOG_LIMIT_BURST + 3, 1000);
	assert_int_equal(log_limit_dropped(&limit), 3);
	assert_int_equal(log_limit_dropped(&limit), 0);
}

static void
who_was_quiet_for_long_has_a_burst_and_no_more(void **state)
{
	(void)state;
	lines(2 * LOG_LIMIT_BURST, 1000);
	assert_int_equal(
		lines(2 * LOG_LIMIT_BURST, 1000 + 30 * 86400 * (ms_t)1000), LOG_LIMIT_BURST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_burst_is_written_and_no_more, setup),
		cmocka_unit_test_setup(after_it_some_are_written_each_second, setup),
		cmocka_unit_test_setup(what_was_dropped_is_told_once, setup),
		cmocka_unit_test_setup(who_was_quiet_for_long_has_a_burst_and_no_more, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
