/* test_path_watch.c - a stream over paths that are good and bad, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/path_watch.h"

#define MS 1000
#define PACKET 1000
/* 2 Mbit/s: a packet each 4 ms. */
#define GAP_US (4 * MS)
/* The receiver's clock is anywhere. */
#define THEIRS_US INT64_C(77000000000)

struct path {
	struct path_watch *watch;
	int64_t now_us;
	uint16_t seq;
	uint16_t said;    /* feedback was given of what is before it */
	int64_t delay_us; /* of the path */
	unsigned lose;    /* every so-many-th packet; 0: none */
	bool lost[65536];
	int64_t came_us[65536];
};

static struct path path;

static int
setup(void **state)
{
	(void)state;
	path = (struct path){ .watch = path_watch_new(),
		.now_us = 5000000,
		.seq = 65000,
		.said = 65000,
		.delay_us = 20 * MS };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	path_watch_free(path.watch);
	return 0;
}

/* As a receiver does ten times a second. */
static void
give_feedback(void)
{
	for (; path.said != path.seq; path.said++) {
		const struct transport_cc_packet p = { .seq = path.said,
			.arrived = !path.lost[path.said],
			.at_us = path.came_us[path.said] };
		path_watch_packet(path.watch, &p);
	}
	path_watch_feedback(path.watch, path.now_us);
}

/* Streams for so long; each packet waits grow_us longer than the one before. */
static void
stream(int64_t ms, int64_t grow_us)
{
	for (int64_t n = 0; n < ms * MS / GAP_US; n++) {
		path_watch_sent(path.watch, path.seq, PACKET, path.now_us);
		path.lost[path.seq] = path.lose && path.seq % path.lose == 0;
		path.came_us[path.seq] = THEIRS_US + path.now_us + path.delay_us;
		path.seq++;
		path.delay_us += grow_us;
		path.now_us += GAP_US;
		if (n % 25 == 24)
			give_feedback();
	}
}

static struct path_state
now(void)
{
	return path_watch_state(path.watch);
}

static void
nothing_is_known_without_feedback(void **state)
{
	(void)state;
	assert_false(now().known);
	assert_false(now().overloaded);
}

static void
a_good_path_carries_what_is_sent(void **state)
{
	(void)state;
	stream(60000, 0);
	assert_true(now().known);
	assert_true(now().loss_ratio == 0);
	assert_int_equal(now().queue_us, 0);
	assert_in_range(now().sent_bps, 1800000, 2200000);
	assert_int_equal(now().sent_bps, now().arrived_bps);
	assert_false(now().overloaded);
}

static void
loss_is_measured(void **state)
{
	(void)state;
	path.lose = 25;
	stream(5000, 0);
	assert_true(now().loss_ratio > 0.03 && now().loss_ratio < 0.05);
	assert_true(now().arrived_bps < now().sent_bps);
	assert_false(now().overloaded);
}

static void
a_path_that_loses_much_is_overloaded_after_a_while(void **state)
{
	(void)state;
	stream(5000, 0);
	path.lose = 5;
	stream(2000, 0);
	assert_false(now().overloaded);
	stream(3000, 0);
	assert_true(now().overloaded);
	assert_in_range(now().arrived_bps, 1400000, 1800000);
}

static void
a_queue_that_grows_is_overload_too(void **state)
{
	(void)state;
	stream(5000, 0);
	stream(8000, 400); /* 0.1 s more each second */
	assert_true(now().loss_ratio == 0);
	assert_true(now().queue_us > PATH_QUEUE_MAX_US);
	assert_true(now().overloaded);
}

static void
it_is_taken_back_when_it_was_good_for_long(void **state)
{
	(void)state;
	path.lose = 5;
	stream(6000, 0);
	assert_true(now().overloaded);
	path.lose = 0;
	stream(8000, 0);
	assert_true(now().overloaded);
	stream(5000, 0);
	assert_false(now().overloaded);
}

static void
a_clock_that_drifts_is_no_queue(void **state)
{
	(void)state;
	stream(600000, 1); /* 250 ppm */
	assert_false(now().overloaded);
	assert_true(now().queue_us < 30 * MS);
}

static void
feedback_of_what_was_not_sent_changes_nothing(void **state)
{
	(void)state;
	for (unsigned seq = 0; seq < 5000; seq++)
		path_watch_packet(path.watch,
			&(struct transport_cc_packet){ .seq = (uint16_t)seq, .arrived = seq & 1 });
	path_watch_feedback(path.watch, path.now_us);
	assert_int_equal(now().sent_bps, 0);
	assert_true(now().loss_ratio == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_known_without_feedback),
		TEST(a_good_path_carries_what_is_sent),
		TEST(loss_is_measured),
		TEST(a_path_that_loses_much_is_overloaded_after_a_while),
		TEST(a_queue_that_grows_is_overload_too),
		TEST(it_is_taken_back_when_it_was_good_for_long),
		TEST(a_clock_that_drifts_is_no_queue),
		TEST(feedback_of_what_was_not_sent_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
