/* test_scheduler_share.c - a quota that others use too: another program, or an operator who asks
 * too often. In virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/scheduler_view.h"

#define MINUTE 60000
#define HOUR (60 * MINUTE)
#define LIFE 300000
#define QPM 10

static int
setup(void **state)
{
	struct scheduler_settings s = scheduler_settings_default(QPM, MINUTE);

	*state = scheduler_new(&s);
	return 0;
}

static int
teardown(void **state)
{
	scheduler_free(*state);
	return 0;
}

/* The calls that are spent at Google, another program's among them: one each so many ms. */
struct google {
	ms_t arrived[1 << 14];
	int count;
	ms_t other_pace_ms; /* 0: there is none */
	ms_t other_at;
	bool refuses_generate;
	int refused;
};

static bool
has_room(struct google *g, ms_t now)
{
	int n = 0;

	for (; g->other_pace_ms > 0 && g->other_at <= now; g->other_at += g->other_pace_ms)
		g->arrived[g->count++] = g->other_at;
	g->arrived[g->count++] = now;
	assert_true(g->count < 1 << 14);
	for (int i = g->count; i > 0 && g->arrived[i - 1] > now - MINUTE; i--)
		n++;
	return n <= QPM;
}

static void
answer(struct scheduler *s, struct google *g, const struct api_call *call, ms_t now)
{
	struct call_answer a = { .result = CALL_OK, .expires_at = now + LIFE };

	if (!has_room(g, now)) {
		g->refused++;
		a = (struct call_answer){ .result = CALL_RATE_LIMITED, .bucket = QUOTA_EXECUTE };
	} else if (call->kind == CALL_GENERATE && g->refuses_generate) {
		a.result = CALL_REFUSED;
	}
	scheduler_answered(s, call, &a, now);
}

/* Plays it until then, in steps of a second at most; asked is called before each. Returns how many
 * streams ended. */
static int
play(struct scheduler *s, struct google *g, ms_t from, ms_t until,
	void (*asked)(struct scheduler *, ms_t))
{
	struct scheduler_event e;
	int ended = 0;

	for (ms_t now = from; now < until;) {
		struct api_call call;

		if (asked)
			asked(s, now);
		ms_t again = scheduler_step(s, now, &call);
		if (call.kind)
			answer(s, g, &call, now);
		else
			now = again > now + 1000 ? now + 1000 : again;
		while (scheduler_event(s, &e)) {
			ended += e.kind == SCHEDULER_EXPIRED;
			if (e.kind == SCHEDULER_EXPIRED)
				scheduler_want_generate(s, e.camera, GENERATE_RECOVER, now);
		}
	}
	return ended;
}

static void
add(struct scheduler *s, int cameras)
{
	for (int i = 0; i < cameras; i++) {
		scheduler_add(s, i);
		scheduler_restored(s, i, -i * LIFE / cameras, LIFE - i * LIFE / cameras);
	}
}

static ms_t
pace(struct scheduler *s, ms_t now)
{
	return quota_outlook(scheduler_quota(s), now).pace_ms;
}

static void
a_share_that_is_enough_costs_no_stream(void **state)
{
	struct google g = { .other_pace_ms = MINUTE / 2 };

	add(*state, 20);
	assert_int_equal(play(*state, &g, 0, 12 * HOUR, NULL), 0);
	/* It was there, and was not asked for again and again. */
	assert_true(g.refused > 0);
	assert_true(g.refused < 12);
}

/* Somebody looks at a camera with another program. */
static void
a_call_of_another_program_now_and_then_costs_no_stream(void **state)
{
	struct google g = { .other_pace_ms = HOUR };

	add(*state, 40);
	assert_int_equal(play(*state, &g, 0, 12 * HOUR, NULL), 0);
	assert_int_equal(g.refused, 12);
}

/* Refuses the next call of so many cameras, and returns how long after that another left. */
static ms_t
next_call_after_a_429(
	struct scheduler *s, int cameras, enum quota_bucket bucket, ms_t retry_after_ms)
{
	const struct call_answer refusal = {
		.result = CALL_RATE_LIMITED, .bucket = bucket, .retry_after_ms = retry_after_ms
	};
	struct google g = { 0 };
	struct api_call call;
	ms_t refused_at = HOUR, now;

	add(s, cameras);
	play(s, &g, 0, HOUR, NULL);
	while (scheduler_step(s, refused_at, &call) > refused_at || !call.kind)
		refused_at += 100;
	scheduler_answered(s, &call, &refusal, refused_at);
	now = refused_at;
	do {
		now += 100;
		scheduler_step(s, now, &call);
	} while (!call.kind);
	return now - refused_at;
}

static void
a_429_that_costs_no_stream_rests_a_window(void **state)
{
	assert_true(next_call_after_a_429(*state, 10, QUOTA_EXECUTE, 0) >= 60900);
}

static void
a_429_whose_rest_would_cost_a_stream_costs_a_call(void **state)
{
	assert_true(next_call_after_a_429(*state, 40, QUOTA_EXECUTE, 0) <= 2 * 60900 / (QPM - 1));
}

static void
but_what_google_asks_for_is_waited(void **state)
{
	assert_true(next_call_after_a_429(*state, 40, QUOTA_EXECUTE, MINUTE) >= MINUTE);
}

static void
a_429_of_one_camera_costs_the_account_nothing(void **state)
{
	assert_true(next_call_after_a_429(*state, 40, QUOTA_DEVICE_MINUTE, 0) <= 7000);
	assert_int_equal(pace(*state, HOUR + MINUTE), 60900 / QPM);
}

static void
what_the_other_program_leaves_behind_is_taken_up_again(void **state)
{
	struct google g = { .other_pace_ms = MINUTE / 3 };

	add(*state, 20);
	play(*state, &g, 0, HOUR, NULL);
	assert_true(pace(*state, HOUR) > 60900 / QPM);
	g.other_pace_ms = 0;
	play(*state, &g, HOUR, 12 * HOUR, NULL);
	assert_int_equal(pace(*state, 12 * HOUR), 60900 / QPM);
}

/* 43 of them take 6.09 s each; at nine calls a minute there is nothing to spare. */
static void
no_more_is_tried_while_a_refusal_would_cost_a_stream(void **state)
{
	struct google g = { .other_pace_ms = MINUTE };

	add(*state, 43);
	play(*state, &g, 0, HOUR, NULL);
	int refused = g.refused;
	assert_true(refused > 0);
	assert_int_equal(play(*state, &g, HOUR, 2 * HOUR, NULL), 0);
	assert_int_equal(g.refused, refused);
}

/* 46 cannot be held at nine calls a minute. */
static void
more_is_tried_while_somebody_has_no_stream(void **state)
{
	struct google g = { 0 };
	struct api_call call;
	ms_t now = 0;

	add(*state, 46);
	play(*state, &g, 0, HOUR, NULL);
	for (now = HOUR; scheduler_step(*state, now, &call) > now || !call.kind; now += 1000) {
	}
	const struct call_answer refusal = { .result = CALL_RATE_LIMITED, .bucket = QUOTA_EXECUTE };
	scheduler_answered(*state, &call, &refusal, now);
	play(*state, &g, now, 2 * HOUR, NULL);
	assert_int_equal(pace(*state, 2 * HOUR), 60900 / QPM);
	assert_int_equal(scheduler_stats(*state, 2 * HOUR).living, 46);
}

static void
ask_extend(struct scheduler *s, ms_t now)
{
	(void)now;
	scheduler_want_extend(s, 0);
}

static void
ask_generate(struct scheduler *s, ms_t now)
{
	scheduler_want_generate(s, 0, GENERATE_OPERATOR, now);
}

/* Google allows a camera a hundred calls an hour. */
static void
whoever_asks_for_extends_all_the_time_costs_no_stream(void **state)
{
	struct google g = { 0 };

	add(*state, 1);
	assert_int_equal(play(*state, &g, 0, 5 * HOUR, ask_extend), 0);
	assert_true(scheduler_stats(*state, 5 * HOUR).calls[CALL_EXTEND] > 300);
}

static void
whoever_asks_for_streams_all_the_time_costs_none(void **state)
{
	struct google g = { 0 };

	add(*state, 1);
	assert_int_equal(play(*state, &g, 0, 5 * HOUR, ask_generate), 0);
	assert_true(scheduler_stats(*state, 5 * HOUR).calls[CALL_GENERATE] > 300);
}

/* Who asks for a camera that is off leaves calls for the time when it is on. */
static void
whoever_asks_for_a_camera_that_is_off_leaves_it_calls(void **state)
{
	struct google g = { .refuses_generate = true };

	scheduler_add(*state, 0);
	play(*state, &g, 0, HOUR, ask_generate);
	const struct quota_usage u = quota_usage(scheduler_quota(*state),
		scheduler_quota_device(*state, 0), QUOTA_DEVICE_HOUR, CALL_GENERATE, HOUR);
	assert_int_equal(u.used, 75);
	scheduler_cancel(*state, 0);
	g.refuses_generate = false;
	scheduler_want_generate(*state, 0, GENERATE_RECOVER, HOUR);
	play(*state, &g, HOUR, HOUR + 2000, NULL);
	assert_int_equal(scheduler_stats(*state, HOUR + 2000).living, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_share_that_is_enough_costs_no_stream, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_call_of_another_program_now_and_then_costs_no_stream, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_429_that_costs_no_stream_rests_a_window, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_429_whose_rest_would_cost_a_stream_costs_a_call, setup, teardown),
		cmocka_unit_test_setup_teardown(
			but_what_google_asks_for_is_waited, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_429_of_one_camera_costs_the_account_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_the_other_program_leaves_behind_is_taken_up_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
			no_more_is_tried_while_a_refusal_would_cost_a_stream, setup, teardown),
		cmocka_unit_test_setup_teardown(
			more_is_tried_while_somebody_has_no_stream, setup, teardown),
		cmocka_unit_test_setup_teardown(
			whoever_asks_for_extends_all_the_time_costs_no_stream, setup, teardown),
		cmocka_unit_test_setup_teardown(
			whoever_asks_for_streams_all_the_time_costs_none, setup, teardown),
		cmocka_unit_test_setup_teardown(
			whoever_asks_for_a_camera_that_is_off_leaves_it_calls, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
