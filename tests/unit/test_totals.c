/* test_totals.c - counters over the lives of workers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/totals.h"

static void
a_new_worker_goes_on_where_the_last_one_ended(void **state)
{
	struct totals t = { 0 };

	(void)state;
	totals_on_stats(&t, &(struct msg_stats){ .frames = 100, .bytes_in = 5000 }, 0);
	totals_on_stats(&t, &(struct msg_stats){ .frames = 130, .bytes_in = 7000 }, 0);
	totals_on_state(&t, &(struct msg_state){ .reconnects = 2 });
	totals_on_cpu(&t, 900);
	totals_on_cpu(&t, 0); /* it has just ended */
	totals_worker_gone(&t);
	assert_int_equal(totals_sum(&t).frames, 130);
	totals_on_stats(&t, &(struct msg_stats){ .frames = 7, .bytes_in = 40 }, 0);
	totals_on_cpu(&t, 100);
	const struct status_totals sum = totals_sum(&t);
	assert_int_equal(sum.frames, 137);
	assert_int_equal(sum.bytes_in, 7040);
	assert_int_equal(sum.reconnects, 2);
	assert_int_equal(sum.cpu_ms, 1000);
}

static void
recordings_are_summed_too(void **state)
{
	struct totals t = { 0 };

	(void)state;
	totals_on_recording(&t, &(struct msg_recording){ .bytes = 10, .segments = 1, .gaps = 1 });
	totals_worker_gone(&t);
	totals_on_recording(&t, &(struct msg_recording){ .bytes = 5, .segments = 2, .dropped = 3 });
	const struct status_totals sum = totals_sum(&t);
	assert_int_equal(sum.recorded_bytes, 15);
	assert_int_equal(sum.recorded_segments, 3);
	assert_int_equal(sum.recording_gaps, 1);
	assert_int_equal(sum.recording_dropped, 3);
}

static void
the_last_keyframe_is_that_of_a_worker_that_is_gone_until_the_next_has_one(void **state)
{
	struct totals t = { 0 };

	(void)state;
	totals_on_stats(&t, &(struct msg_stats){ .keyframe_age_ms = -1 }, 1000);
	assert_int_equal(t.keyframe_at, 0);
	totals_on_stats(&t, &(struct msg_stats){ .keyframes = 1, .keyframe_age_ms = 400 }, 9000);
	totals_worker_gone(&t);
	totals_on_stats(&t, &(struct msg_stats){ .keyframe_age_ms = -1 }, 20000);
	assert_int_equal(t.keyframe_at, 8600);
	totals_on_stats(&t, &(struct msg_stats){ .keyframes = 1, .keyframe_age_ms = 0 }, 21000);
	assert_int_equal(t.keyframe_at, 21000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_worker_goes_on_where_the_last_one_ended),
		cmocka_unit_test(recordings_are_summed_too),
		cmocka_unit_test(
			the_last_keyframe_is_that_of_a_worker_that_is_gone_until_the_next_has_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
