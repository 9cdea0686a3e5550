/* test_freeze.c - access units that are the same and such that only look so. What x264 makes of a
 * scene that stands still is in tests/integration/test_health.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/freeze.h"
#include "worker/video_codec.h"

#define MS INT64_C(1000)

static struct freeze *f;
static int64_t now_us;

static int
setup(void **state)
{
	(void)state;
	f = freeze_new();
	now_us = 1000 * MS;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	freeze_free(f);
	return 0;
}

/* One access unit of one slice, 100 ms after the last. */
static void
unit(uint8_t header, uint8_t content)
{
	uint8_t nal[40] = { header };

	now_us += 100 * MS;
	nal[17] = content;
	freeze_on_nal(f, &video_h264, nal, sizeof(nal), true, now_us);
}

#define IDR 0x65
#define P 0x41
#define DISPOSABLE 0x01
#define SEI 0x06
#define SPS 0x67

static void
pictures_that_differ_are_not_frozen(void **state)
{
	(void)state;
	unit(IDR, 0);
	for (int i = 0; i < 100; i++)
		unit(P, (uint8_t)i);
	assert_int_equal(freeze_ms(f), 0);
}

static void
an_equal_reference_picture_is_frozen_for_as_long_as_it_is_repeated(void **state)
{
	(void)state;
	unit(IDR, 0);
	for (int i = 0; i < 101; i++)
		unit(P, 7);
	assert_int_equal(freeze_ms(f), 10000);
	unit(P, 8);
	assert_int_equal(freeze_ms(f), 0);
	unit(P, 7);
	assert_int_equal(freeze_ms(f), 0);
}

static void
an_equal_idr_in_a_row_is_frozen(void **state)
{
	(void)state;
	unit(IDR, 0);
	unit(IDR, 0);
	assert_int_equal(freeze_ms(f), 100);
}

/* Parameter sets that end an access unit of their own. */
static void
what_is_no_picture_between_equal_ones_hides_nothing(void **state)
{
	(void)state;
	unit(IDR, 0);
	for (int i = 0; i < 51; i++) {
		unit(SPS, 0);
		unit(P, 7);
	}
	assert_int_equal(freeze_ms(f), 10000);
}

/* A black night: each GOP like the last, byte by byte. */
static void
equal_gops_are_a_scene(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		unit(IDR, 0);
		unit(P, 1);
		unit(P, 2);
		assert_int_equal(freeze_ms(f), 0);
	}
}

/* Their numbers need not change. */
static void
disposable_pictures_prove_nothing(void **state)
{
	(void)state;
	unit(IDR, 0);
	for (int i = 0; i < 100; i++)
		unit(DISPOSABLE, 7);
	assert_int_equal(freeze_ms(f), 0);
}

static void
an_sei_that_runs_on_is_no_picture(void **state)
{
	uint8_t sei[20] = { SEI };

	(void)state;
	unit(IDR, 0);
	for (int i = 0; i < 11; i++) {
		sei[5] = (uint8_t)i;
		freeze_on_nal(f, &video_h264, sei, sizeof(sei), false, now_us);
		unit(P, 7);
		freeze_on_nal(f, &video_h264, sei, sizeof(sei), true, now_us); /* alone */
	}
	assert_int_equal(freeze_ms(f), 1000);
}

static void
slices_are_compared_together(void **state)
{
	const uint8_t a[] = { P, 1, 2, 3 };
	uint8_t b[] = { P, 4, 5, 6 };

	(void)state;
	for (int i = 0; i < 11; i++) {
		b[2] = (uint8_t)i;
		freeze_on_nal(f, &video_h264, a, sizeof(a), false, i * 100 * MS);
		freeze_on_nal(f, &video_h264, b, sizeof(b), true, i * 100 * MS);
	}
	assert_int_equal(freeze_ms(f), 0);
}

static void
any_byte_that_differs_makes_another_picture(void **state)
{
	uint8_t picture[100] = { P, 1 };

	(void)state;
	for (int i = 20; i < 100; i++) {
		picture[i]++;
		freeze_on_nal(f, &video_h264, picture, sizeof(picture), true, i * 100 * MS);
		assert_int_equal(freeze_ms(f), 0);
	}
}

/* The last slice may be a few bytes of macroblocks that are skipped. */
static void
a_short_slice_does_not_hide_the_ones_before_it(void **state)
{
	static const uint8_t last[] = { P, 4, 5, 6 };
	uint8_t first[200] = { P, 1 };

	(void)state;
	for (int i = 0; i < 11; i++) {
		first[100] = (uint8_t)i;
		freeze_on_nal(f, &video_h264, first, sizeof(first), false, i * 100 * MS);
		freeze_on_nal(f, &video_h264, last, sizeof(last), true, i * 100 * MS);
	}
	assert_int_equal(freeze_ms(f), 0);
}

/* H.265 numbers every picture but IDR: those of a scene that stands still may be equal. */
static void
in_h265_an_equal_idr_is_a_scene_and_all_else_frozen(void **state)
{
	static const uint8_t idr[] = { 0x28, 1, 0xac }, disposable[] = { 0, 1, 0xe0 };

	(void)state;
	for (int i = 0; i < 11; i++)
		freeze_on_nal(f, &video_h265, idr, sizeof(idr), true, i * 100 * MS);
	assert_int_equal(freeze_ms(f), 0);
	for (int i = 11; i < 22; i++)
		freeze_on_nal(f, &video_h265, disposable, sizeof(disposable), true, i * 100 * MS);
	assert_int_equal(freeze_ms(f), 1000);
}

static void
another_connection_begins_anew(void **state)
{
	(void)state;
	unit(IDR, 0);
	unit(IDR, 0);
	freeze_restart(f);
	unit(IDR, 0);
	assert_int_equal(freeze_ms(f), 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(pictures_that_differ_are_not_frozen),
		TEST(an_equal_reference_picture_is_frozen_for_as_long_as_it_is_repeated),
		TEST(an_equal_idr_in_a_row_is_frozen),
		TEST(what_is_no_picture_between_equal_ones_hides_nothing),
		TEST(equal_gops_are_a_scene),
		TEST(disposable_pictures_prove_nothing),
		TEST(an_sei_that_runs_on_is_no_picture),
		TEST(slices_are_compared_together),
		TEST(any_byte_that_differs_makes_another_picture),
		TEST(a_short_slice_does_not_hide_the_ones_before_it),
		TEST(another_connection_begins_anew),
		TEST(in_h265_an_equal_idr_is_a_scene_and_all_else_frozen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
