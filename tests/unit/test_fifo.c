/* test_fifo.c - worker/fifo.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "worker/fifo.h"

static void
bytes_come_out_in_the_order_they_went_in(void **state)
{
	struct fifo f;

	(void)state;
	fifo_init(&f, 8);
	fifo_put(&f, "abcdef", 6);
	fifo_take(&f, 4);
	fifo_put(&f, "ghijkl", 6);
	assert_int_equal(f.len, 8);
	assert_memory_equal(fifo_front(&f), "efghijkl", 8);
	fifo_clear(&f);
}

static void
what_was_taken_makes_room(void **state)
{
	struct fifo f;

	(void)state;
	fifo_init(&f, 4);
	assert_int_equal(fifo_room(&f), 4);
	memcpy(fifo_back(&f), "wxyz", 4);
	fifo_add(&f, 4);
	assert_int_equal(fifo_room(&f), 0);
	fifo_take(&f, 3);
	assert_int_equal(fifo_room(&f), 3);
	memcpy(fifo_back(&f), "123", 3);
	fifo_add(&f, 3);
	assert_memory_equal(fifo_front(&f), "z123", 4);
	fifo_clear(&f);
}

static void
an_emptied_fifo_starts_over(void **state)
{
	struct fifo f;

	(void)state;
	fifo_init(&f, 4);
	fifo_put(&f, "abcd", 4);
	fifo_take(&f, 4);
	assert_int_equal(f.start, 0);
	assert_int_equal(fifo_room(&f), 4);
	fifo_clear(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_out_in_the_order_they_went_in),
		cmocka_unit_test(what_was_taken_makes_room),
		cmocka_unit_test(an_emptied_fifo_starts_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
