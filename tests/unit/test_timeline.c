/* test_timeline.c - timestamps become moments: steady, and never far from the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "worker/timeline.h"

#define STEP 6000 /* ticks at 15 pictures a second */
#define STEP_US 66666

static void
steps_are_the_sources_own_and_jitter_stays_outside(void **state)
{
	struct timeline t = { 0 };
	int64_t last = timeline_at(&t, 0, 0);
	unsigned seed = 1;

	(void)state;
	for (unsigned i = 1; i < 5000; i++) {
		int jitter_us = rand_r(&seed) % 20000;
		int64_t at = timeline_at(&t, i * STEP, (int64_t)i * 200000 / 3 + jitter_us);
		assert_in_range(at - last, STEP_US - 1000, STEP_US + 1000);
		last = at;
	}
}

static void
a_clock_that_is_fast_is_followed_for_ever(void **state)
{
	struct timeline t = { 0 };
	int64_t last = -1;

	(void)state;
	/* A day; the timestamps wrap twice. 1 % more ticks than time. */
	for (int64_t i = 0; i < 15 * 86400; i++) {
		int64_t about = i * 200000 / 3;
		int64_t at = timeline_at(&t, (uint32_t)(i * STEP + i * STEP / 100), about);
		assert_true(at > last);
		assert_in_range(at - about + 40000, 0, 80000);
		last = at;
	}
}

static void
a_jump_is_a_new_relation_and_time_does_not_run_back(void **state)
{
	struct timeline t = { 0 };

	(void)state;
	assert_int_equal(timeline_at(&t, 1000, 5000000), 5000000);
	assert_int_equal(timeline_at(&t, 900000000, 9000000), 9000000);
	assert_int_equal(timeline_at(&t, 5, 9000000 - 600000), 9000001);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_the_sources_own_and_jitter_stays_outside),
		cmocka_unit_test(a_clock_that_is_fast_is_followed_for_ever),
		cmocka_unit_test(a_jump_is_a_new_relation_and_time_does_not_run_back),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
