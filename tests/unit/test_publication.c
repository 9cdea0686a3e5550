/* test_publication.c - the way to one receiver, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/ladder.h"
#include "worker/publication.h"

/* The middle of the 32 bits: no jitter. */
#define MIDDLE 0x80000000u

static struct publication *p;
static ms_t now;

static int
setup(void **state)
{
	(void)state;
	p = publication_new();
	now = 1000;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	publication_free(p);
	return 0;
}

static unsigned
step(enum publication_event ev)
{
	return publication_step(p, ev, now, MIDDLE);
}

/* Lets the pause pass; returns its length. */
static ms_t
wait_out(unsigned *effects)
{
	ms_t pause = publication_due(p) - now;

	now += pause;
	*effects = step(PUBLICATION_TIMER);
	return pause;
}

static void
send(void)
{
	step(PUBLICATION_PICTURES);
	step(PUBLICATION_ANSWERED);
	step(PUBLICATION_CONNECTED);
}

static void
pictures_are_offered_when_they_flow(void **state)
{
	(void)state;
	assert_int_equal(step(PUBLICATION_NO_PICTURES), 0);
	assert_string_equal(publication_state(p), "none");
	assert_int_equal(step(PUBLICATION_PICTURES), PUBLICATION_DO_OFFER);
	assert_string_equal(publication_state(p), "offered");
}

static void
an_offer_that_is_never_answered_is_made_anew(void **state)
{
	unsigned effects;

	(void)state;
	for (int i = 0; i < 3; i++) {
		step(PUBLICATION_PICTURES);
		assert_int_equal(wait_out(&effects), PUBLICATION_ANSWER_MS);
		assert_int_equal(effects, PUBLICATION_DO_DROP | PUBLICATION_DO_OFFER);
		assert_string_equal(publication_state(p), "offered");
	}
	/* Without pictures it waits for them. */
	step(PUBLICATION_NO_PICTURES);
	wait_out(&effects);
	assert_int_equal(effects, PUBLICATION_DO_DROP);
	assert_int_equal(publication_due(p), MS_NEVER);
	assert_int_equal(step(PUBLICATION_PICTURES), PUBLICATION_DO_OFFER);
	/* An answer ends the wait. */
	step(PUBLICATION_ANSWERED);
	assert_int_equal(publication_due(p), MS_NEVER);
}

static void
media_goes_once_dtls_is_done(void **state)
{
	(void)state;
	step(PUBLICATION_PICTURES);
	assert_int_equal(step(PUBLICATION_ANSWERED), 0);
	assert_false(publication_is_sending(p));
	assert_int_equal(step(PUBLICATION_CONNECTED), PUBLICATION_DO_SEND);
	assert_true(publication_is_sending(p));
}

static void
a_short_outage_of_the_camera_keeps_the_connection(void **state)
{
	(void)state;
	send();
	step(PUBLICATION_NO_PICTURES);
	now += PUBLICATION_IDLE_MS - 1;
	step(PUBLICATION_NO_PICTURES); /* said twice, it is no later */
	assert_int_equal(step(PUBLICATION_PICTURES), 0);
	assert_true(publication_is_sending(p));
}

static void
a_track_that_was_forgotten_is_offered_anew(void **state)
{
	(void)state;
	send();
	step(PUBLICATION_NO_PICTURES);
	now += PUBLICATION_IDLE_MS - 1;
	step(PUBLICATION_NO_PICTURES);
	now += 1;
	assert_int_equal(step(PUBLICATION_PICTURES), PUBLICATION_DO_OFFER);
}

static void
a_lost_connection_is_offered_anew_at_once_then_after_1_2_4_seconds(void **state)
{
	unsigned effects;

	(void)state;
	send();
	assert_int_equal(step(PUBLICATION_LOST), PUBLICATION_DO_DROP);
	assert_int_equal(wait_out(&effects), 0);
	assert_int_equal(effects, PUBLICATION_DO_OFFER);
	for (ms_t expected = 1000; expected <= 32000; expected *= 2) {
		assert_int_equal(step(PUBLICATION_LOST), PUBLICATION_DO_DROP);
		assert_int_equal(wait_out(&effects), expected);
		assert_int_equal(effects, PUBLICATION_DO_OFFER);
	}
}

static void
a_sound_stretch_forgets_the_pauses(void **state)
{
	unsigned effects;

	(void)state;
	send();
	step(PUBLICATION_LOST);
	wait_out(&effects);
	step(PUBLICATION_ANSWERED);
	step(PUBLICATION_CONNECTED);
	now += LADDER_STABLE_MS;
	step(PUBLICATION_LOST);
	assert_int_equal(wait_out(&effects), 0);
}

static void
what_fails_while_the_camera_is_away_waits_for_pictures(void **state)
{
	unsigned effects;

	(void)state;
	send();
	step(PUBLICATION_NO_PICTURES);
	step(PUBLICATION_LOST);
	wait_out(&effects);
	assert_int_equal(effects, 0);
	assert_int_equal(step(PUBLICATION_PICTURES), PUBLICATION_DO_OFFER);
}

static void
a_timer_that_comes_early_changes_nothing(void **state)
{
	(void)state;
	step(PUBLICATION_PICTURES);
	step(PUBLICATION_LOST);
	now += publication_due(p) - now;
	step(PUBLICATION_TIMER);
	step(PUBLICATION_LOST);
	now += publication_due(p) - now - 1;
	assert_int_equal(step(PUBLICATION_TIMER), 0);
	assert_string_equal(publication_state(p), "pausing");
}

static void
a_receiver_that_refuses_the_codec_is_asked_again_after_long(void **state)
{
	unsigned effects;

	(void)state;
	step(PUBLICATION_PICTURES);
	assert_int_equal(step(PUBLICATION_REFUSED), PUBLICATION_DO_DROP);
	assert_string_equal(publication_state(p), "refused");
	/* Another connection of the camera's changes nothing, however long it took. */
	step(PUBLICATION_NO_PICTURES);
	now += PUBLICATION_IDLE_MS;
	assert_int_equal(step(PUBLICATION_PICTURES), 0);
	assert_int_equal(wait_out(&effects), PUBLICATION_REFUSED_MS - PUBLICATION_IDLE_MS);
	assert_int_equal(effects, PUBLICATION_DO_OFFER);
}

static void
another_codec_is_offered_at_once(void **state)
{
	unsigned effects;

	(void)state;
	step(PUBLICATION_PICTURES);
	step(PUBLICATION_REFUSED);
	assert_int_equal(step(PUBLICATION_LOST), 0);
	assert_int_equal(wait_out(&effects), 0);
	assert_int_equal(effects, PUBLICATION_DO_OFFER);
}

static void
a_stale_answer_changes_nothing(void **state)
{
	(void)state;
	send();
	assert_int_equal(step(PUBLICATION_ANSWERED), 0);
	assert_true(publication_is_sending(p));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pictures_are_offered_when_they_flow),
		TEST(an_offer_that_is_never_answered_is_made_anew),
		TEST(media_goes_once_dtls_is_done),
		TEST(a_short_outage_of_the_camera_keeps_the_connection),
		TEST(a_track_that_was_forgotten_is_offered_anew),
		TEST(a_lost_connection_is_offered_anew_at_once_then_after_1_2_4_seconds),
		TEST(a_sound_stretch_forgets_the_pauses),
		TEST(what_fails_while_the_camera_is_away_waits_for_pictures),
		TEST(a_timer_that_comes_early_changes_nothing),
		TEST(a_receiver_that_refuses_the_codec_is_asked_again_after_long),
		TEST(another_codec_is_offered_at_once),
		TEST(a_stale_answer_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
