/* test_aac_format.c - worker/aac_format.h. The lines are of real cameras' and servers' SDPs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "common/err.h"
#include "worker/aac_format.h"

struct parsed {
	struct aac_format f;
	char why[100];
	int err;
};

static struct parsed
parse(const char *encoding, const char *fmtp)
{
	struct parsed p;

	p.err = aac_format_parse(encoding, fmtp, &p.f, p.why, sizeof(p.why));
	/* A refusal always has a sentence. */
	assert_int_equal(p.err == 0, p.why[0] == '\0');
	return p;
}

static void
a_usual_line_is_read(void **state)
{
	(void)state;
	struct parsed p = parse("mpeg4-generic",
		"97 streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;"
		"indexdeltalength=3;config=1408");

	assert_int_equal(p.err, 0);
	assert_int_equal(p.f.packing, AAC_GENERIC);
	assert_int_equal(p.f.config_len, 2);
	assert_memory_equal(p.f.config, "\x14\x08", 2);
	assert_int_equal(p.f.size_bits, 13);
	assert_int_equal(p.f.index_bits, 3);
	assert_int_equal(p.f.index_delta_bits, 3);
	assert_int_equal(p.f.duration, 0);
}

static void
blanks_and_case_do_not_matter(void **state)
{
	(void)state;
	struct parsed p = parse("MPEG4-GENERIC",
		" streamType=5; profile-level-id=15; Mode=aac-HBR ; CONFIG = 11B0; SizeLength=13;"
		"IndexLength=3;IndexDeltaLength=3; Profile=1; ; constantduration=960 ");

	assert_int_equal(p.err, 0);
	assert_memory_equal(p.f.config, "\x11\xb0", 2);
	assert_int_equal(p.f.size_bits, 13);
	assert_int_equal(p.f.duration, 960);
}

static void
a_mode_says_what_the_line_does_not(void **state)
{
	(void)state;
	struct parsed low = parse("mpeg4-generic", "97 config=1588; mode=AAC-lbr");
	struct parsed high = parse("mpeg4-generic", "97 config=1588; indexlength=0; mode=AAC-hbr");

	assert_int_equal(low.f.size_bits, 6);
	assert_int_equal(low.f.index_bits, 2);
	assert_int_equal(high.f.size_bits, 13);
	assert_int_equal(high.f.index_bits, 0);
}

static void
fields_of_no_mode_are_read(void **state)
{
	(void)state;
	struct parsed p = parse("mpeg4-generic",
		"96 mode=generic;config=1588;constantSize=300;CTSDeltaLength=22;DTSDeltaLength=21;"
		"randomAccessIndication=1;streamStateIndication=4;auxiliaryDataSizeLength=8");

	assert_int_equal(p.err, 0);
	assert_int_equal(p.f.size_bits, 0);
	assert_int_equal(p.f.constant_size, 300);
	assert_int_equal(p.f.cts_delta_bits, 22);
	assert_int_equal(p.f.dts_delta_bits, 21);
	assert_int_equal(p.f.stream_state_bits, 4);
	assert_int_equal(p.f.auxiliary_size_bits, 8);
	assert_true(p.f.random_access);
}

/* StreamMuxConfig 40002420 holds the AudioSpecificConfig 1210: AAC-LC, 44.1 kHz, stereo. */
static void
latm_gives_its_audio_specific_config(void **state)
{
	(void)state;
	struct parsed p = parse(
		"MP4A-LATM", "96 profile-level-id=15; object=2; cpresent=0; config=400024203fc0");

	assert_int_equal(p.err, 0);
	assert_int_equal(p.f.packing, AAC_LATM);
	assert_true(p.f.config_len >= 2);
	assert_memory_equal(p.f.config, "\x12\x10", 2);
}

static void
what_is_not_supported_is_said(void **state)
{
	static const struct {
		const char *encoding, *fmtp, *says;
		int err;
	} rows[] = {
		{ "MP4A-LATM", "96 config=400024203fc0", "cpresent=1", ERR_UNSUPPORTED },
		{ "MP4A-LATM", "96 cpresent=0;config=410024203fc0", "subframes", ERR_UNSUPPORTED },
		{ "MP4A-LATM", "96 cpresent=0", "too short", ERR_PARSE },
		{ "mpeg4-generic", "96 mode=CELP-cbr;config=1408", "CELP", ERR_UNSUPPORTED },
		{ "mpeg4-generic", "96 config=1408", "sizeLength", ERR_UNSUPPORTED },
		{ "L16", "", "L16", ERR_UNSUPPORTED },
		{ "mpeg4-generic", "96 mode=AAC-hbr", "config", ERR_PARSE },
		{ "mpeg4-generic", "", "config", ERR_PARSE },
		{ "mpeg4-generic", "96 mode=AAC-hbr;config=", "config", ERR_PARSE },
		{ "mpeg4-generic", "96 mode=AAC-hbr;config=140", "config", ERR_PARSE },
		{ "mpeg4-generic", "96 mode=AAC-hbr;config=14zz", "config", ERR_PARSE },
		{ "mpeg4-generic", "96 sizelength=17;config=1408", "sizeLength", ERR_RANGE },
		{ "mpeg4-generic", "96 sizelength=-1;config=1408", "sizeLength", ERR_RANGE },
		{ "mpeg4-generic", "96 sizelength=13x;config=1408", "sizeLength", ERR_RANGE },
		{ "mpeg4-generic", "96 sizelength;config=1408", "sizeLength", ERR_RANGE },
		{ "mpeg4-generic", "96 indexlength=99999999999999999999;config=1408", "indexLength",
			ERR_RANGE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct parsed p = parse(rows[i].encoding, rows[i].fmtp);
		assert_int_equal(p.err, rows[i].err);
		assert_non_null(strstr(p.why, rows[i].says));
	}
}

static void
a_config_has_a_largest_length(void **state)
{
	char line[400] = "96 mode=AAC-hbr;config=";
	size_t head = strlen(line);

	(void)state;
	memset(line + head, 'a', 2 * AAC_CONFIG_MAX);
	struct parsed fits = parse("mpeg4-generic", line);
	assert_int_equal(fits.err, 0);
	assert_int_equal(fits.f.config_len, AAC_CONFIG_MAX);
	memset(line + head, 'a', 2 * AAC_CONFIG_MAX + 2);
	assert_int_equal(parse("mpeg4-generic", line).err, ERR_PARSE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_usual_line_is_read),
		cmocka_unit_test(blanks_and_case_do_not_matter),
		cmocka_unit_test(a_mode_says_what_the_line_does_not),
		cmocka_unit_test(fields_of_no_mode_are_read),
		cmocka_unit_test(latm_gives_its_audio_specific_config),
		cmocka_unit_test(what_is_not_supported_is_said),
		cmocka_unit_test(a_config_has_a_largest_length),
	};

	return cmocka_run_group_tests_name("aac_format", tests, NULL, NULL);
}
