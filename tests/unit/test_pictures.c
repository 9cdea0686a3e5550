/* test_pictures.c - worker/pictures.h: short made-up slices and real parameter sets, at made-up
 * times. What the history holds is in test_nal_stream and test_rtp. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/hex.h"
#include "worker/pictures.h"

#define SPS "6742c016d900a02ff970110000030001000003001e0f162e48"
#define PPS "68cb83cb20"
#define IDR "65888419f108"
#define P "419a383bf9e1"

#define MS INT64_C(1000)
#define STALL_MS 5000

static struct pictures *p;
static int64_t now_us;
static char why[100];

static int
setup(void **state)
{
	(void)state;
	now_us = 1000000 * MS;
	p = pictures_new();
	pictures_begin(p, &video_h264, (struct nal_bytes){ 0 });
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	pictures_free(p);
	return 0;
}

/* One NAL unit at now_us, of a picture at at_us. True if viewers can begin with it. */
static bool
feed_at(const char *text, int64_t at_us, bool last)
{
	struct hex h = hex(text);
	const struct nal_unit nal = { .data = h.bytes,
		.len = h.len,
		.timestamp = at_us * 9 / 100,
		.at_us = at_us,
		.arrived_us = now_us,
		.last = last };
	const bool viewable = pictures_feed(p, &nal);

	free(h.bytes);
	return viewable;
}

/* One whose timestamp is when it comes. */
static bool
feed(const char *text, bool last)
{
	return feed_at(text, now_us, last);
}

static bool
is_refused(void)
{
	return pictures_are_refused(p, STALL_MS, why, sizeof(why));
}

/* A picture every 100 ms for so long: a key picture first, then as many others as a GOP of a second
 * has. */
static void
watch(int64_t ms, const char *key)
{
	for (int64_t at = 0; at < ms; at += 100, now_us += 100 * MS) {
		assert_false(is_refused());
		assert_false(feed(at % 1000 ? P : key, true));
	}
}

static void
pictures_without_a_key_picture_are_refused_in_the_end(void **state)
{
	(void)state;
	feed(SPS, false);
	feed(PPS, false);
	watch(PICTURES_KEY_WAIT_MS + 100, P);
	feed(P, true);
	assert_true(is_refused());
	assert_string_equal(why, "pictures come, but no key picture for 30 s");
}

static void
key_pictures_without_their_sets_are_named(void **state)
{
	(void)state;
	feed(PPS, false);
	watch(PICTURES_KEY_WAIT_MS + 100, IDR);
	feed(P, true);
	assert_true(is_refused());
	assert_string_equal(why, "key pictures come without their parameter sets");
}

static void
each_connection_has_its_own_time_and_reason(void **state)
{
	key_pictures_without_their_sets_are_named(state);
	pictures_begin(p, &video_h264, (struct nal_bytes){ 0 });
	assert_false(is_refused());
	watch(PICTURES_KEY_WAIT_MS + 100, P);
	feed(P, true);
	assert_true(is_refused());
	assert_string_equal(why, "pictures come, but no key picture for 30 s");
}

static void
a_camera_that_may_be_silent_for_longer_may_have_longer_gops(void **state)
{
	(void)state;
	watch(PICTURES_KEY_WAIT_MS + 100, P);
	feed(P, true);
	assert_false(pictures_are_refused(p, 10000, why, sizeof(why)));
	now_us += 30000 * MS;
	feed(P, true);
	assert_true(pictures_are_refused(p, 10000, why, sizeof(why)));
	assert_string_equal(why, "pictures come, but no key picture for 60 s");
}

static void
after_one_key_picture_the_next_may_take_as_long_as_it_likes(void **state)
{
	(void)state;
	feed(SPS, false);
	feed(PPS, false);
	assert_true(feed(IDR, true));
	now_us += 10 * PICTURES_KEY_WAIT_MS * MS;
	assert_false(feed(P, true));
	assert_false(is_refused());
}

static void
a_gop_that_is_searched_for_b_pictures_may_be_long(void **state)
{
	(void)state;
	pictures_set_b(p, NAL_STREAM_B_REFUSE);
	feed(SPS, false);
	feed(PPS, false);
	assert_false(feed(IDR, true));
	now_us += 2 * PICTURES_KEY_WAIT_MS * MS;
	assert_false(feed(P, true));
	assert_false(is_refused());
	now_us += 100 * MS;
	assert_true(feed(IDR, true));
}

static void
without_any_key_picture_there_is_no_gop_to_search(void **state)
{
	(void)state;
	pictures_set_b(p, NAL_STREAM_B_REFUSE);
	watch(PICTURES_KEY_WAIT_MS + 100, P);
	feed(P, true);
	assert_true(is_refused());
}

/* As a Reolink RLC-822A does, at 7 pictures a second: parameter sets with the timestamp of the
 * picture before come with the next. */
static void
parameter_sets_at_the_time_of_the_picture_before_are_no_picture(void **state)
{
	struct pictures_stats s;

	(void)state;
	for (int i = 0; i < 100; i++) {
		feed(P, true);
		const int64_t before_us = now_us;
		now_us += 143 * MS;
		feed_at(SPS, before_us, false);
		feed_at(PPS, before_us, true);
		feed(IDR, true);
		now_us += 143 * MS;
	}
	pictures_stats(p, &s);
	assert_int_equal(s.quality.pictures, 200);
	assert_int_equal(s.quality.bytes, 100 * (strlen(P SPS PPS IDR) / 2));
	assert_int_equal(s.quality.gop_pictures, 2);
	assert_in_range(s.quality.gop_ms, 285, 287);
	assert_int_equal(s.quality.late, 0);
	assert_true(s.quality.jitter_ms < 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pictures_without_a_key_picture_are_refused_in_the_end),
		TEST(key_pictures_without_their_sets_are_named),
		TEST(each_connection_has_its_own_time_and_reason),
		TEST(a_camera_that_may_be_silent_for_longer_may_have_longer_gops),
		TEST(after_one_key_picture_the_next_may_take_as_long_as_it_likes),
		TEST(a_gop_that_is_searched_for_b_pictures_may_be_long),
		TEST(without_any_key_picture_there_is_no_gop_to_search),
		TEST(parameter_sets_at_the_time_of_the_picture_before_are_no_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
