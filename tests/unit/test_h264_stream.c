/* test_h264_stream.c - streams of short made-up slices and real parameter sets, told as letters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/hex.h"
#include "worker/h264_stream.h"

#define SPS "6742c016d900a02ff970110000030001000003001e0f162e48"       /* 640x360 */
#define OTHER_SPS "674d401fd9005005bb0110000003001000000303c0f1832480" /* 1280x720, same id */
#define PPS "68cb83cb20"
#define PPS_1 "68596083cb20" /* id 1, of SPS 0 */
#define SEI "06051122334480"
#define IDR "65888419f108"   /* first slice of a picture, PPS 0 */
#define IDR_REST "65 017623" /* its slice from macroblock 186 on */
#define P "419a383bf9e1"
#define B "419e4178853f"
#define B_ALONE "019e4178853f" /* nobody refers to it */
#define P_ALONE "019a383bf9e1"
#define AUD "0910"
#define FILLER "0cffff80"

/* What was emitted, one word each: type, then ( first of its access unit, ) last, ! IDR. */
static char emitted[1024];

static void
write_down(const struct h264_nal *nal, void *arg)
{
	size_t at = strlen(emitted);

	(void)arg;
	snprintf(emitted + at, sizeof(emitted) - at, "%s%s%d%s%s", at ? " " : "",
		nal->first ? "(" : "", h264_type(nal->bytes), nal->idr ? "!" : "",
		nal->last ? ")" : "");
}

static void
feed(struct h264_stream *s, int64_t pts, const char *text, bool last)
{
	struct hex h = hex(text);
	struct h264_nal nal = { .bytes = h.bytes, .len = h.len, .pts_90k = pts, .last = last };

	h264_stream_feed(s, &nal);
	free(h.bytes);
}

static void
learn(struct h264_stream *s, const char *annex_b)
{
	struct hex h = hex(annex_b);

	h264_stream_learn(s, (struct h264_bytes){ .bytes = h.bytes, .len = h.len });
	free(h.bytes);
}

static int
setup(void **state)
{
	emitted[0] = '\0';
	*state = h264_stream_new(write_down, NULL);
	return 0;
}

/* A stream that has had its first IDR. */
static int
setup_running(void **state)
{
	setup(state);
	learn(*state, "000001" SPS "000001" PPS);
	feed(*state, 0, IDR, true);
	emitted[0] = '\0';
	return 0;
}

static int
teardown(void **state)
{
	h264_stream_free(*state);
	return 0;
}

static void
sets_of_the_sdp_stand_before_every_idr(void **state)
{
	learn(*state, "00000001" SPS "00000001" PPS);
	feed(*state, 0, IDR, true);
	feed(*state, 3000, P, true);
	feed(*state, 6000, IDR, true);
	assert_string_equal(emitted, "(7 8 5!) (1) (7 8 5!)");
}

static void
sets_of_the_stream_are_not_doubled(void **state)
{
	feed(*state, 0, SPS, false);
	feed(*state, 0, PPS, false);
	feed(*state, 0, IDR, true);
	feed(*state, 3000, SPS, false);
	feed(*state, 3000, PPS, false);
	feed(*state, 3000, SEI, false);
	feed(*state, 3000, SPS, false);
	feed(*state, 3000, IDR, true);
	assert_string_equal(emitted, "(7 8 5!) (7 8 6 5!)");
}

static void
sets_come_once_before_an_idr_of_several_slices(void **state)
{
	feed(*state, 3000, IDR, false);
	feed(*state, 3000, IDR_REST, false);
	feed(*state, 3000, IDR_REST, true);
	assert_string_equal(emitted, "(7 8 5! 5! 5!)");
}

static void
a_missing_pps_is_added_to_the_sps_of_the_stream(void **state)
{
	feed(*state, 3000, SPS, false);
	feed(*state, 3000, IDR, true);
	assert_string_equal(emitted, "(7 8 5!)");
}

static void
a_pps_without_its_sps_comes_again_behind_it(void **state)
{
	feed(*state, 3000, PPS, false);
	feed(*state, 3000, SEI, false);
	feed(*state, 3000, IDR, true);
	assert_string_equal(emitted, "(8 6 7 8 5!)");
}

static void
the_sps_goes_before_its_pps_even_if_it_came_behind(void **state)
{
	feed(*state, 3000, PPS, false);
	feed(*state, 3000, SPS, false);
	feed(*state, 3000, IDR, true);
	assert_string_equal(emitted, "(7 8 5!)");
}

static void
every_pps_of_the_sps_is_there_for_pictures_to_come(void **state)
{
	feed(*state, 3000, PPS_1, false);
	feed(*state, 3000, P, true);
	feed(*state, 6000, IDR, true);
	assert_string_equal(emitted, "(8 1) (7 8 8 5!)");
}

static void
new_sets_replace_the_old_ones(void **state)
{
	struct h264_stream *s = *state;

	assert_int_equal(h264_stream_sps(s)->width, 640);
	feed(s, 3000, OTHER_SPS, false);
	feed(s, 3000, IDR, true);
	assert_string_equal(emitted, "(7 8 5!)");
	assert_int_equal(h264_stream_sps(s)->width, 1280);
	assert_int_equal(h264_stream_stats(s).set_changes, 1);
	feed(s, 6000, OTHER_SPS, false);
	feed(s, 6000, IDR, true);
	assert_int_equal(h264_stream_stats(s).set_changes, 1);
}

static void
nothing_goes_out_before_the_first_idr(void **state)
{
	struct h264_stream *s = *state;

	assert_null(h264_stream_sps(s));
	learn(s, "000001" SPS "000001" PPS);
	assert_int_equal(h264_stream_sps(s)->height, 360);
	feed(s, 0, SEI, false);
	feed(s, 0, P, true);
	feed(s, 3000, IDR_REST, true); /* its beginning is missing */
	feed(s, 6000, SEI, false);
	assert_string_equal(emitted, "");
	feed(s, 6000, IDR, true);
	assert_string_equal(emitted, "(7 8 5!)");
	assert_int_equal(h264_stream_stats(s).dropped, 4);
}

static void
an_idr_whose_sets_never_came_is_refused(void **state)
{
	struct h264_stream *s = *state;

	learn(s, "000001" SPS);
	feed(s, 0, IDR, true);
	feed(s, 3000, P, true);
	assert_string_equal(emitted, "");
	assert_int_equal(h264_stream_stats(s).idr_without_sets, 1);
	feed(s, 6000, PPS, false);
	feed(s, 6000, IDR, true);
	assert_string_equal(emitted, "(7 8 5!)");
}

static void
after_a_refused_idr_the_next_one_begins_anew(void **state)
{
	feed(*state, 3000, SPS, false);
	feed(*state, 3000, SEI, false);
	feed(*state, 3000, "658834f108", false); /* PPS 5 */
	feed(*state, 3000, P, false);
	feed(*state, 3000, IDR, true);
	assert_string_equal(emitted, "(7 6 12) (7 8 5!)");
}

static void
delimiters_filler_and_unknown_types_are_dropped(void **state)
{
	struct h264_stream *s = *state;

	feed(s, 3000, AUD, false);
	feed(s, 3000, FILLER, false);
	feed(s, 3000, "", false);
	feed(s, 3000, "c19a383bf9e1", false); /* forbidden_zero_bit */
	feed(s, 3000, "78000461", false);     /* 24 */
	feed(s, 3000, "6e4011", false);       /* 14, prefix of SVC */
	feed(s, 3000, "00", false);
	feed(s, 3000, P, true);
	assert_string_equal(emitted, "(1)");
	assert_int_equal(h264_stream_stats(s).dropped, 7);
}

static void
sei_and_ends_of_sequence_are_passed(void **state)
{
	feed(*state, 3000, SEI, false);
	feed(*state, 3000, P, false);
	feed(*state, 3000, "0a", false);
	feed(*state, 3000, "0b", true);
	assert_string_equal(emitted, "(6 1 10 11)");
}

static void
a_mark_on_a_dropped_nal_unit_is_carried_by_filler(void **state)
{
	feed(*state, 3000, P, false);
	feed(*state, 3000, AUD, true);
	feed(*state, 6000, P, true);
	assert_string_equal(emitted, "(1 12) (1)");
}

static void
a_late_mark_is_carried_by_filler(void **state)
{
	feed(*state, 3000, P, false);
	h264_stream_end(*state);
	h264_stream_end(*state);
	feed(*state, 6000, P, false);
	feed(*state, 9000, P, true);
	assert_string_equal(emitted, "(1 12) (1 12) (1)");
}

static void
an_access_unit_of_sets_alone_leaves_with_the_next(void **state)
{
	feed(*state, 3000, SPS, false);
	feed(*state, 3000, PPS, true);
	assert_string_equal(emitted, "");
	feed(*state, 6000, P, true);
	assert_string_equal(emitted, "(7 8 1)");
}

static void
after_a_restart_the_next_idr_begins(void **state)
{
	struct h264_stream *s = *state;

	feed(s, 3000, P, false);
	h264_stream_restart(s);
	feed(s, 3000, P, true);
	feed(s, 6000, PPS, false);
	feed(s, 6000, P, true);
	feed(s, 9000, IDR, true);
	assert_string_equal(emitted, "(1 12) (7 8 5!)");
}

static void
b_pictures_that_nobody_refers_to_are_left_out(void **state)
{
	struct h264_stream *s = *state;

	h264_stream_set_drop_b(s, true);
	feed(s, 12000, P, true);
	feed(s, 6000, B_ALONE, true);
	feed(s, 9000, B_ALONE, true);
	feed(s, 21000, P, true);
	assert_string_equal(emitted, "(1) (1)");
	assert_int_equal(h264_stream_stats(s).b_slices, 2);
	assert_int_equal(h264_stream_stats(s).b_dropped, 2);
}

static void
b_pictures_of_a_pyramid_stay(void **state)
{
	struct h264_stream *s = *state;

	h264_stream_set_drop_b(s, true);
	feed(s, 12000, P, true);
	feed(s, 6000, B, true);
	feed(s, 3000, B_ALONE, true);
	feed(s, 9000, B_ALONE, true);
	assert_string_equal(emitted, "(1) (1)");
	assert_int_equal(h264_stream_stats(s).b_slices - h264_stream_stats(s).b_dropped, 1);
}

static void
all_of_a_picture_is_left_out_or_nothing(void **state)
{
	struct h264_stream *s = *state;

	h264_stream_set_drop_b(s, true);
	feed(s, 3000, SEI, false);
	feed(s, 3000, B_ALONE, false);
	feed(s, 3000, P_ALONE, true);
	feed(s, 6000, P_ALONE, false);
	feed(s, 6000, B_ALONE, true);
	assert_string_equal(emitted, "(1 1)");
}

static void
b_pictures_are_passed_unless_they_are_to_be_left_out(void **state)
{
	struct h264_stream *s = *state;

	feed(s, 3000, B_ALONE, true);
	h264_stream_set_drop_b(s, true);
	feed(s, 6000, B_ALONE, true);
	h264_stream_set_drop_b(s, false);
	feed(s, 9000, B_ALONE, true);
	assert_string_equal(emitted, "(1) (1)");
}

static void
b_slices_are_counted(void **state)
{
	struct h264_stream *s = *state;

	feed(s, 3000, P, true);
	feed(s, 6000, B, true);
	feed(s, 9000, B, true);
	assert_int_equal(h264_stream_stats(s).b_slices, 2);
}

static void
a_set_over_its_bound_is_not_kept(void **state)
{
	static uint8_t huge[2000] = { 0x68, 0xcb };
	struct h264_nal nal = { .bytes = huge, .len = sizeof(huge), .pts_90k = 3000 };

	memset(huge + 2, 0x55, sizeof(huge) - 2);
	h264_stream_feed(*state, &nal);
	feed(*state, 3000, IDR, true);
	assert_string_equal(emitted, "(7 8 5!)");
	assert_int_equal(h264_stream_stats(*state).set_changes, 0);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define RUNNING(test) cmocka_unit_test_setup_teardown(test, setup_running, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(sets_of_the_sdp_stand_before_every_idr),
		FRESH(sets_of_the_stream_are_not_doubled),
		RUNNING(sets_come_once_before_an_idr_of_several_slices),
		RUNNING(a_missing_pps_is_added_to_the_sps_of_the_stream),
		RUNNING(a_pps_without_its_sps_comes_again_behind_it),
		RUNNING(the_sps_goes_before_its_pps_even_if_it_came_behind),
		RUNNING(every_pps_of_the_sps_is_there_for_pictures_to_come),
		RUNNING(new_sets_replace_the_old_ones),
		FRESH(nothing_goes_out_before_the_first_idr),
		FRESH(an_idr_whose_sets_never_came_is_refused),
		RUNNING(after_a_refused_idr_the_next_one_begins_anew),
		RUNNING(delimiters_filler_and_unknown_types_are_dropped),
		RUNNING(sei_and_ends_of_sequence_are_passed),
		RUNNING(a_mark_on_a_dropped_nal_unit_is_carried_by_filler),
		RUNNING(a_late_mark_is_carried_by_filler),
		RUNNING(an_access_unit_of_sets_alone_leaves_with_the_next),
		RUNNING(after_a_restart_the_next_idr_begins),
		RUNNING(b_slices_are_counted),
		RUNNING(b_pictures_that_nobody_refers_to_are_left_out),
		RUNNING(b_pictures_of_a_pyramid_stay),
		RUNNING(all_of_a_picture_is_left_out_or_nothing),
		RUNNING(b_pictures_are_passed_unless_they_are_to_be_left_out),
		RUNNING(a_set_over_its_bound_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
