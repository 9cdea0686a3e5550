/* test_nal_stream.c - streams of short made-up slices and real parameter sets, told as letters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/hex.h"
#include "worker/nal_stream.h"

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
static bool last_was_b;

static void
write_down(const struct stream_nal *nal, void *arg)
{
	size_t at = strlen(emitted);

	(void)arg;
	last_was_b = nal->b;
	snprintf(emitted + at, sizeof(emitted) - at, "%s%s%d%s%s", at ? " " : "",
		nal->first ? "(" : "", video_codec_type(nal->codec, nal->bytes),
		nal->kind == NAL_KEY ? "!" : "", nal->last ? ")" : "");
}

static void
feed(struct nal_stream *s, int64_t pts, const char *text, bool last)
{
	struct hex h = hex(text);

	nal_stream_feed(s, (struct nal_bytes){ .bytes = h.bytes, .len = h.len }, pts, last);
	free(h.bytes);
}

static void
learn(struct nal_stream *s, const char *annex_b)
{
	struct hex h = hex(annex_b);

	nal_stream_learn(s, (struct nal_bytes){ .bytes = h.bytes, .len = h.len });
	free(h.bytes);
}

static struct nal_format
format_of(const struct nal_stream *s)
{
	const struct nal_bytes sps = nal_stream_sps(s);
	struct nal_format format;

	nal_stream_codec(s)->read_format(sps.bytes, sps.len, &format);
	return format;
}

static int
setup(void **state)
{
	emitted[0] = '\0';
	*state = nal_stream_new(write_down, NULL);
	nal_stream_begin(*state, &video_h264);
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
	nal_stream_free(*state);
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
	struct nal_stream *s = *state;

	assert_int_equal(format_of(s).width, 640);
	feed(s, 3000, OTHER_SPS, false);
	feed(s, 3000, IDR, true);
	assert_string_equal(emitted, "(7 8 5!)");
	assert_int_equal(format_of(s).width, 1280);
	assert_int_equal(nal_stream_stats(s).set_changes, 1);
	feed(s, 6000, OTHER_SPS, false);
	feed(s, 6000, IDR, true);
	assert_int_equal(nal_stream_stats(s).set_changes, 1);
}

static void
nothing_goes_out_before_the_first_idr(void **state)
{
	struct nal_stream *s = *state;

	assert_int_equal(nal_stream_sps(s).len, 0);
	learn(s, "000001" SPS "000001" PPS);
	assert_int_equal(format_of(s).height, 360);
	feed(s, 0, SEI, false);
	feed(s, 0, P, true);
	feed(s, 3000, IDR_REST, true); /* its beginning is missing */
	feed(s, 6000, SEI, false);
	assert_string_equal(emitted, "");
	feed(s, 6000, IDR, true);
	assert_string_equal(emitted, "(7 8 5!)");
	assert_int_equal(nal_stream_stats(s).dropped, 4);
}

static void
a_picture_of_b_slices_is_said_to_be_one(void **state)
{
	struct nal_stream *s = *state;

	learn(s, "000001" SPS "000001" PPS);
	feed(s, 0, IDR, true);
	assert_false(last_was_b);
	feed(s, 9000, P, true);
	assert_false(last_was_b);
	feed(s, 3000, B, true);
	assert_true(last_was_b);
	feed(s, 12000, P, true);
	assert_false(last_was_b);
}

static void
an_idr_whose_sets_never_came_is_refused(void **state)
{
	struct nal_stream *s = *state;

	learn(s, "000001" SPS);
	feed(s, 0, IDR, true);
	feed(s, 3000, P, true);
	assert_string_equal(emitted, "");
	assert_int_equal(nal_stream_stats(s).key_without_sets, 1);
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
	struct nal_stream *s = *state;

	feed(s, 3000, AUD, false);
	feed(s, 3000, FILLER, false);
	feed(s, 3000, "", false);
	feed(s, 3000, "c19a383bf9e1", false); /* forbidden_zero_bit */
	feed(s, 3000, "78000461", false);     /* 24 */
	feed(s, 3000, "6e4011", false);       /* 14, prefix of SVC */
	feed(s, 3000, "00", false);
	feed(s, 3000, P, true);
	assert_string_equal(emitted, "(1)");
	assert_int_equal(nal_stream_stats(s).dropped, 7);
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
	nal_stream_end(*state);
	nal_stream_end(*state);
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
	struct nal_stream *s = *state;

	feed(s, 3000, P, false);
	nal_stream_restart(s);
	feed(s, 3000, P, true);
	feed(s, 6000, PPS, false);
	feed(s, 6000, P, true);
	feed(s, 9000, IDR, true);
	assert_string_equal(emitted, "(1 12) (7 8 5!)");
}

static void
b_pictures_that_nobody_refers_to_are_left_out(void **state)
{
	struct nal_stream *s = *state;

	nal_stream_set_b(s, NAL_STREAM_B_DROP);
	feed(s, 12000, P, true);
	feed(s, 6000, B_ALONE, true);
	feed(s, 9000, B_ALONE, true);
	feed(s, 21000, P, true);
	assert_string_equal(emitted, "(1) (1)");
	assert_int_equal(nal_stream_stats(s).b_slices, 2);
	assert_int_equal(nal_stream_stats(s).b_dropped, 2);
}

static void
b_pictures_of_a_pyramid_stay(void **state)
{
	struct nal_stream *s = *state;

	nal_stream_set_b(s, NAL_STREAM_B_DROP);
	feed(s, 12000, P, true);
	feed(s, 6000, B, true);
	feed(s, 3000, B_ALONE, true);
	feed(s, 9000, B_ALONE, true);
	assert_string_equal(emitted, "(1) (1)");
	assert_int_equal(nal_stream_stats(s).b_slices - nal_stream_stats(s).b_dropped, 1);
}

static void
all_of_a_picture_is_left_out_or_nothing(void **state)
{
	struct nal_stream *s = *state;

	nal_stream_set_b(s, NAL_STREAM_B_DROP);
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
	struct nal_stream *s = *state;

	feed(s, 3000, B_ALONE, true);
	nal_stream_set_b(s, NAL_STREAM_B_DROP);
	feed(s, 6000, B_ALONE, true);
	nal_stream_set_b(s, NAL_STREAM_B_PASS);
	feed(s, 9000, B_ALONE, true);
	assert_string_equal(emitted, "(1) (1)");
}

static void
b_slices_are_counted(void **state)
{
	struct nal_stream *s = *state;

	feed(s, 3000, P, true);
	feed(s, 6000, B, true);
	feed(s, 9000, B, true);
	assert_int_equal(nal_stream_stats(s).b_slices, 2);
}

static void
a_set_over_its_bound_is_not_kept(void **state)
{
	static uint8_t huge[3000] = { 0x68, 0xcb };

	memset(huge + 2, 0x55, sizeof(huge) - 2);
	nal_stream_feed(
		*state, (struct nal_bytes){ .bytes = huge, .len = sizeof(huge) }, 3000, false);
	feed(*state, 3000, IDR, true);
	assert_string_equal(emitted, "(7 8 5!)");
	assert_int_equal(nal_stream_stats(*state).set_changes, 0);
}

/* ---- H.265 by x265: closed GOPs of P pictures; open GOPs with a pyramid of B pictures
 * ------------ */

#define H_VPS "40010c01ffff01600000030090000003000003003c959409"
#define H_SPS                                                                                      \
	"42010101600000030090000003000003003ca00a080c1f3e595952930bc05a0200000300020000030"        \
	"01e10"
#define H_SPS_5 /* id 5, as in test_h265.c */                                                      \
	"42013524000003000090000003000003009cd00024000003000090000003000003005a783120143016f4e4c6" \
	"c"                                                                                        \
	"b954af0"
#define H_PPS "4401c073c189"
#define H_SETS "000001" H_VPS "000001" H_SPS "000001" H_PPS
#define H_SEI "4e0105ff80"
#define H_IDR "2801ac64c2eedbfa5f0a"
#define H_IDR_REST "280120a4"
#define H_CRA "2a01ac305908891430bc"
/* In the order in which x265 sent them. */
#define H_P4 "0201d021498832615715"
#define H_B2 "0201e04495608386150c" /* others refer to it */
#define H_B1 "0001e024fd7a24084c23"
#define H_B3 "0001e066b5e081018473"
/* Behind the CRA, before it in the order in which they are shown. */
#define H_RASL_10 "1201e142255256083861"
#define H_RASL_9 "1001e126f5d7a24084c2"
#define H_P16 "0201d081498830615861"

static int
setup_h265(void **state)
{
	setup(state);
	nal_stream_begin(*state, &video_h265);
	return 0;
}

static int
setup_running_h265(void **state)
{
	setup_h265(state);
	learn(*state, H_SETS);
	feed(*state, 0, H_IDR, true);
	emitted[0] = '\0';
	return 0;
}

static void
three_kinds_of_sets_stand_before_every_irap(void **state)
{
	struct nal_stream *s = *state;

	feed(s, 0, H_IDR, true); /* nothing is known yet */
	learn(s, "000001" H_SPS "000001" H_PPS);
	feed(s, 0, H_IDR, true); /* the VPS is missing */
	assert_int_equal(nal_stream_stats(s).key_without_sets, 2);
	assert_string_equal(emitted, "");
	learn(s, "000001" H_VPS);
	feed(s, 0, H_IDR, false);
	feed(s, 0, H_IDR_REST, true);
	feed(s, 3000, H_P4, true);
	feed(s, 6000, H_SEI, false);
	feed(s, 6000, H_CRA, true);
	assert_string_equal(emitted, "(32 33 34 20! 20!) (1) (39 32 33 34 21!)");
	assert_int_equal(format_of(s).width, 320);
}

static void
sets_behind_a_renewed_one_come_again(void **state)
{
	feed(*state, 3000, H_PPS, false);
	feed(*state, 3000, H_SEI, false);
	feed(*state, 3000, H_SPS, false);
	feed(*state, 3000, H_IDR, true);
	assert_string_equal(emitted, "(34 39 32 33 34 20!)");
}

static void
other_layers_and_reserved_types_are_dropped_and_filler_of_two_bytes_ends(void **state)
{
	feed(*state, 3000, H_P4, false);
	feed(*state, 3000, "0209d021498832615715", false); /* nuh_layer_id 1 */
	feed(*state, 3000, "0200d021", false);             /* no temporal id */
	feed(*state, 3000, "14014488", false);             /* 10, reserved */
	feed(*state, 3000, "2c014488", false);             /* 22, a reserved IRAP */
	feed(*state, 3000, "02", false);
	feed(*state, 3000, "460150", true); /* delimiter */
	assert_string_equal(emitted, "(1 38)");
	assert_int_equal(nal_stream_stats(*state).dropped, 6);
}

static void
leading_pictures_are_left_out_where_the_stream_begins(void **state)
{
	struct nal_stream *s = *state;

	learn(s, H_SETS);
	feed(s, 12000, H_CRA, true);
	feed(s, 6000, H_RASL_10, true);
	feed(s, 3000, H_RASL_9, true);
	feed(s, 24000, H_P16, true);
	assert_string_equal(emitted, "(32 33 34 21!) (1)");
	emitted[0] = '\0';
	feed(s, 36000, H_CRA, true); /* what leads this one refers to what there was */
	feed(s, 30000, H_RASL_10, true);
	assert_string_equal(emitted, "(32 33 34 21!) (9)");
	nal_stream_restart(s);
	emitted[0] = '\0';
	feed(s, 36000, H_CRA, true);
	feed(s, 30000, H_RASL_10, true);
	assert_string_equal(emitted, "(32 33 34 21!)");
}

static void
pictures_that_are_shown_earlier_are_b_whatever_their_slices(void **state)
{
	struct nal_stream *s = *state;

	feed(s, 12000, H_P4, true); /* by slice_type a B slice */
	assert_int_equal(nal_stream_stats(s).b_slices, 0);
	feed(s, 6000, H_B2, true);
	feed(s, 3000, H_B1, true);
	feed(s, 9000, H_B3, true);
	assert_int_equal(nal_stream_stats(s).b_slices, 3);
	feed(s, 36000, H_CRA, true);
	feed(s, 30000, H_RASL_10, true);
	feed(s, 27000, H_RASL_9, true);
	assert_int_equal(nal_stream_stats(s).b_slices, 5);
	feed(s, 48000, H_P16, true);
	assert_int_equal(nal_stream_stats(s).b_slices, 5);
}

/* A P picture whose slice says no more than the low eight bits of its order count: first slice, PPS
 * 0, P, the count. */
static void
feed_count(struct nal_stream *s, int64_t pts, unsigned count)
{
	const unsigned bits = 0x1au << 11 | (count & 0xff) << 3 | 4;
	const uint8_t nal[] = { 2, 1, (uint8_t)(bits >> 8), (uint8_t)bits };

	nal_stream_feed(s, (struct nal_bytes){ .bytes = nal, .len = sizeof(nal) }, pts, true);
}

static void
the_order_count_wraps(void **state)
{
	struct nal_stream *s = *state;

	for (unsigned i = 1; i <= 1000; i++)
		feed_count(s, i * 3000, i);
	assert_int_equal(nal_stream_stats(s).b_slices, 0);
	feed_count(s, 1025 * 3000, 1025); /* its low bits are smaller */
	assert_int_equal(nal_stream_stats(s).b_slices, 0);
	feed_count(s, 1022 * 3000, 1022); /* and these are larger */
	assert_int_equal(nal_stream_stats(s).b_slices, 1);
}

/* Between what was lost and the next key picture nothing is known of the order. */
static void
a_loss_makes_no_b_pictures(void **state)
{
	struct nal_stream *s = *state;

	nal_stream_set_b(s, NAL_STREAM_B_REFUSE);
	feed(s, 0, H_IDR, true);
	feed_count(s, 3000, 1);
	nal_stream_restart(s);
	feed_count(s, 600000, 200);
	feed_count(s, 603000, 80);
	assert_false(nal_stream_is_refused(s));
}

static void
b_pictures_of_h265_that_nobody_refers_to_are_left_out(void **state)
{
	struct nal_stream *s = *state;

	nal_stream_set_b(s, NAL_STREAM_B_DROP);
	feed(s, 12000, H_P4, true);
	feed(s, 6000, H_B2, true);
	feed(s, 3000, H_B1, true);
	feed(s, 9000, H_B3, true);
	assert_string_equal(emitted, "(1) (1)");
	assert_int_equal(nal_stream_stats(s).b_dropped, 2);
}

static void
one_b_picture_refuses_the_connection_and_a_gop_without_one_proves_it(void **state)
{
	struct nal_stream *s = *state;

	nal_stream_set_b(s, NAL_STREAM_B_REFUSE);
	nal_stream_begin(s, &video_h265);
	feed(s, 0, H_IDR, true);
	feed(s, 12000, H_P4, true);
	assert_string_equal(emitted, "");
	feed(s, 24000, H_IDR, true);
	feed(s, 36000, H_P4, true);
	assert_string_equal(emitted, "(32 33 34 20!) (1)");
	assert_false(nal_stream_is_refused(s));
	feed(s, 30000, H_B2, true);
	assert_true(nal_stream_is_refused(s));
	assert_string_equal(emitted, "(32 33 34 20!) (1)");
	nal_stream_begin(s, &video_h265);
	assert_false(nal_stream_is_refused(s));
}

static void
of_another_codec_no_set_is_kept(void **state)
{
	struct nal_stream *s = *state;

	nal_stream_begin(s, &video_h265);
	feed(s, 3000, H_IDR, true);
	learn(s, "000001" H_SPS_5); /* the active one was of id 0 */
	assert_int_equal(format_of(s).width, 319);
	nal_stream_begin(s, &video_h264);
	feed(s, 6000, IDR, true);
	assert_string_equal(emitted, "");
	learn(s, "000001" SPS "000001" PPS);
	feed(s, 9000, IDR, true);
	assert_string_equal(emitted, "(7 8 5!)");
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define H265(test) cmocka_unit_test_setup_teardown(test, setup_h265, teardown)
#define RUNNING_H265(test) cmocka_unit_test_setup_teardown(test, setup_running_h265, teardown)
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
		FRESH(a_picture_of_b_slices_is_said_to_be_one),
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
		H265(three_kinds_of_sets_stand_before_every_irap),
		RUNNING_H265(sets_behind_a_renewed_one_come_again),
		RUNNING_H265(
			other_layers_and_reserved_types_are_dropped_and_filler_of_two_bytes_ends),
		H265(leading_pictures_are_left_out_where_the_stream_begins),
		RUNNING_H265(pictures_that_are_shown_earlier_are_b_whatever_their_slices),
		RUNNING_H265(the_order_count_wraps),
		RUNNING_H265(a_loss_makes_no_b_pictures),
		RUNNING_H265(b_pictures_of_h265_that_nobody_refers_to_are_left_out),
		RUNNING_H265(one_b_picture_refuses_the_connection_and_a_gop_without_one_proves_it),
		RUNNING(of_another_codec_no_set_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
