/* test_session.c - the way to the camera, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/ladder.h"
#include "worker/session.h"

/* The middle of the 32 bits: no jitter. */
#define MIDDLE 0x80000000u

static struct session *s;
static ms_t now;

static int
setup(void **state)
{
	(void)state;
	s = session_new();
	now = 1000;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	session_free(s);
	return 0;
}

static unsigned
step(enum session_event ev)
{
	return session_step(s, ev, now, MIDDLE);
}

/* Lets the pause pass; returns its length. */
static ms_t
wait_out(unsigned *effects)
{
	ms_t pause = session_due(s) - now;

	now += pause;
	*effects = step(SESSION_TIMER);
	return pause;
}

static void
play(void)
{
	step(SESSION_SOURCE);
	step(SESSION_OPENED);
	step(SESSION_PICTURES);
}

static void
a_stream_is_opened_when_it_is_named(void **state)
{
	(void)state;
	assert_string_equal(session_phase(s), "idle");
	assert_int_equal(step(SESSION_SOURCE), SESSION_DO_OPEN);
	assert_string_equal(session_phase(s), "opening");
}

static void
it_runs_when_pictures_flow(void **state)
{
	(void)state;
	step(SESSION_SOURCE);
	assert_int_equal(step(SESSION_OPENED), 0);
	assert_string_equal(session_phase(s), "opening");
	assert_false(session_is_playing(s));
	assert_int_equal(step(SESSION_PICTURES), 0);
	assert_string_equal(session_phase(s), "running");
	assert_true(session_is_playing(s));
}

static void
a_lost_connection_is_tried_at_once_then_after_1_2_4_seconds(void **state)
{
	unsigned effects;

	(void)state;
	play();
	assert_int_equal(step(SESSION_LOST), 0);
	assert_int_equal(wait_out(&effects), 0);
	assert_int_equal(effects, SESSION_DO_OPEN);
	for (ms_t expected = 1000; expected <= 32000; expected *= 2) {
		step(SESSION_LOST);
		assert_int_equal(wait_out(&effects), expected);
		assert_int_equal(effects, SESSION_DO_OPEN);
	}
	step(SESSION_LOST);
	assert_int_equal(wait_out(&effects), 60000);
	step(SESSION_LOST);
	assert_int_equal(wait_out(&effects), 60000);
	assert_string_equal(session_phase(s), "reconnecting");
}

static void
a_sound_stretch_forgets_the_pauses(void **state)
{
	unsigned effects;

	(void)state;
	play();
	step(SESSION_LOST);
	wait_out(&effects);
	step(SESSION_OPENED);
	step(SESSION_PICTURES);
	now += LADDER_STABLE_MS;
	step(SESSION_LOST);
	assert_int_equal(wait_out(&effects), 0);
}

static void
a_camera_that_drops_soon_after_each_connect_makes_no_storm(void **state)
{
	unsigned effects;

	(void)state;
	play();
	step(SESSION_LOST);
	wait_out(&effects);
	step(SESSION_OPENED);
	step(SESSION_PICTURES);
	now += LADDER_STABLE_MS - 1;
	step(SESSION_LOST);
	assert_int_equal(wait_out(&effects), 1000);
}

static void
a_404_is_tried_twice_more_then_refused(void **state)
{
	unsigned effects;

	(void)state;
	step(SESSION_SOURCE);
	for (int i = 0; i < SESSION_NOT_FOUND_TRIES; i++) {
		assert_int_equal(step(SESSION_NOT_FOUND), 0);
		assert_int_equal(wait_out(&effects), SESSION_NOT_FOUND_PAUSE_MS);
		assert_int_equal(effects, SESSION_DO_OPEN);
	}
	assert_int_equal(step(SESSION_NOT_FOUND), SESSION_DO_REFUSED);
	assert_int_equal(session_due(s) - now, SESSION_PROBE_MS);
	assert_string_equal(session_phase(s), "refused");
}

static void
a_denial_is_tried_once_more_then_refused(void **state)
{
	unsigned effects;

	(void)state;
	step(SESSION_SOURCE);
	assert_int_equal(step(SESSION_DENIED), 0);
	wait_out(&effects);
	assert_int_equal(effects, SESSION_DO_OPEN);
	assert_int_equal(step(SESSION_DENIED), SESSION_DO_REFUSED);
}

static void
pictures_forgive_earlier_refusals(void **state)
{
	unsigned effects;

	(void)state;
	step(SESSION_SOURCE);
	step(SESSION_DENIED);
	wait_out(&effects);
	step(SESSION_OPENED);
	step(SESSION_PICTURES);
	assert_int_equal(step(SESSION_DENIED), 0);
}

static void
a_refused_session_waits_for_another_stream(void **state)
{
	unsigned effects;

	(void)state;
	step(SESSION_SOURCE);
	step(SESSION_DENIED);
	wait_out(&effects);
	step(SESSION_DENIED);
	assert_string_equal(session_phase(s), "refused");
	now += SESSION_PROBE_MS - 1;
	assert_int_equal(step(SESSION_TIMER), 0);
	assert_int_equal(step(SESSION_SOURCE), SESSION_DO_OPEN);
	assert_int_equal(step(SESSION_DENIED), 0); /* the old stream's denials do not count */
}

static void
another_stream_closes_the_running_one_first(void **state)
{
	(void)state;
	play();
	assert_int_equal(step(SESSION_SOURCE), SESSION_DO_CLOSE);
	assert_int_equal(step(SESSION_CLOSED), SESSION_DO_OPEN);
}

static void
another_stream_is_opened_however_the_old_one_ends(void **state)
{
	(void)state;
	play();
	step(SESSION_SOURCE);
	assert_int_equal(step(SESSION_LOST), SESSION_DO_OPEN);
}

static void
an_untrusted_camera_is_not_tried_at_once(void **state)
{
	unsigned effects;

	(void)state;
	step(SESSION_SOURCE);
	assert_int_equal(step(SESSION_UNUSABLE), 0);
	assert_int_equal(wait_out(&effects), LADDER_CAP_MS);
}

static void
reconnects_and_tries_are_counted(void **state)
{
	unsigned effects;

	(void)state;
	play();
	assert_int_equal(session_reconnects(s), 0);
	step(SESSION_LOST);
	wait_out(&effects);
	step(SESSION_LOST);
	assert_int_equal(session_tries(s), 2);
	wait_out(&effects);
	step(SESSION_OPENED);
	assert_int_equal(session_reconnects(s), 1);
	step(SESSION_PICTURES);
	assert_int_equal(session_tries(s), 0);
}

/* Ends a try in this way, for as often. Returns the pause after the last. */
static ms_t
fail_often(enum session_event failure, unsigned times)
{
	unsigned effects;
	ms_t pause = 0;

	while (times-- > 0) {
		assert_string_equal(session_source_state(s), "opening");
		step(failure);
		assert_true(session_due(s) != MS_NEVER);
		pause = wait_out(&effects);
		assert_int_equal(effects, SESSION_DO_OPEN);
	}
	return pause;
}

/* A camera may be away for a week: whatever it says meanwhile, it is found when it is back. */
static void
no_failure_ends_the_tries(void **state)
{
	static const enum session_event failures[] = { SESSION_LOST, SESSION_NOT_FOUND,
		SESSION_DENIED, SESSION_UNUSABLE };

	(void)state;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		step(SESSION_SOURCE);
		if (i > 0) /* the last kind's connection played */
			step(SESSION_CLOSED);
		assert_int_equal(fail_often(failures[i], 10000), SESSION_PROBE_MS);
		step(SESSION_OPENED);
		step(SESSION_PICTURES);
		assert_string_equal(session_phase(s), "running");
		assert_int_equal(session_tries(s), 0);
	}
}

static void
after_so_many_tries_it_is_probed_slowly(void **state)
{
	(void)state;
	session_set_probe(s, 4, 300000);
	step(SESSION_SOURCE);
	assert_int_equal(fail_often(SESSION_LOST, 3), 2000);
	assert_int_equal(fail_often(SESSION_LOST, 1), 300000);
	assert_int_equal(fail_often(SESSION_UNUSABLE, 1), 300000);
}

static void
a_connection_that_never_has_pictures_is_probed_slowly_too(void **state)
{
	unsigned effects;

	(void)state;
	step(SESSION_SOURCE);
	for (int i = 0; i < SESSION_PROBE_AFTER; i++) {
		step(SESSION_OPENED);
		now += 10000;
		step(SESSION_LOST);
		assert_int_equal(
			session_due(s) - now == SESSION_PROBE_MS, i == SESSION_PROBE_AFTER - 1);
		wait_out(&effects);
	}
}

static void
probes_are_spread(void **state)
{
	(void)state;
	step(SESSION_SOURCE);
	session_set_probe(s, 1, 100000);
	session_step(s, SESSION_LOST, now, 0);
	assert_int_equal(session_due(s) - now, 90000);
	now = session_due(s);
	step(SESSION_TIMER);
	session_step(s, SESSION_LOST, now, UINT32_MAX);
	assert_in_range(session_due(s) - now, 109990, 110000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void
another_url_is_opened_at_once_and_its_refusals_are_its_own(void **state)
{
	unsigned effects;

	(void)state;
	step(SESSION_SOURCE);
	step(SESSION_DENIED);
	wait_out(&effects);
	assert_int_equal(step(SESSION_ELSEWHERE), 0);
	assert_int_equal(wait_out(&effects), 0);
	assert_int_equal(effects, SESSION_DO_OPEN);
	assert_int_equal(session_tries(s), 2);
	assert_int_equal(step(SESSION_DENIED), 0); /* not refused: it is that URL's first */
	assert_int_equal(wait_out(&effects), SESSION_DENIED_PAUSE_MS);
	assert_int_equal(step(SESSION_DENIED), SESSION_DO_REFUSED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_is_opened_when_it_is_named),
		TEST(another_url_is_opened_at_once_and_its_refusals_are_its_own),
		TEST(it_runs_when_pictures_flow),
		TEST(a_lost_connection_is_tried_at_once_then_after_1_2_4_seconds),
		TEST(a_sound_stretch_forgets_the_pauses),
		TEST(a_camera_that_drops_soon_after_each_connect_makes_no_storm),
		TEST(a_404_is_tried_twice_more_then_refused),
		TEST(a_denial_is_tried_once_more_then_refused),
		TEST(pictures_forgive_earlier_refusals),
		TEST(a_refused_session_waits_for_another_stream),
		TEST(another_stream_closes_the_running_one_first),
		TEST(another_stream_is_opened_however_the_old_one_ends),
		TEST(an_untrusted_camera_is_not_tried_at_once),
		TEST(reconnects_and_tries_are_counted),
		TEST(no_failure_ends_the_tries),
		TEST(after_so_many_tries_it_is_probed_slowly),
		TEST(a_connection_that_never_has_pictures_is_probed_slowly_too),
		TEST(probes_are_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
