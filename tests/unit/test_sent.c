/* test_sent.c - what was sent is asked for again, in order and out of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/err.h"
#include "worker/sent.h"

#define MS 1000

static int
setup(void **state)
{
	*state = sent_new();
	return 0;
}

static int
teardown(void **state)
{
	sent_free(*state);
	return 0;
}

/* Packets from seq on, one every gap_us from 0 on; each knows its number, counted from 0. Returns
 * the time of the last. */
static int64_t
add(struct sent *s, uint16_t seq, size_t count, int64_t gap_us)
{
	int64_t now_us = 0;

	for (size_t i = 0; i < count; i++) {
		const struct sent_packet p = { .position = i, .timestamp = (uint32_t)(2 * i) };
		now_us = (int64_t)i * gap_us;
		sent_add(s, (uint16_t)(seq + i), &p, now_us);
	}
	return now_us;
}

static void
three_seconds_are_remembered_over_the_wrap(void **state)
{
	struct sent_packet p;
	const int64_t now_us = add(*state, 65000, 1200, 5 * MS);

	for (unsigned i = 600; i < 1200; i++) {
		assert_int_equal(sent_again(*state, (uint16_t)(65000 + i), now_us, 0, &p), 0);
		assert_int_equal(p.position, i);
		assert_int_equal(p.timestamp, 2 * i);
	}
}

static void
what_was_sent_over_three_seconds_ago_is_not(void **state)
{
	struct sent_packet p;

	add(*state, 100, 1, 0);
	assert_int_equal(sent_again(*state, 100, SENT_KEEP_MS * MS + 1, 0, &p), ERR_NOT_FOUND);
	assert_int_equal(sent_again(*state, 100, SENT_KEEP_MS * MS, 0, &p), 0);
}

static void
what_was_never_sent_is_not_found(void **state)
{
	struct sent_packet p;

	assert_int_equal(sent_again(*state, 0, 0, 0, &p), ERR_NOT_FOUND);
	add(*state, 100, 10, 5 * MS);
	assert_int_equal(sent_again(*state, 99, 50 * MS, 0, &p), ERR_NOT_FOUND);
	assert_int_equal(sent_again(*state, 110, 50 * MS, 0, &p), ERR_NOT_FOUND);
	assert_int_equal(sent_again(*state, 100 + 512, 50 * MS, 0, &p), ERR_NOT_FOUND);
}

static void
a_fast_stream_is_remembered_as_far_as_srtp_goes(void **state)
{
	struct sent_packet p;
	const int64_t now_us = add(*state, 7, 20000, 10);

	for (unsigned i = 20000 - SENT_MAX; i < 20000; i++) {
		assert_int_equal(sent_again(*state, (uint16_t)(7 + i), now_us, 0, &p), 0);
		assert_int_equal(p.position, i);
	}
	assert_int_equal(sent_again(*state, (uint16_t)(7 + 20000 - SENT_MAX - 1), now_us, 0, &p),
		ERR_NOT_FOUND);
}

static void
a_packet_is_not_sent_twice_within_a_round_trip(void **state)
{
	struct sent_packet p;

	add(*state, 100, 1, 0);
	assert_int_equal(sent_again(*state, 100, 5 * MS, 40 * MS, &p), 0);
	assert_int_equal(sent_again(*state, 100, 44 * MS, 40 * MS, &p), ERR_AGAIN);
	assert_int_equal(sent_again(*state, 100, 45 * MS, 40 * MS, &p), 0);
}

static void
a_packet_is_sent_again_ten_times_at_most(void **state)
{
	struct sent_packet p;

	add(*state, 100, 1, 0);
	for (int i = 0; i < SENT_RESENDS_MAX; i++)
		assert_int_equal(sent_again(*state, 100, i * 100 * MS, 40 * MS, &p), 0);
	assert_int_equal(sent_again(*state, 100, 2000 * MS, 40 * MS, &p), ERR_REFUSED);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(three_seconds_are_remembered_over_the_wrap),
		TEST(what_was_sent_over_three_seconds_ago_is_not),
		TEST(what_was_never_sent_is_not_found),
		TEST(a_fast_stream_is_remembered_as_far_as_srtp_goes),
		TEST(a_packet_is_not_sent_twice_within_a_round_trip),
		TEST(a_packet_is_sent_again_ten_times_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
