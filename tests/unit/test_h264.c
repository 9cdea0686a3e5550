/* test_h264.c - NAL units of x264 and, where x264 makes none, of a bit writer.
 * What x264's sets say was read with FFmpeg's trace_headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/err.h"
#include "tests/unit/hex.h"
#include "worker/annexb.h"
#include "worker/h264.h"

#define BASELINE_360P "6742c016d900a02ff970110000030001000003001e0f162e48"
/* testsrc2 at 1280x720, 30 fps, bf=0 */
#define MAIN_720P30 "674d401fd9005005bb0110000003001000000303c0f1832480"
/* 1920x1080 of 1088 coded lines, 30000/1001 fps, bf=2 */
#define HIGH_1080P "67640028acd940780227e5c04400000fa40003a9803c60c658"
/* The same, interlaced, 25 frames a second: 544 map units of two lines */
#define INTERLACED_1080I "67640028acd94078044fde0220000003002000000643e2c5b2c0"
/* 720x576, 25 fps, nal_hrd, aspect ratio 16:9, full range */
#define WITH_HRD                                                                                   \
	"6764001eacd940b4126ffc010000b5b808101200000300020000030064c08001e848003d09c98600f162d960"
/* 322x182, High 4:4:4 */
#define CHROMA_444 "67f4000c919b282a33c7c5e022000003000200000300281e28532c"
/* By a bit writer, 320x240: every scaling list, the second with a default; picture order type 1 */
#define WITH_SCALING_LISTS                                                                         \
	"6764001fad840c6318c6318c6318c04b34230818c6318c6318c63180966840c6318c6318c6318c04b3420631" \
	"8c"                                                                                       \
	"6318c6318c60259a10318c6318c6318c63012cd0818c6318c6318c63180966318c6318c6318c04b318c6318c" \
	"6318c602598c6318c6318c63180966318c6318c6840c6318c6318c6318c04b318c6318c6318c602598c6318c" \
	"6318c63012cc6318c6318c6318c04b318c6318c635191a3a0507e4"
/* Monochrome: cropped by single samples, 3 columns and 5 lines */
#define MONOCHROME "6764001ff32a0507f26640"

static int
parse(const char *text, struct h264_sps *sps)
{
	struct hex h = hex(text);
	int err = h264_parse_sps(h.bytes, h.len, sps);

	free(h.bytes);
	return err;
}

static void
expect_size(const char *text, unsigned width, unsigned height)
{
	struct h264_sps sps;

	assert_int_equal(parse(text, &sps), 0);
	assert_int_equal(sps.width, width);
	assert_int_equal(sps.height, height);
}

static void
an_sps_says_how_large_pictures_are(void **state)
{
	(void)state;
	expect_size(BASELINE_360P, 640, 360);
	expect_size(MAIN_720P30, 1280, 720);
	expect_size(WITH_HRD, 720, 576);
	expect_size(WITH_SCALING_LISTS, 320, 240);
}

static void
cropping_counts_in_units_of_chroma_and_fields(void **state)
{
	(void)state;
	expect_size(HIGH_1080P, 1920, 1080);
	expect_size(INTERLACED_1080I, 1920, 1080);
	expect_size(CHROMA_444, 322, 182);
	expect_size(MONOCHROME, 317, 235);
}

static void
an_sps_says_its_profile_and_level(void **state)
{
	struct h264_sps sps;
	char id[7];

	(void)state;
	assert_int_equal(parse(BASELINE_360P, &sps), 0);
	assert_string_equal(h264_profile_level_id(&sps, id), "42c016");
	assert_int_equal(parse(MAIN_720P30, &sps), 0);
	assert_string_equal(h264_profile_level_id(&sps, id), "4d401f");
	assert_int_equal(parse(HIGH_1080P, &sps), 0);
	assert_string_equal(h264_profile_level_id(&sps, id), "640028");
}

static void
only_frame_mbs_only_is_progressive(void **state)
{
	struct h264_sps sps;

	(void)state;
	assert_int_equal(parse(INTERLACED_1080I, &sps), 0);
	assert_true(sps.interlaced);
	assert_int_equal(parse(HIGH_1080P, &sps), 0);
	assert_false(sps.interlaced);
}

static void
two_ticks_of_the_vui_are_a_frame(void **state)
{
	struct h264_sps sps;

	(void)state;
	assert_int_equal(parse(HIGH_1080P, &sps), 0);
	assert_float_equal(sps.fps, 29.97, 0.001);
	assert_int_equal(parse(INTERLACED_1080I, &sps), 0);
	assert_float_equal(sps.fps, 25, 0.001);
	assert_int_equal(parse(WITH_HRD, &sps), 0);
	assert_float_equal(sps.fps, 25, 0.001);
}

static void
reordered_frames_are_known_if_the_vui_says_so(void **state)
{
	struct h264_sps sps;

	(void)state;
	assert_int_equal(parse(HIGH_1080P, &sps), 0);
	assert_int_equal(sps.reorder_frames, 2);
	assert_int_equal(parse(WITH_HRD, &sps), 0);
	assert_int_equal(sps.reorder_frames, 2);
	assert_int_equal(parse(MAIN_720P30, &sps), 0);
	assert_int_equal(sps.reorder_frames, 0);
	assert_int_equal(parse(MONOCHROME, &sps), 0);
	assert_int_equal(sps.reorder_frames, -1);
	assert_true(sps.fps == 0);
}

static void
an_sps_that_ends_early_is_an_error(void **state)
{
	struct h264_sps sps = { .width = 7 };
	struct hex h = hex(HIGH_1080P);

	(void)state;
	for (size_t len = 0; len < 10; len++) {
		uint8_t *cut = malloc(len + 1);
		memcpy(cut, h.bytes, len);
		assert_int_equal(h264_parse_sps(cut, len, &sps), ERR_PARSE);
		free(cut);
	}
	assert_int_equal(sps.width, 7);
	free(h.bytes);
}

static void
a_vui_that_ends_early_says_nothing(void **state)
{
	struct h264_sps sps;

	(void)state;
	assert_int_equal(parse("67640028acd940780227e5c04400", &sps), 0);
	assert_int_equal(sps.height, 1080);
	assert_true(sps.fps == 0);
	assert_int_equal(sps.reorder_frames, -1);
}

static void
values_that_cannot_be_are_out_of_range(void **state)
{
	struct h264_sps sps;

	(void)state;
	assert_int_equal(parse("6742001f041950283f20", &sps), 0); /* id 31 */
	assert_int_equal(sps.id, 31);
	assert_int_equal(parse("6742001f043950283f20", &sps), ERR_RANGE); /* id 32 */
	assert_int_equal(parse("6742001fe54003e80fc8", &sps), ERR_RANGE); /* 32000 wide */
	/* cropped by more than there is, and by more than 32 bits */
	assert_int_equal(parse("6742001fe540a0fe065032e8", &sps), ERR_RANGE);
	assert_int_equal(
		parse("6742001fe540a0fe0000030003ffffffc40000030200000301a0", &sps), ERR_RANGE);
}

static void
a_pps_names_its_sps(void **state)
{
	struct h264_pps pps;
	struct hex h = hex("68ebe3cb22c0");

	(void)state;
	assert_int_equal(h264_parse_pps(h.bytes, h.len, &pps), 0);
	assert_int_equal(pps.id, 0);
	assert_int_equal(pps.sps_id, 0);
	assert_int_equal(h264_parse_pps(h.bytes, 1, &pps), ERR_PARSE);
	h.bytes[0] = 0x67;
	assert_int_equal(h264_parse_pps(h.bytes, h.len, &pps), ERR_PARSE);
	free(h.bytes);
}

static void
expect_slice(const char *text, uint32_t first_mb, enum h264_slice_type type)
{
	struct hex h = hex(text);
	struct h264_slice slice;

	assert_int_equal(h264_parse_slice(h.bytes, h.len, &slice), 0);
	assert_int_equal(slice.first_mb, first_mb);
	assert_int_equal(slice.type, type);
	assert_int_equal(slice.pps_id, 0);
	free(h.bytes);
}

static void
a_slice_says_where_it_begins_and_what_it_is(void **state)
{
	struct h264_slice slice;

	(void)state;
	expect_slice("6588840057e9", 0, H264_I);
	expect_slice("419a236c477f", 0, H264_P);
	expect_slice("419e4178853f", 0, H264_B);
	expect_slice("019e626a42df", 0, H264_B);
	expect_slice("65 017623", 186, H264_I); /* ue(186) ue(7) ue(0) */
	assert_int_equal(h264_parse_slice((const uint8_t *)"\x41", 1, &slice), ERR_PARSE);
	assert_int_equal(h264_parse_slice((const uint8_t *)"\x41\0\0\0\0\0", 6, &slice), ERR_PARSE);
}

static void
annex_b_is_split_at_start_codes_of_both_lengths(void **state)
{
	struct hex h = hex("ff 000001 67aa 00000001 68bb00 000001 000001 65cc000300 0000");
	struct nal_bytes rest = { .bytes = h.bytes, .len = h.len };
	struct nal_bytes nal;

	(void)state;
	assert_true(annexb_next(&rest, &nal));
	assert_int_equal(nal.len, 2);
	assert_memory_equal(nal.bytes, "\x67\xaa", 2);
	assert_true(annexb_next(&rest, &nal));
	assert_int_equal(nal.len, 2);
	assert_memory_equal(nal.bytes, "\x68\xbb", 2);
	assert_true(annexb_next(&rest, &nal));
	assert_int_equal(nal.len, 4);
	assert_memory_equal(nal.bytes, "\x65\xcc\x00\x03", 4);
	assert_false(annexb_next(&rest, &nal));
	assert_false(annexb_next(&rest, &nal));
	free(h.bytes);
}

static void
bytes_without_a_start_code_hold_no_nal_unit(void **state)
{
	struct nal_bytes rest = { .bytes = (const uint8_t *)"\0\0", .len = 2 };
	struct nal_bytes none = { .bytes = NULL, .len = 0 };
	struct nal_bytes nal;

	(void)state;
	assert_false(annexb_next(&rest, &nal));
	assert_false(annexb_next(&none, &nal));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_sps_says_how_large_pictures_are),
		cmocka_unit_test(cropping_counts_in_units_of_chroma_and_fields),
		cmocka_unit_test(an_sps_says_its_profile_and_level),
		cmocka_unit_test(only_frame_mbs_only_is_progressive),
		cmocka_unit_test(two_ticks_of_the_vui_are_a_frame),
		cmocka_unit_test(reordered_frames_are_known_if_the_vui_says_so),
		cmocka_unit_test(an_sps_that_ends_early_is_an_error),
		cmocka_unit_test(a_vui_that_ends_early_says_nothing),
		cmocka_unit_test(values_that_cannot_be_are_out_of_range),
		cmocka_unit_test(a_pps_names_its_sps),
		cmocka_unit_test(a_slice_says_where_it_begins_and_what_it_is),
		cmocka_unit_test(annex_b_is_split_at_start_codes_of_both_lengths),
		cmocka_unit_test(bytes_without_a_start_code_hold_no_nal_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
