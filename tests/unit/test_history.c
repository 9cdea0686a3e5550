/* test_history.c - minutes of packets through a history, without waiting for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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

/* Adds count packets, one every gap_us after from_us; each is full of the low byte of its position,
 * which is its timestamp too. Returns the time of the last. */
static int64_t
add_from(struct history *h, int64_t from_us, size_t count, size_t len, int64_t gap_us)
{
	int64_t now_us = from_us;

	for (size_t i = 0; i < count; i++) {
		const uint64_t position = history_next(h);
		const struct history_packet p = { .len = len, .timestamp = (uint32_t)position };
		now_us += gap_us;
		memset(history_add(h, &p, now_us), (int)(position & 0xff), len);
	}
	return now_us;
}

static int64_t
add(struct history *h, size_t count, size_t len, int64_t gap_us)
{
	return add_from(h, 0, count, len, gap_us);
}

static void
expect_kept(struct history *h, uint64_t position, size_t len)
{
	struct history_packet p;

	assert_true(history_get(h, position, &p));
	assert_int_equal(p.len, len);
	assert_int_equal(p.timestamp, (uint32_t)position);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(p.payload[i], position & 0xff);
}

static void
expect_gone(struct history *h, uint64_t position)
{
	struct history_packet p;

	assert_false(history_get(h, position, &p));
}

static void
what_was_added_is_found_again(void **state)
{
	add(*state, 1000, 1200, 5 * MS);
	assert_int_equal(history_next(*state), 1000);
	for (unsigned i = 400; i < 1000; i++)
		expect_kept(*state, i, 1200);
	assert_true(history_oldest(*state) <= 400);
}

static void
what_was_never_added_is_not_found(void **state)
{
	expect_gone(*state, 0);
	add(*state, 10, 1200, 5 * MS);
	expect_gone(*state, 10);
	expect_gone(*state, HISTORY_NONE);
}

static void
the_marker_is_kept(void **state)
{
	struct history_packet p = { .len = 1, .marker = true };

	*history_add(*state, &p, 0) = 1;
	p.marker = false;
	*history_add(*state, &p, 0) = 1;
	assert_true(history_get(*state, 0, &p) && p.marker);
	assert_true(history_get(*state, 1, &p) && !p.marker);
}

static void
three_seconds_are_kept_at_two_megabits(void **state)
{
	/* 208 packets of 1200 bytes a second, for 10 minutes */
	add(*state, 208 * 600, 1200, 4807);
	expect_kept(*state, 208 * 600 - 1 - 208 * 3, 1200);
	assert_in_range(history_bytes(*state), 750000, 900000);
}

static void
four_megabytes_are_kept_at_any_bitrate(void **state)
{
	/* 80 Mbit/s */
	add(*state, 50000, 1200, 120);
	assert_int_equal(history_bytes(*state), HISTORY_BYTES_MAX);
	expect_kept(*state, 50000 - 1 - 3300, 1200);
	expect_gone(*state, 50000 - 1 - 3600);
}

static void
small_packets_are_kept_for_three_seconds_too(void **state)
{
	/* 7000 a second of 40 bytes: the index grows */
	add(*state, 100000, 40, 142);
	for (unsigned i = 1; i <= 21000; i++)
		expect_kept(*state, 100000 - i, 40);
}

static void
what_was_kept_is_kept_while_the_index_grows(void **state)
{
	add(*state, 1100, 40, 142);
	for (unsigned i = 0; i < 1100; i++)
		expect_kept(*state, i, 40);
}

static void
half_the_sequence_numbers_is_the_most_that_is_kept(void **state)
{
	add(*state, 100000, 1, 10);
	assert_in_range(history_next(*state) - history_oldest(*state), 28000, 32768);
	expect_kept(*state, 100000 - 28000, 1);
}

static void
memory_shrinks_with_the_bitrate(void **state)
{
	int64_t now_us = add(*state, 50000, 1200, 120);

	assert_int_equal(history_bytes(*state), HISTORY_BYTES_MAX);
	add_from(*state, now_us, 2000, 1200, 5 * MS);
	assert_in_range(history_bytes(*state), 1, 900000);
}

static void
a_gop_is_kept_from_its_key_picture_on(void **state)
{
	int64_t now_us = add(*state, 5000, 1200, 5 * MS);

	assert_int_equal(history_key(*state), HISTORY_NONE);
	history_mark_key(*state, 5000, now_us);
	now_us = add_from(*state, now_us, 2000, 1200, 5 * MS); /* 10 s */
	assert_int_equal(history_key(*state), 5000);
	for (unsigned i = 5000; i < 7000; i++)
		expect_kept(*state, i, 1200);
	history_mark_key(*state, 7000, now_us);
	add_from(*state, now_us, 700, 1200, 5 * MS);
	assert_int_equal(history_key(*state), 7000);
	expect_gone(*state, 5000);
}

static void
a_gop_without_end_is_forgotten(void **state)
{
	history_mark_key(*state, 0, 0);
	add(*state, HISTORY_GOP_MS / 5 + 200, 1200, 5 * MS);
	assert_int_equal(history_key(*state), HISTORY_NONE);
	assert_in_range(history_bytes(*state), 1, 900000);
}

static void
a_gop_that_is_too_large_is_forgotten(void **state)
{
	history_mark_key(*state, 0, 0);
	add(*state, HISTORY_BYTES_MAX / 1200 + 1, 1200, 100);
	assert_int_equal(history_key(*state), HISTORY_NONE);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_added_is_found_again),
		TEST(what_was_never_added_is_not_found),
		TEST(the_marker_is_kept),
		TEST(three_seconds_are_kept_at_two_megabits),
		TEST(four_megabytes_are_kept_at_any_bitrate),
		TEST(small_packets_are_kept_for_three_seconds_too),
		TEST(what_was_kept_is_kept_while_the_index_grows),
		TEST(half_the_sequence_numbers_is_the_most_that_is_kept),
		TEST(memory_shrinks_with_the_bitrate),
		TEST(a_gop_is_kept_from_its_key_picture_on),
		TEST(a_gop_without_end_is_forgotten),
		TEST(a_gop_that_is_too_large_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
