/* test_substream.c - a path that is bad, and good again, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/substream.h"

#define HOUR 3600000

static void
it_is_taken_when_the_path_is_overloaded_and_left_after_a_minute(void **state)
{
	struct substream s = { 0 };

	(void)state;
	assert_false(substream_step(&s, false, 1000));
	assert_true(substream_step(&s, true, 2000));
	assert_true(s.active);
	assert_false(substream_step(&s, true, 3000));
	assert_false(substream_step(&s, false, 2000 + SUBSTREAM_STAY_MS - 1));
	assert_true(substream_step(&s, false, 2000 + SUBSTREAM_STAY_MS));
	assert_false(s.active);
}

static void
a_path_that_does_not_carry_even_that_keeps_it(void **state)
{
	struct substream s = { 0 };

	(void)state;
	substream_step(&s, true, 0);
	assert_false(substream_step(&s, true, HOUR));
	assert_true(s.active);
}

/* How long it is used when the main stream is overloaded again at once. */
static ms_t
stay(struct substream *s, ms_t *now)
{
	const ms_t from = *now;

	assert_true(substream_step(s, true, *now));
	while (!substream_step(s, false, *now))
		*now += 1000;
	return *now - from;
}

static void
a_main_stream_that_does_not_last_is_tried_more_and_more_rarely(void **state)
{
	struct substream s = { 0 };
	ms_t now = 1000;

	(void)state;
	assert_int_equal(stay(&s, &now), 60000);
	assert_int_equal(stay(&s, &now), 120000);
	assert_int_equal(stay(&s, &now), 240000);
	for (int i = 0; i < 6; i++)
		stay(&s, &now);
	assert_int_equal(stay(&s, &now), SUBSTREAM_STAY_MAX_MS);
	now += 2 * SUBSTREAM_STAY_MAX_MS;
	assert_int_equal(stay(&s, &now), 60000);
}

static void
one_that_cannot_be_had_is_left(void **state)
{
	struct substream s = { 0 };

	(void)state;
	substream_step(&s, true, 1000);
	substream_on_failure(&s, 2000);
	assert_false(s.active);
	assert_false(substream_step(&s, true, 3000));
	assert_true(substream_step(&s, true, 2000 + SUBSTREAM_STAY_MS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_taken_when_the_path_is_overloaded_and_left_after_a_minute),
		cmocka_unit_test(a_path_that_does_not_carry_even_that_keeps_it),
		cmocka_unit_test(a_main_stream_that_does_not_last_is_tried_more_and_more_rarely),
		cmocka_unit_test(one_that_cannot_be_had_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
