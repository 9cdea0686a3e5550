/* test_quota.c - each of Google's buckets, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/quota.h"

#define MINUTE 60000
#define HOUR (60 * MINUTE)
#define WINDOW 60900 /* a minute and its guard */

struct buckets {
	struct quota *quota;
	struct quota_device *porch;
	struct quota_device *garage;
};

static struct buckets
make(int qpm, ms_t minute_ms)
{
	struct quota_settings s = quota_settings_default(qpm, minute_ms);
	struct quota *q = quota_new(&s);

	return (struct buckets){
		.quota = q,
		.porch = quota_device_new(q),
		.garage = quota_device_new(q),
	};
}

static void
drop(struct buckets *b)
{
	quota_device_free(b->porch);
	quota_device_free(b->garage);
	quota_free(b->quota);
}

/* Sends as many calls as are let, as soon as they are; returns when the last left. */
static ms_t
send(struct buckets *b, struct quota_device *d, enum call_kind kind, int calls, ms_t now)
{
	for (int i = 0; i < calls; i++) {
		now = quota_when(b->quota, d, kind, now);
		quota_take(b->quota, d, kind, now);
	}
	return now;
}

static void
calls_leave_evenly_with_a_guard_of_one_and_a_half_percent(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	assert_int_equal(quota_outlook(b.quota, 0).pace_ms, 6090);
	assert_int_equal(send(&b, b.porch, CALL_EXTEND, 1, 0), 0);
	assert_int_equal(send(&b, b.garage, CALL_EXTEND, 1, 0), 6090);
	assert_int_equal(send(&b, b.garage, CALL_GENERATE, 1, 0), 2 * 6090);
	drop(&b);
}

/* Unused slots are lost, they do not pile up. */
static void
no_burst_follows_a_pause(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	send(&b, b.porch, CALL_EXTEND, 1, 0);
	assert_int_equal(send(&b, b.porch, CALL_EXTEND, 1, HOUR), HOUR);
	assert_int_equal(send(&b, b.porch, CALL_EXTEND, 1, HOUR), HOUR + 6090);
	drop(&b);
}

static void
the_same_command_on_one_device_is_let_five_times_a_minute(void **state)
{
	struct buckets b = make(60, MINUTE);

	(void)state;
	assert_int_equal(send(&b, b.porch, CALL_EXTEND, 5, 0), 4 * 1015);
	assert_int_equal(quota_device_when(b.porch, CALL_EXTEND, 5000), 60900);
	assert_int_equal(quota_device_when(b.porch, CALL_GENERATE, 5000), 5000);
	assert_int_equal(quota_device_when(b.garage, CALL_EXTEND, 5000), 5000);
	drop(&b);
}

static void
a_camera_is_called_thirty_times_a_minute_at_most(void **state)
{
	struct quota_settings s = quota_settings_default(600, MINUTE);
	struct buckets b = { 0 };

	(void)state;
	s.limits[QUOTA_COMMAND].calls = 0;
	b.quota = quota_new(&s);
	b.porch = quota_device_new(b.quota);
	ms_t last = send(&b, b.porch, CALL_EXTEND, 30, 0);
	assert_in_range(last, 1, 5000);
	assert_int_equal(quota_device_when(b.porch, CALL_STOP, last), 60900);
	drop(&b);
}

static void
a_camera_is_called_a_hundred_times_an_hour_at_most(void **state)
{
	struct buckets b = make(10, MINUTE);
	ms_t now = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		now = send(&b, b.porch, i % 2 ? CALL_EXTEND : CALL_GENERATE, 1, now);
	assert_in_range(now, 9 * MINUTE, 12 * MINUTE);
	assert_int_equal(quota_device_when(b.porch, CALL_EXTEND, now), HOUR + HOUR * 15 / 1000);
	drop(&b);
}

static void
a_call_of_a_camera_that_is_no_more_counts_for_the_account(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	quota_take(b.quota, NULL, CALL_EXTEND, 0);
	assert_int_equal(quota_when(b.quota, b.porch, CALL_EXTEND, 0), 6090);
	assert_int_equal(quota_device_when(b.porch, CALL_EXTEND, 0), 0);
	drop(&b);
}

static void
listing_devices_has_a_bucket_of_its_own(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	send(&b, b.porch, CALL_EXTEND, 1, 0);
	assert_int_equal(send(&b, NULL, CALL_LIST, 5, 0), 0);
	assert_int_equal(quota_when(b.quota, NULL, CALL_LIST, 0), 60900);
	assert_int_equal(quota_when(b.quota, b.porch, CALL_EXTEND, 6090), 6090);
	drop(&b);
}

static void
a_minute_may_be_three_seconds(void **state)
{
	struct buckets b = make(10, 3000);

	(void)state;
	assert_int_equal(quota_outlook(b.quota, 0).pace_ms, 305);
	send(&b, b.porch, CALL_EXTEND, 5, 0);
	assert_int_equal(quota_device_when(b.porch, CALL_EXTEND, 2000), 3045);
	drop(&b);
}

static void
a_limit_of_zero_is_none(void **state)
{
	struct quota_settings s = quota_settings_default(10, MINUTE);
	struct buckets b = { 0 };

	(void)state;
	s.limits[QUOTA_COMMAND].calls = 0;
	s.limits[QUOTA_DEVICE_MINUTE].calls = 0;
	s.limits[QUOTA_DEVICE_HOUR].calls = 0;
	b.quota = quota_new(&s);
	b.porch = quota_device_new(b.quota);
	assert_int_equal(send(&b, b.porch, CALL_EXTEND, 1000, 0), 999 * 6090);
	drop(&b);
}

static void
a_429_holds_the_bucket_that_it_names_and_no_other(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	quota_refused(b.quota, b.porch, CALL_GENERATE, QUOTA_COMMAND, 0, 1000);
	assert_int_equal(quota_device_when(b.porch, CALL_GENERATE, 1000), 1000 + 60900);
	assert_int_equal(quota_device_when(b.porch, CALL_EXTEND, 1000), 1000);
	assert_int_equal(quota_when(b.quota, b.garage, CALL_GENERATE, 1000), 1000);
	quota_refused(b.quota, b.porch, CALL_EXTEND, QUOTA_EXECUTE, 0, 1000);
	assert_int_equal(quota_when(b.quota, b.garage, CALL_GENERATE, 1000), 1000 + 60900);
	assert_int_equal(quota_when(b.quota, NULL, CALL_LIST, 1000), 1000);
	drop(&b);
}

static void
a_429_holds_for_as_long_as_google_says(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	quota_refused(b.quota, b.porch, CALL_EXTEND, QUOTA_EXECUTE, 30000, 0);
	assert_int_equal(quota_when(b.quota, b.porch, CALL_EXTEND, 0), 30000);
	drop(&b);
}

/* A front end may say anything; a day without a call would be the end of every stream. */
static void
but_no_longer_than_the_longest_window(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	quota_refused(b.quota, b.porch, CALL_EXTEND, QUOTA_EXECUTE, 24 * HOUR, 0);
	assert_int_equal(quota_when(b.quota, b.porch, CALL_EXTEND, 0), HOUR);
	drop(&b);
}

/* Between two executeCommand calls at that moment. */
static ms_t
pace(const struct buckets *b, ms_t now)
{
	return quota_outlook(b->quota, now).slow_pace_ms;
}

static ms_t
pace_of(int calls)
{
	return (WINDOW + calls - 1) / calls;
}

/* So many windows of calls as soon as they are let; returns when the last left. */
static ms_t
use(struct buckets *b, int windows, ms_t now)
{
	for (ms_t end = now + windows * WINDOW; now < end;)
		now = send(b, NULL, CALL_EXTEND, 1, now + 1);
	return now;
}

static void
after_a_429_the_pace_is_half_for_a_window_then_one_less(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	ms_t now = use(&b, 2, 0);
	quota_refused(b.quota, b.porch, CALL_EXTEND, QUOTA_EXECUTE, 30000, now);
	struct quota_outlook o = quota_outlook(b.quota, now);
	/* Five in a window, those that left before among them. */
	assert_int_equal(o.next_at, now - 4 * pace_of(10) + WINDOW);
	assert_int_equal(o.slow_until, now + 30000 + WINDOW);
	assert_int_equal(o.slow_pace_ms, pace_of(5));
	assert_int_equal(o.pace_ms, pace_of(9));
	assert_int_equal(quota_usage(b.quota, NULL, QUOTA_EXECUTE, CALL_EXTEND, now).slow_ms,
		30000 + WINDOW);
	ms_t first = send(&b, b.porch, CALL_EXTEND, 1, now);
	assert_int_equal(first, o.next_at);
	assert_int_equal(send(&b, b.garage, CALL_EXTEND, 1, first), first + pace_of(5));
	assert_int_equal(pace(&b, now + 30000 + WINDOW), pace_of(9));
	drop(&b);
}

/* One call of another program's: ten of ours and that one had arrived. */
static void
where_it_is_needed_the_first_429_costs_a_call_and_no_window(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	ms_t now = use(&b, 2, 0);
	quota_refused_sparingly(b.quota, now);
	struct quota_outlook o = quota_outlook(b.quota, now);
	assert_int_equal(o.next_at, now - 8 * pace_of(10) + WINDOW);
	assert_int_equal(o.slow_pace_ms, pace_of(9));
	assert_int_equal(o.pace_ms, pace_of(9));
	struct quota_usage u = quota_usage(b.quota, NULL, QUOTA_EXECUTE, CALL_EXTEND, now);
	assert_int_equal(u.held_ms, o.next_at - now);
	assert_int_equal(u.slow_ms, 0);
	drop(&b);
}

static void
another_there_within_a_window_costs_a_window_and_half_the_pace_of_the_next(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	ms_t now = use(&b, 2, 0);
	quota_refused_sparingly(b.quota, now);
	now = send(&b, b.porch, CALL_EXTEND, 1, now);
	quota_refused_sparingly(b.quota, now);
	struct quota_outlook o = quota_outlook(b.quota, now);
	assert_int_equal(o.next_at, now + WINDOW);
	assert_int_equal(o.slow_until, now + 2 * WINDOW);
	assert_int_equal(o.slow_pace_ms, pace_of(4));
	assert_int_equal(o.pace_ms, pace_of(9));
	struct quota_usage u = quota_usage(b.quota, NULL, QUOTA_EXECUTE, CALL_EXTEND, now);
	assert_int_equal(u.slow_ms, 2 * WINDOW);
	drop(&b);
}

/* Answers are slow: two that had left when the first was refused. */
static void
a_429_to_a_call_that_left_before_the_first_was_known_is_no_other(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	ms_t now = use(&b, 2, 0);
	quota_refused_sparingly(b.quota, now);
	ms_t next = quota_when(b.quota, NULL, CALL_EXTEND, now);
	quota_refused_sparingly(b.quota, next - 1);
	assert_int_equal(quota_when(b.quota, NULL, CALL_EXTEND, now), next);
	drop(&b);
}

/* Another program took the rest. */
static void
the_pace_after_a_429_is_what_left_before_it(void **state)
{
	struct buckets b = make(10, MINUTE);
	ms_t now = 0;

	(void)state;
	for (int i = 0; i < 20; i++)
		now = send(&b, NULL, CALL_EXTEND, 1, now + 8000);
	quota_refused(b.quota, b.porch, CALL_EXTEND, QUOTA_EXECUTE, 0, now);
	assert_int_equal(pace(&b, now + 2 * WINDOW), pace_of(7));
	drop(&b);
}

static void
a_few_calls_that_are_refused_say_little(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	ms_t now = send(&b, NULL, CALL_EXTEND, 2, 0);
	quota_refused(b.quota, b.porch, CALL_EXTEND, QUOTA_EXECUTE, 0, now);
	assert_int_equal(pace(&b, now + 2 * WINDOW), pace_of(5));
	drop(&b);
}

/* At ten calls a minute; returns when half the pace has been clean. */
static ms_t
refuse(struct buckets *b, ms_t now)
{
	quota_refused(b->quota, b->porch, CALL_EXTEND, QUOTA_EXECUTE, WINDOW, now);
	return now + 2 * WINDOW;
}

static void
no_more_is_tried_while_nothing_would_be_learned(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	assert_false(quota_may_try_more(b.quota, 0));
	ms_t clean = refuse(&b, use(&b, 2, 0));
	assert_int_equal(pace(&b, clean), pace_of(9));
	assert_false(quota_may_try_more(b.quota, clean + 2 * WINDOW));
	ms_t now = use(&b, 1, clean);
	assert_true(quota_may_try_more(b.quota, now));
	/* Nobody raises it but who is asked. */
	assert_int_equal(pace(&b, now), pace_of(9));
	quota_try_more(b.quota, now);
	assert_int_equal(pace(&b, now), pace_of(10));
	drop(&b);
}

/* Else a quota that is shared with another program would be overdrawn every three minutes. */
static void
a_trial_that_was_refused_is_made_again_the_later_the_more_often_it_was(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	ms_t clean = refuse(&b, use(&b, 2, 0));
	for (int windows = 1; windows <= 32; windows *= 2) {
		ms_t now = use(&b, windows - 1, clean);
		assert_false(quota_may_try_more(b.quota, now));
		now = use(&b, windows, clean);
		assert_true(quota_may_try_more(b.quota, now));
		quota_try_more(b.quota, now);
		clean = refuse(&b, send(&b, NULL, CALL_EXTEND, 1, now));
		assert_int_equal(pace(&b, clean), pace_of(9));
	}
	drop(&b);
}

static void
an_hour_at_the_limit_and_the_past_is_forgotten(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	ms_t clean = refuse(&b, use(&b, 2, 0));
	assert_false(quota_may_try_more(b.quota, clean + 59 * WINDOW));
	assert_true(quota_may_try_more(b.quota, clean + 60 * WINDOW));
	quota_try_more(b.quota, clean + 60 * WINDOW);
	assert_int_equal(pace(&b, clean + 60 * WINDOW), 6090);
	assert_true(quota_may_try_more(b.quota, clean + 120 * WINDOW));
	quota_try_more(b.quota, clean + 120 * WINDOW);
	assert_false(quota_may_try_more(b.quota, clean + 240 * WINDOW));
	drop(&b);
}

static void
what_a_refusal_would_cost_is_told_and_nothing_is_changed(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	ms_t now = use(&b, 1, refuse(&b, use(&b, 2, 0)));
	struct quota_outlook o = quota_outlook_if_refused(b.quota, now);
	assert_int_equal(o.next_at, now + pace_of(9));
	assert_int_equal(o.slow_pace_ms, pace_of(9));
	assert_int_equal(o.pace_ms, pace_of(9));
	assert_int_equal(quota_when(b.quota, NULL, CALL_EXTEND, now), now + pace_of(9));
	assert_true(quota_may_try_more(b.quota, now));
	drop(&b);
}

/* Nobody asks what their refusals cost. */
/* An hour behind a 429 one call more is tried, and what that would cost is asked before. */
static void
a_quota_of_one_call_is_not_less_after_a_429(void **state)
{
	struct buckets b = make(1, MINUTE);

	(void)state;
	ms_t now = use(&b, 2, 0);
	quota_refused_sparingly(b.quota, now);
	now += 61 * WINDOW + WINDOW;
	assert_true(quota_may_try_more(b.quota, now));
	assert_int_equal(quota_outlook_if_refused(b.quota, now).pace_ms, pace_of(1));
	quota_try_more(b.quota, now);
	quota_refused_sparingly(b.quota, now);
	assert_int_equal(quota_outlook(b.quota, now).pace_ms, pace_of(1));
	assert_int_equal(quota_when(b.quota, NULL, CALL_EXTEND, now), now + WINDOW);
	drop(&b);
}

static void
a_cameras_bucket_comes_back_by_itself(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	quota_take(b.quota, b.porch, CALL_EXTEND, 0);
	quota_refused(b.quota, b.porch, CALL_EXTEND, QUOTA_COMMAND, 1000, 0);
	ms_t now = 1000 + WINDOW;
	for (int takes = 2; takes <= 5; takes++) {
		for (int i = 0; i < takes; i++)
			quota_take(b.quota, b.porch, CALL_EXTEND, now);
		assert_int_equal(quota_device_when(b.porch, CALL_EXTEND, now), now + WINDOW);
		now += WINDOW;
	}
	drop(&b);
}

static void
half_the_pace_may_be_too_much_as_well(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	ms_t now = use(&b, 2, 0);
	quota_refused(b.quota, b.porch, CALL_EXTEND, QUOTA_EXECUTE, 30000, now);
	quota_refused(b.quota, b.porch, CALL_EXTEND, QUOTA_EXECUTE, 30000, now + 50000);
	assert_int_equal(pace(&b, now + 80000), pace_of(4));
	quota_refused(b.quota, b.porch, CALL_EXTEND, QUOTA_EXECUTE, 30000, now + 100000);
	assert_int_equal(pace(&b, now + 130000), pace_of(3));
	assert_int_equal(pace(&b, now + 130000 + WINDOW), pace_of(9));
	drop(&b);
}

static void
a_second_429_begins_the_window_again(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	ms_t now = use(&b, 2, 0);
	quota_refused(b.quota, b.porch, CALL_EXTEND, QUOTA_EXECUTE, 30000, now);
	quota_refused(b.quota, b.porch, CALL_EXTEND, QUOTA_EXECUTE, 30000, now + 40000);
	assert_int_equal(quota_when(b.quota, b.porch, CALL_EXTEND, now + 40000), now + 70000);
	assert_int_equal(pace(&b, now + 130000), pace_of(5));
	assert_int_equal(pace(&b, now + 70000 + WINDOW), pace_of(9));
	drop(&b);
}

static void
usage_says_what_is_left(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	ms_t now = send(&b, b.porch, CALL_EXTEND, 3, 0);
	struct quota_usage u = quota_usage(b.quota, NULL, QUOTA_EXECUTE, CALL_EXTEND, now);
	assert_int_equal(u.limit, 10);
	assert_int_equal(u.used, 3);
	assert_int_equal(u.held_ms, 0);
	u = quota_usage(b.quota, b.porch, QUOTA_DEVICE_HOUR, CALL_EXTEND, now + HOUR / 2);
	assert_int_equal(u.used, 3);
	u = quota_usage(b.quota, b.porch, QUOTA_DEVICE_HOUR, CALL_EXTEND, now + 2 * HOUR);
	assert_int_equal(u.used, 0);
	drop(&b);
}

static struct quota_settings
limits(int qpm, int hourly)
{
	struct quota_settings s = quota_settings_default(qpm, MINUTE);

	s.limits[QUOTA_DEVICE_HOUR].calls = hourly;
	return s;
}

static void
a_raised_limit_is_of_use_at_once(void **state)
{
	struct buckets b = make(10, MINUTE);
	struct quota_settings s = limits(20, 100);

	(void)state;
	ms_t last = send(&b, b.porch, CALL_EXTEND, 3, 0);
	quota_set_limits(b.quota, &s);
	quota_device_set_limits(b.porch, &s);
	assert_int_equal(quota_when(b.quota, b.porch, CALL_EXTEND, last), last + 3045);
	assert_int_equal(quota_usage(b.quota, b.porch, QUOTA_EXECUTE, CALL_EXTEND, last).used, 3);
	drop(&b);
}

static void
a_lowered_limit_counts_the_calls_already_made(void **state)
{
	struct buckets b = make(10, MINUTE);
	struct quota_settings s = limits(5, 3);

	(void)state;
	/* The last three of ten, 6.09 s apart, are what the hour counts. */
	ms_t last = send(&b, b.porch, CALL_EXTEND, 5, 0);
	last = send(&b, b.porch, CALL_GENERATE, 5, last);
	quota_set_limits(b.quota, &s);
	quota_device_set_limits(b.porch, &s);
	quota_device_set_limits(b.garage, &s);
	assert_int_equal(quota_device_when(b.porch, CALL_STOP, last),
		last - 2 * 6090 + HOUR + HOUR * 15 / 1000);
	assert_int_equal(quota_when(b.quota, b.garage, CALL_EXTEND, last), last - 4 * 6090 + 60900);
	drop(&b);
}

static void
a_camera_counts_until_its_last_call_is_an_hour_old(void **state)
{
	struct buckets b = make(10, MINUTE);

	(void)state;
	assert_false(quota_device_counts(b.porch, 0));
	quota_take(b.quota, b.porch, CALL_EXTEND, 0);
	assert_true(quota_device_counts(b.porch, HOUR));
	assert_false(quota_device_counts(b.porch, HOUR + HOUR * 15 / 1000));
	assert_false(quota_device_counts(b.garage, 1));
	drop(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_leave_evenly_with_a_guard_of_one_and_a_half_percent),
		cmocka_unit_test(no_burst_follows_a_pause),
		cmocka_unit_test(the_same_command_on_one_device_is_let_five_times_a_minute),
		cmocka_unit_test(a_camera_is_called_thirty_times_a_minute_at_most),
		cmocka_unit_test(a_camera_is_called_a_hundred_times_an_hour_at_most),
		cmocka_unit_test(a_call_of_a_camera_that_is_no_more_counts_for_the_account),
		cmocka_unit_test(listing_devices_has_a_bucket_of_its_own),
		cmocka_unit_test(a_minute_may_be_three_seconds),
		cmocka_unit_test(a_limit_of_zero_is_none),
		cmocka_unit_test(a_429_holds_the_bucket_that_it_names_and_no_other),
		cmocka_unit_test(a_429_holds_for_as_long_as_google_says),
		cmocka_unit_test(but_no_longer_than_the_longest_window),
		cmocka_unit_test(after_a_429_the_pace_is_half_for_a_window_then_one_less),
		cmocka_unit_test(where_it_is_needed_the_first_429_costs_a_call_and_no_window),
		cmocka_unit_test(
			another_there_within_a_window_costs_a_window_and_half_the_pace_of_the_next),
		cmocka_unit_test(a_429_to_a_call_that_left_before_the_first_was_known_is_no_other),
		cmocka_unit_test(the_pace_after_a_429_is_what_left_before_it),
		cmocka_unit_test(a_few_calls_that_are_refused_say_little),
		cmocka_unit_test(no_more_is_tried_while_nothing_would_be_learned),
		cmocka_unit_test(
			a_trial_that_was_refused_is_made_again_the_later_the_more_often_it_was),
		cmocka_unit_test(an_hour_at_the_limit_and_the_past_is_forgotten),
		cmocka_unit_test(what_a_refusal_would_cost_is_told_and_nothing_is_changed),
		cmocka_unit_test(a_quota_of_one_call_is_not_less_after_a_429),
		cmocka_unit_test(a_cameras_bucket_comes_back_by_itself),
		cmocka_unit_test(half_the_pace_may_be_too_much_as_well),
		cmocka_unit_test(a_second_429_begins_the_window_again),
		cmocka_unit_test(usage_says_what_is_left),
		cmocka_unit_test(a_raised_limit_is_of_use_at_once),
		cmocka_unit_test(a_lowered_limit_counts_the_calls_already_made),
		cmocka_unit_test(a_camera_counts_until_its_last_call_is_an_hour_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
