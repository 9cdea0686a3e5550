/* test_backoff.c - pauses, with the random numbers given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/backoff.h"

/* The middle of the range: no jitter either way. */
#define MIDDLE 0x80000000u

static void
each_pause_is_twice_the_one_before(void **state)
{
	struct backoff b = { .first_ms = 1000, .cap_ms = 60000, .jitter_percent = 10 };

	(void)state;
	assert_int_equal(backoff_next(&b, MIDDLE), 1000);
	assert_int_equal(backoff_next(&b, MIDDLE), 2000);
	assert_int_equal(backoff_next(&b, MIDDLE), 4000);
	assert_int_equal(b.tries, 3);
}

static void
no_pause_is_longer_than_the_cap(void **state)
{
	struct backoff b = { .first_ms = 1000, .cap_ms = 5000, .jitter_percent = 50 };

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_in_range(backoff_next(&b, UINT32_MAX), 1, 5000);
}

static void
a_thousand_tries_do_not_overflow(void **state)
{
	struct backoff b = { .first_ms = 1, .cap_ms = MS_NEVER / 4 };
	ms_t pause = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		pause = backoff_next(&b, 0);
	assert_true(pause > 0 && pause <= MS_NEVER / 4);
}

static void
jitter_shortens_and_lengthens_by_no_more_than_it_says(void **state)
{
	struct backoff shortest = { .first_ms = 1000, .cap_ms = 60000, .jitter_percent = 20 };
	struct backoff longest = shortest;

	(void)state;
	assert_int_equal(backoff_next(&shortest, 0), 800);
	assert_int_equal(backoff_next(&longest, UINT32_MAX), 1200);
}

static void
what_is_asked_for_lengthens_a_pause_up_to_ten_minutes(void **state)
{
	static const struct {
		ms_t asked_ms, pause_ms;
	} rows[] = { { -1, 1000 }, { 0, 1000 }, { 999, 1000 }, { 1001, 1001 }, { 600000, 600000 },
		{ 86400000, 600000 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct backoff b = { .first_ms = 1000, .cap_ms = 60000, .jitter_percent = 10 };
		assert_int_equal(
			backoff_next_asked(&b, MIDDLE, rows[i].asked_ms), rows[i].pause_ms);
		assert_int_equal(b.tries, 1);
	}
}

static void
success_begins_again_with_the_first_pause(void **state)
{
	struct backoff b = { .first_ms = 1000, .cap_ms = 60000 };

	(void)state;
	for (int i = 0; i < 5; i++)
		backoff_next(&b, 0);
	backoff_reset(&b);
	assert_int_equal(backoff_next(&b, 0), 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pause_is_twice_the_one_before),
		cmocka_unit_test(no_pause_is_longer_than_the_cap),
		cmocka_unit_test(a_thousand_tries_do_not_overflow),
		cmocka_unit_test(jitter_shortens_and_lengthens_by_no_more_than_it_says),
		cmocka_unit_test(what_is_asked_for_lengthens_a_pause_up_to_ten_minutes),
		cmocka_unit_test(success_begins_again_with_the_first_pause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
