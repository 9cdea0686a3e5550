#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/err.h"
#include "supervisor/timestamp.h"

static void
the_documented_expiry_is_read(void **state)
{
	int64_t us = 0;

	(void)state;
	assert_int_equal(timestamp_rfc3339("2018-01-04T18:30:00.000Z", &us), 0);
	assert_int_equal(us, 1515090600 * INT64_C(1000000));
}

static void
a_fraction_may_be_absent_short_or_long(void **state)
{
	int64_t us = 0;

	(void)state;
	assert_int_equal(timestamp_rfc3339("2018-01-04T18:30:00Z", &us), 0);
	assert_int_equal(us % 1000000, 0);
	assert_int_equal(timestamp_rfc3339("2018-01-04t18:30:00z", &us), 0);
	assert_int_equal(us, 1515090600000000);
	assert_int_equal(timestamp_rfc3339("2018-01-04T18:30:00.5Z", &us), 0);
	assert_int_equal(us % 1000000, 500000);
	assert_int_equal(timestamp_rfc3339("2018-01-04T18:30:00.123456789Z", &us), 0);
	assert_int_equal(us % 1000000, 123456);
}

static void
offsets_are_taken_away(void **state)
{
	int64_t z = 0, us = 0;

	(void)state;
	assert_int_equal(timestamp_rfc3339("2018-01-04T18:30:00Z", &z), 0);
	assert_int_equal(timestamp_rfc3339("2018-01-04T20:30:00+02:00", &us), 0);
	assert_int_equal(us, z);
	assert_int_equal(timestamp_rfc3339("2018-01-04T10:15:00.0-08:15", &us), 0);
	assert_int_equal(us, z);
}

static void
anything_else_is_refused(void **state)
{
	static const char *const wrong[] = { "", "tomorrow", "2018-01-04", "2018-01-04T18:30:00",
		"2018-01-04 18:30:00Z", "2018-13-04T18:30:00Z", "2018-1-04T18:30:00.00Z",
		"2018-01-04T18:30:00Zx", "2018-01-04T18:30:00+2:00", "2018-01-04T18:30:00+-2:00",
		"2018-01-04T18:30:00+24:00", "2018-01-04T 8:30:00.00Z", "1515090600" };
	int64_t us = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (timestamp_rfc3339(wrong[i], &us) == 0)
			fail_msg("accepted: %s", wrong[i]);
	assert_int_equal(timestamp_rfc3339(NULL, &us), ERR_PARSE);
}

static void
an_http_date_is_read_and_nothing_like_it(void **state)
{
	(void)state;
	assert_int_equal(
		timestamp_http("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777 * INT64_C(1000000));
	assert_int_equal(timestamp_http("Sun, 06 Nov 1994 08:49:37 CET"), 0);
	assert_int_equal(timestamp_http("now"), 0);
	assert_int_equal(timestamp_http(NULL), 0);
}

static void
retry_after_is_seconds_or_a_date_by_the_servers_clock(void **state)
{
	int64_t date = timestamp_http("Sun, 06 Nov 1994 08:49:37 GMT");

	(void)state;
	assert_int_equal(timestamp_retry_after("17", 0, 0), 17000);
	assert_int_equal(timestamp_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", date, 5), 30000);
	assert_int_equal(timestamp_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", 0, date), 30000);
	assert_int_equal(timestamp_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", date, 0), 0);
}

static void
retry_after_is_bounded_and_may_be_nonsense(void **state)
{
	(void)state;
	assert_int_equal(timestamp_retry_after("99999999999999999999", 0, 0), 86400000);
	assert_int_equal(timestamp_retry_after("999999", 0, 0), 86400000);
	assert_int_equal(timestamp_retry_after("-1", 0, 0), -1);
	assert_int_equal(timestamp_retry_after("soon", 0, 0), -1);
	assert_int_equal(timestamp_retry_after("", 0, 0), -1);
	assert_int_equal(timestamp_retry_after(NULL, 0, 0), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_documented_expiry_is_read),
		cmocka_unit_test(a_fraction_may_be_absent_short_or_long),
		cmocka_unit_test(offsets_are_taken_away),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(an_http_date_is_read_and_nothing_like_it),
		cmocka_unit_test(retry_after_is_seconds_or_a_date_by_the_servers_clock),
		cmocka_unit_test(retry_after_is_bounded_and_may_be_nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
