/* test_peer.c - a peer against an ice-lite end that has our dtls and srtp, in both DTLS roles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <glib.h>
#include <pthread.h>
#include <sched.h>

#include "common/clock.h"
#include "common/err.h"
#include "tests/unit/lite.h"
#include "worker/dtls.h"
#include "worker/peer.h"
#include "worker/srtp.h"

#define DEADLINE_MS 60000
#define NOBODY                                                                                     \
	"00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"  \
	"00:00:00"

static const char rtcp[] = "\x80\xc9\x00\x01\x00\x00\x00\x09";

struct test {
	GMainContext *loop;
	struct peer *peer;
	/* the other end */
	struct dtls_identity *identity;
	struct lite lite;
	struct dtls *dtls;
	struct srtp *srtp;
	bool deaf;          /* takes no DTLS */
	unsigned lose;      /* so many DTLS datagrams do not arrive */
	uint8_t last[2048]; /* RTP or RTCP, opened */
	size_t last_len;
	atomic_uint packets;
	/* events */
	char phases[200];
	int64_t phase_us;
	unsigned phase_count;
	unsigned failed;
	int err;
	char why[200];
	bool free_in_event;
	unsigned rtcp_count;
};

/* ---- the other end --------------------------------------------------------------------------- */

static void
remote_send(void *arg, const uint8_t *datagram, size_t len)
{
	lite_send(&((struct test *)arg)->lite, datagram, len);
}

static void
remote_secured(struct test *t)
{
	struct srtp_keys keys = { 0 };

	assert_int_equal(dtls_keys(t->dtls, &keys), 0);
	assert_int_equal(srtp_new(&t->srtp, &keys), 0);
}

static void
remote_media(struct test *t, const uint8_t *bytes, size_t len)
{
	if (t->srtp == NULL)
		return;
	memcpy(t->last, bytes, len);
	t->last_len = len;
	if (bytes[1] >= 192 && bytes[1] <= 223)
		assert_int_equal(srtp_open_rtcp(t->srtp, t->last, &t->last_len), 0);
	else
		assert_int_equal(srtp_open_rtp(t->srtp, t->last, &t->last_len), 0);
	t->packets++;
}

static void
remote_receive(void *arg, uint8_t *bytes, size_t len)
{
	struct test *t = arg;

	if (bytes[0] >= 128) {
		remote_media(t, bytes, len);
	} else if (t->lose > 0) {
		t->lose--;
	} else if (!t->deaf) {
		dtls_receive(t->dtls, bytes, len);
		if (dtls_state(t->dtls) == DTLS_CONNECTED && t->srtp == NULL)
			remote_secured(t);
	}
}

/* Whom a DTLS client greets it knows when the first check came. */
static gboolean
on_tick(gpointer arg)
{
	struct test *t = arg;

	if (t->dtls != NULL && !t->deaf && t->lite.requests > 0)
		dtls_step(t->dtls);
	return G_SOURCE_CONTINUE;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void
on_phase(void *arg, enum peer_phase phase, int64_t since_start_us, const char *detail)
{
	struct test *t = arg;
	const size_t at = strlen(t->phases);

	assert_non_null(detail);
	assert_true(since_start_us >= t->phase_us);
	t->phase_us = since_start_us;
	t->phase_count++;
	snprintf(t->phases + at, sizeof(t->phases) - at, "%s ", peer_phase_name(phase));
}

static void
on_failed(void *arg, int err, const char *why)
{
	struct test *t = arg;

	t->failed++;
	t->err = err;
	if (t->free_in_event) {
		peer_free(t->peer);
		t->peer = NULL;
	}
	snprintf(t->why, sizeof(t->why), "%s", why); /* still there */
}

static void
on_rtcp(void *arg, const uint8_t *bytes, size_t len)
{
	struct test *t = arg;

	assert_int_equal(len, 8);
	assert_memory_equal(bytes, rtcp, 8);
	t->rtcp_count++;
}

/* ---- set-up ---------------------------------------------------------------------------------- */

static struct dtls_identity *identity;

static void
test_open(struct test *t, ms_t timeout_ms)
{
	static const struct sdp_media video = {
		.kind = SDP_VIDEO,
		.mid = "0",
		.pt = 106,
		.rtpmap = "H264/90000",
		.ssrc = 9,
		.track_id = "video",
		.feedback = true,
	};
	const struct peer_config config = {
		.loop = t->loop = g_main_context_new(),
		.identity = identity,
		.camera = "porch",
		.cname = "porch",
		.stream_id = "porch",
		.media = &video,
		.media_count = 1,
		.connect_timeout_ms = timeout_ms,
		.events = { on_phase, on_failed, on_rtcp, t },
	};

	assert_int_equal(dtls_identity_new(&t->identity), 0);
	t->lite.on_packet = remote_receive;
	t->lite.arg = t;
	lite_open(&t->lite, t->loop, "127.0.0.1");
	assert_int_equal(peer_new(&t->peer, &config), 0);
}

static void
test_close(struct test *t)
{
	peer_free(t->peer);
	dtls_free(t->dtls);
	srtp_free(t->srtp);
	dtls_identity_free(t->identity);
	lite_close(&t->lite);
	while (g_main_context_iteration(t->loop, FALSE))
		;
	g_main_context_unref(t->loop);
}

/* The value of an attribute of the offer. */
static void
attribute(const char *offer, const char *name, char *out, size_t size)
{
	const char *at = strstr(offer, name);

	assert_non_null(at);
	at += strlen(name);
	snprintf(out, size, "%.*s", (int)strcspn(at, "\r\n"), at);
}

/* What the offer says goes to the other end; its answer to the peer. fingerprint NULL: the right
 * one. */
static int
offer_and_answer(
	struct test *t, const char *setup, const char *fingerprint, char *why, size_t why_size)
{
	struct dtls_config config = {
		.identity = t->identity,
		.role = strcmp(setup, "active") == 0 ? DTLS_CLIENT : DTLS_SERVER,
		.fingerprint_hash = "sha-256",
		.send = remote_send,
		.arg = t,
	};
	char *offer = peer_offer(t->peer);
	char theirs[100], text[1000];

	assert_non_null(offer);
	attribute(offer, "a=fingerprint:sha-256 ", theirs, sizeof(theirs));
	free(offer);
	config.fingerprints[0] = theirs;
	assert_int_equal(dtls_new(&t->dtls, &config), 0);
	if (fingerprint == NULL)
		fingerprint = dtls_identity_fingerprint(t->identity);
	snprintf(text, sizeof(text),
		"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n"
		"a=fingerprint:sha-256 %s\r\na=group:BUNDLE 0\r\n"
		"m=video 9 UDP/TLS/RTP/SAVPF 106\r\nc=IN IP4 0.0.0.0\r\na=setup:%s\r\na=mid:0\r\n"
		"a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=rtcp-mux\r\na=rtpmap:106 H264/90000\r\n"
		"a=recvonly\r\na=candidate:1 1 udp 2130706431 127.0.0.1 %u typ host\r\n",
		fingerprint, setup, t->lite.ufrag, t->lite.pwd, t->lite.port);
	return peer_answer(t->peer, text, strlen(text), why, why_size);
}

static void
run_until(struct test *t, const volatile unsigned *counter, unsigned n)
{
	const ms_t end = clock_now() + DEADLINE_MS;
	GSource *tick = g_timeout_source_new(10);

	g_source_set_callback(tick, on_tick, t, NULL);
	g_source_attach(tick, t->loop);
	while (*counter < n && clock_now() < end)
		g_main_context_iteration(t->loop, TRUE);
	g_source_destroy(tick);
	g_source_unref(tick);
	assert_true(*counter >= n);
}

static void
connect_as(struct test *t, const char *setup)
{
	char why[200];

	test_open(t, 0);
	assert_int_equal(offer_and_answer(t, setup, NULL, why, sizeof(why)), 0);
	run_until(t, &t->phase_count, 4);
}

static struct peer_packet
rtp(uint16_t seq)
{
	static uint8_t bytes[300];

	memcpy(bytes, (uint8_t[12]){ 0x80, 106, (uint8_t)(seq >> 8), (uint8_t)seq, [11] = 9 }, 12);
	return (struct peer_packet){ .data = bytes, .len = sizeof(bytes) };
}

static void
send_one(struct test *t, uint16_t seq)
{
	struct peer_packet packet = rtp(seq);

	assert_int_equal(peer_send(t->peer, &packet, 1), 1);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void
connects(const char *setup)
{
	struct test t = { 0 };

	connect_as(&t, setup);
	send_one(&t, 1);
	run_until(&t, &t.phase_count, 5);
	assert_string_equal(t.phases, "offered answered ice dtls first-packet ");
	run_until(&t, (unsigned *)&t.packets, 1);
	assert_int_equal(t.last_len, 300);
	assert_memory_equal(t.last, rtp(1).data, 300);
	test_close(&t);
}

static void
a_passive_answer_makes_us_the_dtls_client(void **state)
{
	(void)state;
	connects("passive");
}

static void
a_lost_client_hello_is_sent_again(void **state)
{
	struct test t = { .lose = 1 };

	(void)state;
	connect_as(&t, "passive");
	assert_int_equal(t.lose, 0);
	test_close(&t);
}

static void
an_active_answer_makes_us_the_dtls_server(void **state)
{
	(void)state;
	connects("active");
}

static void
rtcp_goes_both_ways(void **state)
{
	struct test t = { 0 };
	uint8_t bytes[100];
	size_t len = 8;

	(void)state;
	connect_as(&t, "passive");
	assert_int_equal(peer_send_rtcp(t.peer, (const uint8_t *)rtcp, 8), 0);
	run_until(&t, (unsigned *)&t.packets, 1);
	assert_memory_equal(t.last, rtcp, 8);
	memcpy(bytes, rtcp, 8);
	assert_int_equal(srtp_seal_rtcp(t.srtp, bytes, &len), 0);
	lite_send(&t.lite, bytes, len);
	run_until(&t, &t.rtcp_count, 1);
	test_close(&t);
}

static void
forged_and_replayed_rtcp_is_counted_and_dropped(void **state)
{
	struct test t = { 0 };
	struct peer_stats stats;
	uint8_t good[100], forged[100];
	size_t len = 8;

	(void)state;
	connect_as(&t, "passive");
	memcpy(good, rtcp, 8);
	assert_int_equal(srtp_seal_rtcp(t.srtp, good, &len), 0);
	memcpy(forged, good, len);
	forged[9] ^= 1;
	lite_send(&t.lite, forged, len);
	lite_send(&t.lite, good, len);
	lite_send(&t.lite, good, len);
	lite_send(&t.lite, (const uint8_t *)"\xff what is this, neither STUN nor RTP", 20);
	len = 8;
	memcpy(good, rtcp, 8);
	assert_int_equal(srtp_seal_rtcp(t.srtp, good, &len), 0);
	lite_send(&t.lite, good, len);
	run_until(&t, &t.rtcp_count, 2);
	peer_stats(t.peer, &stats);
	assert_int_equal(stats.rejected, 3);
	test_close(&t);
}

static void
expect_failure(struct test *t, int err, const char *why)
{
	run_until(t, &t->failed, 1);
	assert_int_equal(t->err, err);
	if (strstr(t->why, why) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", why, t->why);
}

static void
the_wrong_certificate_is_untrusted(void **state)
{
	const char *const setups[] = { "passive", "active" };
	struct peer_packet packet = rtp(1);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct test t = { 0 };
		char why[200];

		test_open(&t, 0);
		assert_int_equal(offer_and_answer(&t, setups[i], NOBODY, why, sizeof(why)), 0);
		expect_failure(&t, ERR_UNTRUSTED, "its SDP says 00:00");
		assert_string_equal(t.phases, "offered answered ice ");
		assert_int_equal(peer_send(t.peer, &packet, 1), ERR_CLOSED);
		test_close(&t);
	}
}

static void
an_answer_must_not_say_actpass(void **state)
{
	struct test t = { 0 };
	char why[200];

	(void)state;
	test_open(&t, 0);
	assert_int_equal(offer_and_answer(&t, "actpass", NULL, why, sizeof(why)), ERR_UNSUPPORTED);
	assert_non_null(strstr(why, "actpass"));
	test_close(&t);
}

#define SECTION "m=video 9 UDP/TLS/RTP/SAVPF 106\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"

static void
expect_refusal(const char *media, int err, const char *sentence)
{
	struct test t = { 0 };
	char text[1000], why[200];

	snprintf(text, sizeof(text),
		"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 " NOBODY
		"\r\na=setup:passive\r\na=ice-ufrag:lite\r\n"
		"a=ice-pwd:abcdefghijklmnopqrstuv\r\n%s",
		media);
	test_open(&t, 0);
	free(peer_offer(t.peer));
	assert_int_equal(peer_answer(t.peer, text, strlen(text), why, sizeof(why)), err);
	if (strstr(why, sentence) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", sentence, why);
	test_close(&t);
}

static void
an_answer_must_take_what_was_offered(void **state)
{
	(void)state;
	expect_refusal("m=video 0 UDP/TLS/RTP/SAVPF 106\r\na=mid:0\r\n", ERR_REFUSED,
		"every m-section is rejected");
	expect_refusal(SECTION "a=rtpmap:106 VP8/90000\r\n", ERR_REFUSED, "wants VP8");
	expect_refusal(SECTION "a=rtpmap:106 H264/90000\r\na=inactive\r\n", ERR_REFUSED,
		"every m-section is rejected: a=inactive");
	expect_refusal("m=video 0 UDP/TLS/RTP/SAVPF 106\r\na=mid:0\r\n" SECTION
		       "a=rtpmap:106 H264/90000\r\n",
		ERR_PARSE, "2 m-sections");
	expect_refusal(SECTION "a=rtpmap:106 H264/90000\r\n" SECTION, ERR_PARSE, "2 m-sections");
	expect_refusal(SECTION "a=rtpmap:106 H264/90000\r\n", ERR_UNSUPPORTED, "no UDP candidate");
}

static void
no_path_in_time_is_a_timeout(void **state)
{
	struct test t = { .lite.silent = true };
	char why[200];

	(void)state;
	test_open(&t, 300);
	assert_int_equal(offer_and_answer(&t, "passive", NULL, why, sizeof(why)), 0);
	expect_failure(&t, ERR_TIMEOUT, "no ICE path after 300 ms");
	test_close(&t);
}

static void
no_dtls_in_time_is_a_timeout(void **state)
{
	struct test t = { .deaf = true };
	char why[200];

	(void)state;
	test_open(&t, 500);
	assert_int_equal(offer_and_answer(&t, "passive", NULL, why, sizeof(why)), 0);
	expect_failure(&t, ERR_TIMEOUT, "DTLS is not done 500 ms after the answer");
	test_close(&t);
}

static void
the_peers_goodbye_is_the_end(void **state)
{
	struct test t = { .free_in_event = true };

	(void)state;
	connect_as(&t, "passive");
	send_one(&t, 1);
	dtls_close(t.dtls);
	expect_failure(&t, ERR_EOF, "closed");
	assert_null(t.peer); /* freed in the event */
	test_close(&t);
}

static void
closing_says_goodbye_and_ends_sending(void **state)
{
	struct test t = { 0 };
	struct peer_packet packet = rtp(1);
	const ms_t end = clock_now() + DEADLINE_MS;

	(void)state;
	test_open(&t, 0);
	assert_int_equal(peer_send(t.peer, &packet, 1), ERR_AGAIN);
	peer_free(t.peer);
	lite_close(&t.lite);
	dtls_identity_free(t.identity);
	g_main_context_unref(t.loop);

	t = (struct test){ 0 };
	connect_as(&t, "passive");
	peer_close(t.peer);
	assert_int_equal(peer_send(t.peer, &packet, 1), ERR_CLOSED);
	while (dtls_state(t.dtls) != DTLS_CLOSED && clock_now() < end)
		g_main_context_iteration(t.loop, FALSE);
	assert_int_equal(dtls_state(t.dtls), DTLS_CLOSED);
	assert_int_equal(t.failed, 0);
	test_close(&t);
}

/* Stays at most 50 packets ahead of the other end: it must not lose half of the sequence space. */
static void *
send_until_closed(void *arg)
{
	struct test *t = arg;
	unsigned sent = 0;
	int rc = 0;

	while (rc != ERR_CLOSED) {
		struct peer_packet packet = rtp((uint16_t)sent);
		const bool ahead = sent > t->packets + 50;

		rc = peer_send(t->peer, &packet, ahead ? 0 : 1);
		if (rc <= 0)
			sched_yield();
		else if (peer_send_rtcp(t->peer, (const uint8_t *)rtcp, 8) == 0)
			sent++;
	}
	return NULL;
}

static void
another_thread_may_send_from_beginning_to_end(void **state)
{
	struct test t = { 0 };
	pthread_t thread;
	char why[200];

	(void)state;
	test_open(&t, 0);
	assert_int_equal(pthread_create(&thread, NULL, send_until_closed, &t), 0);
	assert_int_equal(offer_and_answer(&t, "passive", NULL, why, sizeof(why)), 0);
	run_until(&t, (unsigned *)&t.packets, 500);
	peer_close(t.peer);
	pthread_join(thread, NULL);
	test_close(&t);
}

static int
identity_new(void **state)
{
	(void)state;
	return dtls_identity_new(&identity);
}

static int
identity_free(void **state)
{
	(void)state;
	dtls_identity_free(identity);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_passive_answer_makes_us_the_dtls_client),
		cmocka_unit_test(a_lost_client_hello_is_sent_again),
		cmocka_unit_test(an_active_answer_makes_us_the_dtls_server),
		cmocka_unit_test(rtcp_goes_both_ways),
		cmocka_unit_test(forged_and_replayed_rtcp_is_counted_and_dropped),
		cmocka_unit_test(the_wrong_certificate_is_untrusted),
		cmocka_unit_test(an_answer_must_not_say_actpass),
		cmocka_unit_test(an_answer_must_take_what_was_offered),
		cmocka_unit_test(no_path_in_time_is_a_timeout),
		cmocka_unit_test(no_dtls_in_time_is_a_timeout),
		cmocka_unit_test(the_peers_goodbye_is_the_end),
		cmocka_unit_test(closing_says_goodbye_and_ends_sending),
		cmocka_unit_test(another_thread_may_send_from_beginning_to_end),
	};

	return cmocka_run_group_tests(tests, identity_new, identity_free);
}
