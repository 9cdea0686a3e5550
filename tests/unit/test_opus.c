/* test_opus.c - how much sound a packet of Opus is, by RFC 6716's tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "worker/opus.h"

/* The first byte: configuration, one channel, frame count code (RFC 6716 3.1). */
#define TOC(config, code) (uint8_t)((config) << 3 | (code))

static unsigned
samples(uint8_t toc, uint8_t second)
{
	const uint8_t packet[] = { toc, second, 0 };

	return opus_samples(packet, sizeof(packet));
}

/* RFC 6716 table 2, in tenths of a millisecond. */
static void
every_configuration_has_its_length(void **state)
{
	static const unsigned tenths[32] = { 100, 200, 400, 600, 100, 200, 400, 600, 100, 200, 400,
		600, 100, 200, 100, 200, 25, 50, 100, 200, 25, 50, 100, 200, 25, 50, 100, 200, 25,
		50, 100, 200 };

	(void)state;
	for (uint8_t config = 0; config < 32; config++)
		assert_int_equal(samples(TOC(config, 0), 0), tenths[config] * OPUS_HZ / 10000);
}

static void
frames_are_counted(void **state)
{
	(void)state;
	assert_int_equal(samples(TOC(31, 0), 0), 960);
	assert_int_equal(samples(TOC(31, 1), 0), 1920);
	assert_int_equal(samples(TOC(31, 2), 0), 1920);
	assert_int_equal(samples(TOC(31, 3), 3), 2880);
	/* The second byte has flags beside the number (3.2.5). */
	assert_int_equal(samples(TOC(31, 3), 0xc0 | 3), 2880);
	/* The second channel's bit is no part of it. */
	assert_int_equal(samples(TOC(31, 3) | 4, 3), 2880);
}

static void
what_is_no_packet_is_nothing(void **state)
{
	const uint8_t code_3 = TOC(31, 3);

	(void)state;
	assert_int_equal(opus_samples(&code_3, 0), 0);
	assert_int_equal(opus_samples(&code_3, 1), 0);
	assert_int_equal(samples(code_3, 0), 0);
	assert_int_equal(samples(code_3, 6), OPUS_SAMPLES_MAX);
	assert_int_equal(samples(code_3, 7), 0);
	assert_int_equal(samples(TOC(16, 3), 48), OPUS_SAMPLES_MAX);
	assert_int_equal(samples(TOC(16, 3), 49), 0);
}

/* RFC 7845 5.1. */
static void
the_head_is_well_formed(void **state)
{
	(void)state;
	assert_memory_equal(opus_head, "OpusHead", 8);
	assert_int_equal(opus_head[8], 1);
	assert_int_equal(opus_head[9], 2);
	assert_int_equal(opus_head[12] | opus_head[13] << 8 | opus_head[14] << 16, 48000);
	assert_int_equal(opus_head[18], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_configuration_has_its_length),
		cmocka_unit_test(frames_are_counted),
		cmocka_unit_test(what_is_no_packet_is_nothing),
		cmocka_unit_test(the_head_is_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
