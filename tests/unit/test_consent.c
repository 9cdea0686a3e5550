/* test_consent.c - how long a session lasts whose peer's answers are lost: hours of checks in a
 * second, since time passes only while nothing happens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <glib.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "tests/unit/lite.h"
#include "worker/draw.h"
#include "worker/ice.h"

#define PRIORITY 2130706431U
#define S INT64_C(1000)

static int64_t now_us = 1000000;

/* Instead of the kernel's: every run is the same. */
uint32_t
draw(void)
{
	return g_random_int();
}

/* Instead of libc's: GLib's, libnice's and ours. */
int
clock_gettime(clockid_t id, struct timespec *t)
{
	if (id != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, id, t);
	*t = (struct timespec){ .tv_sec = now_us / 1000000, .tv_nsec = now_us % 1000000 * 1000 };
	return 0;
}

/* What is sent by loopback is there at once. */
static gint
pass_time(GPollFD *fds, guint n, gint timeout_ms)
{
	_Static_assert(sizeof(GPollFD) == sizeof(struct pollfd), "GLib says so");
	const int ready = poll((struct pollfd *)(void *)fds, n, 0);

	now_us++;
	if (ready == 0 && timeout_ms > 0)
		now_us += timeout_ms * INT64_C(1000);
	return ready;
}

struct test {
	GMainContext *loop;
	struct ice *ice;
	struct lite lite;
	bool better; /* there is another one, which never answers */
	struct lite deaf;
	unsigned connected;
	int err;
};

static void
on_connected(void *arg, const struct ice_pair *pair)
{
	struct test *t = arg;

	(void)pair;
	t->connected++;
}

static void
on_failed(void *arg, int err, const char *why)
{
	struct test *t = arg;

	assert_non_null(strstr(why, "consent"));
	t->err = err;
}

static void
on_packet(void *arg, uint8_t *bytes, size_t len)
{
	(void)arg;
	(void)bytes;
	(void)len;
}

static gboolean
on_tick(gpointer arg)
{
	(void)arg;
	return G_SOURCE_CONTINUE;
}

static void
begin(struct test *t)
{
	const struct ice_events events = { .on_connected = on_connected,
		.on_failed = on_failed,
		.on_packet = on_packet,
		.arg = t };
	struct sdp_remote remote = { 0 };
	char why[200];

	g_random_set_seed(1);
	t->loop = g_main_context_new();
	g_main_context_set_poll_func(t->loop, pass_time);
	lite_open(&t->lite, t->loop, "127.0.0.1");
	lite_describe(&t->lite, &remote, PRIORITY);
	if (t->better) {
		t->deaf.silent = true;
		lite_open(&t->deaf, t->loop, "127.0.0.1");
		lite_describe(&t->deaf, &remote, PRIORITY + 1);
	}
	assert_int_equal(ice_new(&t->ice, t->loop, &events), 0);
	assert_int_equal(ice_start(t->ice, &remote, why, sizeof(why)), 0);
	while (t->connected == 0)
		g_main_context_iteration(t->loop, TRUE);
}

static void
end(struct test *t)
{
	ice_free(t->ice);
	lite_close(&t->lite);
	if (t->better)
		lite_close(&t->deaf);
	while (g_main_context_iteration(t->loop, FALSE))
		;
	g_main_context_unref(t->loop);
}

/* Returns the longest time without a check. */
static ms_t
run(struct test *t, ms_t span_ms)
{
	const ms_t until = clock_now() + span_ms;
	GSource *tick = g_timeout_source_new(1000);
	ms_t newest = clock_now(), longest = 0;
	unsigned seen = t->lite.requests;
	const int err = t->err;

	g_source_set_callback(tick, on_tick, NULL, NULL);
	g_source_attach(tick, t->loop);
	while (t->err == err && clock_now() < until) {
		g_main_context_iteration(t->loop, TRUE);
		if (t->lite.requests != seen)
			newest = clock_now();
		seen = t->lite.requests;
		longest = clock_now() - newest > longest ? clock_now() - newest : longest;
	}
	g_source_destroy(tick);
	g_source_unref(tick);
	return longest;
}

static void
silence_ends_it_after_thirty_seconds(void **state)
{
	struct test t = { 0 };

	(void)state;
	begin(&t);
	run(&t, 60 * S);
	t.lite.silent = true;
	const ms_t since = clock_now();
	run(&t, 60 * S);
	assert_int_equal(t.err, ERR_UNREACHABLE);
	assert_in_range(clock_now() - since, 24 * S, 30 * S);
	end(&t);
}

static void
answers_that_come_after_the_end_do_nothing(void **state)
{
	(void)state;
	for (int forbid = 0; forbid < 2; forbid++)
		for (int late_s = 0; late_s < 40; late_s++) {
			struct test t = { 0 };
			begin(&t);
			t.lite.silent = true;
			run(&t, forbid ? 15 * S : 60 * S);
			t.lite.silent = !forbid;
			t.lite.forbid = forbid;
			run(&t, 30 * S);
			assert_int_equal(t.err, ERR_UNREACHABLE);
			t.lite.silent = true;
			t.lite.forbid = false;
			run(&t, late_s * S);
			t.lite.silent = false;
			run(&t, 60 * S);
			assert_int_equal(t.connected, 1);
			end(&t);
		}
}

static void
silence_of_twenty_seconds_ends_nothing_however_often_it_comes(void **state)
{
	(void)state;
	for (int nat = 0; nat < 2; nat++) {
		struct test t = { .lite.behind_nat = nat };
		begin(&t);
		for (int i = 0; i < 30; i++) {
			t.lite.silent = true;
			run(&t, 20 * S);
			t.lite.silent = false;
			run(&t, 12 * S);
			assert_int_equal(t.err, 0);
		}
		assert_int_equal(t.connected, 1); /* nor is it a path that changed */
		end(&t);
	}
}

static void
answers_that_are_lost_one_in_five_end_nothing(void **state)
{
	struct test t = { 0 };

	(void)state;
	begin(&t);
	t.lite.lost_percent = 20;
	run(&t, 900 * S);
	assert_int_equal(t.err, 0);
	end(&t);
}

/* libnice has no room for more than 200 checks of consent that were not answered. */
static void
answers_that_are_lost_for_a_day_end_nothing(void **state)
{
	struct test t = { 0 };

	(void)state;
	begin(&t);
	t.lite.lost_percent = 10;
	assert_in_range(run(&t, 100000 * S), 10 * S, 30 * S);
	assert_int_equal(t.err, 0);
	end(&t);
}

static void
a_403_ends_it_at_once(void **state)
{
	struct test t = { 0 };

	(void)state;
	begin(&t);
	run(&t, 60 * S);
	const unsigned requests = t.lite.requests;
	t.lite.forbid = true;
	run(&t, 30 * S);
	assert_int_equal(t.err, ERR_UNREACHABLE);
	assert_int_equal(t.lite.requests, requests + 1); /* it is not asked again */
	end(&t);
}

static void
a_403_ends_it_at_once_after_a_silence_too(void **state)
{
	struct test t = { 0 };

	(void)state;
	begin(&t);
	t.lite.silent = true;
	run(&t, 15 * S);
	assert_int_equal(t.err, 0);
	t.lite.silent = false;
	t.lite.forbid = true;
	run(&t, 10 * S);
	assert_int_equal(t.err, ERR_UNREACHABLE);
	end(&t);
}

/* RFC 8445 8.3.1 */
static void
the_path_is_kept_three_seconds_after_the_checks_are_done(void **state)
{
	struct test t = { 0 };

	(void)state;
	begin(&t);
	run(&t, 1 * S);
	const unsigned requests = t.lite.requests;
	run(&t, 1 * S);
	assert_int_equal(t.lite.requests, requests);
	run(&t, 1500);
	assert_int_equal(t.lite.requests, requests + 1); /* it is asked at once */
	end(&t);
}

/* RFC 7675 5.1: every 4 to 6 s, and by a new transaction, sent once. */
static void
who_answers_is_asked_as_often_as_the_rfc_says(void **state)
{
	struct test t = { 0 };

	(void)state;
	begin(&t);
	run(&t, 60 * S);
	const unsigned before = t.lite.requests;
	assert_in_range(run(&t, 6000 * S), 5800, 6000 + 10);
	assert_in_range(t.lite.requests - before, 1100, 1300); /* 1,200 in the mean */
	t.lite.forged = true;
	run(&t, 20 * S);
	assert_in_range(t.lite.requests - before, 1100 + 3, 1300 + 5);
	assert_int_equal(t.lite.repeated, 0);
	assert_int_equal(t.lite.bad, 0);
	assert_true(t.lite.use_candidate && t.lite.controlling && t.lite.priority);
	assert_true(t.lite.fingerprint);
	end(&t);
}

static void
forged_answers_are_no_consent(void **state)
{
	struct test t = { 0 };

	(void)state;
	begin(&t);
	run(&t, 60 * S);
	t.lite.forged = true;
	const ms_t since = clock_now();
	run(&t, 60 * S);
	assert_int_equal(t.err, ERR_UNREACHABLE);
	assert_in_range(clock_now() - since, 24 * S, 30 * S);
	end(&t);
}

static void
a_forged_403_ends_nothing(void **state)
{
	struct test t = { 0 };

	(void)state;
	begin(&t);
	run(&t, 60 * S);
	t.lite.forged = t.lite.forbid = true;
	run(&t, 20 * S);
	t.lite.forged = t.lite.forbid = false;
	run(&t, 60 * S);
	assert_int_equal(t.err, 0);
	end(&t);
}

static void
who_controls_is_given_up_if_the_peer_says_so(void **state)
{
	struct test t = { 0 };

	(void)state;
	begin(&t);
	run(&t, 60 * S);
	t.lite.conflict = true;
	const unsigned before = t.lite.requests;
	run(&t, 6 * S);
	assert_in_range(t.lite.requests - before, 2, 3); /* at once */
	run(&t, 60 * S);
	assert_int_equal(t.err, 0);
	assert_false(t.lite.controlling);
	assert_false(t.lite.use_candidate);
	end(&t);
}

static void
a_peer_that_is_never_content_is_not_asked_without_end(void **state)
{
	struct test t = { 0 };

	(void)state;
	begin(&t);
	run(&t, 60 * S);
	t.lite.conflict = t.lite.whatever = true;
	const unsigned before = t.lite.requests;
	run(&t, 60 * S);
	assert_int_equal(t.err, ERR_UNREACHABLE);
	assert_in_range(t.lite.requests - before, 5, 9);
	end(&t);
}

static void
a_better_pair_has_thirty_seconds_of_its_own(void **state)
{
	struct test t = { .better = true };

	(void)state;
	begin(&t);
	run(&t, 5 * S);
	t.deaf.silent = false;
	while (t.connected < 2)
		g_main_context_iteration(t.loop, TRUE);
	t.lite.silent = t.deaf.silent = true;
	const ms_t since = clock_now();
	run(&t, 60 * S);
	assert_int_equal(t.err, ERR_UNREACHABLE);
	assert_in_range(clock_now() - since, 29 * S, 30 * S);
	end(&t);
}

/* libnice goes on asking the better one for half a minute and more. */
static void
silence_ends_it_though_a_better_pair_is_still_tried(void **state)
{
	struct test t = { .better = true };

	(void)state;
	begin(&t);
	t.lite.silent = true;
	const ms_t since = clock_now();
	run(&t, 60 * S);
	assert_int_equal(t.err, ERR_UNREACHABLE);
	assert_in_range(clock_now() - since, 29 * S, 30 * S);
	end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence_ends_it_after_thirty_seconds),
		cmocka_unit_test(answers_that_come_after_the_end_do_nothing),
		cmocka_unit_test(silence_of_twenty_seconds_ends_nothing_however_often_it_comes),
		cmocka_unit_test(answers_that_are_lost_one_in_five_end_nothing),
		cmocka_unit_test(answers_that_are_lost_for_a_day_end_nothing),
		cmocka_unit_test(a_403_ends_it_at_once),
		cmocka_unit_test(a_403_ends_it_at_once_after_a_silence_too),
		cmocka_unit_test(who_answers_is_asked_as_often_as_the_rfc_says),
		cmocka_unit_test(forged_answers_are_no_consent),
		cmocka_unit_test(a_forged_403_ends_nothing),
		cmocka_unit_test(who_controls_is_given_up_if_the_peer_says_so),
		cmocka_unit_test(a_peer_that_is_never_content_is_not_asked_without_end),
		cmocka_unit_test(a_better_pair_has_thirty_seconds_of_its_own),
		cmocka_unit_test(the_path_is_kept_three_seconds_after_the_checks_are_done),
		cmocka_unit_test(silence_ends_it_though_a_better_pair_is_still_tried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
