/* test_rtp_order.c - worker/rtp_order.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "worker/rtp_order.h"

static struct rtp_order *r;
static int64_t now;

static int
begin(void **state)
{
	(void)state;
	r = rtp_order_new();
	now = 1000000;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	rtp_order_free(r);
	return 0;
}

static void
put(unsigned seq)
{
	const uint8_t packet[4] = { 0x80, 96, (uint8_t)(seq >> 8), (uint8_t)seq };

	rtp_order_put(r, packet, sizeof(packet), now);
}

/* The next's number; -1: none. */
static int
next(void)
{
	size_t len;
	const uint8_t *p = rtp_order_next(r, now, &len);

	if (!p)
		return -1;
	assert_int_equal(len, 4);
	return p[2] << 8 | p[3];
}

static void
what_is_in_order_does_not_wait(void **state)
{
	(void)state;
	for (unsigned seq = 65530; seq < 65530 + 20; seq++) {
		put(seq & 0xffff);
		assert_int_equal(next(), seq & 0xffff);
		assert_int_equal(next(), -1);
		assert_true(rtp_order_due_us(r) == INT64_MAX);
	}
}

static void
what_overtook_waits_for_what_was_before_it(void **state)
{
	(void)state;
	put(65534);
	assert_int_equal(next(), 65534);
	put(1);
	put(0);
	assert_int_equal(next(), -1);
	put(65535);
	put(0); /* twice */
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(next(), (65535 + i) & 0xffff);
	assert_int_equal(next(), -1);
}

static void
what_is_lost_is_waited_for_so_long(void **state)
{
	(void)state;
	put(10);
	assert_int_equal(next(), 10);
	put(12);
	now += 10000;
	put(13);
	assert_int_equal(next(), -1);
	assert_true(rtp_order_due_us(r) == now - 10000 + RTP_ORDER_WAIT_US);
	now = rtp_order_due_us(r) - 1;
	assert_int_equal(next(), -1);
	now++;
	assert_int_equal(next(), 12);
	assert_int_equal(next(), 13);
	put(11); /* too late */
	assert_int_equal(next(), -1);
	put(14);
	assert_int_equal(next(), 14);
}

static void
what_is_lost_is_waited_for_so_many_packets(void **state)
{
	(void)state;
	put(0);
	assert_int_equal(next(), 0);
	for (unsigned seq = 2; seq <= RTP_ORDER_PACKETS; seq++) {
		put(seq);
		assert_int_equal(next(), -1);
	}
	put(RTP_ORDER_PACKETS + 1);
	for (int seq = 2; seq <= RTP_ORDER_PACKETS + 1; seq++)
		assert_int_equal(next(), seq);
	assert_int_equal(next(), -1);
}

static void
another_stream_begins_where_it_will(void **state)
{
	static const int starts[] = { 40000, 10000, 60000, 30000, 100 };

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		put((unsigned)starts[i]);
		assert_int_equal(next(), starts[i]);
		put((unsigned)(starts[i] + 1) & 0xffff);
		assert_int_equal(next(), (starts[i] + 1) & 0xffff);
		assert_int_equal(next(), -1);
	}
}

static void
a_stream_that_begins_anew_a_little_before_is_believed_in_the_end(void **state)
{
	unsigned seq = 500;

	(void)state;
	put(1000);
	assert_int_equal(next(), 1000);
	for (; seq < 500 + RTP_ORDER_LATE_MAX; seq++) {
		put(seq);
		assert_int_equal(next(), -1);
	}
	put(seq);
	assert_int_equal(next(), seq);
	put(seq + 1);
	assert_int_equal(next(), seq + 1);
}

/* Whatever comes: each packet is handed on at most once, in order but for jumps, and in the end
 * nothing is kept. */
static void
nothing_is_kept_for_ever(void **state)
{
	unsigned random = 1, out = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		random = random * 1103515245 + 12345;
		put((random >> 8) % 50 ? (unsigned)(i + (int)(random >> 16) % 8) & 0xffff
				       : random >> 16);
		now += 500;
		while (next() >= 0)
			out++;
	}
	now += RTP_ORDER_WAIT_US;
	while (next() >= 0)
		out++;
	assert_true(rtp_order_due_us(r) == INT64_MAX);
	assert_in_range(out, 10000, 100000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_in_order_does_not_wait),
		TEST(what_overtook_waits_for_what_was_before_it),
		TEST(what_is_lost_is_waited_for_so_long),
		TEST(what_is_lost_is_waited_for_so_many_packets),
		TEST(another_stream_begins_where_it_will),
		TEST(a_stream_that_begins_anew_a_little_before_is_believed_in_the_end),
		TEST(nothing_is_kept_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
