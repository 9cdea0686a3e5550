/* test_keep_clock.c - a wall clock that was set, while camrelayd was there or not. */
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

/* ---- rows that are there when it is set ------------------------------------------------------ */

static void
add_rows(void)
{
	const struct store_stream stream = { .camera = "porch",
		.account = "home",
		.device = "d",
		.rtsp_url = "rtsps://x",
		.granted_us = wall_us,
		.expires_us = wall_us + 300 * S };
	const struct store_call call = {
		.at_us = wall_us, .account = "home", .device = "d", .kind = "extend"
	};

	keep_clock_note(store);
	assert_int_equal(store_put_stream(store, &stream), 0);
	assert_int_equal(store_add_call(store, &call), 0);
}

static void
pass(int64_t us, int64_t set_by_us)
{
	boot_us += us;
	wall_us += us + set_by_us;
}

struct rows {
	int64_t stream_age_us, stream_left_us, call_age_us;
	int64_t now_us;
};

static void
on_stream(void *arg, const struct store_stream *stream)
{
	struct rows *r = arg;

	r->stream_age_us = r->now_us - stream->granted_us;
	r->stream_left_us = stream->expires_us - r->now_us;
}

static void
on_call(void *arg, const struct store_call *call)
{
	struct rows *r = arg;

	r->call_age_us = r->now_us - call->at_us;
}

/* As the next camrelayd sees them. */
static void
assert_rows_are_old(int64_t us)
{
	struct rows r = { 0 };

	store_close(store);
	open_store();
	r.now_us = keep_clock_wall_us(store);
	assert_int_equal(store_each_stream(store, on_stream, &r), 0);
	assert_int_equal(store_each_call(store, 0, on_call, &r), 0);
	assert_int_equal(r.stream_age_us, us);
	assert_int_equal(r.stream_left_us, 300 * S - us);
	assert_int_equal(r.call_age_us, us);
}

static void
rows_keep_their_age_when_the_clock_is_set_under_them(void **state)
{
	(void)state;
	add_rows();
	pass(10 * S, 3600 * S);
	keep_clock_note(store);
	pass(10 * S, 0);
	keep_clock_note(store);
	assert_rows_are_old(20 * S);
	pass(10 * S, -7200 * S);
	assert_rows_are_old(30 * S);
	keep_clock_note(store);
	assert_rows_are_old(30 * S);
}

/* Nor does a clock that is slewed move them. */
static void
what_was_before_a_boot_is_not_moved(void **state)
{
	(void)state;
	add_rows();
	store_set_counter(store, NULL, "clock boot", 1);
	boot_us = 10 * S;
	wall_us += 60 * S;
	keep_clock_note(store);
	assert_rows_are_old(60 * S);
	pass(5 * S, S / 10);
	keep_clock_note(store);
	assert_rows_are_old(65 * S + S / 10);
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
		cmocka_unit_test_setup_teardown(
			rows_keep_their_age_when_the_clock_is_set_under_them, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_was_before_a_boot_is_not_moved, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
