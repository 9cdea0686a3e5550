/* test_transport_cc.c - feedback as the draft draws it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/err.h"
#include "tests/unit/hex.h"
#include "worker/transport_cc.h"

static struct transport_cc_packet told[100];
static size_t count;

static void
tell(const struct transport_cc_packet *p, void *arg)
{
	assert_ptr_equal(arg, told);
	assert_true(count < 100);
	told[count++] = *p;
}

static int
feed(const char *text)
{
	struct hex h = hex(text);

	count = 0;
	int err = transport_cc_read(h.bytes, h.len, tell, told);
	free(h.bytes);
	return err;
}

static void
expect(size_t i, uint16_t seq, bool arrived, int64_t at_us)
{
	assert_int_equal(told[i].seq, seq);
	assert_int_equal(told[i].arrived, arrived);
	if (arrived)
		assert_int_equal(told[i].at_us, at_us);
}

static void
a_run_is_as_many_packets_of_one_kind(void **state)
{
	(void)state;
	/* From 65535 on, 3 packets, reference 2 * 64 ms; a run of 3 small deltas: 4, 0, 255. */
	assert_int_equal(feed("ffff 0003 000002 07 2003 04 00 ff"), 0);
	assert_int_equal(count, 3);
	expect(0, 65535, true, 129000);
	expect(1, 0, true, 129000);
	expect(2, 1, true, 129000 + 255 * 250);
}

static void
a_vector_of_bits_tells_what_was_lost(void **state)
{
	(void)state;
	/* 14 symbols of one bit, of which 5 count: received, lost, lost, received, received. */
	assert_int_equal(feed("0100 0005 000000 00 a600 01 02 03"), 0);
	assert_int_equal(count, 5);
	expect(0, 0x100, true, 250);
	expect(1, 0x101, false, 0);
	expect(2, 0x102, false, 0);
	expect(3, 0x103, true, 750);
	expect(4, 0x104, true, 1500);
}

static void
a_vector_of_pairs_has_large_deltas_that_may_be_negative(void **state)
{
	(void)state;
	/* small, large, lost, large */
	assert_int_equal(feed("0000 0004 000001 00 d880 08 0400 fffc"), 0);
	assert_int_equal(count, 4);
	expect(0, 0, true, 64000 + 2000);
	expect(1, 1, true, 64000 + 2000 + 256000);
	expect(2, 2, false, 0);
	expect(3, 3, true, 64000 + 2000 + 256000 - 1000);
}

static void
chunks_follow_each_other(void **state)
{
	(void)state;
	/* 20 lost, then 2 that came. */
	assert_int_equal(feed("0000 0016 000000 00 0014 2002 01 01"), 0);
	assert_int_equal(count, 22);
	expect(19, 19, false, 0);
	expect(21, 21, true, 500);
}

static void
what_is_broken_tells_nothing(void **state)
{
	static const char *const broken[] = {
		"", "0000 0001 000000", "0000 0003 000000 00 2003 01 01", /* a delta is missing */
		"0000 0001 000000 00 4001 01",                            /* half a large delta */
		"0000 0001 000000 00 6001 01",                            /* the reserved symbol */
		"0000 0009 000000 00 2003 010101", /* more packets than chunks */
		"0000 0009 000000 00 0000 0000",   /* a run of none */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		assert_int_equal(feed(broken[i]), ERR_PARSE);
		assert_int_equal(count, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_as_many_packets_of_one_kind),
		cmocka_unit_test(a_vector_of_bits_tells_what_was_lost),
		cmocka_unit_test(a_vector_of_pairs_has_large_deltas_that_may_be_negative),
		cmocka_unit_test(chunks_follow_each_other),
		cmocka_unit_test(what_is_broken_tells_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
