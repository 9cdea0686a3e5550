/* test_scheduler.c - whom each slot is given to, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/scheduler_change.h"
#include "supervisor/scheduler_view.h"

#define MINUTE 60000
#define HOUR (60 * MINUTE)
#define LIFE 300000
#define PACE 6090

static int
setup(void **state)
{
	struct scheduler_settings s = scheduler_settings_default(10, MINUTE);

	*state = scheduler_new(&s);
	return 0;
}

static int
teardown(void **state)
{
	scheduler_free(*state);
	return 0;
}

/* A camera whose stream was granted a life before its end. */
static void
add_living(struct scheduler *s, int camera, ms_t expires_at)
{
	scheduler_add(s, camera);
	scheduler_restored(s, camera, expires_at - LIFE, expires_at);
}

static void
add_wanting(struct scheduler *s, int camera, ms_t from)
{
	scheduler_add(s, camera);
	scheduler_want_generate(s, camera, GENERATE_RECOVER, from);
}

static struct api_call
next_call(struct scheduler *s, ms_t *now)
{
	struct api_call call;
	ms_t again = scheduler_step(s, *now, &call);

	while (call.kind == CALL_NONE && again != MS_NEVER) {
		*now = again;
		again = scheduler_step(s, *now, &call);
	}
	return call;
}

static enum call_verdict
reply(struct scheduler *s, const struct api_call *call, enum call_result result, ms_t now)
{
	struct call_answer a = { .result = result, .expires_at = now + LIFE };

	return scheduler_answered(s, call, &a, now);
}

/* The next call is this one; it is answered at once. */
static enum call_verdict
expect_call(
	struct scheduler *s, ms_t *now, enum call_kind kind, int camera, enum call_result result)
{
	struct api_call call = next_call(s, now);

	assert_int_equal(call.kind, kind);
	assert_int_equal(call.camera, camera);
	return reply(s, &call, result, *now);
}

static void
expect_nothing(struct scheduler *s, ms_t now)
{
	struct api_call call;

	scheduler_step(s, now, &call);
	assert_int_equal(call.kind, CALL_NONE);
}

static void
expect_event(struct scheduler *s, enum scheduler_event_kind kind, int camera)
{
	struct scheduler_event e;

	assert_true(scheduler_event(s, &e));
	assert_int_equal(e.kind, kind);
	assert_int_equal(e.camera, camera);
}

static void
expect_no_event(struct scheduler *s)
{
	struct scheduler_event e;

	assert_false(scheduler_event(s, &e));
}

/* ---- slots and order ------------------------------------------------------------------------- */

static void
without_cameras_there_is_nothing_to_wait_for(void **state)
{
	struct api_call call;

	assert_int_equal(scheduler_step(*state, 0, &call), MS_NEVER);
	assert_int_equal(call.kind, CALL_NONE);
}

static void
what_generates_wait_for_their_slots_is_counted(void **state)
{
	ms_t now = 0;

	for (int camera = 0; camera < 2; camera++) {
		scheduler_add(*state, camera);
		scheduler_want_generate(*state, camera, GENERATE_START, 0);
	}
	expect_call(*state, &now, CALL_GENERATE, 0, CALL_OK);
	struct scheduler_stats stats = scheduler_stats(*state, 5000);
	assert_int_equal(stats.waiting, 1);
	assert_int_equal(stats.longest_wait_ms, 5000);
	assert_int_equal(stats.waited_ms, 0);
	expect_call(*state, &now, CALL_GENERATE, 1, CALL_OK);
	stats = scheduler_stats(*state, now);
	assert_int_equal(stats.waits, 2);
	assert_int_equal(stats.waited_ms, now);
	assert_true(now >= 12000);
	assert_int_equal(stats.longest_wait_ms, 0);
}

static void
first_starts_are_twelve_seconds_apart(void **state)
{
	ms_t now = 0;

	for (int camera = 0; camera < 3; camera++) {
		scheduler_add(*state, camera);
		scheduler_want_generate(*state, camera, GENERATE_START, 0);
	}
	for (int camera = 0; camera < 3; camera++) {
		expect_call(*state, &now, CALL_GENERATE, camera, CALL_OK);
		assert_int_equal(now, camera * 12000);
	}
}

static void
recoveries_take_every_slot_and_come_in_the_order_they_were_wanted(void **state)
{
	ms_t now = 0;

	add_wanting(*state, 1, 200);
	add_wanting(*state, 2, 200);
	add_wanting(*state, 3, 100);
	add_wanting(*state, 4, 0);
	expect_call(*state, &now, CALL_GENERATE, 4, CALL_OK);
	expect_call(*state, &now, CALL_GENERATE, 3, CALL_OK);
	expect_call(*state, &now, CALL_GENERATE, 1, CALL_OK);
	expect_call(*state, &now, CALL_GENERATE, 2, CALL_OK);
	assert_int_equal(now, 3 * PACE);
}

static void
the_operators_generate_is_first_of_its_class(void **state)
{
	ms_t now = 0;

	add_wanting(*state, 1, 0);
	add_living(*state, 2, LIFE);
	scheduler_want_generate(*state, 2, GENERATE_OPERATOR, 0);
	expect_call(*state, &now, CALL_GENERATE, 2, CALL_OK);
	expect_call(*state, &now, CALL_GENERATE, 1, CALL_OK);
}

static void
the_operators_extend_takes_the_next_slot(void **state)
{
	ms_t now = 0;

	add_living(*state, 1, 200000);
	add_living(*state, 2, LIFE);
	add_wanting(*state, 3, 0);
	assert_int_equal(scheduler_want_extend(*state, 2), 0);
	assert_int_equal(scheduler_want_extend(*state, 3), -1);
	assert_int_equal(expect_call(*state, &now, CALL_EXTEND, 2, CALL_OK), VERDICT_DONE);
	assert_int_equal(now, 0);
	expect_call(*state, &now, CALL_GENERATE, 3, CALL_OK);
}

static void
the_operators_extend_does_not_endanger_another_stream(void **state)
{
	ms_t now = 0;

	add_living(*state, 1, 1000 + PACE / 2);
	add_living(*state, 2, LIFE);
	scheduler_want_extend(*state, 2);
	expect_call(*state, &now, CALL_EXTEND, 1, CALL_OK);
	expect_call(*state, &now, CALL_EXTEND, 2, CALL_OK);
	assert_int_equal(now, PACE);
}

static void
what_was_wanted_can_be_taken_back(void **state)
{
	add_wanting(*state, 1, 0);
	scheduler_cancel(*state, 1);
	expect_nothing(*state, 0);
}

static void
no_camera_is_added_twice(void **state)
{
	assert_int_equal(scheduler_add(*state, 1), 0);
	assert_int_equal(scheduler_add(*state, 1), -1);
}

/* ---- Extends --------------------------------------------------------------------------------- */

static void
an_idle_slot_extends_a_stream_from_sixty_percent_of_its_life_on(void **state)
{
	ms_t now = 0;

	add_living(*state, 1, LIFE);
	expect_nothing(*state, 179999);
	expect_call(*state, &now, CALL_EXTEND, 1, CALL_OK);
	assert_int_equal(now, 180000);
	expect_call(*state, &now, CALL_EXTEND, 1, CALL_OK);
	assert_int_equal(now, 360000);
}

static void
the_stream_nearest_to_its_end_is_extended_first(void **state)
{
	ms_t now = 0;

	add_living(*state, 1, 50000);
	add_living(*state, 2, 30000);
	add_living(*state, 3, 40000);
	expect_call(*state, &now, CALL_EXTEND, 2, CALL_OK);
	expect_call(*state, &now, CALL_EXTEND, 3, CALL_OK);
	expect_call(*state, &now, CALL_EXTEND, 1, CALL_OK);
	assert_int_equal(now, 2 * PACE);
}

/* At a fixed mark of 60 s before the end, 29 of these would die. */
static void
forty_that_end_together_are_begun_with_in_time(void **state)
{
	ms_t now = 0;

	for (int camera = 0; camera < 40; camera++)
		add_living(*state, camera, LIFE);
	for (int camera = 0; camera < 40; camera++) {
		struct api_call call = next_call(*state, &now);
		assert_int_equal(call.kind, CALL_EXTEND);
		assert_int_equal(reply(*state, &call, CALL_OK, now), VERDICT_DONE);
	}
	assert_true(now <= LIFE - 1000);
	assert_int_equal(scheduler_stats(*state, now).expired, 0);
}

static void
a_life_may_be_a_minute(void **state)
{
	ms_t now = 0;

	scheduler_add(*state, 1);
	scheduler_restored(*state, 1, 0, 60000);
	expect_call(*state, &now, CALL_EXTEND, 1, CALL_OK);
	assert_int_equal(now, 36000);
}

static void
a_life_that_is_over_at_once_keeps_no_other_stream_away(void **state)
{
	static const ms_t lives[] = { -5000, 0, 600, 10000 };
	ms_t now = 0;

	add_living(*state, 99, LIFE);
	for (int i = 0; i < 4; i++) {
		add_wanting(*state, i, now);
		struct api_call call = next_call(*state, &now);
		struct call_answer a = { .result = CALL_OK, .expires_at = now + lives[i] };
		assert_int_equal(call.kind, CALL_GENERATE);
		assert_int_equal(scheduler_answered(*state, &call, &a, now), VERDICT_DONE);
		scheduler_lost(*state, i);
		add_wanting(*state, 10 + i, now);
		expect_call(*state, &now, CALL_GENERATE, 10 + i, CALL_OK);
		assert_true(now <= (2 * i + 1) * PACE);
		scheduler_remove(*state, i);
		scheduler_remove(*state, 10 + i);
	}
}

static void
a_failed_extend_is_tried_again_in_the_next_slot(void **state)
{
	ms_t now = 100000;

	add_living(*state, 1, 200000);
	assert_int_equal(expect_call(*state, &now, CALL_EXTEND, 1, CALL_FAILED), VERDICT_KEPT);
	assert_int_equal(expect_call(*state, &now, CALL_EXTEND, 1, CALL_OK), VERDICT_DONE);
	assert_int_equal(now, 100000 + PACE);
}

/* Its answer brings the only token that still works. */
static void
an_extend_is_waited_for_as_long_as_its_stream_leaves_time_for_another_try(void **state)
{
	static const struct {
		ms_t left;
		ms_t patience;
	} cases[] = { { 290000, 30000 }, { 45000, 30000 }, { 40000, 25000 }, { 30000, 15000 },
		{ 20000, 10000 }, { 1000, 10000 } };

	for (int i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
		ms_t now = 1000000 + i * LIFE;

		add_living(*state, i, now + cases[i].left);
		scheduler_want_extend(*state, i);
		struct api_call call = next_call(*state, &now);
		assert_int_equal(call.camera, i);
		assert_int_equal(call.patience_ms, cases[i].patience);
		reply(*state, &call, CALL_OK, now);
		scheduler_remove(*state, i);
	}
}

/* The patience with an Extend of a stream that has just time for one. */
static ms_t
least_patience(struct scheduler *s, ms_t *now)
{
	add_living(s, 99, *now + 8000);
	scheduler_want_extend(s, 99);
	ms_t patience = next_call(s, now).patience_ms;
	scheduler_remove(s, 99);
	return patience;
}

/* Near capacity there is never time for another try. */
static void
an_extend_is_waited_for_as_long_as_answers_take_of_late(void **state)
{
	ms_t now = 1000000;

	assert_int_equal(least_patience(*state, &now), 10000);
	for (int answers = 0; answers < 300; answers++) {
		add_wanting(*state, 1, now);
		struct api_call call = next_call(*state, &now);
		now += answers == 0 ? 20000 : 1000;
		reply(*state, &call, CALL_OK, now);
		scheduler_remove(*state, 1);
		if (answers == 0)
			assert_int_equal(least_patience(*state, &now), 25000);
	}
	assert_int_equal(least_patience(*state, &now), 10000);
}

/* A minute in which we were stopped, or a time-out of our own, is no answer that was slow. */
static void
but_not_as_long_as_we_took(void **state)
{
	ms_t now = 1000000;

	for (int i = 0; i < 2; i++) {
		add_wanting(*state, 1, now);
		struct api_call call = next_call(*state, &now);
		now += i == 0 ? 60000 : 30000;
		reply(*state, &call, i == 0 ? CALL_OK : CALL_FAILED, now);
		scheduler_remove(*state, 1);
	}
	assert_int_equal(least_patience(*state, &now), 10000);
}

/* Then time is better spent on another try. */
static void
nor_when_no_answers_come(void **state)
{
	static const ms_t took_ms[] = { 20000, 30000, 30000 },
			  wanted_ms[] = { 25000, 25000, 10000 };
	ms_t now = 1000000;

	for (int i = 0; i < 3; i++) {
		add_wanting(*state, 1, now);
		struct api_call call = next_call(*state, &now);
		now += took_ms[i];
		reply(*state, &call, i == 0 ? CALL_OK : CALL_FAILED, now);
		scheduler_remove(*state, 1);
		assert_int_equal(least_patience(*state, &now), wanted_ms[i]);
	}
}

static void
a_generate_is_waited_for_as_long_as_may_be(void **state)
{
	ms_t now = 1000000;

	add_wanting(*state, 1, now);
	assert_int_equal(next_call(*state, &now).patience_ms, 30000);
}

/* The stream of camera 1 has 100 s left: ten more tries would be possible. */
static void
one_that_keeps_failing_does_not_take_every_slot(void **state)
{
	ms_t now = 100000;
	int tries = 0;
	int others = 0;

	add_living(*state, 1, 200000);
	for (int camera = 2; camera < 30; camera++)
		add_living(*state, camera, 210000 + camera * 10000);
	while (now < 200000) {
		struct api_call call = next_call(*state, &now);
		bool broken = call.camera == 1;
		tries += broken;
		others += !broken;
		reply(*state, &call, broken ? CALL_REFUSED : CALL_OK, now);
	}
	assert_in_range(tries, 3, 8);
	assert_in_range(others, 9, 14);
}

static void
a_stream_whose_call_is_in_flight_is_not_called_again(void **state)
{
	ms_t now = 100000;

	add_living(*state, 1, 200000);
	add_living(*state, 2, 210000);
	struct api_call first = next_call(*state, &now);
	struct api_call second = next_call(*state, &now);
	assert_int_equal(first.camera, 1);
	assert_int_equal(second.camera, 2);
	expect_nothing(*state, 190000);
	assert_int_equal(reply(*state, &second, CALL_OK, 190000), VERDICT_DONE);
	assert_int_equal(reply(*state, &first, CALL_OK, 190000), VERDICT_DONE);
}

static void
a_session_that_google_does_not_know_is_lost_at_once(void **state)
{
	ms_t now = 0;

	add_living(*state, 1, 100000);
	assert_int_equal(expect_call(*state, &now, CALL_EXTEND, 1, CALL_STREAM_GONE), VERDICT_LOST);
	expect_nothing(*state, now + PACE);
	expect_no_event(*state);
}

static void
a_stream_that_ends_is_announced_with_the_failures_that_led_to_it(void **state)
{
	struct scheduler_event e;
	ms_t now = 90000;

	add_living(*state, 1, 100000);
	expect_call(*state, &now, CALL_EXTEND, 1, CALL_FAILED);
	expect_call(*state, &now, CALL_EXTEND, 1, CALL_FAILED);
	expect_nothing(*state, 99999);
	expect_nothing(*state, 100000);
	while (scheduler_event(*state, &e) && e.kind != SCHEDULER_EXPIRED)
		continue;
	assert_int_equal(e.kind, SCHEDULER_EXPIRED);
	assert_int_equal(e.camera, 1);
	assert_int_equal(e.failures, 2);
	expect_no_event(*state);
}

static void
the_end_of_a_stream_waits_for_the_answer_that_may_save_it(void **state)
{
	ms_t now = 98000;

	add_living(*state, 1, 100000);
	struct api_call call = next_call(*state, &now);
	expect_nothing(*state, 101000);
	expect_no_event(*state);
	assert_int_equal(reply(*state, &call, CALL_OK, 102000), VERDICT_DONE);
	assert_int_equal(scheduler_stats(*state, 102000).living, 1);
}

/* ---- the living before the dead -------------------------------------------------------------- */

/* Five streams end one slot after the other, the first in a slot and a half. */
static void
a_generate_waits_until_every_living_stream_is_safe(void **state)
{
	ms_t now = 0;

	for (int camera = 0; camera < 5; camera++)
		add_living(*state, camera, 1000 + PACE * 3 / 2 + camera * PACE);
	add_wanting(*state, 9, 0);
	for (int camera = 0; camera < 5; camera++)
		expect_call(*state, &now, CALL_EXTEND, camera, CALL_OK);
	expect_call(*state, &now, CALL_GENERATE, 9, CALL_OK);
	assert_int_equal(now, 5 * PACE);
}

static void
a_generate_does_not_wait_for_streams_that_have_time(void **state)
{
	ms_t now = 0;

	for (int camera = 0; camera < 5; camera++)
		add_living(*state, camera, 60000 + camera * PACE);
	add_wanting(*state, 9, 0);
	expect_call(*state, &now, CALL_GENERATE, 9, CALL_OK);
	assert_int_equal(now, 0);
}

static void
a_generate_that_fails_is_the_cameras_to_ask_for_again(void **state)
{
	ms_t now = 0;

	add_wanting(*state, 1, 0);
	assert_int_equal(expect_call(*state, &now, CALL_GENERATE, 1, CALL_REFUSED), VERDICT_FAILED);
	expect_nothing(*state, MINUTE);
	scheduler_want_generate(*state, 1, GENERATE_RECOVER, 90000);
	now = MINUTE;
	expect_call(*state, &now, CALL_GENERATE, 1, CALL_OK);
	assert_int_equal(now, 90000);
}

/* Whoever is refused every time must not be the first to ask each time. */
static void
after_a_429_or_a_401_the_next_generate_is_anothers(void **state)
{
	ms_t now = 1000;

	add_wanting(*state, 1, 0);
	add_wanting(*state, 2, 0);
	add_wanting(*state, 3, 0);
	assert_int_equal(expect_call(*state, &now, CALL_GENERATE, 1, CALL_ACCOUNT), VERDICT_KEPT);
	now += 1000;
	assert_int_equal(
		expect_call(*state, &now, CALL_GENERATE, 2, CALL_RATE_LIMITED), VERDICT_KEPT);
	now += 1000;
	expect_call(*state, &now, CALL_GENERATE, 3, CALL_OK);
	expect_call(*state, &now, CALL_GENERATE, 1, CALL_OK);
	expect_call(*state, &now, CALL_GENERATE, 2, CALL_OK);
}

static void
an_extend_that_is_refused_but_not_for_ever_is_tried_again_while_the_stream_lives(void **state)
{
	ms_t now = 0;

	add_living(*state, 1, LIFE);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			expect_call(*state, &now, CALL_EXTEND, 1, CALL_REFUSED), VERDICT_KEPT);
	assert_int_equal(expect_call(*state, &now, CALL_EXTEND, 1, CALL_OK), VERDICT_DONE);
	assert_true(now < LIFE);
}

static void
a_generate_that_is_wanted_again_leaves_no_later(void **state)
{
	ms_t now = 0;

	add_wanting(*state, 1, 90000);
	scheduler_want_generate(*state, 1, GENERATE_RECOVER, 150000);
	expect_call(*state, &now, CALL_GENERATE, 1, CALL_REFUSED);
	assert_int_equal(now, 90000);
	scheduler_want_generate(*state, 1, GENERATE_RECOVER, 200000);
	scheduler_want_generate(*state, 1, GENERATE_RECOVER, 150000);
	expect_call(*state, &now, CALL_GENERATE, 1, CALL_OK);
	assert_int_equal(now, 150000);
}

/* The stream that was there ended meanwhile: the camera wants one too, but a little later. */
static void
what_the_operator_asked_for_stays_the_operators(void **state)
{
	ms_t now = 0;

	add_wanting(*state, 1, 0);
	add_living(*state, 2, LIFE);
	scheduler_want_generate(*state, 2, GENERATE_OPERATOR, 0);
	scheduler_lost(*state, 2);
	scheduler_want_generate(*state, 2, GENERATE_RECOVER, 10000);
	expect_call(*state, &now, CALL_GENERATE, 2, CALL_OK);
	assert_int_equal(now, 0);
}

/* ---- not all can be saved -------------------------------------------------------------------- */

/* Four streams, three slots: one is given up, named before it ends, and the others are kept. */
static void
when_not_all_can_be_saved_one_is_given_up_by_name(void **state)
{
	ms_t now = 0;

	for (int camera = 0; camera < 4; camera++)
		add_living(*state, camera, 1000 + 2 * PACE + camera * 10);
	for (int i = 0; i < 3; i++) {
		struct api_call call = next_call(*state, &now);
		assert_int_equal(reply(*state, &call, CALL_OK, now), VERDICT_DONE);
	}
	struct scheduler_event e;
	assert_true(scheduler_event(*state, &e));
	assert_int_equal(e.kind, SCHEDULER_GIVEN_UP);
	expect_nothing(*state, 1000 + 2 * PACE + 30);
	expect_event(*state, SCHEDULER_EXPIRED, e.camera);
	expect_no_event(*state);
	assert_int_equal(scheduler_stats(*state, now).living, 3);
	assert_int_equal(scheduler_stats(*state, now).given_up, 1);
}

static void
of_those_that_could_be_given_up_it_is_the_youngest(void **state)
{
	ms_t now = 100000;

	for (int camera = 0; camera < 3; camera++)
		scheduler_add(*state, camera);
	scheduler_restored(*state, 0, 50000, 101000 + PACE);
	scheduler_restored(*state, 1, 90000, 101000 + PACE);
	scheduler_restored(*state, 2, 70000, 101000 + PACE);
	expect_call(*state, &now, CALL_EXTEND, 0, CALL_OK);
	expect_call(*state, &now, CALL_EXTEND, 2, CALL_OK);
	expect_event(*state, SCHEDULER_GIVEN_UP, 1);
}

static void
one_whose_own_bucket_rests_past_its_end_costs_no_other_its_slot(void **state)
{
	struct call_answer limited = {
		.result = CALL_RATE_LIMITED, .bucket = QUOTA_DEVICE_MINUTE, .retry_after_ms = MINUTE
	};
	ms_t now = 0;

	add_living(*state, 1, 9000);
	scheduler_want_extend(*state, 1);
	struct api_call call = next_call(*state, &now);
	assert_int_equal(call.camera, 1);
	scheduler_answered(*state, &call, &limited, now);
	add_living(*state, 2, 9500);
	expect_call(*state, &now, CALL_EXTEND, 2, CALL_OK);
	expect_no_event(*state);
	expect_nothing(*state, 9000);
	expect_event(*state, SCHEDULER_EXPIRED, 1);
}

static void
a_stream_that_was_given_up_is_saved_when_a_slot_is_left(void **state)
{
	ms_t now = 0;

	add_living(*state, 0, 1000 + PACE);
	add_living(*state, 1, 1000 + PACE);
	add_living(*state, 2, 1000 + PACE);
	struct api_call call = next_call(*state, &now);
	struct scheduler_event e;
	assert_true(scheduler_event(*state, &e));
	scheduler_remove(*state, call.camera == 0 ? (e.camera == 1 ? 2 : 1) : 0);
	expect_call(*state, &now, CALL_EXTEND, e.camera, CALL_OK);
}

static void
forty_eight_are_admitted_and_not_one_more(void **state)
{
	ms_t now = 0;

	for (int camera = 0; camera < 49; camera++)
		add_wanting(*state, camera, 0);
	while (now < 3600000) {
		struct api_call call = next_call(*state, &now);
		assert_int_equal(reply(*state, &call, CALL_OK, now), VERDICT_DONE);
	}
	assert_int_equal(scheduler_stats(*state, now).living, 48);
	assert_int_equal(scheduler_stats(*state, now).expired, 0);
	expect_event(*state, SCHEDULER_WAITING, 48);
	expect_no_event(*state);
	assert_int_equal(scheduler_stats(*state, now).turned_away, 1);
	assert_true(scheduler_turned_away(*state, 48));
	assert_false(scheduler_turned_away(*state, 47));
	scheduler_cancel(*state, 48);
	assert_false(scheduler_turned_away(*state, 48));
}

static void
under_overload_who_lived_longest_makes_room_if_so_configured(void **state)
{
	struct scheduler_settings settings = scheduler_settings_default(10, MINUTE);
	struct scheduler_event e;
	ms_t now = 0;

	(void)state;
	settings.rotate_ms = 1800000;
	struct scheduler *s = scheduler_new(&settings);
	for (int camera = 0; camera < 49; camera++)
		add_wanting(s, camera, 0);
	while (now < 3600000) {
		struct api_call call = next_call(s, &now);
		reply(s, &call, CALL_OK, now);
		while (scheduler_event(s, &e) && e.kind == SCHEDULER_GIVEN_UP)
			assert_int_equal(e.camera, 0);
	}
	assert_int_equal(scheduler_stats(s, now).living, 48);
	assert_int_equal(scheduler_stats(s, now).expired, 1);
	scheduler_free(s);
}

/* ---- 429 ------------------------------------------------------------------------------------- */

static void
a_429_holds_every_call_of_the_account_and_fails_none(void **state)
{
	struct call_answer limited = {
		.result = CALL_RATE_LIMITED,
		.bucket = QUOTA_EXECUTE,
		.retry_after_ms = 30000,
	};
	ms_t now = 100000;

	add_living(*state, 1, 200000);
	add_wanting(*state, 2, 0);
	struct api_call call = next_call(*state, &now);
	assert_int_equal(call.kind, CALL_GENERATE);
	assert_int_equal(scheduler_answered(*state, &call, &limited, now), VERDICT_KEPT);
	struct api_call again = next_call(*state, &now);
	assert_int_equal(now, 130000);
	assert_int_equal(again.kind, CALL_GENERATE);
	assert_int_equal(again.camera, 2);
	assert_int_equal(scheduler_stats(*state, now).rate_limited, 1);
}

static void
a_429_of_one_camera_leaves_the_others_alone(void **state)
{
	struct call_answer limited = { .result = CALL_RATE_LIMITED, .bucket = QUOTA_COMMAND };
	ms_t now = 100000;

	add_living(*state, 1, 200000);
	add_living(*state, 2, 210000);
	struct api_call call = next_call(*state, &now);
	scheduler_answered(*state, &call, &limited, now);
	expect_call(*state, &now, CALL_EXTEND, 2, CALL_OK);
	assert_int_equal(now, 100000 + PACE);
	expect_call(*state, &now, CALL_EXTEND, 1, CALL_OK);
	assert_int_equal(now, 100000 + 60900);
}

/* ---- the API as a whole ---------------------------------------------------------------------- */

/* Two cameras alive, both due; fails until the breaker opens. */
static ms_t
bring_down(struct scheduler *s)
{
	ms_t now = 100000;

	add_living(s, 1, 290000);
	add_living(s, 2, 291000);
	for (int i = 0; i < 3; i++) {
		struct api_call call = next_call(s, &now);
		reply(s, &call, CALL_FAILED, now);
	}
	expect_event(s, SCHEDULER_API_DOWN, -1);
	return now;
}

static void
three_failures_in_a_row_of_several_cameras_mean_the_api_is_down(void **state)
{
	bring_down(*state);
	assert_true(scheduler_stats(*state, 0).api_down);
}

static void
one_camera_of_several_that_fails_says_nothing_about_the_api(void **state)
{
	ms_t now = 0;

	add_living(*state, 1, 100000);
	add_living(*state, 2, 300000);
	for (int i = 0; i < 5; i++)
		expect_call(*state, &now, CALL_EXTEND, 1, CALL_FAILED);
	assert_false(scheduler_stats(*state, now).api_down);
}

/* Its first failures are taken for its own; each has another Generate wanted. */
static ms_t
bring_down_alone(struct scheduler *s)
{
	ms_t now = 0;

	add_wanting(s, 1, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			expect_call(s, &now, CALL_GENERATE, 1, CALL_FAILED), VERDICT_FAILED);
		scheduler_want_generate(s, 1, GENERATE_RECOVER, now);
	}
	assert_int_equal(expect_call(s, &now, CALL_GENERATE, 1, CALL_FAILED), VERDICT_KEPT);
	return now;
}

static void
the_failures_of_the_only_camera_are_the_apis(void **state)
{
	/* The other was stopped. */
	scheduler_add(*state, 2);
	ms_t now = bring_down_alone(*state);
	expect_event(*state, SCHEDULER_API_DOWN, -1);
	expect_call(*state, &now, CALL_GENERATE, 1, CALL_OK);
	expect_event(*state, SCHEDULER_API_BACK, -1);
}

static void
another_camera_does_not_wait_for_the_probes_of_the_only_one(void **state)
{
	ms_t now = bring_down_alone(*state);

	for (int i = 0; i < 5; i++)
		expect_call(*state, &now, CALL_GENERATE, 1, CALL_FAILED);
	now += 10000;
	const ms_t wanted = now;
	add_wanting(*state, 2, now);
	expect_call(*state, &now, CALL_GENERATE, 2, CALL_FAILED);
	assert_int_equal(now, wanted);
	/* Now both have failed. */
	expect_call(*state, &now, CALL_GENERATE, 1, CALL_FAILED);
	assert_in_range(now - wanted, 10000, MINUTE);
}

/* What Google says to it will tell. */
static void
a_camera_is_not_the_only_one_while_another_waits(void **state)
{
	struct scheduler *s = *state;
	ms_t now = 0;

	add_wanting(s, 2, 0);
	const struct api_call other = next_call(s, &now);
	assert_int_equal(other.camera, 2);
	for (int i = 0; i < 2; i++) {
		/* First for its answer, then for its slot. */
		add_wanting(s, 1, now);
		for (int failures = 0; failures < 2; failures++) {
			expect_call(s, &now, CALL_GENERATE, 1, CALL_FAILED);
			scheduler_want_generate(s, 1, GENERATE_RECOVER, now);
		}
		expect_call(s, &now, CALL_GENERATE, 1, CALL_FAILED);
		assert_false(scheduler_stats(s, now).api_down);
		scheduler_remove(s, 1);
		reply(s, &other, CALL_REFUSED, now);
		scheduler_want_generate(s, 2, GENERATE_RECOVER, now + HOUR);
	}
}

/* A minute after Google is back it has a stream, and of its hundred calls an hour some are left. */
static void
the_only_camera_is_a_probe_each_minute(void **state)
{
	ms_t now = bring_down_alone(*state);
	ms_t from = now;
	int probes = 0;

	for (ms_t last = now; now < from + HOUR; last = now, probes++) {
		expect_call(*state, &now, CALL_GENERATE, 1, CALL_FAILED);
		assert_in_range(now - last, 1, MINUTE);
	}
	assert_in_range(probes, 60, 65);
}

static void
a_refusal_is_an_answer_and_no_failure_of_the_api(void **state)
{
	ms_t now = 0;

	for (int camera = 0; camera < 10; camera++)
		add_wanting(*state, camera, 0);
	for (int i = 0; i < 10; i++) {
		struct api_call call = next_call(*state, &now);
		reply(*state, &call, CALL_REFUSED, now);
	}
	assert_false(scheduler_stats(*state, now).api_down);
}

static void
a_probe_is_the_most_urgent_extend(void **state)
{
	ms_t now = bring_down(*state);

	add_living(*state, 3, now + 50000);
	expect_call(*state, &now, CALL_EXTEND, 3, CALL_FAILED);
}

/* Its second failure made camera 1 wait; that was before anyone knew. */
static void
pauses_of_single_cameras_end_when_the_api_is_found_down(void **state)
{
	ms_t now = bring_down(*state);
	ms_t down_at = now;

	expect_call(*state, &now, CALL_EXTEND, 1, CALL_FAILED);
	assert_int_equal(now, down_at + PACE);
}

static void
cameras_without_a_stream_take_turns_as_probes(void **state)
{
	ms_t now = bring_down(*state);

	scheduler_lost(*state, 1);
	scheduler_lost(*state, 2);
	add_wanting(*state, 4, 0);
	add_wanting(*state, 5, 0);
	expect_call(*state, &now, CALL_GENERATE, 4, CALL_FAILED);
	expect_call(*state, &now, CALL_GENERATE, 5, CALL_FAILED);
	expect_call(*state, &now, CALL_GENERATE, 4, CALL_FAILED);
}

/* 6 s, 12, 24, then 30 s. */
static void
probes_are_farther_and_farther_apart_while_nothing_can_be_lost(void **state)
{
	ms_t now = bring_down(*state);
	ms_t last = 0;

	scheduler_lost(*state, 1);
	scheduler_lost(*state, 2);
	add_wanting(*state, 4, 0);
	for (ms_t pause = 0; pause <= 48000; pause = pause ? pause * 2 : PACE) {
		assert_int_equal(
			expect_call(*state, &now, CALL_GENERATE, 4, CALL_FAILED), VERDICT_KEPT);
		if (pause)
			assert_int_equal(now - last, pause < 30000 ? pause : 30000);
		last = now;
	}
}

/* Without an end in sight the second and third would be two and four slots after the first. */
static void
every_slot_is_a_probe_while_a_stream_is_about_to_end(void **state)
{
	ms_t now = bring_down(*state);

	now = 276000;
	for (int i = 0; i < 3; i++) {
		struct api_call call = next_call(*state, &now);
		assert_int_equal(call.kind, CALL_EXTEND);
		assert_int_equal(now, 276000 + i * PACE);
		reply(*state, &call, CALL_FAILED, now);
	}
}

static void
the_first_answer_ends_it_and_due_extends_are_first(void **state)
{
	ms_t now = bring_down(*state);

	add_wanting(*state, 4, now);
	now = 280000;
	expect_call(*state, &now, CALL_EXTEND, 1, CALL_OK);
	expect_event(*state, SCHEDULER_API_BACK, -1);
	expect_call(*state, &now, CALL_EXTEND, 2, CALL_OK);
	expect_call(*state, &now, CALL_GENERATE, 4, CALL_OK);
}

/* ---- Stops, holding, removing ---------------------------------------------------------------- */

static void
a_stop_takes_a_slot_that_nobody_needs(void **state)
{
	ms_t now = 0;

	add_living(*state, 1, LIFE);
	add_living(*state, 2, 1000 + PACE);
	add_wanting(*state, 3, 0);
	scheduler_want_stop(*state, 1);
	expect_call(*state, &now, CALL_EXTEND, 2, CALL_OK);
	expect_call(*state, &now, CALL_GENERATE, 3, CALL_OK);
	assert_int_equal(expect_call(*state, &now, CALL_STOP, 1, CALL_OK), VERDICT_DONE);
	assert_int_equal(scheduler_stats(*state, now).living, 2);
}

static void
a_stream_to_be_stopped_is_not_extended_and_its_end_is_told(void **state)
{
	add_living(*state, 1, 4000);
	add_living(*state, 2, 5000);
	scheduler_want_stop(*state, 1);
	ms_t now = 0;
	expect_call(*state, &now, CALL_EXTEND, 2, CALL_OK);
	expect_nothing(*state, 4000);
	expect_event(*state, SCHEDULER_ENDED, 1);
	expect_no_event(*state);
	assert_int_equal(scheduler_stats(*state, 4000).expired, 0);
}

static void
a_camera_that_is_wanted_again_is_not_stopped(void **state)
{
	ms_t now = 0;

	add_living(*state, 1, LIFE);
	scheduler_want_stop(*state, 1);
	scheduler_want_generate(*state, 1, GENERATE_START, 50000);
	expect_call(*state, &now, CALL_GENERATE, 1, CALL_OK);
	assert_int_equal(now, 50000);
	expect_call(*state, &now, CALL_EXTEND, 1, CALL_OK);
}

static void
an_account_that_cannot_be_used_is_not_called_and_forgets_nothing(void **state)
{
	ms_t now = 0;
	struct api_call call;

	add_wanting(*state, 1, 0);
	add_living(*state, 2, 5000);
	scheduler_hold(*state, true);
	assert_int_equal(scheduler_step(*state, 0, &call), 5000);
	assert_int_equal(call.kind, CALL_NONE);
	expect_nothing(*state, 5000);
	expect_event(*state, SCHEDULER_EXPIRED, 2);
	scheduler_hold(*state, false);
	expect_call(*state, &now, CALL_GENERATE, 1, CALL_OK);
}

static void
the_answer_for_a_removed_camera_is_stale(void **state)
{
	ms_t now = 0;

	add_wanting(*state, 1, 0);
	struct api_call call = next_call(*state, &now);
	scheduler_remove(*state, 1);
	assert_int_equal(reply(*state, &call, CALL_OK, now), VERDICT_STALE);
	add_wanting(*state, 1, 0);
	struct api_call second = next_call(*state, &now);
	assert_int_equal(reply(*state, &call, CALL_OK, now), VERDICT_STALE);
	assert_int_equal(reply(*state, &second, CALL_OK, now), VERDICT_DONE);
}

static void
the_answer_for_a_stream_that_was_dropped_meanwhile_is_stale(void **state)
{
	ms_t now = 0;

	add_living(*state, 1, 50000);
	struct api_call call = next_call(*state, &now);
	scheduler_lost(*state, 1);
	assert_int_equal(reply(*state, &call, CALL_OK, now), VERDICT_STALE);
	assert_int_equal(scheduler_stats(*state, now).living, 0);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static void
what_is_planned_is_what_then_happens(void **state)
{
	struct planned_call plan[40];
	ms_t now = 0;

	for (int camera = 0; camera < 8; camera++)
		add_living(*state, camera, 20000 + camera * 20000);
	for (int camera = 8; camera < 12; camera++)
		add_wanting(*state, camera, camera * 3000);
	assert_int_equal(scheduler_plan(*state, now, plan, 40), 40);
	for (int i = 0; i < 40; i++) {
		expect_call(*state, &now, plan[i].kind, plan[i].camera, CALL_OK);
		assert_int_equal(now, plan[i].at);
	}
}

static void
a_call_in_flight_is_planned_to_succeed(void **state)
{
	struct planned_call plan[2];
	ms_t now = 0;

	add_living(*state, 1, 50000);
	add_living(*state, 2, 60000);
	next_call(*state, &now);
	scheduler_plan(*state, now, plan, 2);
	assert_int_equal(plan[0].camera, 2);
	assert_int_equal(plan[1].camera, 1);
	assert_in_range(plan[1].at, 170000, 190000);
}

static void
planning_changes_nothing(void **state)
{
	struct planned_call plan[10];
	ms_t now = 0;

	add_living(*state, 1, 50000);
	scheduler_plan(*state, now, plan, 10);
	expect_call(*state, &now, CALL_EXTEND, 1, CALL_OK);
	expect_no_event(*state);
	assert_int_equal(scheduler_stats(*state, now).calls[CALL_EXTEND], 1);
}

static void
nothing_is_planned_for_nobody(void **state)
{
	struct planned_call plan[10];

	assert_int_equal(scheduler_plan(*state, 0, plan, 10), 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* ---- a configuration that changes ------------------------------------------------------------ */

static void
a_renumbered_cameras_answer_still_counts(void **state)
{
	ms_t now = 0;

	add_wanting(*state, 1, 0);
	struct api_call call = next_call(*state, &now);
	scheduler_renumber(*state, 1, 7);
	call.camera = 7;
	assert_int_equal(reply(*state, &call, CALL_OK, now), VERDICT_DONE);
	assert_int_equal(scheduler_stats(*state, now).living, 1);
	now = LIFE * 60 / 100;
	expect_call(*state, &now, CALL_EXTEND, 7, CALL_OK);
}

static void
a_camera_is_idle_when_nothing_of_it_is_left_anywhere(void **state)
{
	ms_t now = 0;

	add_wanting(*state, 1, 0);
	assert_false(scheduler_is_idle(*state, 1, now));
	scheduler_cancel(*state, 1);
	assert_true(scheduler_is_idle(*state, 1, now));
	scheduler_want_generate(*state, 1, GENERATE_RECOVER, 0);
	struct api_call call = next_call(*state, &now);
	scheduler_cancel(*state, 1);
	assert_false(scheduler_is_idle(*state, 1, now));
	reply(*state, &call, CALL_OK, now);
	scheduler_want_stop(*state, 1);
	assert_false(scheduler_is_idle(*state, 1, now));
	expect_call(*state, &now, CALL_STOP, 1, CALL_OK);
	assert_false(scheduler_is_idle(*state, 1, now));
	assert_true(scheduler_is_idle(*state, 1, now + 61 * 61 * 1000));
	assert_false(scheduler_is_idle(*state, 2, now));
}

static void
other_limits_leave_leases_and_wishes_alone(void **state)
{
	struct scheduler_settings fast = scheduler_settings_default(60, MINUTE);
	ms_t now = 0;

	add_living(*state, 1, LIFE);
	add_wanting(*state, 2, 0);
	add_wanting(*state, 3, 0);
	expect_call(*state, &now, CALL_GENERATE, 2, CALL_OK);
	scheduler_set_limits(*state, &fast);
	expect_call(*state, &now, CALL_GENERATE, 3, CALL_OK);
	assert_int_equal(now, 1015);
	assert_int_equal(scheduler_stats(*state, now).living, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_cameras_there_is_nothing_to_wait_for),
		TEST(what_generates_wait_for_their_slots_is_counted),
		TEST(first_starts_are_twelve_seconds_apart),
		TEST(recoveries_take_every_slot_and_come_in_the_order_they_were_wanted),
		TEST(the_operators_generate_is_first_of_its_class),
		TEST(the_operators_extend_takes_the_next_slot),
		TEST(the_operators_extend_does_not_endanger_another_stream),
		TEST(what_was_wanted_can_be_taken_back),
		TEST(no_camera_is_added_twice),
		TEST(an_idle_slot_extends_a_stream_from_sixty_percent_of_its_life_on),
		TEST(the_stream_nearest_to_its_end_is_extended_first),
		TEST(forty_that_end_together_are_begun_with_in_time),
		TEST(a_life_may_be_a_minute),
		TEST(a_life_that_is_over_at_once_keeps_no_other_stream_away),
		TEST(a_failed_extend_is_tried_again_in_the_next_slot),
		TEST(an_extend_is_waited_for_as_long_as_its_stream_leaves_time_for_another_try),
		TEST(an_extend_is_waited_for_as_long_as_answers_take_of_late),
		TEST(but_not_as_long_as_we_took),
		TEST(nor_when_no_answers_come),
		TEST(a_generate_is_waited_for_as_long_as_may_be),
		TEST(one_that_keeps_failing_does_not_take_every_slot),
		TEST(a_stream_whose_call_is_in_flight_is_not_called_again),
		TEST(a_session_that_google_does_not_know_is_lost_at_once),
		TEST(a_stream_that_ends_is_announced_with_the_failures_that_led_to_it),
		TEST(the_end_of_a_stream_waits_for_the_answer_that_may_save_it),
		TEST(a_generate_waits_until_every_living_stream_is_safe),
		TEST(a_generate_does_not_wait_for_streams_that_have_time),
		TEST(a_generate_that_fails_is_the_cameras_to_ask_for_again),
		TEST(after_a_429_or_a_401_the_next_generate_is_anothers),
		TEST(an_extend_that_is_refused_but_not_for_ever_is_tried_again_while_the_stream_lives),
		TEST(a_generate_that_is_wanted_again_leaves_no_later),
		TEST(what_the_operator_asked_for_stays_the_operators),
		TEST(when_not_all_can_be_saved_one_is_given_up_by_name),
		TEST(of_those_that_could_be_given_up_it_is_the_youngest),
		TEST(one_whose_own_bucket_rests_past_its_end_costs_no_other_its_slot),
		TEST(a_stream_that_was_given_up_is_saved_when_a_slot_is_left),
		TEST(forty_eight_are_admitted_and_not_one_more),
		TEST(under_overload_who_lived_longest_makes_room_if_so_configured),
		TEST(a_429_holds_every_call_of_the_account_and_fails_none),
		TEST(a_429_of_one_camera_leaves_the_others_alone),
		TEST(three_failures_in_a_row_of_several_cameras_mean_the_api_is_down),
		TEST(one_camera_of_several_that_fails_says_nothing_about_the_api),
		TEST(the_failures_of_the_only_camera_are_the_apis),
		TEST(another_camera_does_not_wait_for_the_probes_of_the_only_one),
		TEST(a_camera_is_not_the_only_one_while_another_waits),
		TEST(the_only_camera_is_a_probe_each_minute),
		TEST(a_refusal_is_an_answer_and_no_failure_of_the_api),
		TEST(a_probe_is_the_most_urgent_extend),
		TEST(pauses_of_single_cameras_end_when_the_api_is_found_down),
		TEST(cameras_without_a_stream_take_turns_as_probes),
		TEST(probes_are_farther_and_farther_apart_while_nothing_can_be_lost),
		TEST(every_slot_is_a_probe_while_a_stream_is_about_to_end),
		TEST(the_first_answer_ends_it_and_due_extends_are_first),
		TEST(a_stop_takes_a_slot_that_nobody_needs),
		TEST(a_stream_to_be_stopped_is_not_extended_and_its_end_is_told),
		TEST(a_camera_that_is_wanted_again_is_not_stopped),
		TEST(an_account_that_cannot_be_used_is_not_called_and_forgets_nothing),
		TEST(the_answer_for_a_removed_camera_is_stale),
		TEST(the_answer_for_a_stream_that_was_dropped_meanwhile_is_stale),
		TEST(what_is_planned_is_what_then_happens),
		TEST(a_call_in_flight_is_planned_to_succeed),
		TEST(planning_changes_nothing),
		TEST(nothing_is_planned_for_nobody),
		TEST(a_renumbered_cameras_answer_still_counts),
		TEST(a_camera_is_idle_when_nothing_of_it_is_left_anywhere),
		TEST(other_limits_leave_leases_and_wishes_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
