/* test_history.c - minutes of packets through a history, without waiting for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "worker/history.h"

#define MS 1000

static int
setup(void **state)
{
	*state = history_new();
	return 0;
}

static int
teardown(void **state)
{
	history_free(*state);
	return 0;
}

/* Packets from seq on, one every gap_us from now_us on; each is full of its number. Returns the
 * time of the last. */
static int64_t
add(struct history *h, uint16_t seq, size_t count, size_t len, int64_t gap_us)
{
	int64_t now_us = 0;

	for (size_t i = 0; i < count; i++) {
		now_us = (int64_t)i * gap_us;
		uint16_t n = (uint16_t)(seq + i);
		memset(history_add(h, n, len, now_us), n & 0xff, len);
	}
	return now_us;
}

static void
expect_kept(struct history *h, uint16_t seq, size_t len)
{
	struct history_packet p;

	assert_int_equal(history_resend(h, seq, 0, 0, &p), 0);
	assert_int_equal(p.len, len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(p.bytes[i], seq & 0xff);
}

static void
expect_gone(struct history *h, uint16_t seq)
{
	struct history_packet p;

	assert_int_equal(history_resend(h, seq, 0, 0, &p), ERR_NOT_FOUND);
}

static void
what_was_sent_is_found_again(void **state)
{
	add(*state, 65000, 1000, 1200, 5 * MS);
	for (unsigned i = 600; i < 1000; i++)
		expect_kept(*state, (uint16_t)(65000 + i), 1200);
}

static void
what_was_never_sent_is_not_found(void **state)
{
	expect_gone(*state, 0);
	add(*state, 100, 10, 1200, 5 * MS);
	expect_gone(*state, 99);
	expect_gone(*state, 110);
	expect_gone(*state, 100 + 32768);
}

static void
three_seconds_are_kept_at_two_megabits(void **state)
{
	/* 208 packets of 1200 bytes a second, for 10 minutes */
	add(*state, 0, 208 * 600, 1200, 4807);
	uint16_t last = (uint16_t)(208 * 600 - 1);
	expect_kept(*state, (uint16_t)(last - 208 * 3), 1200);
	assert_in_range(history_bytes(*state), 750000, 900000);
}

static void
four_megabytes_are_kept_at_any_bitrate(void **state)
{
	/* 80 Mbit/s */
	add(*state, 0, 50000, 1200, 120);
	assert_int_equal(history_bytes(*state), HISTORY_BYTES_MAX);
	uint16_t last = (uint16_t)(50000 - 1);
	expect_kept(*state, (uint16_t)(last - 3300), 1200);
	expect_gone(*state, (uint16_t)(last - 3600));
}

static void
small_packets_are_kept_for_three_seconds_too(void **state)
{
	/* 7000 a second of 40 bytes: the index grows */
	add(*state, 7, 100000, 40, 142);
	uint16_t last = (uint16_t)(7 + 100000 - 1);
	for (unsigned i = 0; i <= 21000; i++)
		expect_kept(*state, (uint16_t)(last - i), 40);
}

static void
what_was_kept_is_kept_while_the_index_grows(void **state)
{
	add(*state, 65000, 1100, 40, 142);
	for (unsigned i = 0; i < 1100; i++)
		expect_kept(*state, (uint16_t)(65000 + i), 40);
}

static void
half_the_numbers_is_the_most_that_is_kept(void **state)
{
	add(*state, 7, 100000, 1, 10);
	assert_in_range(history_packets(*state), 30000, 32768);
	uint16_t last = (uint16_t)(7 + 100000 - 1);
	expect_kept(*state, (uint16_t)(last - 29999), 1);
}

static void
memory_shrinks_with_the_bitrate(void **state)
{
	struct history *h = *state;
	int64_t now_us = add(h, 0, 50000, 1200, 120);

	assert_int_equal(history_bytes(h), HISTORY_BYTES_MAX);
	for (int i = 0; i < 2000; i++) {
		now_us += 5 * MS;
		history_add(h, (uint16_t)(50000 + i), 1200, now_us);
	}
	assert_in_range(history_bytes(h), 1, 900000);
}

static void
a_gap_in_the_numbers_forgets_what_was_before(void **state)
{
	add(*state, 100, 10, 1200, 5 * MS);
	add(*state, 5000, 1, 1200, 0);
	expect_gone(*state, 109);
	expect_kept(*state, 5000, 1200);
	assert_int_equal(history_packets(*state), 1);
}

static void
a_packet_is_not_resent_twice_within_a_round_trip(void **state)
{
	struct history *h = *state;
	struct history_packet p;

	add(h, 100, 1, 1200, 0);
	assert_int_equal(history_resend(h, 100, 5 * MS, 40 * MS, &p), 0);
	assert_int_equal(history_resend(h, 100, 44 * MS, 40 * MS, &p), ERR_AGAIN);
	assert_int_equal(history_resend(h, 100, 45 * MS, 40 * MS, &p), 0);
}

static void
a_packet_is_resent_ten_times_at_most(void **state)
{
	struct history *h = *state;
	struct history_packet p;

	add(h, 100, 1, 1200, 0);
	for (int i = 0; i < HISTORY_RESENDS_MAX; i++)
		assert_int_equal(history_resend(h, 100, i * 100 * MS, 40 * MS, &p), 0);
	assert_int_equal(history_resend(h, 100, 5000 * MS, 40 * MS, &p), ERR_REFUSED);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_sent_is_found_again),
		TEST(what_was_never_sent_is_not_found),
		TEST(three_seconds_are_kept_at_two_megabits),
		TEST(four_megabytes_are_kept_at_any_bitrate),
		TEST(small_packets_are_kept_for_three_seconds_too),
		TEST(what_was_kept_is_kept_while_the_index_grows),
		TEST(half_the_numbers_is_the_most_that_is_kept),
		TEST(memory_shrinks_with_the_bitrate),
		TEST(a_gap_in_the_numbers_forgets_what_was_before),
		TEST(a_packet_is_not_resent_twice_within_a_round_trip),
		TEST(a_packet_is_resent_ten_times_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
