#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/log.h"
#include "supervisor/publish.h"
#include "supervisor/timer.h"
#include "tests/unit/fake_sfu.h"
#include "tests/unit/fake_time.h"

/* ---- the publication ------------------------------------------------------------------------- */

static const struct sfu_track tracks[] = { { .mid = "0", .name = "porch-audio" },
	{ .mid = "1", .name = "porch-video" } };
static struct {
	int answers;
	int failures;
	char session[32];
	char why[128];
	ms_t retry_ms;
	int stopped;
	bool closed;
} seen;

static void
on_answer(const char *session, const char *sdp, void *arg)
{
	(void)arg;
	assert_string_equal(sdp, "answer");
	snprintf(seen.session, sizeof(seen.session), "%s", session);
	seen.answers++;
}

static void
on_failed(const char *why, ms_t retry_ms, void *arg)
{
	(void)arg;
	snprintf(seen.why, sizeof(seen.why), "%s", why);
	seen.retry_ms = retry_ms;
	seen.failures++;
}

static void
on_stopped(bool closed, void *arg)
{
	(void)arg;
	seen.closed = closed;
	seen.stopped++;
}

static int
start(void **state)
{
	const struct publish_events events = { .on_answer = on_answer, .on_failed = on_failed };

	fake_time_reset(1000000);
	fake_sfu_reset();
	memset(&seen, 0, sizeof(seen));
	*state = publish_new(NULL, NULL, "porch", &events, NULL);
	return 0;
}

static int
stop(void **state)
{
	publish_free(*state);
	assert_true(fake_timers[0].freed && fake_timers[1].freed);
	assert_int_equal(fake_sfu_count(), 0);
	return 0;
}

static void
offer(struct publish *p, const char *sdp)
{
	publish_offer(p, sdp, tracks, 2);
}

static void
go_live(struct publish *p)
{
	offer(p, "offer");
	fake_sfu_open();
	fake_sfu_accept();
	assert_int_equal(publish_state(p), PUBLISH_LIVE);
}

static void
an_offer_becomes_an_answer(void **state)
{
	offer(*state, "offer");
	assert_null(publish_session(*state));
	fake_sfu_open();
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_NEW)->sdp, "offer");
	assert_int_equal(fake_sfu_waiting(SFU_TRACKS_NEW)->track_count, 2);
	fake_sfu_accept();
	assert_int_equal(seen.answers, 1);
	assert_string_equal(seen.session, "s1");
	assert_string_equal(publish_session(*state), "s1");
}

static void
a_failed_push_is_tried_in_a_new_session_with_the_same_offer(void **state)
{
	static const enum sfu_error errors[] = { SFU_INVALID, SFU_GONE, SFU_BUSY, SFU_SERVER,
		SFU_TRACK, SFU_MALFORMED, SFU_TIMEOUT, SFU_TRANSPORT };

	offer(*state, "offer");
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		fake_sfu_open();
		fake_sfu_refuse(SFU_TRACKS_NEW, errors[i]);
		assert_int_equal(seen.failures, i + 1);
		assert_int_equal(publish_state(*state), PUBLISH_PAUSING);
		while (!fake_sfu_waiting(SFU_SESSION_NEW)) {
			if (fake_sfu_waiting(SFU_TRACKS_CLOSE))
				fake_sfu_answer(
					SFU_TRACKS_CLOSE, (struct sfu_answer){ .error = SFU_OK });
			fake_time_elapse();
		}
	}
	fake_sfu_open();
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_NEW)->sdp, "offer");
	fake_sfu_accept();
	assert_string_equal(seen.session, "s9");
}

static void
pauses_double_from_half_a_second_to_fifteen(void **state)
{
	static const ms_t pauses[] = { 500, 1000, 2000, 4000, 8000, 15000, 15000 };

	offer(*state, "offer");
	for (size_t i = 0; i < sizeof(pauses) / sizeof(*pauses); i++) {
		fake_sfu_refuse(SFU_SESSION_NEW, SFU_SERVER);
		ms_t pause_ms = fake_time_elapse();
		assert_in_range(pause_ms, pauses[i] * 8 / 10, pauses[i] * 12 / 10);
	}
}

static void
success_makes_the_pause_short_again(void **state)
{
	offer(*state, "offer");
	for (int i = 0; i < 5; i++) {
		fake_sfu_refuse(SFU_SESSION_NEW, SFU_SERVER);
		fake_time_elapse();
	}
	fake_sfu_open();
	fake_sfu_accept();
	offer(*state, "second");
	fake_sfu_refuse(SFU_SESSION_NEW, SFU_SERVER);
	assert_in_range(seen.retry_ms, 400, 600);
}

static void
a_longer_retry_after_is_kept_to_for_ten_minutes(void **state)
{
	offer(*state, "offer");
	fake_sfu_answer(SFU_SESSION_NEW,
		(struct sfu_answer){ .error = SFU_BUSY, .sent = true, .retry_after_ms = 7000 });
	assert_int_equal(seen.retry_ms, 7000);
	assert_int_equal(fake_time_elapse(), 7000);
	/* But not for a day, whatever failed. */
	fake_sfu_answer(SFU_SESSION_NEW, (struct sfu_answer){
						 .error = SFU_SERVER,
						 .sent = true,
						 .retry_after_ms = 86400000,
					 });
	assert_int_equal(seen.retry_ms, 600000);
	assert_int_equal(fake_time_elapse(), 600000);
}

static void
a_wrong_secret_is_tried_once_a_minute(void **state)
{
	offer(*state, "offer");
	fake_sfu_refuse(SFU_SESSION_NEW, SFU_UNAUTHORIZED);
	assert_int_equal(fake_time_elapse(), 60000);
	fake_sfu_refuse(SFU_SESSION_NEW, SFU_NO_APP);
	assert_int_equal(fake_time_elapse(), 60000);
	assert_string_equal(publish_why(*state), "no-app: words");
}

static void
a_lost_reply_closes_what_may_have_been_published(void **state)
{
	offer(*state, "offer");
	fake_sfu_open();
	fake_sfu_refuse(SFU_TRACKS_NEW, SFU_TRANSPORT);
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_CLOSE)->session, "s1");
	assert_int_equal(fake_sfu_waiting(SFU_TRACKS_CLOSE)->track_count, 2);
}

static void
what_was_not_sent_needs_no_close(void **state)
{
	offer(*state, "offer");
	fake_sfu_open();
	fake_sfu_answer(
		SFU_TRACKS_NEW, (struct sfu_answer){ .error = SFU_TRANSPORT, .sent = false });
	assert_null(fake_sfu_waiting(SFU_TRACKS_CLOSE));
	assert_int_equal(publish_state(*state), PUBLISH_PAUSING);
}

static void
too_early_waits_on_the_same_session_three_times(void **state)
{
	offer(*state, "offer");
	fake_sfu_open();
	for (int i = 0; i < 2; i++) {
		fake_sfu_refuse(SFU_TRACKS_NEW, SFU_NOT_CONNECTED);
		assert_int_equal(publish_state(*state), PUBLISH_WAITING);
		assert_int_equal(fake_time_elapse(), 1000);
		assert_string_equal(fake_sfu_waiting(SFU_TRACKS_NEW)->session, "s1");
	}
	fake_sfu_refuse(SFU_TRACKS_NEW, SFU_NOT_CONNECTED);
	assert_int_equal(publish_state(*state), PUBLISH_PAUSING);
	fake_time_elapse();
	fake_sfu_open();
	fake_sfu_refuse(SFU_TRACKS_NEW, SFU_NOT_CONNECTED); /* the first of the new session */
	assert_int_equal(publish_state(*state), PUBLISH_WAITING);
}

static void
an_offer_that_three_sessions_refuse_is_given_up(void **state)
{
	offer(*state, "bad");
	for (int i = 0; i < 3; i++) {
		fake_sfu_open();
		fake_sfu_refuse(SFU_TRACKS_NEW, SFU_INVALID);
		if (i < 2)
			fake_time_elapse();
	}
	assert_int_equal(publish_state(*state), PUBLISH_GIVEN_UP);
	assert_int_equal(seen.retry_ms, -1);
	assert_true(fake_timers[1].due_ms == MS_NEVER);
	offer(*state, "good");
	assert_int_equal(publish_state(*state), PUBLISH_PAUSING);
	fake_time_elapse();
	fake_sfu_open();
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_NEW)->sdp, "good");
}

static void
a_new_offer_has_a_new_session_at_once_and_the_old_is_closed(void **state)
{
	go_live(*state);
	offer(*state, "second");
	assert_non_null(fake_sfu_waiting(SFU_SESSION_NEW));
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_CLOSE)->session, "s1");
	fake_sfu_open();
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_NEW)->sdp, "second");
	fake_sfu_accept();
	assert_string_equal(seen.session, "s2");
	fake_sfu_refuse(SFU_TRACKS_CLOSE, SFU_SERVER);
	fake_time_elapse();
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_CLOSE)->session, "s1");
}

static void
an_offer_during_a_pause_waits_for_its_end(void **state)
{
	offer(*state, "first");
	fake_sfu_refuse(SFU_SESSION_NEW, SFU_SERVER);
	offer(*state, "second");
	offer(*state, "third");
	assert_null(fake_sfu_waiting(SFU_SESSION_NEW));
	fake_time_elapse();
	fake_sfu_open();
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_NEW)->sdp, "third");
}

static void
an_offer_replaces_one_that_is_being_pushed(void **state)
{
	offer(*state, "first");
	fake_sfu_open();
	offer(*state, "second");
	assert_null(fake_sfu_waiting(SFU_TRACKS_NEW));
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_CLOSE)->session, "s1");
	fake_sfu_open();
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_NEW)->session, "s2");
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_NEW)->sdp, "second");
}

static void
a_stop_is_done_when_the_tracks_are_closed(void **state)
{
	go_live(*state);
	publish_stop(*state, 4000, on_stopped, NULL);
	assert_int_equal(publish_state(*state), PUBLISH_IDLE);
	assert_int_equal(seen.stopped, 0);
	fake_sfu_answer(SFU_TRACKS_CLOSE, (struct sfu_answer){ .error = SFU_OK });
	fake_time_elapse();
	assert_int_equal(seen.stopped, 1);
	assert_true(seen.closed);
}

static void
a_stop_does_not_wait_longer_than_it_may(void **state)
{
	ms_t began_ms = fake_now_ms;

	go_live(*state);
	publish_stop(*state, 4000, on_stopped, NULL);
	while (!seen.stopped) {
		if (fake_sfu_waiting(SFU_TRACKS_CLOSE))
			fake_sfu_refuse(SFU_TRACKS_CLOSE, SFU_SERVER);
		fake_time_elapse();
	}
	assert_int_equal(fake_now_ms - began_ms, 4000);
	assert_false(seen.closed);
}

static void
a_stop_of_nothing_is_done_at_once(void **state)
{
	publish_stop(*state, 4000, on_stopped, NULL);
	assert_int_equal(seen.stopped, 0); /* never from inside */
	assert_int_equal(fake_time_elapse(), 0);
	assert_int_equal(seen.stopped, 1);
	assert_true(seen.closed);
}

static void
a_close_that_never_works_is_left_to_the_sfu(void **state)
{
	go_live(*state);
	publish_stop(*state, 0, NULL, NULL);
	int tries = 0;
	while (fake_sfu_waiting(SFU_TRACKS_CLOSE)) {
		fake_sfu_refuse(SFU_TRACKS_CLOSE, SFU_TIMEOUT);
		tries++;
		if (fake_timers[0].due_ms < MS_NEVER)
			fake_time_elapse();
	}
	assert_in_range(tries, 5, 15);
	assert_true(fake_now_ms <= 1000000 + 30000);
}

int
main(void)
{
#define PUBLISH_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		PUBLISH_TEST(an_offer_becomes_an_answer),
		PUBLISH_TEST(a_failed_push_is_tried_in_a_new_session_with_the_same_offer),
		PUBLISH_TEST(pauses_double_from_half_a_second_to_fifteen),
		PUBLISH_TEST(success_makes_the_pause_short_again),
		PUBLISH_TEST(a_longer_retry_after_is_kept_to_for_ten_minutes),
		PUBLISH_TEST(a_wrong_secret_is_tried_once_a_minute),
		PUBLISH_TEST(a_lost_reply_closes_what_may_have_been_published),
		PUBLISH_TEST(what_was_not_sent_needs_no_close),
		PUBLISH_TEST(too_early_waits_on_the_same_session_three_times),
		PUBLISH_TEST(an_offer_that_three_sessions_refuse_is_given_up),
		PUBLISH_TEST(a_new_offer_has_a_new_session_at_once_and_the_old_is_closed),
		PUBLISH_TEST(an_offer_during_a_pause_waits_for_its_end),
		PUBLISH_TEST(an_offer_replaces_one_that_is_being_pushed),
		PUBLISH_TEST(a_stop_is_done_when_the_tracks_are_closed),
		PUBLISH_TEST(a_stop_does_not_wait_longer_than_it_may),
		PUBLISH_TEST(a_stop_of_nothing_is_done_at_once),
		PUBLISH_TEST(a_close_that_never_works_is_left_to_the_sfu),
	};
	log_open("/dev/null", LOG_LOGFMT, LOG_DEBUG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
