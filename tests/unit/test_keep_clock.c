/* test_keep_clock.c - a wall clock that was set while camrelayd was not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/clock.h"
#include "supervisor/keep_clock.h"
#include "supervisor/store.h"

#define S INT64_C(1000000)

static int64_t wall_us, boot_us;
static char dir[] = "/tmp/test_keep_clock.XXXXXX";
static struct store *store;

int64_t
clock_wall_us(void)
{
	return wall_us;
}

int64_t
clock_boot_us(void)
{
	return boot_us;
}

int64_t
clock_now_us(void)
{
	return boot_us;
}

ms_t
clock_now(void)
{
	return boot_us / 1000;
}

char *
clock_text(int64_t us, char out[CLOCK_TEXT_BYTES])
{
	snprintf(out, CLOCK_TEXT_BYTES, "%lld", (long long)us);
	return out;
}

static void
open_store(void)
{
	char why[200];

	if (store_open(dir, &store, why, sizeof(why)) != 0)
		fail_msg("%s", why);
}

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_keep_clock.XXXXXX");
	wall_us = 1000000 * S;
	boot_us = 500 * S;
	if (!mkdtemp(dir))
		return -1;
	open_store();
	return 0;
}

static int
teardown(void **state)
{
	char command[100];

	(void)state;
	store_close(store);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void
nothing_noted_is_wall_time(void **state)
{
	(void)state;
	assert_int_equal(keep_clock_wall_us(store), wall_us);
}

static void
a_clock_that_was_set_is_seen_through(void **state)
{
	static const int64_t hours[] = { 1, -1 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		keep_clock_note(store);
		store_close(store);
		int64_t then_us = wall_us;
		boot_us += 20 * S;
		wall_us += 20 * S + hours[i] * 3600 * S;
		open_store();
		assert_int_equal(keep_clock_wall_us(store), then_us + 20 * S);
	}
}

/* What runs since the boot began anew. */
static void
after_a_boot_it_is_believed(void **state)
{
	(void)state;
	keep_clock_note(store);
	store_set_counter(store, NULL, "clock boot", 1);
	boot_us = 10 * S;
	wall_us += 60 * S;
	assert_int_equal(keep_clock_wall_us(store), wall_us);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_noted_is_wall_time, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_clock_that_was_set_is_seen_through, setup, teardown),
		cmocka_unit_test_setup_teardown(after_a_boot_it_is_believed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
