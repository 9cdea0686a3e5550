/* test_recorder_queue.c - what waits for the disk is in order and bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/recorder_queue.h"

#define PICTURE (RECORDER_QUEUE_BYTES / 8)

static void
put(struct recorder_queue *q, int64_t at_us, bool idr)
{
	static const uint8_t zeros[PICTURE];
	struct recorder_unit u = { .type = RECORDER_VIDEO, .at_us = at_us, .key = idr };

	recorder_unit_add(&u, zeros, sizeof(zeros));
	recorder_queue_put(q, &u);
	assert_null(u.bytes);
}

/* The next one's time, and whether it comes after a gap; -1: none. */
static int64_t
take(struct recorder_queue *q, bool *gap)
{
	struct recorder_unit u;

	if (!recorder_queue_take(q, &u))
		return -1;
	int64_t at = u.at_us;
	*gap = u.gap;
	recorder_unit_clear(&u);
	return at;
}

static void
units_come_in_order(void **state)
{
	struct recorder_queue *q = recorder_queue_new();
	bool gap;

	(void)state;
	assert_true(recorder_queue_is_empty(q));
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 5; i++)
			put(q, i, false);
		for (int i = 0; i < 5; i++)
			assert_int_equal(take(q, &gap), i);
		assert_int_equal(take(q, &gap), -1);
	}
	recorder_queue_free(q);
}

static void
a_full_queue_drops_until_an_idr_picture_finds_half_of_it_empty(void **state)
{
	struct recorder_queue *q = recorder_queue_new();
	bool gap;

	(void)state;
	for (int i = 0; i < 10; i++)
		put(q, i, i == 0);
	assert_int_equal(recorder_queue_dropped(q), 2);
	for (int i = 0; i < 4; i++)
		assert_int_equal(take(q, &gap), i);
	put(q, 10, true); /* more than half is still there */
	take(q, &gap);
	put(q, 11, false);
	put(q, 12, true);
	put(q, 13, false);
	assert_int_equal(recorder_queue_dropped(q), 4);
	for (int i = 5; i < 8; i++) {
		assert_int_equal(take(q, &gap), i);
		assert_false(gap);
	}
	assert_int_equal(take(q, &gap), 12);
	assert_true(gap);
	assert_int_equal(take(q, &gap), 13);
	assert_false(gap);
	put(q, 14, false);
	recorder_queue_free(q);
}

/* People are told so many pictures. */
static void
sound_that_is_dropped_is_no_picture(void **state)
{
	struct recorder_queue *q = recorder_queue_new();

	(void)state;
	for (int i = 0; i < 9; i++)
		put(q, i, i == 0);
	for (int i = 0; i < 5; i++) {
		struct recorder_unit sound = { .type = RECORDER_SOUND };
		recorder_queue_put(q, &sound);
	}
	assert_int_equal(recorder_queue_dropped(q), 1);
	recorder_queue_free(q);
}

static void
parameter_sets_stand_first(void **state)
{
	struct recorder_unit u = { .type = RECORDER_VIDEO };
	static const uint8_t wanted[] =
		"\0\0\0\1\x67sps\0\0\0\1\x68pps\0\0\0\1\x06sei\0\0\0\1\x65idr";

	(void)state;
	recorder_unit_nal(&u, (const uint8_t *)"\x06sei", 4, false);
	recorder_unit_nal(&u, (const uint8_t *)"\x67sps", 4, true);
	recorder_unit_nal(&u, (const uint8_t *)"\x68pps", 4, true);
	recorder_unit_nal(&u, (const uint8_t *)"\x65idr", 4, false);
	assert_int_equal(u.len, sizeof(wanted) - 1);
	assert_memory_equal(u.bytes, wanted, u.len);
	assert_int_equal(u.sets_len, 16);
	recorder_unit_clear(&u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units_come_in_order),
		cmocka_unit_test(a_full_queue_drops_until_an_idr_picture_finds_half_of_it_empty),
		cmocka_unit_test(sound_that_is_dropped_is_no_picture),
		cmocka_unit_test(parameter_sets_stand_first),
	};

	return cmocka_run_group_tests_name("recorder_queue", tests, NULL, NULL);
}
