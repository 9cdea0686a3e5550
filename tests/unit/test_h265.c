/* test_h265.c - parameter sets of x265. What they say was read with FFmpeg's trace_headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/err.h"
#include "tests/unit/hex.h"
#include "worker/h265.h"
#include "worker/video_codec.h"

/* 320x180 of 184 coded lines, Main, level 2, no reordering */
#define MAIN_180P                                                                                  \
	"42010101600000030090000003000003003ca00a080c1f3e5ba4a4c2f016808000000300800000078"        \
	"4"
/* 1920x1080 of 1088 coded lines, Main 10, level 5.1, high tier, B-frames as references */
#define MAIN10_1080P                                                                               \
	"420101222000000300900000030000030099a003c0801107cad965654a4c2f0168080000030008000003"     \
	"007840"
/* By a bit writer: id 5 of VPS 3, 322x182 in 4:4:4 by planes, cropped by single samples, three
 * sub-layers that say their own profiles and levels, 16 bits of picture order count */
#define LAYERS                                                                                     \
	"42013524000003000090000003000003009cd00024000003000090000003000003005a78312014"           \
	"3016f4e4c6cb954af0"
#define PPS "4401c073c189"

static int
parse(const char *text, struct h265_sps *sps)
{
	struct hex h = hex(text);
	int err = h265_parse_sps(h.bytes, h.len, sps);

	free(h.bytes);
	return err;
}

static void
an_sps_says_how_large_pictures_are(void **state)
{
	struct h265_sps sps;

	(void)state;
	assert_int_equal(parse(MAIN_180P, &sps), 0);
	assert_int_equal(sps.width, 320);
	assert_int_equal(sps.height, 180);
	assert_int_equal(parse(MAIN10_1080P, &sps), 0);
	assert_int_equal(sps.width, 1920);
	assert_int_equal(sps.height, 1080);
	assert_int_equal(parse(LAYERS, &sps), 0);
	assert_int_equal(sps.width, 322 - 1 - 2);
	assert_int_equal(sps.height, 182 - 3);
}

static void
an_sps_says_what_slices_are_read_by(void **state)
{
	struct h265_sps sps;

	(void)state;
	assert_int_equal(parse(MAIN_180P, &sps), 0);
	assert_int_equal(sps.poc_bits, 8);
	assert_int_equal(sps.reorder_frames, 0);
	assert_int_equal(sps.top_layer, 0);
	assert_int_equal(parse(MAIN10_1080P, &sps), 0);
	assert_int_equal(sps.reorder_frames, 2);
	assert_int_equal(parse(LAYERS, &sps), 0);
	assert_int_equal(sps.id, 5);
	assert_int_equal(sps.vps_id, 3);
	assert_int_equal(sps.top_layer, 2);
	assert_true(sps.colour_planes);
	assert_int_equal(sps.poc_bits, 16);
	assert_int_equal(sps.reorder_frames, 2); /* of the highest sub-layer */
}

static void
expect_description(const char *sps, const char *fmtp)
{
	struct hex h = hex(sps);
	char out[96];

	assert_string_equal(video_h265.describe(h.bytes, h.len, out, sizeof(out)), fmtp);
	free(h.bytes);
}

static void
an_offer_says_profile_tier_and_level(void **state)
{
	(void)state;
	expect_description(MAIN_180P, "level-id=60;profile-id=1;tier-flag=0;tx-mode=SRST");
	expect_description(MAIN10_1080P, "level-id=153;profile-id=2;tier-flag=1;tx-mode=SRST");
	expect_description(PPS, "level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST");
}

static void
an_sps_that_ends_early_is_an_error(void **state)
{
	struct h265_sps sps;

	(void)state;
	/* What follows the reordering is not looked at. */
	struct hex h = hex(LAYERS);
	for (size_t len = 0; len + 1 < h.len; len++)
		assert_int_equal(h265_parse_sps(h.bytes, len, &sps), ERR_PARSE);
	assert_int_equal(h265_parse_sps(h.bytes, h.len, &sps), 0);
	free(h.bytes);
}

static void
what_the_standard_forbids_is_an_error(void **state)
{
	struct h265_sps sps;
	struct hex h = hex(MAIN_180P);

	(void)state;
	h.bytes[2] = 0x0e; /* sps_max_sub_layers_minus1 7 */
	assert_int_equal(h265_parse_sps(h.bytes, h.len, &sps), ERR_RANGE);
	free(h.bytes);
	h = hex(PPS);
	assert_int_equal(h265_parse_sps(h.bytes, h.len, &sps), ERR_PARSE);
	free(h.bytes);
}

static void
a_pps_names_its_sps(void **state)
{
	struct h265_pps pps;
	struct hex h = hex(PPS), id = hex("4401 0106 c1"); /* ids 63 and 5 */

	(void)state;
	assert_int_equal(h265_parse_pps(h.bytes, h.len, &pps), 0);
	assert_int_equal(pps.id, 0);
	assert_int_equal(pps.sps_id, 0);
	assert_false(pps.output_flags);
	assert_int_equal(pps.extra_slice_bits, 0);
	assert_int_equal(h265_parse_pps(h.bytes, 2, &pps), ERR_PARSE);
	assert_int_equal(h265_parse_pps(id.bytes, id.len, &pps), ERR_RANGE);
	free(h.bytes);
	free(id.bytes);
}

static void
codecs_are_found_by_their_name_in_any_case(void **state)
{
	(void)state;
	assert_ptr_equal(video_codec_find("h265"), &video_h265);
	assert_ptr_equal(video_codec_find("H264"), &video_h264);
	assert_null(video_codec_find("JPEG"));
	assert_null(video_codec_find(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_sps_says_how_large_pictures_are),
		cmocka_unit_test(an_sps_says_what_slices_are_read_by),
		cmocka_unit_test(an_offer_says_profile_tier_and_level),
		cmocka_unit_test(an_sps_that_ends_early_is_an_error),
		cmocka_unit_test(what_the_standard_forbids_is_an_error),
		cmocka_unit_test(a_pps_names_its_sps),
		cmocka_unit_test(codecs_are_found_by_their_name_in_any_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
