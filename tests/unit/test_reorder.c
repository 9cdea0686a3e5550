/* test_reorder.c - decoding times grow and are not later than showing, for streams as encoders make
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "worker/reorder.h"

#define T 40000

/* Pictures shown in the order of these numbers, in the order in which they are decoded. */
static void
check(const int *shown, size_t count, int depth)
{
	struct reorder r;
	int64_t last = INT64_MIN;

	reorder_begin(&r, depth, 0, T);
	for (size_t i = 0; i < count; i++) {
		int64_t decoded = reorder_next(&r, (int64_t)shown[i] * T);
		assert_true(decoded > last);
		assert_true(decoded <= (int64_t)shown[i] * T);
		/* One each: no picture waits for another. */
		assert_int_equal(decoded, ((int64_t)i - depth) * T);
		last = decoded;
	}
}

static void
in_order_they_are_decoded_when_they_are_shown(void **state)
{
	static const int shown[] = { 0, 1, 2, 3, 4, 5 };

	(void)state;
	check(shown, 6, 0);
}

static void
b_pictures_are_decoded_before_they_are_shown(void **state)
{
	static const int one[] = { 0, 2, 1, 4, 3, 6, 5, 7, 8, 10, 9 };
	static const int pyramid[] = { 0, 4, 2, 1, 3, 8, 6, 5, 7, 9, 10 };

	(void)state;
	check(one, 11, 1);
	check(pyramid, 11, 2);
}

static void
with_too_little_depth_they_still_grow(void **state)
{
	static const int shown[] = { 0, 4, 2, 1, 3, 8, 6, 5, 7 };
	struct reorder r;
	int64_t last = INT64_MIN;

	(void)state;
	reorder_begin(&r, 0, 0, T);
	for (size_t i = 0; i < 9; i++) {
		int64_t decoded = reorder_next(&r, (int64_t)shown[i] * T);
		assert_true(decoded > last);
		last = decoded;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_they_are_decoded_when_they_are_shown),
		cmocka_unit_test(b_pictures_are_decoded_before_they_are_shown),
		cmocka_unit_test(with_too_little_depth_they_still_grow),
	};

	return cmocka_run_group_tests_name("reorder", tests, NULL, NULL);
}
