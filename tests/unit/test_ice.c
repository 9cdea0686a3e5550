/* test_ice.c - connects to an ice-lite peer that shares no code with libnice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <glib.h>

#include "common/clock.h"
#include "common/err.h"
#include "tests/unit/lite.h"
#include "worker/ice.h"
#include "worker/udp_path.h"

#define DEADLINE_MS 60000
/* RFC 8445 5.1.2: a host candidate's, with local preferences that differ. */
#define PRIORITY_HIGH 2130706431U
#define PRIORITY_LOW 2113929471U

struct test {
	GMainContext *loop;
	struct ice *ice;
	struct lite lite;
	struct sdp_remote remote;
	char why[200];
	unsigned connected;
	struct ice_pair pair;
	int err;
	char error[200];
	char received[100]; /* by us; its beginning, */
	size_t received_len;
	unsigned datagrams; /* received by lite */
	size_t sizes[100];
};

static void
on_connected(void *arg, const struct ice_pair *pair)
{
	struct test *t = arg;

	t->connected++;
	t->pair = *pair;
}

static void
on_failed(void *arg, int err, const char *why)
{
	struct test *t = arg;

	assert_int_equal(t->err, 0);
	t->err = err;
	snprintf(t->error, sizeof(t->error), "%s", why);
}

static void
on_packet(void *arg, uint8_t *bytes, size_t len)
{
	struct test *t = arg;

	snprintf(t->received, sizeof(t->received), "%.*s", (int)len, (char *)bytes);
	t->received_len = len;
}

static void
on_lite_packet(void *arg, uint8_t *bytes, size_t len)
{
	struct test *t = arg;

	(void)bytes;
	assert_true(t->datagrams < 100);
	t->sizes[t->datagrams++] = len;
}

static void
test_open(struct test *t, const char *address)
{
	const struct ice_events events = {
		.on_connected = on_connected,
		.on_failed = on_failed,
		.on_packet = on_packet,
		.arg = t,
	};

	t->loop = g_main_context_new();
	t->lite.on_packet = on_lite_packet;
	t->lite.arg = t;
	lite_open(&t->lite, t->loop, address);
	lite_describe(&t->lite, &t->remote, PRIORITY_HIGH);
	assert_int_equal(ice_new(&t->ice, t->loop, &events), 0);
}

static void
test_close(struct test *t)
{
	ice_free(t->ice);
	lite_close(&t->lite);
	while (g_main_context_iteration(t->loop, FALSE))
		;
	g_main_context_unref(t->loop);
}

static gboolean
on_tick(gpointer arg)
{
	(void)arg;
	return G_SOURCE_CONTINUE;
}

/* Runs the loop until *counter reaches n (true) or the deadline. */
static bool
run_until(struct test *t, const unsigned *counter, unsigned n, ms_t deadline_ms)
{
	const ms_t end = clock_now() + deadline_ms;
	GSource *tick = g_timeout_source_new(50);

	g_source_set_callback(tick, on_tick, NULL, NULL);
	g_source_attach(tick, t->loop);
	while (*counter < n && clock_now() < end)
		g_main_context_iteration(t->loop, TRUE);
	g_source_destroy(tick);
	g_source_unref(tick);
	return *counter >= n;
}

static void
connect_to(struct test *t, const char *address)
{
	test_open(t, address);
	assert_int_equal(ice_start(t->ice, &t->remote, t->why, sizeof(t->why)), 0);
	assert_true(run_until(t, &t->connected, 1, DEADLINE_MS));
}

static void
one_candidate_of_an_ice_lite_peer_is_enough(void **state)
{
	struct test t = { 0 };
	char remote[64];

	(void)state;
	connect_to(&t, "127.0.0.1");
	snprintf(remote, sizeof(remote), "127.0.0.1:%u host", t.lite.port);
	assert_string_equal(t.pair.remote, remote);
	assert_memory_equal(t.pair.local, "127.0.0.1:", 10);
	assert_true(t.lite.controlling && t.lite.use_candidate && t.lite.priority);
	assert_true(t.lite.fingerprint);
	assert_int_equal(t.lite.bad, 0);
	test_close(&t);
}

static void
ipv6_works_too(void **state)
{
	struct test t = { 0 };

	(void)state;
	connect_to(&t, "::1");
	assert_memory_equal(t.pair.local, "[::1]:", 6);
	assert_int_equal(udp_path_send(ice_path(t.ice), (const uint8_t *)"\x80hello", 6, 6), 1);
	assert_true(run_until(&t, &t.datagrams, 1, DEADLINE_MS));
	test_close(&t);
}

static void
credentials_may_have_256_characters(void **state)
{
	struct test t = { 0 };

	(void)state;
	memset(t.lite.ufrag, 'u', SDP_ICE_CHARS_MAX);
	memset(t.lite.pwd, 'p', SDP_ICE_CHARS_MAX);
	connect_to(&t, "127.0.0.1");
	test_close(&t);
}

/* An SFU whose transport is not ready when its answer is, or a path that loses the first three. */
static void
a_peer_that_hears_late_is_still_asked(void **state)
{
	struct test t = { .lite.deaf = 3 };

	(void)state;
	connect_to(&t, "127.0.0.1");
	assert_int_equal(t.lite.deaf, 0);
	test_close(&t);
}

/* Sources that GLib leaves in its poll set while they are dispatched. */
static unsigned
that_stay_polled(GMainContext *loop)
{
	unsigned n = 0;

	for (guint id = 1; id < 100; id++) {
		GSource *source = g_main_context_find_source_by_id(loop, id);
		n += source != NULL && g_source_get_can_recurse(source);
	}
	return n;
}

static bool
take_turns_until_kept(struct test *t)
{
	const ms_t end = clock_now() + DEADLINE_MS;

	while (that_stay_polled(t->loop) == 0 && clock_now() < end)
		g_main_context_iteration(t->loop, FALSE);
	return that_stay_polled(t->loop) == 1;
}

static void
a_path_that_is_kept_goes_on_both_ways(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", "::1" };
	static uint8_t bytes[1400] = { 0x80, 'b' };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct test t = { 0 };
		connect_to(&t, addresses[i]);
		assert_true(take_turns_until_kept(&t));
		assert_int_equal(
			udp_path_send(ice_path(t.ice), (const uint8_t *)"\x80hello", 6, 6), 1);
		assert_true(run_until(&t, &t.datagrams, 1, DEADLINE_MS));
		assert_int_equal(t.sizes[0], 6);
		lite_send(&t.lite, bytes, sizeof(bytes));
		for (ms_t end = clock_now() + DEADLINE_MS;
			t.received_len == 0 && clock_now() < end;)
			g_main_context_iteration(t.loop, FALSE);
		assert_int_equal(t.received_len, sizeof(bytes));
		assert_string_equal(t.received, "\x80"
						"b");
		assert_int_equal(t.connected, 1);
		test_close(&t);
	}
}

/* Nor did libnice hear whom it knew no candidate of. */
static void
what_a_stranger_sends_is_not_heard(void **state)
{
	struct test t = { 0 };
	struct lite stranger = { 0 };

	(void)state;
	connect_to(&t, "127.0.0.1");
	assert_true(take_turns_until_kept(&t));
	lite_open(&stranger, t.loop, "127.0.0.1");
	stranger.from = t.lite.from;
	stranger.from_len = t.lite.from_len;
	lite_send(&stranger, (const uint8_t *)"\x80 stranger", 10);
	lite_send(&t.lite, (const uint8_t *)"\x80 peer", 6);
	for (ms_t end = clock_now() + DEADLINE_MS; t.received[0] == '\0' && clock_now() < end;)
		g_main_context_iteration(t.loop, FALSE);
	assert_string_equal(t.received, "\x80 peer");
	lite_close(&stranger);
	test_close(&t);
}

static void
bytes_go_both_ways(void **state)
{
	static const char text[] = "\x80 first byte of RTP, so not taken for STUN";
	struct test t = { 0 };

	(void)state;
	connect_to(&t, "127.0.0.1");
	assert_int_equal(udp_path_send(ice_path(t.ice), (const uint8_t *)"\x16hello", 6, 6), 1);
	assert_true(run_until(&t, &t.datagrams, 1, DEADLINE_MS));
	assert_int_equal(t.sizes[0], 6);
	lite_send(&t.lite, (const uint8_t *)text, strlen(text));
	for (ms_t end = clock_now() + DEADLINE_MS; t.received[0] == '\0' && clock_now() < end;)
		g_main_context_iteration(t.loop, FALSE);
	assert_string_equal(t.received, text);
	test_close(&t);
}

static void
a_batch_leaves_on_the_chosen_path(void **state)
{
	static const uint8_t bytes[5 * 1000 + 300] = { 0x80 };
	struct test t = { 0 };

	(void)state;
	connect_to(&t, "127.0.0.1");
	assert_int_equal(udp_path_send(ice_path(t.ice), bytes, sizeof(bytes), 1000), 6);
	assert_true(run_until(&t, &t.datagrams, 1, DEADLINE_MS));
	test_close(&t);
}

static void
the_path_follows_a_better_pair(void **state)
{
	struct test t = { 0 };
	struct lite worse = { 0 };
	uint8_t byte[20] = { 0x80 };

	(void)state;
	test_open(&t, "127.0.0.1");
	t.lite.silent = true;
	lite_open(&worse, t.loop, "127.0.0.1");
	lite_describe(&worse, &t.remote, PRIORITY_LOW);
	assert_int_equal(ice_start(t.ice, &t.remote, t.why, sizeof(t.why)), 0);
	assert_true(run_until(&t, &t.connected, 1, DEADLINE_MS));
	t.lite.silent = false;
	assert_true(run_until(&t, &t.connected, 2, DEADLINE_MS));
	assert_int_equal(udp_path_send(ice_path(t.ice), byte, sizeof(byte), 20), 1);
	assert_true(run_until(&t, &t.datagrams, 1, DEADLINE_MS));
	lite_close(&worse);
	test_close(&t);
}

static void
nothing_can_be_sent_before_a_path_is_chosen(void **state)
{
	struct test t = { 0 };
	uint8_t byte = 0;

	(void)state;
	test_open(&t, "127.0.0.1");
	assert_int_equal(udp_path_send(ice_path(t.ice), &byte, 1, 1), ERR_AGAIN);
	test_close(&t);
}

static void
an_answer_without_candidates_is_refused(void **state)
{
	struct test t = { 0 };

	(void)state;
	test_open(&t, "127.0.0.1");
	t.remote.candidate_count = 0;
	assert_int_equal(ice_start(t.ice, &t.remote, t.why, sizeof(t.why)), ERR_UNSUPPORTED);
	assert_non_null(strstr(t.why, "no UDP candidate"));
	test_close(&t);
}

static void
a_candidate_that_no_route_leads_to_is_unreachable(void **state)
{
	struct test t = { 0 };

	(void)state;
	test_open(&t, "127.0.0.1");
	/* connect(2) refuses the broadcast address without SO_BROADCAST. */
	strcpy(t.remote.candidates[0].address, "255.255.255.255");
	assert_int_equal(ice_start(t.ice, &t.remote, t.why, sizeof(t.why)), ERR_UNREACHABLE);
	assert_non_null(strstr(t.why, "255.255.255.255"));
	test_close(&t);
}

static void
revoked_consent_ends_it(void **state)
{
	struct test t = { 0 };
	unsigned failed = 0;

	(void)state;
	connect_to(&t, "127.0.0.1");
	t.lite.forbid = true;
	for (ms_t end = clock_now() + DEADLINE_MS; t.err == 0 && clock_now() < end;)
		run_until(&t, &failed, 1, 50);
	assert_int_equal(t.err, ERR_UNREACHABLE);
	assert_non_null(strstr(t.error, "consent"));
	test_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_candidate_of_an_ice_lite_peer_is_enough),
		cmocka_unit_test(ipv6_works_too),
		cmocka_unit_test(credentials_may_have_256_characters),
		cmocka_unit_test(a_peer_that_hears_late_is_still_asked),
		cmocka_unit_test(a_path_that_is_kept_goes_on_both_ways),
		cmocka_unit_test(what_a_stranger_sends_is_not_heard),
		cmocka_unit_test(bytes_go_both_ways),
		cmocka_unit_test(a_batch_leaves_on_the_chosen_path),
		cmocka_unit_test(the_path_follows_a_better_pair),
		cmocka_unit_test(nothing_can_be_sent_before_a_path_is_chosen),
		cmocka_unit_test(an_answer_without_candidates_is_refused),
		cmocka_unit_test(a_candidate_that_no_route_leads_to_is_unreachable),
		cmocka_unit_test(revoked_consent_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
