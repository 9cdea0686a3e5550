/* test_quality.c - seconds of pictures, in microseconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/quality.h"

#define US INT64_C(1000000)
#define MS 1000
#define START (77 * US)
#define PICTURE 3000 /* ticks at 30 fps */

static int
setup(void **state)
{
	*state = quality_new(START);
	return 0;
}

static int
teardown(void **state)
{
	quality_free(*state);
	return 0;
}

/* Picture n of a stream of 30 fps, 1000 bytes each, an IDR every 60; delay_us late. */
static void
picture(struct quality *q, int n, int64_t delay_us)
{
	struct quality_picture p = {
		.pts_90k = 12345 + (int64_t)n * PICTURE,
		.arrival_us = START + n * US / 30 + delay_us,
		.bytes = 1000,
		.key = n % 60 == 0,
	};

	quality_on_picture(q, &p);
}

static void
pictures(struct quality *q, int from, int to)
{
	for (int n = from; n < to; n++)
		picture(q, n, 0);
}

static void
a_second_has_a_rate_and_a_bitrate(void **state)
{
	pictures(*state, 0, 30);
	struct quality_snapshot s = quality_snapshot(*state, START + US);
	assert_float_equal(s.fps, 30, 0.01);
	assert_int_equal(s.bitrate, 240000);
	pictures(*state, 30, 45);
	s = quality_snapshot(*state, START + 2 * US);
	assert_float_equal(s.fps, 15, 0.01);
	assert_int_equal(s.bitrate, 120000);
	assert_int_equal(s.pictures, 45);
	assert_int_equal(s.bytes, 45000);
}

static void
rates_are_of_the_time_that_passed(void **state)
{
	pictures(*state, 0, 60);
	struct quality_snapshot s = quality_snapshot(*state, START + 2 * US);
	assert_float_equal(s.fps, 30, 0.01);
	s = quality_snapshot(*state, START + 2 * US);
	assert_true(s.fps == 0);
}

/* In the order 0 3 1 2 6 4 5 ..., each in time. */
static void
b_pictures_are_not_late(void **state)
{
	for (int n = 0; n < 90; n++) {
		struct quality_picture p = {
			.pts_90k = (n == 0              ? 0
					   : n % 3 == 1 ? n + 2
							: n - 1) *
				   PICTURE,
			.arrival_us = START + n * US / 15,
			.bytes = 1000,
		};
		p.pts_90k *= 2;
		quality_on_picture(*state, &p);
	}
	struct quality_snapshot s = quality_snapshot(*state, START + 6 * US);
	assert_int_equal(s.late, 0);
	assert_int_equal(s.pictures, 90);
	assert_true(s.jitter_ms < 2); /* of the first step there is little left */
}

static void
nothing_is_known_before_the_first_picture(void **state)
{
	struct quality_snapshot s = quality_snapshot(*state, START + 5 * US);

	assert_true(s.fps == 0);
	assert_int_equal(s.keyframe_age_ms, -1);
	assert_int_equal(s.silence_ms, -1);
	assert_int_equal(s.gop_pictures, 0);
	assert_int_equal(s.gaps, 0);
}

static void
a_gop_is_from_idr_to_idr(void **state)
{
	pictures(*state, 0, 60);
	struct quality_snapshot s = quality_snapshot(*state, START + 2 * US);
	assert_int_equal(s.gop_pictures, 0);
	assert_int_equal(s.keyframe_age_ms, 2000);
	pictures(*state, 60, 75);
	s = quality_snapshot(*state, START + 3 * US);
	assert_int_equal(s.gop_pictures, 60);
	assert_int_equal(s.gop_ms, 2000);
	assert_int_equal(s.keyframes, 2);
	assert_int_equal(s.keyframe_age_ms, 1000);
}

static void
an_even_stream_has_no_jitter(void **state)
{
	pictures(*state, 0, 300);
	struct quality_snapshot s = quality_snapshot(*state, START + 10 * US);
	assert_in_range((int)(s.jitter_ms * 1000), 0, 2);
	assert_int_equal(s.late, 0);
}

static void
jitter_is_the_mean_deviation_from_the_timestamps(void **state)
{
	for (int n = 0; n < 300; n++)
		picture(*state, n, n % 2 ? 20 * MS : 0);
	struct quality_snapshot s = quality_snapshot(*state, START + 10 * US);
	assert_float_equal(s.jitter_ms, 20, 0.1);
}

static void
one_deviation_counts_a_sixteenth(void **state)
{
	pictures(*state, 0, 10);
	picture(*state, 10, 16 * MS);
	struct quality_snapshot s = quality_snapshot(*state, START + US);
	assert_float_equal(s.jitter_ms, 1, 0.01);
}

static void
a_source_that_sets_its_clock_has_no_jitter(void **state)
{
	struct quality_picture p = { .pts_90k = 99 * 90000, .arrival_us = START + US, .bytes = 1 };

	pictures(*state, 0, 30);
	quality_on_picture(*state, &p);
	p.pts_90k = 0;
	quality_on_picture(*state, &p);
	struct quality_snapshot s = quality_snapshot(*state, START + US);
	assert_in_range((int)(s.jitter_ms * 1000), 0, 2);
}

static void
a_picture_late_by_more_than_the_bound_is_counted(void **state)
{
	pictures(*state, 0, 10);
	picture(*state, 10, 99 * MS);
	picture(*state, 11, 70 * MS);
	picture(*state, 12, 180 * MS);
	struct quality_snapshot s = quality_snapshot(*state, START + US);
	assert_int_equal(s.late, 1);
}

static void
a_gap_is_counted_once_while_open_and_when_over(void **state)
{
	pictures(*state, 0, 30);
	struct quality_snapshot s = quality_snapshot(*state, START + US);
	assert_int_equal(s.gaps, 0);
	assert_int_equal(s.longest_gap_ms, 0);
	s = quality_snapshot(*state, START + 3 * US);
	assert_int_equal(s.gaps, 1);
	assert_int_equal(s.longest_gap_ms, 2033);
	assert_int_equal(s.silence_ms, 2033);
	pictures(*state, 120, 150);
	s = quality_snapshot(*state, START + 5 * US);
	assert_int_equal(s.gaps, 1);
	assert_int_equal(s.longest_gap_ms, 3033);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_second_has_a_rate_and_a_bitrate),
		TEST(rates_are_of_the_time_that_passed),
		TEST(nothing_is_known_before_the_first_picture),
		TEST(b_pictures_are_not_late),
		TEST(a_gop_is_from_idr_to_idr),
		TEST(an_even_stream_has_no_jitter),
		TEST(jitter_is_the_mean_deviation_from_the_timestamps),
		TEST(one_deviation_counts_a_sixteenth),
		TEST(a_source_that_sets_its_clock_has_no_jitter),
		TEST(a_picture_late_by_more_than_the_bound_is_counted),
		TEST(a_gap_is_counted_once_while_open_and_when_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
