/* test_retention.c - the oldest goes, no more than it takes, and never what is protected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/retention.h"

#define HOUR INT64_C(3600000000)
#define ITEMS 24

/* Two cameras, twelve hours each, 100 bytes an hour; given in no order. */
static void
fill(struct retention_item *items)
{
	for (size_t i = 0; i < ITEMS; i++) {
		size_t at = i * 7 % ITEMS;
		items[i] = (struct retention_item){ .start_us = (int64_t)(at / 2) * HOUR,
			.end_us = (int64_t)(at / 2 + 1) * HOUR,
			.bytes = 100,
			.camera = (int)(at % 2),
			.tag = at };
	}
}

static const struct retention_limits none = {
	.now_us = 12 * HOUR, .max_age_us = 1000 * HOUR, .free_bytes = 5000, .min_free_bytes = 1000
};

/* The doomed as text: "a0 b0 a1" is hour 0 of both cameras and hour 1 of the first. */
static const char *
doomed(struct retention_item *items, const struct retention_limits *limits)
{
	static char text[256];
	struct retention_shortage shortage;
	size_t len = 0, count = 0;

	size_t n = retention_plan(items, ITEMS, limits, &shortage);
	text[0] = '\0';
	for (size_t i = 0; i < ITEMS; i++) {
		if (!items[i].doomed)
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%c%d", len ? " " : "",
			'a' + items[i].camera, (int)(items[i].start_us / HOUR));
		count++;
	}
	assert_int_equal(n, count);
	return text;
}

static void
within_the_limits_all_stays(void **state)
{
	struct retention_item items[ITEMS];

	(void)state;
	fill(items);
	assert_string_equal(doomed(items, &none), "");
}

static void
what_is_too_old_goes(void **state)
{
	struct retention_item items[ITEMS];
	struct retention_limits l = none;

	(void)state;
	fill(items);
	l.max_age_us = 10 * HOUR;
	assert_string_equal(doomed(items, &l), "a0 b0 a1 b1");
	l.max_age_us++;
	assert_string_equal(doomed(items, &l), "a0 b0");
}

static void
too_much_in_all_takes_the_oldest_of_any_camera(void **state)
{
	struct retention_item items[ITEMS];
	struct retention_limits l = none;

	(void)state;
	fill(items);
	l.max_bytes = 2400;
	assert_string_equal(doomed(items, &l), "");
	l.max_bytes = 2399;
	assert_string_equal(doomed(items, &l), "a0");
	l.max_bytes = 2050;
	assert_string_equal(doomed(items, &l), "a0 b0 a1 b1");
}

static void
too_much_of_one_camera_takes_its_own_oldest(void **state)
{
	struct retention_item items[ITEMS];
	struct retention_limits l = none;

	(void)state;
	fill(items);
	for (size_t i = 0; i < ITEMS; i++)
		if (items[i].camera == 0)
			items[i].bytes = 10;
	l.max_bytes_per_camera = 1000;
	assert_string_equal(doomed(items, &l), "b0 b1");
}

static void
a_short_disk_takes_what_is_missing(void **state)
{
	struct retention_item items[ITEMS];
	struct retention_limits l = none;

	(void)state;
	fill(items);
	l.free_bytes = 1000;
	assert_string_equal(doomed(items, &l), "");
	l.free_bytes = 999;
	assert_string_equal(doomed(items, &l), "a0");
	l.free_bytes = 700;
	assert_string_equal(doomed(items, &l), "a0 b0 a1");
	/* What goes for another reason counts. */
	l.max_age_us = 10 * HOUR;
	assert_string_equal(doomed(items, &l), "a0 b0 a1 b1");
}

static void
what_is_protected_stays_and_the_shortage_is_told(void **state)
{
	struct retention_item items[ITEMS];
	struct retention_shortage shortage;
	struct retention_limits l = none;

	(void)state;
	fill(items);
	for (size_t i = 0; i < ITEMS; i++)
		items[i].is_protected = items[i].start_us < 2 * HOUR;
	l.max_bytes = 2300;
	assert_string_equal(doomed(items, &l), "a2");
	for (size_t i = 0; i < ITEMS; i++)
		items[i].is_protected = items[i].start_us != 5 * HOUR;
	l.max_age_us = HOUR;
	l.free_bytes = 0;
	assert_string_equal(doomed(items, &l), "a5 b5");
	retention_plan(items, ITEMS, &l, &shortage);
	assert_int_equal(shortage.free_bytes, 800);
	assert_int_equal(shortage.bytes, 0);
	l.max_bytes = 100;
	retention_plan(items, ITEMS, &l, &shortage);
	assert_int_equal(shortage.bytes, 2100);
}

/* Whatever comes: nothing protected goes, the limits hold if that is possible, and of those not
 * protected none is older than one that stays, but for its camera's limit. */
static void
random_recordings_keep_the_rules(void **state)
{
	struct retention_item items[ITEMS];
	struct retention_shortage shortage;
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 5000; round++) {
		int64_t left = 0, gone = 0;
		fill(items);
		for (size_t i = 0; i < ITEMS; i++) {
			items[i].bytes = rand_r(&seed) % 1000;
			items[i].is_protected = rand_r(&seed) % 4 == 0;
		}
		struct retention_limits l = { .now_us = 12 * HOUR,
			.max_age_us = (rand_r(&seed) % 14) * HOUR,
			.max_bytes = rand_r(&seed) % 12000,
			.free_bytes = rand_r(&seed) % 3000,
			.min_free_bytes = rand_r(&seed) % 3000 };
		retention_plan(items, ITEMS, &l, &shortage);
		bool stayed = false;
		for (size_t i = 0; i < ITEMS; i++) {
			left += items[i].doomed ? 0 : items[i].bytes;
			gone += items[i].doomed ? items[i].bytes : 0;
			assert_false(items[i].doomed && items[i].is_protected);
			assert_false(items[i].doomed && stayed);
			stayed = stayed || (!items[i].doomed && !items[i].is_protected);
		}
		assert_true(l.max_bytes == 0 || left <= l.max_bytes + shortage.bytes);
		assert_true(l.free_bytes + gone + shortage.free_bytes >= l.min_free_bytes);
		assert_true((shortage.bytes == 0 && shortage.free_bytes == 0) || !stayed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(within_the_limits_all_stays),
		cmocka_unit_test(what_is_too_old_goes),
		cmocka_unit_test(too_much_in_all_takes_the_oldest_of_any_camera),
		cmocka_unit_test(too_much_of_one_camera_takes_its_own_oldest),
		cmocka_unit_test(a_short_disk_takes_what_is_missing),
		cmocka_unit_test(what_is_protected_stays_and_the_shortage_is_told),
		cmocka_unit_test(random_recordings_keep_the_rules),
	};

	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
