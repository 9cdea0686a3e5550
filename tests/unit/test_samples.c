/* test_samples.c - the last hour of a camera, in means of half a minute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "supervisor/samples.h"

static int
set_up(void **state)
{
	*state = samples_new();
	return 0;
}

static int
tear_down(void **state)
{
	samples_free(*state);
	return 0;
}

static void
the_first_reading_is_none_yet(void **state)
{
	struct sample out[SAMPLES_COUNT];

	assert_int_equal(samples_get(*state, "porch", out), 0);
	samples_take(*state, "porch", 300, 1000, 0);
	assert_int_equal(samples_get(*state, "porch", out), 0);
}

static void
a_step_is_the_mean_of_what_came_in_it(void **state)
{
	struct sample out[SAMPLES_COUNT];

	samples_take(*state, "porch", 300, 1000, 0);
	samples_take(*state, "porch", 300 + 450, 1000 + 7500000, SAMPLES_STEP_MS);
	assert_int_equal(samples_get(*state, "porch", out), 1);
	assert_float_equal(out[0].fps, 15, 1e-6);
	assert_float_equal(out[0].bitrate, 2e6, 1e-6);
}

static void
counters_that_run_backwards_are_not_known(void **state)
{
	struct sample out[SAMPLES_COUNT];

	samples_take(*state, "porch", 300, 1000, 0);
	samples_take(*state, "porch", 10, 2000, SAMPLES_STEP_MS);
	samples_take(*state, "porch", 40, 2000, 2 * SAMPLES_STEP_MS);
	assert_int_equal(samples_get(*state, "porch", out), 2);
	assert_true(out[0].fps < 0 && out[0].bitrate < 0);
	assert_float_equal(out[1].fps, 1, 1e-6);
	assert_float_equal(out[1].bitrate, 0, 1e-6);
}

static void
an_hour_is_kept_and_the_oldest_goes(void **state)
{
	struct sample out[SAMPLES_COUNT];
	int64_t frames = 0;

	for (int i = 0; i <= SAMPLES_COUNT + 2; i++) {
		frames += 30 * i;
		samples_take(*state, "porch", frames, 0, i * SAMPLES_STEP_MS);
	}
	assert_int_equal(samples_get(*state, "porch", out), SAMPLES_COUNT);
	for (int i = 0; i < SAMPLES_COUNT; i++)
		assert_float_equal(out[i].fps, i + 3, 1e-6);
}

static void
a_camera_that_is_gone_is_forgotten(void **state)
{
	struct sample out[SAMPLES_COUNT];

	samples_take(*state, "porch", 0, 0, 0);
	samples_take(*state, "yard", 0, 0, 0);
	samples_take(*state, "porch", 30, 0, SAMPLES_STEP_MS);
	samples_take(*state, "yard", 60, 0, SAMPLES_STEP_MS);
	samples_take(*state, "yard", 90, 0, 2 * SAMPLES_STEP_MS);
	samples_forget(*state, 2 * SAMPLES_STEP_MS);
	assert_int_equal(samples_get(*state, "porch", out), 0);
	assert_int_equal(samples_get(*state, "yard", out), 2);
	assert_float_equal(out[0].fps, 2, 1e-6);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_first_reading_is_none_yet),
		TEST(a_step_is_the_mean_of_what_came_in_it),
		TEST(counters_that_run_backwards_are_not_known),
		TEST(an_hour_is_kept_and_the_oldest_goes),
		TEST(a_camera_that_is_gone_is_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
