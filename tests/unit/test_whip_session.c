/* test_whip_session.c - one camera's session at one WHIP endpoint, with a server, a clock and
 * timers made of nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/log.h"
#include "supervisor/timer.h"
#include "supervisor/whip_session.h"
#include "tests/unit/fake_time.h"

/* ---- a clock, timers and an endpoint made of nothing ----------------------------------------- */

struct whip_call {
	enum whip_request request;
	char url[64];
	char offer[32];
	whip_done *done; /* NULL: answered or cancelled */
	void *arg;
};

static struct whip_call calls[64];
static size_t call_count;

static struct whip_call *
call(enum whip_request request, const char *url, const char *offer, whip_done *done, void *arg)
{
	struct whip_call *c = &calls[call_count++];

	assert_true(call_count < sizeof(calls) / sizeof(*calls));
	*c = (struct whip_call){ .request = request, .done = done, .arg = arg };
	snprintf(c->url, sizeof(c->url), "%s", url);
	snprintf(c->offer, sizeof(c->offer), "%s", offer);
	return c;
}

struct whip_call *
whip_post(struct whip *w, const char *offer, whip_done *done, void *arg)
{
	(void)w;
	return call(WHIP_POST, "", offer, done, arg);
}

struct whip_call *
whip_delete(struct whip *w, const char *session_url, whip_done *done, void *arg)
{
	(void)w;
	return call(WHIP_DELETE, session_url, "", done, arg);
}

void
whip_cancel(struct whip_call *c)
{
	assert_non_null(c->done);
	c->done = NULL;
}

void
whip_free(struct whip *w)
{
	(void)w;
}

/* The only call that waits for an answer; NULL: none. */
static struct whip_call *
waiting(enum whip_request request)
{
	struct whip_call *found = NULL;

	for (size_t i = 0; i < call_count; i++)
		if (calls[i].done) {
			assert_null(found); /* never two at once */
			found = &calls[i];
		}
	return found && found->request == request ? found : NULL;
}

static void
answer(enum whip_request request, struct whip_answer a)
{
	struct whip_call *c = waiting(request);

	assert_non_null(c);
	whip_done *done = c->done;
	c->done = NULL;
	done(&a, c->arg);
}

static void
refuse(enum whip_request request, enum whip_error error)
{
	answer(request,
		(struct whip_answer){ .error = error, .words = "words", .retry_after_ms = -1 });
}

static void
accept_as(const char *session_url)
{
	static char sdp[] = "answer";

	answer(WHIP_POST,
		(struct whip_answer){ .sdp = sdp, .session_url = (char *)(uintptr_t)session_url });
}

static void
deleted(void)
{
	answer(WHIP_DELETE, (struct whip_answer){ .error = WHIP_OK });
}

/* Goes to the next moment that a timer is set to; how long that took. */
static ms_t
elapse(void)
{
	ms_t before_ms = fake_now_ms;
	struct timer *t =
		fake_timers[0].due_ms < fake_timers[1].due_ms ? &fake_timers[0] : &fake_timers[1];

	assert_true(t->due_ms < MS_NEVER);
	fake_now_ms = t->due_ms;
	t->due_ms = MS_NEVER;
	t->on_due(t->arg);
	return fake_now_ms - before_ms;
}

/* ---- the session ----------------------------------------------------------------------------- */

static struct {
	int answers;
	int failures;
	char why[256];
	ms_t retry_ms;
	int stopped;
	bool closed;
} seen;

static void
on_answer(const char *where, const char *sdp, void *arg)
{
	(void)arg;
	assert_string_equal(sdp, "answer");
	assert_string_equal(where, "https://h:443/");
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
	call_count = 0;
	memset(&seen, 0, sizeof(seen));
	*state = whip_session_new(NULL, NULL, "porch", "whip:edge", &events, NULL);
	return 0;
}

static int
stop(void **state)
{
	whip_session_free(*state);
	for (size_t i = 0; i < call_count; i++)
		assert_null(calls[i].done);
	return 0;
}

static void
offer(struct whip_session *s, const char *sdp)
{
	whip_session_offer(s, sdp, 2);
}

static void
go_live(struct whip_session *s)
{
	offer(s, "first");
	accept_as("https://h/KEY/1");
	assert_int_equal(whip_session_state(s), WHIP_LIVE);
}

static void
an_offer_becomes_an_answer(void **state)
{
	offer(*state, "first");
	assert_string_equal(waiting(WHIP_POST)->offer, "first");
	assert_null(whip_session_where(*state));
	accept_as("https://h/KEY/1");
	assert_int_equal(seen.answers, 1);
	assert_string_equal(whip_session_where(*state), "https://h:443/");
}

static void
a_new_offer_ends_the_old_session_first(void **state)
{
	go_live(*state);
	offer(*state, "second");
	assert_string_equal(waiting(WHIP_DELETE)->url, "https://h/KEY/1");
	deleted();
	assert_string_equal(waiting(WHIP_POST)->offer, "second");
	accept_as("https://h/KEY/2");
	assert_int_equal(seen.answers, 2);
}

static void
an_old_session_that_does_not_end_keeps_nobody_waiting(void **state)
{
	go_live(*state);
	offer(*state, "second");
	refuse(WHIP_DELETE, WHIP_TIMEOUT);
	assert_string_equal(waiting(WHIP_POST)->offer, "second");
}

static void
an_offer_that_is_overtaken_still_has_its_session_ended(void **state)
{
	offer(*state, "first");
	offer(*state, "second");
	assert_int_equal(whip_session_state(*state), WHIP_ABANDONING);
	accept_as("https://h/KEY/1");
	assert_int_equal(seen.answers, 0);
	assert_string_equal(waiting(WHIP_DELETE)->url, "https://h/KEY/1");
	deleted();
	assert_string_equal(waiting(WHIP_POST)->offer, "second");
}

static void
pauses_double_and_retry_after_is_kept_to(void **state)
{
	static const ms_t pauses[] = { 500, 1000, 2000, 4000, 8000, 15000, 15000 };

	offer(*state, "first");
	for (size_t i = 0; i < sizeof(pauses) / sizeof(*pauses); i++) {
		refuse(WHIP_POST, WHIP_SERVER);
		ms_t pause_ms = elapse();
		assert_in_range(pause_ms, pauses[i] * 8 / 10, pauses[i] * 12 / 10);
	}
	answer(WHIP_POST, (struct whip_answer){
				  .error = WHIP_BUSY, .words = "503", .retry_after_ms = 40000 });
	assert_int_equal(elapse(), 40000);
	/* Nobody is silent for a day for one header. */
	answer(WHIP_POST, (struct whip_answer){
				  .error = WHIP_SERVER, .words = "500", .retry_after_ms = 86400000 });
	assert_int_equal(elapse(), 600000);
	accept_as("https://h/KEY/1");
	assert_int_equal(seen.answers, 1);
}

static void
what_a_human_must_repair_is_looked_at_less_often(void **state)
{
	static const enum whip_error errors[] = { WHIP_UNAUTHORIZED, WHIP_NOT_FOUND, WHIP_TOKEN,
		WHIP_REDIRECT, WHIP_UNAUTHORIZED, WHIP_UNAUTHORIZED };
	static const ms_t pauses[] = { 5000, 10000, 20000, 40000, 60000, 60000 };

	offer(*state, "first");
	for (size_t i = 0; i < sizeof(pauses) / sizeof(*pauses); i++) {
		refuse(WHIP_POST, errors[i]);
		ms_t pause_ms = elapse();
		assert_in_range(pause_ms, pauses[i] * 8 / 10, pauses[i] * 12 / 10);
	}
	assert_string_equal(whip_session_why(*state), "unauthorized: words");
}

static void
an_offer_that_is_refused_three_times_is_given_up(void **state)
{
	whip_session_offer(*state, "bad", 1);
	for (int i = 0; i < 3; i++) {
		refuse(WHIP_POST, WHIP_INVALID);
		if (i < 2)
			elapse();
	}
	assert_int_equal(whip_session_state(*state), WHIP_GIVEN_UP);
	assert_int_equal(seen.retry_ms, -1);
	assert_non_null(strstr(seen.why, "two_tracks = yes"));
	offer(*state, "good");
	assert_null(waiting(WHIP_POST));
	elapse();
	assert_string_equal(waiting(WHIP_POST)->offer, "good");
	refuse(WHIP_POST, WHIP_INVALID);
	assert_null(strstr(seen.why, "two_tracks"));
}

static void
answer_of_no_use(void)
{
	answer(WHIP_POST, (struct whip_answer){ .error = WHIP_MALFORMED,
				  .words = "no SDP",
				  .session_url = (char *)(uintptr_t) "https://h/KEY/1",
				  .retry_after_ms = -1 });
}

static void
a_session_whose_answer_is_of_no_use_is_ended_before_the_pause(void **state)
{
	offer(*state, "first");
	answer_of_no_use();
	assert_string_equal(seen.why, "malformed: no SDP");
	assert_int_equal(seen.answers, 0);
	assert_null(whip_session_where(*state));
	assert_string_equal(waiting(WHIP_DELETE)->url, "https://h/KEY/1");
	deleted();
	assert_int_equal(whip_session_state(*state), WHIP_PAUSING);
	assert_int_equal(elapse(), seen.retry_ms);
	assert_string_equal(waiting(WHIP_POST)->offer, "first");
	/* Whose end fails keeps nobody waiting. */
	answer_of_no_use();
	refuse(WHIP_DELETE, WHIP_TIMEOUT);
	assert_int_equal(elapse(), seen.retry_ms);
	accept_as("https://h/KEY/2");
	assert_int_equal(whip_session_state(*state), WHIP_LIVE);
}

static void
a_stop_ends_a_session_whose_answer_is_of_no_use(void **state)
{
	offer(*state, "first");
	answer_of_no_use();
	whip_session_stop(*state, 4000, on_stopped, NULL);
	deleted();
	elapse();
	assert_true(seen.closed);
	assert_int_equal(whip_session_state(*state), WHIP_IDLE);
	/* The answer may come after the stop. */
	offer(*state, "second");
	whip_session_stop(*state, 4000, on_stopped, NULL);
	answer_of_no_use();
	deleted();
	elapse();
	assert_int_equal(seen.stopped, 2);
	assert_int_equal(seen.failures, 1);
	assert_int_equal(whip_session_state(*state), WHIP_IDLE);
}

static void
an_offer_during_a_pause_waits_for_its_end(void **state)
{
	offer(*state, "first");
	refuse(WHIP_POST, WHIP_CONFLICT);
	offer(*state, "second");
	assert_null(waiting(WHIP_POST));
	elapse();
	assert_string_equal(waiting(WHIP_POST)->offer, "second");
}

static void
a_stop_ends_the_session(void **state)
{
	go_live(*state);
	whip_session_stop(*state, 4000, on_stopped, NULL);
	assert_int_equal(seen.stopped, 0);
	deleted();
	assert_int_equal(seen.stopped, 0); /* never from inside */
	assert_int_equal(elapse(), 0);
	assert_int_equal(seen.stopped, 1);
	assert_true(seen.closed);
	assert_int_equal(whip_session_state(*state), WHIP_IDLE);
}

static void
a_stop_while_the_answer_is_awaited_ends_what_it_names(void **state)
{
	offer(*state, "first");
	whip_session_stop(*state, 4000, on_stopped, NULL);
	accept_as("https://h/KEY/1");
	deleted();
	elapse();
	assert_int_equal(seen.stopped, 1);
	assert_true(seen.closed);
	assert_int_equal(seen.answers, 0);
}

static void
a_stop_while_the_answer_is_awaited_is_done_when_that_fails(void **state)
{
	offer(*state, "first");
	whip_session_stop(*state, 4000, on_stopped, NULL);
	refuse(WHIP_POST, WHIP_SERVER);
	assert_int_equal(elapse(), 0);
	assert_true(seen.closed);
	assert_int_equal(seen.failures, 0);
	assert_int_equal(whip_session_state(*state), WHIP_IDLE);
}

static void
a_stop_does_not_wait_longer_than_it_may(void **state)
{
	ms_t began_ms = fake_now_ms;

	go_live(*state);
	whip_session_stop(*state, 4000, on_stopped, NULL);
	while (!seen.stopped) {
		if (waiting(WHIP_DELETE))
			refuse(WHIP_DELETE, WHIP_SERVER);
		elapse();
	}
	assert_int_equal(fake_now_ms - began_ms, 4000);
	assert_false(seen.closed);
}

static void
a_session_that_never_ends_is_left_to_its_server(void **state)
{
	go_live(*state);
	whip_session_stop(*state, 0, NULL, NULL);
	int tries = 0;
	while (whip_session_state(*state) == WHIP_ENDING) {
		refuse(WHIP_DELETE, WHIP_SERVER);
		tries++;
		if (whip_session_state(*state) == WHIP_ENDING)
			elapse();
	}
	assert_in_range(tries, 5, 15);
	assert_true(fake_now_ms <= 1000000 + 30000);
}

static void
a_server_that_refuses_to_end_a_session_is_not_asked_again(void **state)
{
	static const enum whip_error errors[] = { WHIP_NOT_FOUND, WHIP_INVALID, WHIP_REFUSED };

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		go_live(*state);
		whip_session_stop(*state, 4000, on_stopped, NULL);
		refuse(WHIP_DELETE, errors[i]);
		assert_int_equal(whip_session_state(*state), WHIP_IDLE);
		assert_int_equal(elapse(), 0);
		assert_int_equal(seen.stopped, (int)i + 1);
	}
}

static void
a_stop_of_nothing_is_done_at_once(void **state)
{
	whip_session_stop(*state, 4000, on_stopped, NULL);
	assert_int_equal(seen.stopped, 0);
	assert_int_equal(elapse(), 0);
	assert_true(seen.closed);
}

static void
an_offer_after_a_stop_waits_for_the_end(void **state)
{
	go_live(*state);
	whip_session_stop(*state, 0, NULL, NULL);
	offer(*state, "second");
	assert_null(waiting(WHIP_POST));
	deleted();
	assert_string_equal(waiting(WHIP_POST)->offer, "second");
}

int
main(void)
{
#define SESSION_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		SESSION_TEST(an_offer_becomes_an_answer),
		SESSION_TEST(a_new_offer_ends_the_old_session_first),
		SESSION_TEST(an_old_session_that_does_not_end_keeps_nobody_waiting),
		SESSION_TEST(an_offer_that_is_overtaken_still_has_its_session_ended),
		SESSION_TEST(pauses_double_and_retry_after_is_kept_to),
		SESSION_TEST(what_a_human_must_repair_is_looked_at_less_often),
		SESSION_TEST(an_offer_that_is_refused_three_times_is_given_up),
		SESSION_TEST(a_session_whose_answer_is_of_no_use_is_ended_before_the_pause),
		SESSION_TEST(a_stop_ends_a_session_whose_answer_is_of_no_use),
		SESSION_TEST(an_offer_during_a_pause_waits_for_its_end),
		SESSION_TEST(a_stop_ends_the_session),
		SESSION_TEST(a_stop_while_the_answer_is_awaited_ends_what_it_names),
		SESSION_TEST(a_stop_while_the_answer_is_awaited_is_done_when_that_fails),
		SESSION_TEST(a_stop_does_not_wait_longer_than_it_may),
		SESSION_TEST(a_session_that_never_ends_is_left_to_its_server),
		SESSION_TEST(a_server_that_refuses_to_end_a_session_is_not_asked_again),
		SESSION_TEST(a_stop_of_nothing_is_done_at_once),
		SESSION_TEST(an_offer_after_a_stop_waits_for_the_end),
	};
	log_open("/dev/null", LOG_LOGFMT, LOG_DEBUG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
