/* test_outputs.c - the places that one camera is published to, with machines made of nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/clock.h"
#include "proto/status_camera.h"
#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_cloudflare.h"
#include "supervisor/config_whip.h"
#include "supervisor/outputs.h"
#include "supervisor/publish.h"
#include "supervisor/timer.h"
#include "supervisor/whip_session.h"

/* ---- machines made of nothing ---------------------------------------------------------------- */

/* Either kind. */
struct machine {
	struct publish_events events;
	void *arg;
	char name[40];
	char offer[200];
	size_t tracks;
	const char *where; /* NULL: not live */
	const char *why;
	int stops;
	void (*done)(bool closed, void *arg);
	void *done_arg;
	bool freed;
};

static struct machine machines[16];
static size_t machine_count;

struct timer {
	void (*on_due)(void *);
	void *arg;
	bool set;
};

static struct timer timer;

struct timer *
timer_new(uv_loop_t *loop, void (*on_due)(void *arg), void *arg)
{
	(void)loop;
	timer = (struct timer){ .on_due = on_due, .arg = arg };
	return &timer;
}

void
timer_free(struct timer *t)
{
	t->set = false;
}

void
timer_start(struct timer *t, ms_t pause_ms)
{
	assert_int_equal(pause_ms, 0);
	t->set = true;
}

/* The loop turns. */
static void
turn(void)
{
	assert_true(timer.set);
	timer.set = false;
	timer.on_due(timer.arg);
}

static struct machine *
machine(const char *name, const struct publish_events *events, void *arg)
{
	struct machine *m = &machines[machine_count++];

	assert_true(machine_count <= sizeof(machines) / sizeof(*machines));
	*m = (struct machine){ .events = *events, .arg = arg, .why = "" };
	snprintf(m->name, sizeof(m->name), "%s", name);
	return m;
}

static void
stop_machine(struct machine *m, void (*done)(bool, void *), void *arg)
{
	m->stops++;
	m->done = done;
	m->done_arg = arg;
}

struct publish *
publish_new(uv_loop_t *loop, struct sfu *sfu, const char *camera,
	const struct publish_events *events, void *arg)
{
	(void)loop;
	(void)sfu;
	assert_string_equal(camera, "porch");
	return (struct publish *)machine("cloudflare", events, arg);
}

void
publish_free(struct publish *p)
{
	((struct machine *)p)->freed = true;
}

void
publish_offer(struct publish *p, const char *sdp, const struct sfu_track *tracks, size_t count)
{
	struct machine *m = (struct machine *)p;

	snprintf(m->offer, sizeof(m->offer), "%.20s %s", sdp, tracks[count - 1].name);
	m->tracks = count;
}

void
publish_stop(struct publish *p, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg)
{
	(void)within_ms;
	stop_machine((struct machine *)p, done, arg);
}

enum publish_state
publish_state(const struct publish *p)
{
	return ((const struct machine *)p)->where ? PUBLISH_LIVE : PUBLISH_PAUSING;
}

const char *
publish_state_name(enum publish_state state)
{
	return state == PUBLISH_LIVE ? "live" : "pausing";
}

const char *
publish_session(const struct publish *p)
{
	return ((const struct machine *)p)->where;
}

const char *
publish_why(const struct publish *p)
{
	return ((const struct machine *)p)->why;
}

struct whip *
whip_new(uv_loop_t *loop, struct http_client *http, const struct whip_settings *s)
{
	(void)loop;
	(void)http;
	assert_non_null(s->url);
	return NULL;
}

struct whip_session *
whip_session_new(uv_loop_t *loop, struct whip *whip, const char *camera, const char *name,
	const struct publish_events *events, void *arg)
{
	(void)loop;
	(void)whip;
	(void)camera;
	return (struct whip_session *)machine(name, events, arg);
}

void
whip_session_free(struct whip_session *s)
{
	((struct machine *)s)->freed = true;
}

void
whip_session_offer(struct whip_session *s, const char *sdp, size_t tracks)
{
	struct machine *m = (struct machine *)s;

	snprintf(m->offer, sizeof(m->offer), "%s", sdp);
	m->tracks = tracks;
}

void
whip_session_stop(
	struct whip_session *s, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg)
{
	(void)within_ms;
	stop_machine((struct machine *)s, done, arg);
}

enum whip_state
whip_session_state(const struct whip_session *s)
{
	return ((const struct machine *)s)->where ? WHIP_LIVE : WHIP_PAUSING;
}

const char *
whip_state_name(enum whip_state state)
{
	return state == WHIP_LIVE ? "live" : "pausing";
}

const char *
whip_session_where(const struct whip_session *s)
{
	return ((const struct machine *)s)->where;
}

const char *
whip_session_why(const struct whip_session *s)
{
	return ((const struct machine *)s)->why;
}

/* ---- the outputs ----------------------------------------------------------------------------- */

static struct {
	int answers, refusals, troubles;
	int output;
	int64_t offer;
	char name[32];
	char text[80];
	int ended;
	bool closed;
} seen;

static void
on_answer(int output, int64_t offer, const char *name, const char *sdp, void *arg)
{
	(void)arg;
	seen.answers++;
	seen.output = output;
	seen.offer = offer;
	snprintf(seen.text, sizeof(seen.text), "%s", sdp);
	snprintf(seen.name, sizeof(seen.name), "%s", name);
}

static void
on_refused(int output, int64_t offer, const char *why, void *arg)
{
	(void)arg;
	(void)why;
	seen.refusals++;
	seen.output = output;
	seen.offer = offer;
}

static void
on_trouble(const char *name, const char *why, void *arg)
{
	(void)arg;
	seen.troubles++;
	snprintf(seen.text, sizeof(seen.text), "%s: %s", name, why);
}

static void
on_ended(bool closed, void *arg)
{
	(void)arg;
	seen.ended++;
	seen.closed = closed;
}

static bool
set(struct outputs *o, const char *list)
{
	struct config_cloudflare cloudflare = { 0 };
	struct config_whip two = { .name = (char *)(uintptr_t) "two",
		.url = (char *)(uintptr_t) "https://two/",
		.two_tracks = CONFIG_TWO_TRACKS_YES };
	struct config_whip edge = { .next = &two,
		.name = (char *)(uintptr_t) "edge",
		.url = (char *)(uintptr_t) "https://edge/KEY" };
	struct config c = { .cloudflare = &cloudflare, .whips = &edge };
	struct config_camera cam = { .publish = (char *)(uintptr_t)list };
	struct config_outputs outputs;
	char why[200] = "";

	int err = config_outputs_read(&c, &cam, &outputs, why, sizeof(why));
	assert_string_equal(why, "");
	assert_int_equal(err, 0);
	bool changed = outputs_set(o, &outputs, NULL, NULL);
	config_outputs_clear(&outputs);
	return changed;
}

static int
start(void **state)
{
	const struct outputs_events events = {
		.on_answer = on_answer, .on_refused = on_refused, .on_trouble = on_trouble
	};

	machine_count = 0;
	memset(&seen, 0, sizeof(seen));
	*state = outputs_new(NULL, "porch", &events, NULL);
	return 0;
}

static int
stop(void **state)
{
	outputs_free(*state);
	for (size_t i = 0; i < machine_count; i++)
		assert_true(machines[i].freed);
	return 0;
}

static void
offer(struct outputs *o, int output, int64_t number, const char *audio_mid)
{
	struct msg_offer m = { .output = output,
		.offer = number,
		.sdp = (char *)(uintptr_t) "sdp",
		.video_mid = (char *)(uintptr_t) "0",
		.audio_mid = (char *)(uintptr_t)audio_mid };

	outputs_offer(o, &m);
}

static void
an_offer_goes_to_the_output_that_it_is_for(void **state)
{
	set(*state, "cloudflare, whip:edge");
	offer(*state, 1, 7, NULL);
	assert_string_equal(machines[0].offer, "");
	assert_string_equal(machines[1].offer, "sdp");
	assert_int_equal(machines[1].tracks, 1);
	offer(*state, 0, 3, "1");
	assert_string_equal(machines[0].offer, "sdp porch-audio");
	machines[1].events.on_answer("w", "from edge", machines[1].arg);
	assert_int_equal(seen.output, 1);
	assert_int_equal(seen.offer, 7);
	assert_string_equal(seen.text, "from edge");
	assert_string_equal(seen.name, "whip:edge");
	machines[0].events.on_answer("w", "from cloudflare", machines[0].arg);
	assert_int_equal(seen.output, 0);
	assert_int_equal(seen.offer, 3);
}

static void
words_about_no_output_are_dropped(void **state)
{
	struct msg_output word = { .output = 2, .offer = 1, .state = (char *)(uintptr_t) "failed" };

	set(*state, "cloudflare, whip:edge");
	offer(*state, 2, 1, NULL);
	offer(*state, -1, 1, NULL);
	outputs_word(*state, &word);
	assert_string_equal(machines[0].offer, "");
	assert_string_equal(machines[1].offer, "");
}

static void
one_that_fails_is_told_by_its_name_and_harms_no_other(void **state)
{
	set(*state, "cloudflare, whip:edge");
	offer(*state, 0, 1, NULL);
	offer(*state, 1, 1, NULL);
	machines[1].events.on_failed("words", 500, machines[1].arg);
	assert_string_equal(seen.text, "whip:edge: words");
	assert_int_equal(seen.refusals, 0); /* it is tried again by itself */
	machines[1].events.on_failed("words", -1, machines[1].arg);
	assert_int_equal(seen.refusals, 1);
	assert_int_equal(seen.output, 1);
	assert_int_equal(seen.troubles, 2);
	assert_int_equal(machines[0].stops, 0);
}

static void
a_word_about_an_older_offer_is_dropped(void **state)
{
	struct msg_output word = { .output = 0,
		.offer = 1,
		.state = (char *)(uintptr_t) "failed",
		.reason = (char *)(uintptr_t) "no consent" };
	struct status_output row;

	set(*state, "whip:edge");
	machines[0].where = "https://edge:443/";
	offer(*state, 0, 2, NULL);
	machines[0].events.on_answer("w", "sdp", machines[0].arg);
	outputs_word(*state, &word);
	assert_null(output_error(outputs_get(*state, 0)));
	word.offer = 2;
	outputs_word(*state, &word);
	assert_string_equal(output_error(outputs_get(*state, 0)), "no consent");
	output_status(outputs_get(*state, 0), clock_now() + 5000, &row);
	assert_in_range(row.session_ms, 5000, 65000);
	assert_string_equal(row.name, "whip:edge");
	assert_string_equal(row.kind, "whip");
	assert_string_equal(row.state, "live");
	assert_string_equal(row.media, "failed");
	assert_string_equal(row.session, "https://edge:443/");
	free(row.name);
	free(row.kind);
	free(row.state);
	free(row.media);
	free(row.session);
	free(row.error);
	offer(*state, 0, 3, NULL); /* a new connection: nothing is known of it */
	assert_null(output_error(outputs_get(*state, 0)));
}

static void
what_stays_in_the_list_keeps_its_machine(void **state)
{
	assert_true(set(*state, "cloudflare, whip:edge"));
	assert_false(set(*state, "cloudflare,whip:edge"));
	assert_int_equal(machine_count, 2);
	assert_true(set(*state, "whip:edge, cloudflare"));
	assert_int_equal(machine_count, 2);
	offer(*state, 0, 1, NULL);
	assert_string_equal(machines[1].offer, "sdp");
	assert_true(set(*state, "whip:edge, whip:two"));
	assert_int_equal(machine_count, 3);
	assert_int_equal(outputs_two_tracks(*state), 2);
}

static void
what_leaves_the_list_ends_and_says_no_more(void **state)
{
	set(*state, "cloudflare, whip:edge");
	assert_true(set(*state, "whip:edge"));
	assert_int_equal(machines[0].stops, 1);
	assert_int_equal(machines[1].stops, 0);
	machines[0].events.on_failed("words", -1, machines[0].arg);
	machines[0].events.on_answer("w", "sdp", machines[0].arg);
	assert_int_equal(seen.troubles + seen.refusals + seen.answers, 0);
	machines[0].done(true, machines[0].done_arg);
	assert_false(machines[0].freed); /* it may still be at work */
	turn();
	assert_true(machines[0].freed);
}

static void
a_stop_is_done_when_all_have_ended(void **state)
{
	set(*state, "cloudflare, whip:edge, whip:two");
	outputs_stop(*state, 4000, on_ended, NULL);
	machines[1].done(true, machines[1].done_arg);
	turn();
	machines[0].done(false, machines[0].done_arg);
	machines[0].done(false, machines[0].done_arg); /* said twice */
	turn();
	assert_int_equal(seen.ended, 0);
	machines[2].done(true, machines[2].done_arg);
	assert_int_equal(seen.ended, 0); /* never from inside */
	turn();
	assert_int_equal(seen.ended, 1);
	assert_false(seen.closed);
}

static void
a_stop_of_none_is_done_at_once(void **state)
{
	outputs_stop(*state, 4000, on_ended, NULL);
	turn();
	assert_int_equal(seen.ended, 1);
	assert_true(seen.closed);
}

static void
a_stop_that_nobody_waits_for_may_be_followed_by_one(void **state)
{
	set(*state, "cloudflare");
	outputs_stop(*state, 4000, NULL, NULL);
	assert_null(machines[0].done);
	outputs_stop(*state, 4000, on_ended, NULL);
	machines[0].done(true, machines[0].done_arg);
	turn();
	assert_int_equal(seen.ended, 1);
}

int
main(void)
{
#define OUTPUTS_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		OUTPUTS_TEST(an_offer_goes_to_the_output_that_it_is_for),
		OUTPUTS_TEST(words_about_no_output_are_dropped),
		OUTPUTS_TEST(one_that_fails_is_told_by_its_name_and_harms_no_other),
		OUTPUTS_TEST(a_word_about_an_older_offer_is_dropped),
		OUTPUTS_TEST(what_stays_in_the_list_keeps_its_machine),
		OUTPUTS_TEST(what_leaves_the_list_ends_and_says_no_more),
		OUTPUTS_TEST(a_stop_is_done_when_all_have_ended),
		OUTPUTS_TEST(a_stop_of_none_is_done_at_once),
		OUTPUTS_TEST(a_stop_that_nobody_waits_for_may_be_followed_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
