/* test_consumer.c - one viewer of one camera, with an SFU and a clock made of nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/log.h"
#include "supervisor/consumer.h"
#include "supervisor/unpublish.h"
#include "tests/unit/fake_sfu.h"
#include "tests/unit/fake_time.h"

static const struct sfu_track tracks[] = { { .name = "porch-video" },
	{ .name = "porch-audio", .audio = true } };

#define OFFER "m=video 9\nm=audio 9\n"

/* Where the camera is published; session NULL: nowhere. */
static struct output_source source;

static struct {
	int results;
	int tracks, results_before_tracks;
	enum consumer_verdict verdict;
	char sdp[32];
	char why[128];
} seen;

static struct unpublish *unpublish;

static void
on_tracks(void *arg)
{
	(void)arg;
	seen.tracks++;
	seen.results_before_tracks = seen.results;
}

static void
on_result(const struct consumer_result *result, void *arg)
{
	(void)arg;
	seen.results++;
	seen.verdict = result->verdict;
	snprintf(seen.sdp, sizeof(seen.sdp), "%s", result->sdp ? result->sdp : "");
	snprintf(seen.why, sizeof(seen.why), "%s", result->why);
}

static bool
find(struct output_source *out, void *arg)
{
	(void)arg;
	*out = source;
	return source.session != NULL;
}

static void
publish(const char *session)
{
	source = (struct output_source){
		.session = session, .tracks = tracks, .track_count = 2, .sending = session != NULL
	};
}

static struct consumer *
make(const char *offer)
{
	const struct consumer_events events = {
		.on_tracks = on_tracks, .on_result = on_result, .find = find
	};
	const struct consumer_parts parts = {
		.unpublish = unpublish, .id = "c1", .camera = "porch", .offer = offer
	};

	return consumer_new(&parts, &events, NULL);
}

static void
begin(void)
{
	fake_time_reset(1000000);
	fake_sfu_reset();
	memset(&seen, 0, sizeof(seen));
	publish("camera-1");
	unpublish = unpublish_new(NULL, NULL);
}

static int
start(void **state)
{
	begin();
	*state = make(NULL);
	return 0;
}

static int
start_whep(void **state)
{
	begin();
	*state = make(OFFER);
	return 0;
}

static int
stop(void **state)
{
	consumer_free(*state);
	unpublish_free(unpublish);
	assert_true(fake_timers[0].freed && fake_timers[1].freed);
	assert_int_equal(fake_sfu_count(), 0);
	return 0;
}

static void
expect_state(struct consumer *c, enum consumer_state wanted)
{
	assert_string_equal(consumer_state_name(consumer_state(c)), consumer_state_name(wanted));
}

static void
expect_result(int number, enum consumer_verdict verdict)
{
	assert_int_equal(seen.results, number);
	assert_int_equal(seen.verdict, verdict);
}

static void
get_offer(struct consumer *c)
{
	assert_true(consumer_pull(c));
	fake_sfu_open();
	fake_sfu_give(SFU_TRACKS_PULL);
	expect_state(c, CONSUMER_OFFERED);
}

static void
go_live(struct consumer *c)
{
	get_offer(c);
	assert_true(consumer_answer(c, "mine"));
	fake_sfu_answer(SFU_RENEGOTIATE, (struct sfu_answer){ .error = SFU_OK });
	expect_state(c, CONSUMER_LIVE);
}

static void
expect_closed(const char *session)
{
	struct sfu_call *close = fake_sfu_waiting(SFU_TRACKS_CLOSE);

	assert_non_null(close);
	assert_string_equal(close->session, session);
	assert_int_equal(close->track_count, 2);
}

/* ---- the ordinary way ------------------------------------------------------------------------ */

static void
a_pull_brings_an_offer_and_its_answer_makes_it_live(void **state)
{
	assert_true(consumer_pull(*state));
	assert_false(consumer_pull(*state));
	fake_sfu_open();
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_PULL)->publisher, "camera-1");
	assert_int_equal(fake_sfu_waiting(SFU_TRACKS_PULL)->track_count, 2);
	fake_sfu_give(SFU_TRACKS_PULL);
	expect_result(1, CONSUMER_DONE);
	assert_int_equal(seen.tracks, 1);
	assert_int_equal(seen.results_before_tracks, 0);
	assert_string_equal(seen.sdp, "offer");
	assert_true(consumer_answer(*state, "mine"));
	assert_string_equal(fake_sfu_waiting(SFU_RENEGOTIATE)->sdp, "mine");
	assert_string_equal(fake_sfu_waiting(SFU_RENEGOTIATE)->session, "s1");
	assert_false(consumer_answer(*state, "again"));
	fake_sfu_answer(SFU_RENEGOTIATE, (struct sfu_answer){ .error = SFU_OK });
	expect_result(2, CONSUMER_DONE);
	expect_state(*state, CONSUMER_LIVE);
	assert_int_equal(consumer_pulls(*state), 1);
}

static void
the_viewers_own_offer_is_answered_at_once(void **state)
{
	assert_true(consumer_pull(*state));
	fake_sfu_open();
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_TAKE)->sdp, OFFER);
	assert_int_equal(fake_sfu_waiting(SFU_TRACKS_TAKE)->track_count, 2);
	fake_sfu_give(SFU_TRACKS_TAKE);
	expect_result(1, CONSUMER_DONE);
	assert_string_equal(seen.sdp, "answer");
	expect_state(*state, CONSUMER_LIVE);
}

static void
an_end_closes_the_session(void **state)
{
	go_live(*state);
	consumer_end(*state);
	expect_state(*state, CONSUMER_ENDED);
	expect_closed("s1");
	assert_int_equal(seen.results, 2);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void
what_is_not_there_yet_is_pulled_again_in_a_new_session(void **state)
{
	static const enum sfu_error errors[] = { SFU_NOT_YET, SFU_NOT_CONNECTED, SFU_GONE, SFU_BUSY,
		SFU_SERVER, SFU_TIMEOUT };

	consumer_pull(*state);
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		fake_sfu_open();
		fake_sfu_refuse(SFU_TRACKS_PULL, errors[i]);
		expect_state(*state, CONSUMER_PAUSING);
		assert_in_range(fake_time_elapse(), 200, 5000);
	}
	publish("camera-2");
	fake_sfu_open();
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_PULL)->session, "s7");
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_PULL)->publisher, "camera-2");
	assert_int_equal(seen.results, 0);
	fake_sfu_give(SFU_TRACKS_PULL);
	expect_result(1, CONSUMER_DONE);
	assert_int_equal(consumer_pulls(*state), 1);
}

static void
tries_end_within_20_s(void **state)
{
	ms_t began_ms = fake_now_ms;
	int tries = 0;

	consumer_pull(*state);
	while (seen.results == 0) {
		fake_sfu_open();
		fake_sfu_refuse(SFU_TRACKS_PULL, SFU_NOT_YET);
		tries++;
		if (seen.results == 0)
			fake_time_elapse();
	}
	assert_in_range(tries, 4, 20);
	assert_true(fake_now_ms - began_ms <= 20000);
	expect_result(1, CONSUMER_NOT_YET);
	assert_string_equal(seen.why, "not-yet: words");
	expect_state(*state, CONSUMER_IDLE);
	assert_true(consumer_must_pull(*state));
}

static void
a_wrong_secret_is_not_tried_again(void **state)
{
	consumer_pull(*state);
	fake_sfu_refuse(SFU_SESSION_NEW, SFU_UNAUTHORIZED);
	expect_result(1, CONSUMER_NO_SFU);
	expect_state(*state, CONSUMER_IDLE);
}

static void
a_camera_that_left_meanwhile_is_not_yet_there(void **state)
{
	consumer_pull(*state);
	publish(NULL);
	fake_sfu_open();
	expect_result(1, CONSUMER_NOT_YET);
	assert_false(consumer_must_pull(*state));
}

static void
an_offer_that_the_sfu_does_not_take_is_the_viewers_fault(void **state)
{
	consumer_pull(*state);
	fake_sfu_open();
	fake_sfu_refuse(SFU_TRACKS_TAKE, SFU_INVALID);
	expect_result(1, CONSUMER_BAD_SDP);
	expect_state(*state, CONSUMER_IDLE);
}

static void
an_answer_that_the_sfu_does_not_take_closes_the_session(void **state)
{
	get_offer(*state);
	consumer_answer(*state, "bad");
	fake_sfu_refuse(SFU_RENEGOTIATE, SFU_INVALID);
	expect_result(2, CONSUMER_BAD_SDP);
	expect_state(*state, CONSUMER_IDLE);
	expect_closed("s1");
}

static void
half_a_pull_is_closed_before_the_next(void **state)
{
	struct sfu_answer half = { .error = SFU_NOT_YET,
		.tracks = { { .mid = "0", .name = "porch-video" } },
		.track_count = 1,
		.retry_after_ms = -1 };

	consumer_pull(*state);
	fake_sfu_open();
	fake_sfu_answer(SFU_TRACKS_PULL, half);
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_CLOSE)->session, "s1");
	assert_int_equal(fake_sfu_waiting(SFU_TRACKS_CLOSE)->track_count, 1);
}

/* One pull in which the pictures came, and the sound did not. */
static void
pull_without_sound(struct consumer *c, enum sfu_request request, enum sfu_error error)
{
	struct sfu_answer half = { .error = error,
		.tracks = { { .mid = "0", .name = "porch-video" } },
		.track_count = 1,
		.retry_after_ms = -1 };

	assert_true(consumer_pull(c));
	fake_sfu_open();
	assert_int_equal(fake_sfu_waiting(request)->track_count, 2);
	fake_sfu_answer(request, half);
	expect_state(c, CONSUMER_PAUSING);
	fake_sfu_answer(SFU_TRACKS_CLOSE, (struct sfu_answer){ .error = SFU_OK });
	fake_time_elapse();
	fake_sfu_open();
}

static void
sound_that_fails_does_not_keep_the_pictures_away(void **state)
{
	static const enum sfu_error errors[] = { SFU_NOT_YET, SFU_TRACK };

	for (size_t i = 0; i < 2; i++) {
		pull_without_sound(*state, SFU_TRACKS_PULL, errors[i]);
		assert_int_equal(fake_sfu_waiting(SFU_TRACKS_PULL)->track_count, 1);
		fake_sfu_give(SFU_TRACKS_PULL);
		expect_state(*state, CONSUMER_OFFERED);
		assert_true(consumer_pull(*state));
		fake_sfu_answer(SFU_TRACKS_CLOSE, (struct sfu_answer){ .error = SFU_OK });
		fake_sfu_refuse(SFU_SESSION_NEW, SFU_UNAUTHORIZED);
	}
}

static void
a_player_gets_pictures_where_the_sound_is_none_that_it_knows(void **state)
{
	pull_without_sound(*state, SFU_TRACKS_TAKE, SFU_TRACK);
	assert_int_equal(fake_sfu_waiting(SFU_TRACKS_TAKE)->track_count, 1);
	fake_sfu_give(SFU_TRACKS_TAKE);
	expect_state(*state, CONSUMER_LIVE);
}

static void
a_player_is_given_what_its_offer_has_room_for(void **state)
{
	static const char *const offers[] = { "m=video 9\n", "m=audio 9\n" };

	(void)state;
	begin();
	for (size_t i = 0; i < 2; i++) {
		struct consumer *c = make(offers[i]);
		assert_true(consumer_pull(c));
		fake_sfu_open();
		struct sfu_call *call = fake_sfu_waiting(SFU_TRACKS_TAKE);
		assert_int_equal(call->track_count, 1);
		assert_string_equal(call->first, tracks[i].name);
		consumer_free(c);
	}
	unpublish_free(unpublish);
}

static void
an_offer_that_nobody_answers_is_taken_back(void **state)
{
	get_offer(*state);
	assert_int_equal(fake_time_elapse(), 30000);
	expect_state(*state, CONSUMER_IDLE);
	expect_closed("s1");
	assert_string_equal(consumer_why(*state), "the offer was not answered within 30 s");
}

/* ---- one mutation at a time ------------------------------------------------------------------ */

static void
an_end_waits_for_the_pull_that_is_on_its_way(void **state)
{
	consumer_pull(*state);
	fake_sfu_open();
	consumer_end(*state);
	expect_result(1, CONSUMER_OVER);
	expect_state(*state, CONSUMER_CLOSING);
	assert_null(fake_sfu_waiting(SFU_TRACKS_CLOSE));
	fake_sfu_give(SFU_TRACKS_PULL);
	expect_state(*state, CONSUMER_ENDED);
	expect_closed("s1");
	assert_int_equal(seen.results, 1);
}

static void
an_end_waits_for_the_answer_that_is_on_its_way(void **state)
{
	get_offer(*state);
	consumer_answer(*state, "mine");
	consumer_end(*state);
	expect_result(2, CONSUMER_OVER);
	consumer_end(*state);
	assert_null(fake_sfu_waiting(SFU_TRACKS_CLOSE));
	fake_sfu_refuse(SFU_RENEGOTIATE, SFU_TIMEOUT);
	expect_state(*state, CONSUMER_ENDED);
	expect_closed("s1");
}

static void
an_end_before_there_are_tracks_has_nothing_to_close(void **state)
{
	consumer_pull(*state);
	consumer_end(*state);
	expect_state(*state, CONSUMER_ENDED);
	assert_int_equal(fake_sfu_count(), 0);
	assert_false(consumer_pull(*state));
}

/* ---- a camera that is published elsewhere ---------------------------------------------------- */

static void
a_republished_camera_is_to_be_pulled_again(void **state)
{
	go_live(*state);
	consumer_check(*state);
	expect_state(*state, CONSUMER_LIVE);
	publish(NULL);
	consumer_check(*state);
	expect_state(*state, CONSUMER_IDLE);
	expect_closed("s1");
	assert_false(consumer_must_pull(*state));
	publish("camera-2");
	source.sending = false;
	assert_false(consumer_must_pull(*state));
	source.sending = true;
	assert_true(consumer_must_pull(*state));
	consumer_check(*state);
	assert_true(consumer_pull(*state));
	fake_sfu_open();
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_PULL)->publisher, "camera-2");
	fake_sfu_give(SFU_TRACKS_PULL);
	assert_int_equal(consumer_pulls(*state), 2);
	fake_sfu_answer(SFU_TRACKS_CLOSE, (struct sfu_answer){ .error = SFU_OK });
}

static void
an_owner_may_pull_again_whenever_it_likes(void **state)
{
	go_live(*state);
	assert_true(consumer_pull(*state));
	expect_closed("s1");
	fake_sfu_open();
	assert_string_equal(consumer_session(*state), "s2");
}

static void
go_live_whep(struct consumer *c)
{
	consumer_pull(c);
	fake_sfu_open();
	fake_sfu_give(SFU_TRACKS_TAKE);
	expect_state(c, CONSUMER_LIVE);
}

static void
a_whep_viewers_tracks_are_put_in_the_place_of_the_old(void **state)
{
	go_live_whep(*state);
	publish(NULL);
	consumer_check(*state);
	expect_state(*state, CONSUMER_LIVE);
	publish("camera-2");
	source.sending = false;
	consumer_check(*state);
	expect_state(*state, CONSUMER_LIVE);
	source.sending = true;
	consumer_check(*state);
	expect_state(*state, CONSUMER_SWAPPING);
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_UPDATE)->publisher, "camera-2");
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_UPDATE)->session, "s1");
	consumer_check(*state);
	fake_sfu_answer(SFU_TRACKS_UPDATE, (struct sfu_answer){ .error = SFU_OK });
	expect_state(*state, CONSUMER_LIVE);
	assert_int_equal(seen.results, 1);
	consumer_check(*state);
	expect_state(*state, CONSUMER_LIVE);
}

static void
a_swap_that_the_session_is_gone_for_leaves_the_viewer_idle(void **state)
{
	go_live_whep(*state);
	publish("camera-2");
	consumer_check(*state);
	fake_sfu_refuse(SFU_TRACKS_UPDATE, SFU_GONE);
	expect_state(*state, CONSUMER_IDLE);
	expect_closed("s1");
	assert_int_equal(seen.results, 1);
}

static void
a_swap_that_fails_is_tried_again(void **state)
{
	static const enum sfu_error errors[] = { SFU_NOT_YET, SFU_TRACK, SFU_SERVER, SFU_TIMEOUT };

	go_live_whep(*state);
	publish("camera-2");
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		consumer_check(*state);
		fake_sfu_refuse(SFU_TRACKS_UPDATE, errors[i]);
		expect_state(*state, CONSUMER_LIVE);
		consumer_check(*state);
		expect_state(*state, CONSUMER_LIVE); /* there is a pause */
		fake_time_pass(4000);
	}
	consumer_check(*state);
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_UPDATE)->publisher, "camera-2");
	fake_sfu_answer(SFU_TRACKS_UPDATE, (struct sfu_answer){ .error = SFU_OK });
	fake_time_pass(4000);
	consumer_check(*state);
	expect_state(*state, CONSUMER_LIVE);
	assert_int_equal(seen.results, 1);
	publish("camera-3");
	consumer_check(*state);
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_UPDATE)->publisher, "camera-3");
}

static void
swaps_that_fail_end_within_20_s(void **state)
{
	ms_t began_ms = fake_now_ms;
	int tries = 0;

	go_live_whep(*state);
	publish("camera-2");
	for (; consumer_state(*state) == CONSUMER_LIVE; fake_time_pass(250)) {
		consumer_check(*state);
		if (consumer_state(*state) != CONSUMER_SWAPPING)
			continue;
		fake_sfu_refuse(SFU_TRACKS_UPDATE, SFU_NOT_YET);
		tries++;
	}
	expect_state(*state, CONSUMER_IDLE);
	assert_in_range(tries, 4, 20);
	assert_true(fake_now_ms - began_ms <= 20500);
	expect_closed("s1");
}

static void
a_camera_that_has_no_sound_any_more_is_swapped_without(void **state)
{
	go_live_whep(*state);
	publish("camera-2");
	source.track_count = 1;
	consumer_check(*state);
	assert_int_equal(fake_sfu_waiting(SFU_TRACKS_UPDATE)->track_count, 1);
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_UPDATE)->first, "porch-video");
}

static void
a_session_that_the_sfu_has_no_more_is_noticed(void **state)
{
	go_live_whep(*state);
	consumer_probe(*state);
	consumer_probe(*state);
	fake_sfu_refuse(SFU_SESSION_GET, SFU_SERVER);
	expect_state(*state, CONSUMER_LIVE);
	consumer_probe(*state);
	fake_sfu_refuse(SFU_SESSION_GET, SFU_GONE);
	expect_state(*state, CONSUMER_IDLE);
	assert_string_equal(consumer_why(*state), "the SFU has its session no more");
}

static void
a_probe_does_not_hold_up_a_swap(void **state)
{
	go_live_whep(*state);
	consumer_probe(*state);
	publish("camera-2");
	consumer_check(*state);
	assert_null(fake_sfu_waiting(SFU_SESSION_GET));
	assert_non_null(fake_sfu_waiting(SFU_TRACKS_UPDATE));
}

int
main(void)
{
#define PULL_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
#define WHEP_TEST(f) cmocka_unit_test_setup_teardown(f, start_whep, stop)
	const struct CMUnitTest tests[] = {
		PULL_TEST(a_pull_brings_an_offer_and_its_answer_makes_it_live),
		WHEP_TEST(the_viewers_own_offer_is_answered_at_once),
		PULL_TEST(an_end_closes_the_session),
		PULL_TEST(what_is_not_there_yet_is_pulled_again_in_a_new_session),
		PULL_TEST(tries_end_within_20_s),
		PULL_TEST(a_wrong_secret_is_not_tried_again),
		PULL_TEST(a_camera_that_left_meanwhile_is_not_yet_there),
		WHEP_TEST(an_offer_that_the_sfu_does_not_take_is_the_viewers_fault),
		PULL_TEST(an_answer_that_the_sfu_does_not_take_closes_the_session),
		PULL_TEST(half_a_pull_is_closed_before_the_next),
		PULL_TEST(sound_that_fails_does_not_keep_the_pictures_away),
		WHEP_TEST(a_player_gets_pictures_where_the_sound_is_none_that_it_knows),
		cmocka_unit_test(a_player_is_given_what_its_offer_has_room_for),
		PULL_TEST(an_offer_that_nobody_answers_is_taken_back),
		PULL_TEST(an_end_waits_for_the_pull_that_is_on_its_way),
		PULL_TEST(an_end_waits_for_the_answer_that_is_on_its_way),
		PULL_TEST(an_end_before_there_are_tracks_has_nothing_to_close),
		PULL_TEST(a_republished_camera_is_to_be_pulled_again),
		PULL_TEST(an_owner_may_pull_again_whenever_it_likes),
		WHEP_TEST(a_whep_viewers_tracks_are_put_in_the_place_of_the_old),
		WHEP_TEST(a_swap_that_the_session_is_gone_for_leaves_the_viewer_idle),
		WHEP_TEST(a_swap_that_fails_is_tried_again),
		WHEP_TEST(swaps_that_fail_end_within_20_s),
		WHEP_TEST(a_camera_that_has_no_sound_any_more_is_swapped_without),
		WHEP_TEST(a_session_that_the_sfu_has_no_more_is_noticed),
		WHEP_TEST(a_probe_does_not_hold_up_a_swap),
	};
	log_open("/dev/null", LOG_LOGFMT, LOG_DEBUG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
