/* test_camera.c - the life of one camera, event by event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/camera_view.h"

#define MINUTE 60000
/* The middle of the range: no jitter either way. */
#define MIDDLE 0x80000000u

static int
setup_nest(void **state)
{
	struct camera_settings s = camera_settings_default(true, MINUTE);

	*state = camera_new(&s, 0);
	return 0;
}

static int
setup_url(void **state)
{
	struct camera_settings s = camera_settings_default(false, MINUTE);

	*state = camera_new(&s, 0);
	return 0;
}

static int
teardown(void **state)
{
	camera_free(*state);
	return 0;
}

static struct camera_effects
send(struct camera *c, enum camera_event ev, ms_t now)
{
	return camera_step(c, ev, NULL, MIDDLE, now);
}

static enum camera_state
in(const struct camera *c)
{
	return camera_view(c).state;
}

static void
run(struct camera *c)
{
	send(c, CAMERA_EV_START, 0);
	send(c, CAMERA_EV_GENERATED, 0);
	send(c, CAMERA_EV_WORKER_READY, 0);
}

static void
expect_generate_after(struct camera_effects fx, ms_t from, ms_t pause)
{
	assert_true(fx.what & CAMERA_DO_GENERATE);
	assert_int_equal(fx.generate_at - from, pause);
	assert_false(fx.operator);
	assert_false(fx.start);
}

/* ---- a Nest camera's stream ------------------------------------------------------------------ */

static void
a_new_camera_is_stopped_and_wants_nothing(void **state)
{
	assert_int_equal(in(*state), CAMERA_STOPPED);
	assert_int_equal(camera_due(*state), MS_NEVER);
	assert_string_equal(camera_view(*state).why, "");
}

static void
start_asks_for_a_first_stream(void **state)
{
	struct camera_effects fx = send(*state, CAMERA_EV_START, 5);

	assert_int_equal(fx.what, CAMERA_DO_GENERATE | CAMERA_DO_PUBLISH);
	assert_true(fx.start);
	assert_int_equal(fx.generate_at, 5);
	assert_int_equal(fx.from, CAMERA_STOPPED);
	assert_int_equal(fx.to, CAMERA_STARTING);
}

static void
the_first_stream_starts_the_worker(void **state)
{
	send(*state, CAMERA_EV_START, 0);
	struct camera_effects fx = send(*state, CAMERA_EV_GENERATED, 2000);

	assert_int_equal(fx.what, CAMERA_DO_START_WORKER | CAMERA_DO_SOURCE | CAMERA_DO_PUBLISH);
	assert_int_equal(fx.after_ms, 2000);
	assert_int_equal(in(*state), CAMERA_RUNNING);
}

static void
a_stream_from_the_store_costs_no_generate(void **state)
{
	send(*state, CAMERA_EV_START, 0);
	struct camera_effects fx = send(*state, CAMERA_EV_RESTORED, 0);

	assert_true(fx.what & CAMERA_DO_CANCEL);
	assert_true(fx.what & CAMERA_DO_START_WORKER);
	assert_int_equal(in(*state), CAMERA_RUNNING);
}

static void
an_extended_stream_sends_its_token_and_nothing_more(void **state)
{
	run(*state);
	assert_int_equal(send(*state, CAMERA_EV_EXTENDED, 180000).what, CAMERA_DO_TOKEN);
	assert_int_equal(camera_view(*state).extended, 1);
}

static void
a_lost_stream_is_generated_anew_after_ten_seconds(void **state)
{
	run(*state);
	send(*state, CAMERA_EV_EXTENDED, 180000);
	struct camera_effects fx = send(*state, CAMERA_EV_LOST, 480000);

	expect_generate_after(fx, 480000, 10000);
	assert_true(fx.what & CAMERA_DO_DROP);
	assert_false(fx.what & CAMERA_DO_STOP_WORKER);
	assert_int_equal(in(*state), CAMERA_FAILED);
}

static void
a_stream_that_its_server_refuses_is_lost(void **state)
{
	run(*state);
	struct camera_effects fx =
		camera_step(*state, CAMERA_EV_REFUSED, "RTSP 404", MIDDLE, 100000);

	expect_generate_after(fx, 100000, 10000);
	assert_true(fx.what & CAMERA_DO_DROP);
	assert_string_equal(camera_view(*state).why, "RTSP 404");
}

/* 10, 20, 40, 80, 160 s: one Generate after each, the fifth failure in a row degrades. */
static void
five_failures_in_a_row_degrade(void **state)
{
	run(*state);
	send(*state, CAMERA_EV_EXTENDED, 0);
	expect_generate_after(send(*state, CAMERA_EV_LOST, 0), 0, 10000);
	for (ms_t pause = 20000; pause <= 160000; pause *= 2)
		expect_generate_after(send(*state, CAMERA_EV_GENERATE_FAILED, 0), 0, pause);
	assert_int_equal(in(*state), CAMERA_FAILED);

	struct camera_effects fx = send(*state, CAMERA_EV_GENERATE_FAILED, 0);
	assert_int_equal(in(*state), CAMERA_DEGRADED);
	assert_true(fx.what & CAMERA_DO_ALERT);
	assert_true(fx.generate_at >= 300000);
}

static void
a_camera_that_never_started_degrades_after_five_failures_too(void **state)
{
	send(*state, CAMERA_EV_START, 0);
	for (int i = 0; i < 4; i++)
		send(*state, CAMERA_EV_GENERATE_FAILED, 0);
	assert_int_equal(in(*state), CAMERA_FAILED);
	send(*state, CAMERA_EV_GENERATE_FAILED, 0);
	assert_int_equal(in(*state), CAMERA_DEGRADED);
}

/* One call in five minutes is what a camera that is off may cost: jitter only lengthens. */
static void
a_degraded_camera_is_tried_every_five_minutes(void **state)
{
	send(*state, CAMERA_EV_START, 0);
	for (int i = 0; i < 5; i++)
		send(*state, CAMERA_EV_GENERATE_FAILED, 0);
	struct camera_effects fx = camera_step(*state, CAMERA_EV_GENERATE_FAILED, NULL, 0, 1000000);
	assert_int_equal(fx.generate_at, 1300000);
	assert_false(fx.what & (CAMERA_DO_ALERT | CAMERA_DO_PUBLISH));
	fx = camera_step(*state, CAMERA_EV_GENERATE_FAILED, NULL, UINT32_MAX, 1000000);
	assert_in_range(fx.generate_at, 1329000, 1330000);
}

static void
a_camera_without_rtsp_is_degraded_at_once(void **state)
{
	send(*state, CAMERA_EV_START, 0);
	struct camera_effects fx =
		camera_step(*state, CAMERA_EV_UNSUPPORTED, "not RTSP", MIDDLE, 0);

	assert_int_equal(in(*state), CAMERA_DEGRADED);
	assert_true(fx.what & CAMERA_DO_ALERT);
	assert_true(fx.generate_at >= 300000);
	assert_string_equal(camera_view(*state).why, "not RTSP");
}

static void
a_degraded_camera_recovers(void **state)
{
	send(*state, CAMERA_EV_START, 0);
	send(*state, CAMERA_EV_UNSUPPORTED, 0);
	struct camera_effects fx = send(*state, CAMERA_EV_GENERATED, 300000);

	assert_int_equal(in(*state), CAMERA_RUNNING);
	assert_true(fx.what & CAMERA_DO_START_WORKER);
}

static void
an_extend_makes_the_failures_begin_anew(void **state)
{
	send(*state, CAMERA_EV_START, 0);
	for (int i = 0; i < 4; i++)
		send(*state, CAMERA_EV_GENERATE_FAILED, 0);
	send(*state, CAMERA_EV_GENERATED, 0);
	assert_int_equal(camera_view(*state).failures, 4);
	send(*state, CAMERA_EV_EXTENDED, 0);
	assert_int_equal(camera_view(*state).failures, 0);
}

static void
a_stream_that_held_makes_the_failures_begin_anew(void **state)
{
	send(*state, CAMERA_EV_START, 0);
	for (int i = 0; i < 4; i++)
		send(*state, CAMERA_EV_GENERATE_FAILED, 0);
	send(*state, CAMERA_EV_GENERATED, 0);
	expect_generate_after(send(*state, CAMERA_EV_LOST, MINUTE), MINUTE, 10000);
	assert_int_equal(in(*state), CAMERA_FAILED);
	assert_int_equal(camera_view(*state).failures, 0);
}

/* Else one that is granted and refused in turn would take a slot every ten seconds for ever. */
static void
a_stream_that_is_refused_at_once_was_no_success(void **state)
{
	ms_t pause = 10000;

	send(*state, CAMERA_EV_START, 0);
	for (int i = 0; i < 4; i++, pause *= 2) {
		send(*state, CAMERA_EV_GENERATED, 0);
		expect_generate_after(send(*state, CAMERA_EV_REFUSED, 3000), 3000, pause);
	}
	send(*state, CAMERA_EV_GENERATED, 0);
	send(*state, CAMERA_EV_REFUSED, 3000);
	assert_int_equal(in(*state), CAMERA_DEGRADED);
}

/* ... and says so for as long as it is up: the loss is counted once, and the Generate that is
 * wanted neither moves nor comes too often. */
static void
a_worker_that_goes_on_trying_a_lost_stream_changes_nothing(void **state)
{
	run(*state);
	send(*state, CAMERA_EV_EXTENDED, 0);
	send(*state, CAMERA_EV_LOST, 0);
	for (ms_t pause = 20000; pause <= 160000; pause *= 2) {
		for (int i = 0; i < 10; i++)
			assert_int_equal(send(*state, CAMERA_EV_REFUSED, i).what, 0);
		assert_int_equal(in(*state), CAMERA_FAILED);
		expect_generate_after(send(*state, CAMERA_EV_GENERATE_FAILED, 0), 0, pause);
	}
	send(*state, CAMERA_EV_REFUSED, 0);
	send(*state, CAMERA_EV_GENERATE_FAILED, 0);
	assert_int_equal(in(*state), CAMERA_DEGRADED);
	for (ms_t now = 0; now < 300000; now += 60000) {
		struct camera_effects fx = send(*state, CAMERA_EV_REFUSED, now);

		assert_int_equal(fx.what, 0);
		assert_false(fx.ignored);
	}
	assert_int_equal(camera_view(*state).failures, 5);
}

static void
jitter_keeps_cameras_apart_that_failed_together(void **state)
{
	run(*state);
	struct camera_effects fx = camera_step(*state, CAMERA_EV_LOST, NULL, 0, 100000);
	assert_int_equal(fx.generate_at, 109000);
}

/* ---- the operator ---------------------------------------------------------------------------- */

static void
stop_ends_worker_and_stream_and_takes_back_what_was_wanted(void **state)
{
	run(*state);
	assert_int_equal(send(*state, CAMERA_EV_STOP, 0).what,
		CAMERA_DO_CANCEL | CAMERA_DO_STOP_STREAM | CAMERA_DO_STOP_WORKER |
			CAMERA_DO_PUBLISH);
	assert_int_equal(in(*state), CAMERA_STOPPED);
	assert_true(camera_view(*state).worker);
	assert_int_equal(send(*state, CAMERA_EV_WORKER_DIED, 0).what, 0);
	assert_false(camera_view(*state).worker);
	assert_int_equal(camera_view(*state).respawns, 0);
}

static void
a_stream_that_arrives_after_stop_is_stopped(void **state)
{
	send(*state, CAMERA_EV_START, 0);
	send(*state, CAMERA_EV_STOP, 0);
	assert_int_equal(send(*state, CAMERA_EV_GENERATED, 0).what, CAMERA_DO_STOP_STREAM);
	assert_int_equal(in(*state), CAMERA_STOPPED);
}

static void
restart_takes_a_new_worker_and_no_call(void **state)
{
	run(*state);
	assert_int_equal(send(*state, CAMERA_EV_RESTART, 0).what, CAMERA_DO_STOP_WORKER);
	assert_int_equal(send(*state, CAMERA_EV_WORKER_DIED, 0).what, CAMERA_DO_START_WORKER);
	assert_int_equal(in(*state), CAMERA_RUNNING);
}

static void
restart_of_a_failed_camera_tries_at_once(void **state)
{
	run(*state);
	send(*state, CAMERA_EV_LOST, 1000);
	struct camera_effects fx = send(*state, CAMERA_EV_RESTART, 2000);

	assert_true(fx.what & CAMERA_DO_GENERATE);
	assert_true(fx.operator);
	assert_int_equal(fx.generate_at, 2000);
}

static void
expect_try_at_once(struct camera_effects fx, ms_t now)
{
	assert_false(fx.ignored);
	assert_true(fx.what & CAMERA_DO_GENERATE);
	assert_true(fx.operator);
	assert_int_equal(fx.generate_at, now);
}

static void
start_of_a_failed_or_degraded_camera_tries_at_once(void **state)
{
	send(*state, CAMERA_EV_START, 0);
	send(*state, CAMERA_EV_GENERATE_FAILED, 0);
	assert_int_equal(in(*state), CAMERA_FAILED);
	expect_try_at_once(send(*state, CAMERA_EV_START, 2000), 2000);
	send(*state, CAMERA_EV_UNSUPPORTED, 3000);
	assert_int_equal(in(*state), CAMERA_DEGRADED);
	expect_try_at_once(send(*state, CAMERA_EV_START, 4000), 4000);
	assert_int_equal(in(*state), CAMERA_DEGRADED);
}

static void
regenerate_keeps_the_old_stream_until_the_new_one_is_there(void **state)
{
	run(*state);
	struct camera_effects fx = send(*state, CAMERA_EV_REGENERATE, 7);

	assert_int_equal(fx.what, CAMERA_DO_GENERATE);
	assert_true(fx.operator);
	assert_int_equal(send(*state, CAMERA_EV_GENERATED, 9).what, CAMERA_DO_SOURCE);
	assert_int_equal(in(*state), CAMERA_RUNNING);
}

static void
regenerate_that_fails_leaves_a_running_camera_alone(void **state)
{
	run(*state);
	send(*state, CAMERA_EV_REGENERATE, 0);
	assert_int_equal(send(*state, CAMERA_EV_GENERATE_FAILED, 0).what, 0);
	assert_int_equal(in(*state), CAMERA_RUNNING);
	assert_int_equal(camera_view(*state).failures, 0);
}

static void
start_after_stop_waits_for_the_old_worker_to_end(void **state)
{
	run(*state);
	send(*state, CAMERA_EV_STOP, 0);
	send(*state, CAMERA_EV_START, 0);
	assert_false(send(*state, CAMERA_EV_GENERATED, 0).what & CAMERA_DO_START_WORKER);
	assert_int_equal(send(*state, CAMERA_EV_WORKER_DIED, 0).what, CAMERA_DO_START_WORKER);
}

/* ---- the worker ------------------------------------------------------------------------------ */

static void
a_worker_that_had_been_ready_is_spawned_again_at_once(void **state)
{
	run(*state);
	assert_int_equal(send(*state, CAMERA_EV_WORKER_DIED, 0).what, CAMERA_DO_START_WORKER);
	assert_int_equal(camera_view(*state).respawns, 1);
	assert_int_equal(in(*state), CAMERA_RUNNING);
}

static void
a_second_death_waits_twice_as_long(void **state)
{
	send(*state, CAMERA_EV_START, 0);
	send(*state, CAMERA_EV_GENERATED, 0);
	assert_int_equal(send(*state, CAMERA_EV_WORKER_DIED, 0).what, 0);
	assert_int_equal(camera_due(*state), 1000);
	assert_int_equal(send(*state, CAMERA_EV_TIMER, 1000).what, CAMERA_DO_START_WORKER);
	assert_int_equal(camera_due(*state), MS_NEVER);
	send(*state, CAMERA_EV_WORKER_DIED, 1000);
	assert_int_equal(camera_due(*state), 3000);
	assert_int_equal(send(*state, CAMERA_EV_TIMER, 2999).what, 0);
}

static void
ready_makes_the_pauses_begin_anew(void **state)
{
	run(*state);
	for (int i = 0; i < 3; i++) {
		send(*state, CAMERA_EV_WORKER_DIED, 0);
		send(*state, CAMERA_EV_TIMER, MS_NEVER - 1);
	}
	send(*state, CAMERA_EV_WORKER_READY, 0);
	send(*state, CAMERA_EV_WORKER_DIED, 0);
	send(*state, CAMERA_EV_WORKER_DIED, 0);
	assert_int_equal(camera_due(*state), 1000);
}

static void
a_camera_without_a_stream_does_not_miss_its_worker(void **state)
{
	run(*state);
	send(*state, CAMERA_EV_LOST, 0);
	assert_int_equal(send(*state, CAMERA_EV_WORKER_DIED, 0).what, 0);
	assert_int_equal(camera_due(*state), MS_NEVER);
	assert_true(send(*state, CAMERA_EV_GENERATED, 0).what & CAMERA_DO_START_WORKER);
}

static void
a_worker_that_outlives_a_lost_stream_is_sent_the_new_one(void **state)
{
	run(*state);
	send(*state, CAMERA_EV_LOST, 0);
	struct camera_effects fx = send(*state, CAMERA_EV_GENERATED, 0);

	assert_true(fx.what & CAMERA_DO_SOURCE);
	assert_false(fx.what & CAMERA_DO_START_WORKER);
}

static void
ready_may_come_again(void **state)
{
	run(*state);
	struct camera_effects fx = send(*state, CAMERA_EV_WORKER_READY, 0);

	assert_int_equal(fx.what, 0);
	assert_false(fx.ignored);
}

/* ---- a configuration that changes ------------------------------------------------------------ */

static void
a_replaced_stream_is_generated_and_the_worker_stays(void **state)
{
	run(*state);
	struct camera_effects fx = send(*state, CAMERA_EV_REPLACED, 100);

	assert_int_equal(fx.what, CAMERA_DO_GENERATE | CAMERA_DO_PUBLISH);
	assert_true(fx.operator);
	assert_int_equal(fx.generate_at, 100);
	assert_int_equal(in(*state), CAMERA_STARTING);
	fx = send(*state, CAMERA_EV_GENERATED, 200);
	assert_true(fx.what & CAMERA_DO_SOURCE);
	assert_false(fx.what & CAMERA_DO_START_WORKER);
	assert_int_equal(in(*state), CAMERA_RUNNING);
}

static void
a_replaced_stream_forgives_the_failures_of_the_old_one(void **state)
{
	send(*state, CAMERA_EV_START, 0);
	for (int i = 0; i < 5; i++)
		send(*state, CAMERA_EV_GENERATE_FAILED, 0);
	assert_int_equal(in(*state), CAMERA_DEGRADED);
	send(*state, CAMERA_EV_REPLACED, 0);
	assert_int_equal(in(*state), CAMERA_STARTING);
	assert_int_equal(camera_view(*state).failures, 0);
}

static void
a_stopped_camera_stays_stopped_whatever_it_becomes(void **state)
{
	struct camera_effects fx = send(*state, CAMERA_EV_REPLACED, 0);

	assert_int_equal(fx.what, 0);
	assert_false(fx.ignored);
	assert_int_equal(in(*state), CAMERA_STOPPED);
}

static void
a_replaced_url_connects_anew_with_the_same_worker(void **state)
{
	run(*state);
	assert_int_equal(
		send(*state, CAMERA_EV_REPLACED, 0).what, CAMERA_DO_SOURCE | CAMERA_DO_PUBLISH);
	assert_int_equal(in(*state), CAMERA_STARTING);
	send(*state, CAMERA_EV_WORKER_READY, 0);
	assert_int_equal(in(*state), CAMERA_RUNNING);
}

static void
a_nest_camera_may_become_a_url(void **state)
{
	struct camera_settings s = camera_settings_default(false, MINUTE);

	send(*state, CAMERA_EV_START, 0);
	camera_set_settings(*state, &s);
	assert_int_equal(send(*state, CAMERA_EV_REPLACED, 0).what,
		CAMERA_DO_SOURCE | CAMERA_DO_START_WORKER);
}

static void
other_settings_count_from_the_next_failure_on(void **state)
{
	struct camera_settings s = camera_settings_default(true, MINUTE);

	run(*state);
	s.retry_first_ms = 500;
	s.jitter_percent = 0;
	camera_set_settings(*state, &s);
	assert_int_equal(in(*state), CAMERA_RUNNING);
	expect_generate_after(send(*state, CAMERA_EV_LOST, 1000), 1000, 500);
}

/* ---- an RTSP URL ----------------------------------------------------------------------------- */

static void
a_url_needs_no_call_only_a_worker(void **state)
{
	assert_int_equal(
		send(*state, CAMERA_EV_START, 0).what, CAMERA_DO_START_WORKER | CAMERA_DO_PUBLISH);
	assert_int_equal(in(*state), CAMERA_STARTING);
	send(*state, CAMERA_EV_WORKER_READY, 0);
	assert_int_equal(in(*state), CAMERA_RUNNING);
}

static void
a_refused_url_is_tried_by_the_same_ladder(void **state)
{
	run(*state);
	assert_int_equal(send(*state, CAMERA_EV_REFUSED, 0).what, CAMERA_DO_PUBLISH);
	for (ms_t pause = 10000; pause <= 80000; pause *= 2) {
		assert_int_equal(in(*state), CAMERA_FAILED);
		assert_int_equal(camera_due(*state), pause);
		assert_int_equal(send(*state, CAMERA_EV_TIMER, pause - 1).what, 0);
		assert_int_equal(send(*state, CAMERA_EV_TIMER, pause).what, CAMERA_DO_SOURCE);
		send(*state, CAMERA_EV_REFUSED, 0);
	}
	assert_int_equal(in(*state), CAMERA_DEGRADED);
	assert_true(camera_due(*state) >= 300000);
	send(*state, CAMERA_EV_WORKER_READY, 0);
	assert_int_equal(in(*state), CAMERA_RUNNING);
}

/* Whoever raises degraded_after while a camera is degraded must not end its tries. */
static void
a_degraded_url_is_tried_for_ever(void **state)
{
	struct camera_settings s = camera_settings_default(false, MINUTE);

	run(*state);
	for (int i = 0; i < s.failures_max; i++)
		send(*state, CAMERA_EV_REFUSED, 0);
	assert_int_equal(in(*state), CAMERA_DEGRADED);
	s.failures_max = 50;
	camera_set_settings(*state, &s);
	for (int i = 0; i < 1000; i++) {
		ms_t due = camera_due(*state);
		assert_true(due != MS_NEVER);
		assert_int_equal(send(*state, CAMERA_EV_TIMER, due).what, CAMERA_DO_SOURCE);
		send(*state, CAMERA_EV_REFUSED, due);
	}
	assert_int_equal(in(*state), CAMERA_DEGRADED);
}

static void
stop_of_a_url_asks_google_nothing(void **state)
{
	run(*state);
	assert_int_equal(
		send(*state, CAMERA_EV_STOP, 0).what, CAMERA_DO_STOP_WORKER | CAMERA_DO_PUBLISH);
}

static void
start_of_a_failed_url_connects_anew(void **state)
{
	run(*state);
	send(*state, CAMERA_EV_REFUSED, 0);
	assert_int_equal(in(*state), CAMERA_FAILED);
	assert_int_equal(send(*state, CAMERA_EV_START, 100).what, CAMERA_DO_SOURCE);
}

static void
regenerate_of_a_url_connects_anew(void **state)
{
	run(*state);
	assert_int_equal(send(*state, CAMERA_EV_REGENERATE, 0).what, CAMERA_DO_SOURCE);
}

/* ---- every pair ------------------------------------------------------------------------------ */

static void
what_means_nothing_in_a_state_changes_nothing_and_says_so(void **state)
{
	run(*state);
	struct camera_effects fx = send(*state, CAMERA_EV_START, 0);

	assert_true(fx.ignored);
	assert_int_equal(fx.what, 0);
	send(*state, CAMERA_EV_STOP, 0);
	assert_true(send(*state, CAMERA_EV_REGENERATE, 0).ignored);
}

/* Whatever comes in whatever order: stopped means no worker, or one that is told to end; and a
 * worker is never started twice. */
static void
no_order_of_events_starts_two_workers_or_keeps_one_of_a_stopped_camera(void **state)
{
	uint32_t random = 1;
	bool worker = false;
	bool ending = false;

	for (int i = 0; i < 200000; i++) {
		random = random * 1664525 + 1013904223;
		enum camera_event ev = (enum camera_event)((random >> 16) % CAMERA_EV_FAILED_OFTEN);
		if ((ev == CAMERA_EV_WORKER_READY || ev == CAMERA_EV_WORKER_DIED) && !worker)
			continue;
		if (ev == CAMERA_EV_WORKER_READY && ending)
			continue;
		if (ev == CAMERA_EV_WORKER_DIED)
			worker = ending = false;
		unsigned what = camera_step(*state, ev, NULL, random, i * 1000).what;
		if (what & CAMERA_DO_STOP_WORKER) {
			assert_true(worker && !ending);
			ending = true;
		}
		if (what & CAMERA_DO_START_WORKER) {
			assert_false(worker);
			worker = true;
		}
		assert_true(in(*state) != CAMERA_STOPPED || !worker || ending);
		assert_int_equal(camera_view(*state).worker, worker);
	}
}

static void
media_health_stands_beside_the_state(void **state)
{
	run(*state);
	assert_false(camera_set_media(*state, CAMERA_MEDIA_OFFLINE, 5));
	assert_true(camera_set_media(*state, CAMERA_MEDIA_HEALTHY, 6));
	assert_int_equal(camera_view(*state).media_since, 6);
	assert_int_equal(in(*state), CAMERA_RUNNING);
}

static void
every_state_health_and_event_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < CAMERA_STATES; i++)
		assert_non_null(camera_state_text((enum camera_state)i));
	for (int i = 0; i < CAMERA_MEDIAS; i++)
		assert_non_null(camera_media_text((enum camera_media)i));
	for (int i = 0; i < CAMERA_EVENTS; i++)
		assert_non_null(camera_event_text((enum camera_event)i));
}

#define NEST(test) cmocka_unit_test_setup_teardown(test, setup_nest, teardown)
#define URL(test) cmocka_unit_test_setup_teardown(test, setup_url, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		NEST(a_new_camera_is_stopped_and_wants_nothing),
		NEST(start_asks_for_a_first_stream),
		NEST(the_first_stream_starts_the_worker),
		NEST(a_stream_from_the_store_costs_no_generate),
		NEST(an_extended_stream_sends_its_token_and_nothing_more),
		NEST(a_lost_stream_is_generated_anew_after_ten_seconds),
		NEST(a_stream_that_its_server_refuses_is_lost),
		NEST(five_failures_in_a_row_degrade),
		NEST(a_camera_that_never_started_degrades_after_five_failures_too),
		NEST(a_degraded_camera_is_tried_every_five_minutes),
		NEST(a_camera_without_rtsp_is_degraded_at_once),
		NEST(a_degraded_camera_recovers),
		NEST(an_extend_makes_the_failures_begin_anew),
		NEST(a_stream_that_held_makes_the_failures_begin_anew),
		NEST(a_stream_that_is_refused_at_once_was_no_success),
		NEST(a_worker_that_goes_on_trying_a_lost_stream_changes_nothing),
		NEST(jitter_keeps_cameras_apart_that_failed_together),
		NEST(stop_ends_worker_and_stream_and_takes_back_what_was_wanted),
		NEST(a_stream_that_arrives_after_stop_is_stopped),
		NEST(restart_takes_a_new_worker_and_no_call),
		NEST(restart_of_a_failed_camera_tries_at_once),
		NEST(start_of_a_failed_or_degraded_camera_tries_at_once),
		NEST(regenerate_keeps_the_old_stream_until_the_new_one_is_there),
		NEST(regenerate_that_fails_leaves_a_running_camera_alone),
		NEST(start_after_stop_waits_for_the_old_worker_to_end),
		NEST(a_worker_that_had_been_ready_is_spawned_again_at_once),
		NEST(a_second_death_waits_twice_as_long),
		NEST(ready_makes_the_pauses_begin_anew),
		NEST(a_camera_without_a_stream_does_not_miss_its_worker),
		NEST(a_worker_that_outlives_a_lost_stream_is_sent_the_new_one),
		NEST(ready_may_come_again),
		NEST(a_replaced_stream_is_generated_and_the_worker_stays),
		NEST(a_replaced_stream_forgives_the_failures_of_the_old_one),
		NEST(a_stopped_camera_stays_stopped_whatever_it_becomes),
		URL(a_stopped_camera_stays_stopped_whatever_it_becomes),
		URL(a_replaced_url_connects_anew_with_the_same_worker),
		NEST(a_nest_camera_may_become_a_url),
		NEST(other_settings_count_from_the_next_failure_on),
		URL(a_url_needs_no_call_only_a_worker),
		URL(a_refused_url_is_tried_by_the_same_ladder),
		URL(a_degraded_url_is_tried_for_ever),
		URL(stop_of_a_url_asks_google_nothing),
		URL(start_of_a_failed_url_connects_anew),
		URL(regenerate_of_a_url_connects_anew),
		NEST(what_means_nothing_in_a_state_changes_nothing_and_says_so),
		NEST(no_order_of_events_starts_two_workers_or_keeps_one_of_a_stopped_camera),
		URL(no_order_of_events_starts_two_workers_or_keeps_one_of_a_stopped_camera),
		NEST(media_health_stands_beside_the_state),
		NEST(every_state_health_and_event_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
