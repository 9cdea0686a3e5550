/* test_aac_config.c - AudioSpecificConfigs in all the forms that the standard has, written by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "worker/aac_config.h"

static const struct {
	const char *bytes;
	size_t len;
	struct aac_config wanted;
} rows[] = {
#define ROW(literal, ...)                                                                          \
	{                                                                                          \
		literal, sizeof(literal) - 1,                                                      \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
	ROW("\x14\x08", 16000, 1, 1024),                         /* LC */
	ROW("\x14\x0c", 16000, 1, 960),                          /* frameLengthFlag */
	ROW("\x11\xb8", 48000, 8, 1024),                         /* channelConfiguration 7 */
	ROW("\x17\x80\x1f\x40\x08", 16000, 1, 1024),             /* the rate itself */
	ROW("\x14\x00\x06\x04\x00\x00\x00\x00", 16000, 1, 1024), /* channels by a program */
	ROW("\x11\x80\x04\xc8\x05\x01\x36\x82\x11\x00", 48000, 6, 1024),
	ROW("\x2b\x11\x88\x00", 24000, 2, 1024),                        /* SBR of 48 kHz */
	ROW("\xef\x80\x18\x1c\x8f\x80\x30\x39\x0a\x00", 12345, 1, 960), /* PS, of any rate */
	ROW("\xbc\x08", 16000, 1, 512),                                 /* LD */
	ROW("\xf8\xe6\x50", 48000, 2, 480),                             /* ELD: an escaped type */
#undef ROW
};

/* On a copy of exactly len bytes, so that ASan sees a read past the end. */
static int
parse(const char *bytes, size_t len, struct aac_config *out)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, bytes, len);
	int err = aac_config_parse(copy, len, out);
	free(copy);
	return err;
}

static void
every_form_says_rate_channels_and_frame(void **state)
{
	struct aac_config c;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].bytes, rows[i].len, &c), 0);
		assert_int_equal(c.rate_hz, rows[i].wanted.rate_hz);
		assert_int_equal(c.channels, rows[i].wanted.channels);
		assert_int_equal(c.frame_samples, rows[i].wanted.frame_samples);
	}
}

static void
what_ends_early_is_none(void **state)
{
	struct aac_config c;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(parse(rows[i].bytes, 1, &c), ERR_PARSE);
	assert_int_equal(parse("", 0, &c), ERR_PARSE);
	assert_int_equal(parse("\x17\x80\x1f\x40", 4, &c), ERR_PARSE);
	assert_int_equal(parse("\x14\x00\x06\x04", 4, &c), ERR_PARSE);
}

static void
what_the_standard_does_not_name_is_not_taken(void **state)
{
	static const char *const configs[] = { "\x44\x08", /* CELP */
		"\x17\x08",                                /* frequency index 14 */
		"\x14\x48" };                              /* channelConfiguration 9 */
	struct aac_config c;

	(void)state;
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++)
		assert_int_equal(parse(configs[i], 2, &c), ERR_UNSUPPORTED);
	assert_int_equal(parse("\x17\x80\x00\x00\x88", 5, &c), ERR_UNSUPPORTED); /* 1 Hz */
	/* A program of no channels. */
	assert_int_equal(parse("\x14\x00\x06\x00\x00\x00\x00\x00", 8, &c), ERR_UNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_says_rate_channels_and_frame),
		cmocka_unit_test(what_ends_early_is_none),
		cmocka_unit_test(what_the_standard_does_not_name_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
