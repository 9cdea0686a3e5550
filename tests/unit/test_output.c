/* test_output.c - a camera's pictures to one receiver, of whom only the wire is ours: what goes out
 * is parsed, and what comes in is RTCP as written by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "worker/history.h"
#include "worker/output.h"
#include "worker/peer.h"
#include "worker/rtcp.h"
#include "worker/rtp.h"
#include "worker/wire.h"

#define VIDEO 0x1111U
#define AUDIO 0x2222U
#define RTX 0x3333U
#define PT 97
#define FIRST_SEQ 100
#define PICTURE 3000 /* ticks at 30 fps */
#define PACKET 1000  /* bytes of payload */
#define SENT_MAX_HERE 20000

/* ---- the wire -------------------------------------------------------------------------------- */

struct peer {
	struct sdp_remote remote;
};

struct packet {
	struct rtp_header header;
	uint8_t first; /* of the payload */
	size_t len;    /* of the payload */
};

static struct packet wire[SENT_MAX_HERE];
static uint32_t extension[SENT_MAX_HERE]; /* id, length and number of its first element; 0: none */
static size_t wired;
static uint8_t rtcp[4][600];
static size_t rtcps;

int
peer_send(struct peer *p, const struct peer_packet *packets, size_t n)
{
	(void)p;
	for (size_t i = 0; i < n; i++) {
		uint8_t bytes[PEER_PACKET_MAX];
		const uint8_t *payload;
		struct packet *to = &wire[wired++];
		assert_true(wired < SENT_MAX_HERE);
		memcpy(bytes, packets[i].head, packets[i].head_len);
		memcpy(bytes + packets[i].head_len, packets[i].data, packets[i].len);
		assert_int_equal(rtp_parse(bytes, packets[i].head_len + packets[i].len, &to->header,
					 &payload, &to->len),
			0);
		to->first = payload[0];
		extension[wired - 1] = bytes[0] & 0x10 ? wire_get32(bytes + 15) & 0xffffff : 0;
	}
	return (int)n;
}

int
peer_send_rtcp(struct peer *p, const uint8_t *bytes, size_t len)
{
	(void)p;
	memcpy(rtcp[rtcps++ % 4], bytes, len);
	return 0;
}

void
peer_stats(struct peer *p, struct peer_stats *out)
{
	(void)p;
	*out = (struct peer_stats){ .packets = wired };
}

const struct sdp_remote *
peer_remote(const struct peer *p)
{
	return &p->remote;
}

/* ---- the camera ------------------------------------------------------------------------------ */

struct scene {
	struct peer peer;
	struct history *history;
	struct output *output;
	int64_t now_us;
	uint32_t timestamp;
	unsigned picture; /* its number: the first byte of its payloads */
};

static int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	wired = rtcps = 0;
	s->peer.remote = (struct sdp_remote){ .media_count = 2,
		.media = { { .kind = SDP_VIDEO, .accepted = true, .pt = PT },
			{ .kind = SDP_AUDIO, .accepted = true, .pt = 111, .codec = "opus" } } };
	s->history = history_new();
	s->now_us = 1000000000;
	s->timestamp = 0xffff0000U;
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	output_free(s->output);
	history_free(s->history);
	free(s);
	return 0;
}

static void
attach(struct scene *s)
{
	const struct output_config config = { .peer = &s->peer,
		.history = s->history,
		.ids = { .video_ssrc = VIDEO, .audio_ssrc = AUDIO, .rtx_ssrc = RTX, .cname = "c" },
		.first_seq = FIRST_SEQ };

	s->output = output_new(&config);
}

/* So many packets of the next picture; the last has the mark if it is whole. */
static void
add_packets(struct scene *s, size_t count, bool whole)
{
	for (size_t i = 0; i < count; i++) {
		const struct history_packet p = {
			.len = PACKET, .timestamp = s->timestamp, .marker = whole && i == count - 1
		};
		memset(history_add(s->history, &p, s->now_us), (int)s->picture, PACKET);
	}
}

static bool
run(struct scene *s)
{
	return s->output ? output_run(s->output, s->now_us) : false;
}

static void
next_picture(struct scene *s)
{
	s->now_us += 33333;
	s->timestamp += PICTURE;
	s->picture++;
}

static void
add_picture(struct scene *s, size_t packets, bool key)
{
	next_picture(s);
	if (key)
		history_mark_key(s->history, history_next(s->history), s->now_us);
	add_packets(s, packets, true);
	run(s);
}

/* A key picture and count others. */
static void
add_gop(struct scene *s, unsigned count)
{
	add_picture(s, 10, true);
	for (unsigned i = 0; i < count; i++)
		add_picture(s, 2, false);
}

/* The paced rest. Returns how long it took. */
static int64_t
drain(struct scene *s)
{
	const int64_t from_us = s->now_us;

	while (run(s)) {
		s->now_us += OUTPUT_PACE_MS * 1000;
		assert_true(s->now_us - from_us < 10000000);
	}
	return s->now_us - from_us;
}

static void
say(struct scene *s, uint8_t fmt, uint8_t type, const uint8_t *fci, size_t len, bool replay)
{
	uint8_t bytes[64] = { (uint8_t)(0x80 | fmt), type, 0, (uint8_t)(2 + len / 4) };
	const struct output_moment now = { .now_us = s->now_us, .wall_us = 1 };

	wire_put32(bytes + 8, VIDEO);
	if (len > 0)
		memcpy(bytes + 12, fci, len);
	assert_int_equal(output_on_rtcp(s->output, bytes, 12 + len, &now, replay), 0);
	run(s);
}

static void
say_pli(struct scene *s, bool replay)
{
	say(s, 1, 206, NULL, 0, replay);
}

static void
say_nack(struct scene *s, uint16_t seq)
{
	const uint8_t fci[4] = { (uint8_t)(seq >> 8), (uint8_t)seq };

	say(s, 1, 205, fci, sizeof(fci), false);
}

/* A report by which the round trip is known: it takes no time. */
static void
say_report(struct scene *s)
{
	uint8_t fci[20] = { 0 };

	wire_put32(fci + 12, rtcp_ntp_middle(rtcp_ntp(1)));
	say(s, 1, 201, fci, sizeof(fci), false);
}

static void
say_fir(struct scene *s, uint8_t seq)
{
	uint8_t fci[8] = { 0 };

	wire_put32(fci, VIDEO);
	fci[4] = seq;
	say(s, 4, 206, fci, sizeof(fci), true);
}

/* Every packet from..to has the next number, and timestamps only grow, from picture to picture. */
static void
expect_a_stream(size_t from, size_t to)
{
	for (size_t i = from + 1; i < to; i++) {
		const struct rtp_header *a = &wire[i - 1].header, *b = &wire[i].header;
		assert_int_equal(b->seq, (uint16_t)(a->seq + 1));
		assert_int_equal(b->ssrc, VIDEO);
		assert_int_equal(b->pt, PT);
		if (a->marker)
			assert_true((int32_t)(b->timestamp - a->timestamp) > 0);
		else
			assert_int_equal(b->timestamp, a->timestamp);
	}
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void
live_pictures_go_at_once_as_they_are(void **state)
{
	struct scene *s = *state;

	attach(s);
	add_gop(s, 30);
	assert_int_equal(wired, 10 + 60);
	expect_a_stream(0, wired);
	assert_int_equal(wire[0].header.seq, FIRST_SEQ);
	assert_int_equal(wire[wired - 1].header.timestamp, s->timestamp);
	assert_int_equal(wire[wired - 1].len, PACKET);
}

static void
what_no_viewer_could_decode_is_not_sent(void **state)
{
	struct scene *s = *state;

	attach(s);
	add_picture(s, 2, false);
	add_picture(s, 2, false);
	assert_int_equal(wired, 0);
	add_gop(s, 1);
	assert_int_equal(wired, 12);
}

static void
who_comes_in_mid_gop_is_sent_it_from_its_start(void **state)
{
	struct scene *s = *state;

	add_gop(s, 5);
	add_gop(s, 20);
	attach(s);
	run(s);
	assert_int_equal(wired, 10 + 40);
	expect_a_stream(0, wired);
	assert_int_equal(wire[0].first, 7);
	add_picture(s, 2, false);
	assert_int_equal(wire[wired - 1].header.timestamp, s->timestamp);
	expect_a_stream(0, wired);
}

static void
a_pli_is_answered_by_the_gop_so_far_and_then_by_live(void **state)
{
	struct scene *s = *state;
	struct output_stats stats;

	attach(s);
	add_gop(s, 30);
	const size_t before = wired;
	say_pli(s, true);
	drain(s);
	assert_int_equal(wired - before, 70);
	assert_int_equal(wire[before].first, 1);
	for (unsigned i = 0; i < 5; i++)
		add_picture(s, 2, false);
	assert_int_equal(wire[wired - 1].header.timestamp, s->timestamp);
	assert_int_equal(wired - before, 80);
	expect_a_stream(0, wired);
	output_stats(s->output, &stats);
	assert_int_equal(stats.plis, 1);
	assert_int_equal(stats.replays, 1);
}

static void
a_pli_is_only_counted_where_replay_is_not_wanted(void **state)
{
	struct scene *s = *state;
	struct output_stats stats;

	attach(s);
	add_gop(s, 30);
	say_pli(s, false);
	assert_int_equal(wired, 70);
	output_stats(s->output, &stats);
	assert_int_equal(stats.plis, 1);
	assert_int_equal(stats.replays, 0);
}

static void
the_picture_under_way_is_ended_first(void **state)
{
	struct scene *s = *state;

	attach(s);
	add_gop(s, 3);
	next_picture(s);
	add_packets(s, 2, false);
	run(s);
	const size_t before = wired;
	say_pli(s, true);
	assert_int_equal(wired, before);
	add_packets(s, 1, true);
	drain(s);
	assert_true(wire[before].header.marker);
	assert_int_equal(wire[before + 1].first, 1);
	assert_int_equal(wired - before, 1 + 16 + 3);
	expect_a_stream(0, wired);
}

static void
plis_that_follow_soon_are_those_of_the_same_viewer(void **state)
{
	struct scene *s = *state;
	struct output_stats stats;

	attach(s);
	add_gop(s, 30);
	for (int i = 0; i < 5; i++) {
		say_pli(s, true);
		drain(s);
	}
	output_stats(s->output, &stats);
	assert_int_equal(stats.replays, 1);
	assert_int_equal(stats.plis, 5);
}

static void
plis_that_do_not_end_are_answered_more_and_more_rarely(void **state)
{
	struct scene *s = *state;
	struct output_stats stats;

	attach(s);
	add_gop(s, 3);
	for (int i = 0; i < 150; i++) { /* 30 s */
		say_pli(s, true);
		drain(s);
		s->now_us += 200000;
	}
	output_stats(s->output, &stats);
	assert_in_range(stats.replays, 6, 9);
	s->now_us += OUTPUT_REPLAY_CALM_MS * 1000;
	for (int i = 0; i < 3; i++) {
		say_pli(s, true);
		drain(s);
		s->now_us += OUTPUT_REPLAY_PAUSE_MS * 1000 + 1000;
	}
	const uint32_t before = stats.replays;
	output_stats(s->output, &stats);
	assert_int_equal(stats.replays, before + 2); /* at once, after the first pause, not yet */
}

static void
a_fir_is_granted_once_however_often_it_is_repeated(void **state)
{
	struct scene *s = *state;
	struct output_stats stats;

	attach(s);
	add_gop(s, 30);
	for (int i = 0; i < 3; i++) {
		say_fir(s, 7);
		drain(s);
		s->now_us += OUTPUT_REPLAY_PAUSE_MAX_MS * 1000;
	}
	output_stats(s->output, &stats);
	assert_int_equal(stats.firs, 1);
	assert_int_equal(stats.replays, 1);
	say_fir(s, 8);
	output_stats(s->output, &stats);
	assert_int_equal(stats.firs, 2);
	assert_int_equal(stats.replays, 2);
}

static void
a_fir_that_came_too_soon_is_granted_when_it_is_repeated(void **state)
{
	struct scene *s = *state;
	struct output_stats stats;

	attach(s);
	add_gop(s, 30);
	say_fir(s, 7);
	drain(s);
	say_fir(s, 8); /* in the pause */
	s->now_us += OUTPUT_REPLAY_PAUSE_MS * 1000;
	for (int i = 0; i < 3; i++) {
		say_fir(s, 8);
		drain(s);
	}
	output_stats(s->output, &stats);
	assert_int_equal(stats.firs, 2);
	assert_int_equal(stats.replays, 2);
}

static void
a_new_key_picture_ends_a_replay(void **state)
{
	struct scene *s = *state;

	attach(s);
	add_picture(s, 200, true); /* more than goes at once */
	drain(s);
	for (unsigned i = 0; i < 20; i++)
		add_picture(s, 2, false);
	const size_t before = wired;
	say_pli(s, true);
	assert_true(wired - before < 100);
	add_picture(s, 3, true);
	drain(s);
	/* What of the picture under way was left, and the new one; not the 20 between them. */
	assert_int_equal(wired - before, 200 + 3);
	expect_a_stream(0, wired);
}

static void
a_large_picture_is_paced(void **state)
{
	struct scene *s = *state;

	attach(s);
	add_picture(s, 1000, true);
	assert_in_range(wired, OUTPUT_BURST_BYTES / PACKET - 2, OUTPUT_BURST_BYTES / PACKET + 2);
	const int64_t took_us = drain(s);
	assert_int_equal(wired, 1000);
	expect_a_stream(0, wired);
	assert_in_range(took_us, OUTPUT_CATCH_UP_MS * 700, OUTPUT_CATCH_UP_MS * 1300);
}

static void
who_is_too_slow_goes_on_with_the_next_key_picture(void **state)
{
	struct scene *s = *state;

	attach(s);
	add_gop(s, 1);
	const size_t before = wired;
	struct output *slow = s->output;
	s->output = NULL; /* is not run */
	for (unsigned i = 0; i < 1000; i++)
		add_picture(s, 5, false); /* 5 MB */
	s->output = slow;
	assert_false(run(s));
	assert_int_equal(wired, before);
	add_picture(s, 2, false);
	assert_int_equal(wired, before);
	add_gop(s, 1);
	assert_int_equal(wired, before + 12);
	expect_a_stream(0, wired);
}

static void
what_was_missed_is_sent_again_as_it_was(void **state)
{
	struct scene *s = *state;
	struct output_stats stats;

	attach(s);
	add_gop(s, 10);
	const struct packet missed = wire[15];
	say_nack(s, missed.header.seq);
	assert_int_equal(wired, 31);
	assert_memory_equal(&wire[30].header, &missed.header, sizeof(missed.header));
	assert_int_equal(wire[30].first, missed.first);
	say_nack(s, 5000);
	assert_int_equal(wired, 31);
	output_stats(s->output, &stats);
	assert_int_equal(stats.nacks, 2);
	assert_int_equal(stats.resent, 1);
}

static void
what_was_missed_is_sent_by_rtx_if_that_was_agreed(void **state)
{
	struct scene *s = *state;

	s->peer.remote.media[0].rtx_pt = 98;
	attach(s);
	add_gop(s, 10);
	const struct packet missed = wire[15];
	say_nack(s, missed.header.seq);
	say_nack(s, (uint16_t)(missed.header.seq + 1));
	assert_int_equal(wired, 32);
	for (unsigned i = 0; i < 2; i++) {
		const struct packet *again = &wire[30 + i];
		assert_int_equal(again->header.ssrc, RTX);
		assert_int_equal(again->header.pt, 98);
		assert_int_equal(again->header.seq, FIRST_SEQ + i);
		assert_int_equal(again->header.timestamp, wire[15 + i].header.timestamp);
		assert_int_equal(again->header.marker, wire[15 + i].header.marker);
		assert_int_equal(again->len, PACKET + 2); /* RFC 4588 4: first the number */
	}
	assert_int_equal(wire[30].first, missed.header.seq >> 8);
}

static void
what_rtx_did_not_bring_is_sent_again_as_it_was(void **state)
{
	struct scene *s = *state;

	s->peer.remote.media[0].rtx_pt = 98;
	attach(s);
	add_gop(s, 10);
	const struct packet missed = wire[15];
	for (unsigned i = 0; i < 3; i++)
		say_nack(s, missed.header.seq);
	assert_int_equal(wired, 33);
	assert_int_equal(wire[30].header.ssrc, RTX);
	for (unsigned i = 31; i < 33; i++)
		assert_memory_equal(&wire[i].header, &missed.header, sizeof(missed.header));
}

static void
a_receiver_that_throws_rtx_away_is_sent_none(void **state)
{
	struct scene *s = *state;

	s->peer.remote.media[0].rtx_pt = 98;
	attach(s);
	add_gop(s, 20);
	say_report(s);
	for (unsigned i = 0; i < OUTPUT_RTX_TRIALS; i++) {
		say_nack(s, wire[i].header.seq);
		assert_int_equal(wire[wired - 1].header.ssrc, RTX);
		/* Three in four. */
		if (i % 4 != 0)
			say_nack(s, wire[i].header.seq);
	}
	say_nack(s, wire[20].header.seq);
	assert_memory_equal(&wire[wired - 1].header, &wire[20].header, sizeof(wire[20].header));
}

/* Before its first report a second request may come although the RTX is on its way. */
static void
who_is_asked_twice_within_a_round_trip_cannot_tell(void **state)
{
	struct scene *s = *state;

	s->peer.remote.media[0].rtx_pt = 98;
	attach(s);
	add_gop(s, 20);
	for (unsigned i = 0; i < 2 * OUTPUT_RTX_TRIALS; i++) {
		say_nack(s, wire[i].header.seq);
		assert_int_equal(wire[wired - 1].header.ssrc, RTX);
		say_nack(s, wire[i].header.seq);
	}
}

static void
a_receiver_that_loses_half_of_the_rtx_is_sent_more(void **state)
{
	struct scene *s = *state;

	s->peer.remote.media[0].rtx_pt = 98;
	attach(s);
	add_gop(s, 20);
	say_report(s);
	for (unsigned i = 0; i < OUTPUT_RTX_TRIALS + 2; i++) {
		say_nack(s, wire[i].header.seq);
		assert_int_equal(wire[wired - 1].header.ssrc, RTX);
		if (i % 2 == 0)
			say_nack(s, wire[i].header.seq);
	}
}

static void
what_is_sent_is_numbered_for_the_feedback_of_the_path(void **state)
{
	struct scene *s = *state;
	struct output_stats stats;
	const uint8_t opus[3] = { 1, 2, 3 };
	/* 3 packets came, 1 ms apart, and 1 did not. */
	const uint8_t fci[] = { 0, 0, 0, 4, 0, 0, 1, 0, 0x20, 3, 0, 1, 4, 4, 4, 0 };

	s->peer.remote.media[0].transport_cc_id = 5;
	s->peer.remote.media[1].transport_cc_id = 5;
	attach(s);
	add_picture(s, 3, true);
	output_sound(s->output, "opus", opus, sizeof(opus), 960, 0);
	for (uint16_t i = 0; i < 4; i++)
		assert_int_equal(extension[i], 0x51 << 16 | i);
	say(s, 15, 205, fci, sizeof(fci), false);
	output_stats(s->output, &stats);
	assert_true(stats.path.known);
	assert_true(stats.path.loss_ratio == 0.25);
}

static void
sound_is_numbered_for_that_feedback_where_pictures_are_not(void **state)
{
	struct scene *s = *state;
	struct output_stats stats;
	const uint8_t opus[3] = { 1, 2, 3 };
	/* 1 packet came, and 1 did not. */
	const uint8_t fci[] = { 0, 0, 0, 2, 0, 0, 1, 0, 0x20, 1, 0, 1, 4, 0, 0, 0 };

	s->peer.remote.media[1].transport_cc_id = 5;
	attach(s);
	add_picture(s, 3, true);
	for (uint16_t i = 0; i < 2; i++) {
		output_sound(s->output, "opus", opus, sizeof(opus), 960, 0);
		assert_int_equal(extension[i], 0);
		assert_int_equal(extension[3 + i], 0x51 << 16 | i);
	}
	say(s, 15, 205, fci, sizeof(fci), false);
	output_stats(s->output, &stats);
	assert_true(stats.path.known);
	assert_true(stats.path.loss_ratio == 0.5);
}

static void
a_replayed_packet_is_sent_again_as_it_was_replayed(void **state)
{
	struct scene *s = *state;

	attach(s);
	add_gop(s, 10);
	say_pli(s, true);
	drain(s);
	assert_int_equal(wired, 60);
	say_nack(s, wire[45].header.seq);
	assert_int_equal(wired, 61);
	assert_memory_equal(&wire[60].header, &wire[45].header, sizeof(wire[0].header));
}

static void
sound_has_its_own_numbers(void **state)
{
	struct scene *s = *state;
	const uint8_t opus[3] = { 1, 2, 3 };

	attach(s);
	output_sound(s->output, "opus", opus, sizeof(opus), 960, 0);
	output_sound(s->output, "opus", opus, sizeof(opus), 1920, 0);
	assert_int_equal(wired, 2);
	assert_int_equal(wire[1].header.ssrc, AUDIO);
	assert_int_equal(wire[1].header.pt, 111);
	assert_int_equal(wire[1].header.seq, (uint16_t)(wire[0].header.seq + 1));
	assert_int_equal(wire[1].header.timestamp, 1920);
}

static void
sound_of_another_codec_is_not_sent(void **state)
{
	struct scene *s = *state;
	const uint8_t g711[3] = { 1, 2, 3 };

	attach(s);
	assert_true(output_wants_opus(s->output));
	output_sound(s->output, "PCMU", g711, sizeof(g711), 160, 0);
	assert_int_equal(wired, 0);
}

static void
a_track_that_was_not_taken_gets_nothing(void **state)
{
	struct scene *s = *state;
	const uint8_t opus[3] = { 1, 2, 3 };

	s->peer.remote.media[1].accepted = false;
	attach(s);
	output_sound(s->output, "opus", opus, sizeof(opus), 960, 0);
	assert_int_equal(wired, 0);
}

static void
reports_are_of_what_was_sent(void **state)
{
	struct scene *s = *state;
	const struct output_moment now = { .wall_us = 1, .video_timestamp = 4711 };

	attach(s);
	output_report(s->output, &now, false);
	assert_int_equal(rtcps, 0);
	add_gop(s, 10);
	output_report(s->output, &now, false);
	assert_int_equal(rtcps, 1);
	assert_int_equal(wire_get32(rtcp[0] + 4), VIDEO);
	assert_int_equal(wire_get32(rtcp[0] + 16), 4711);
	assert_int_equal(wire_get32(rtcp[0] + 20), 30);
	assert_int_equal(wire_get32(rtcp[0] + 24), 30 * PACKET);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(live_pictures_go_at_once_as_they_are),
		TEST(what_no_viewer_could_decode_is_not_sent),
		TEST(who_comes_in_mid_gop_is_sent_it_from_its_start),
		TEST(a_pli_is_answered_by_the_gop_so_far_and_then_by_live),
		TEST(a_pli_is_only_counted_where_replay_is_not_wanted),
		TEST(the_picture_under_way_is_ended_first),
		TEST(plis_that_follow_soon_are_those_of_the_same_viewer),
		TEST(plis_that_do_not_end_are_answered_more_and_more_rarely),
		TEST(a_fir_is_granted_once_however_often_it_is_repeated),
		TEST(a_fir_that_came_too_soon_is_granted_when_it_is_repeated),
		TEST(a_new_key_picture_ends_a_replay),
		TEST(a_large_picture_is_paced),
		TEST(who_is_too_slow_goes_on_with_the_next_key_picture),
		TEST(what_was_missed_is_sent_again_as_it_was),
		TEST(what_was_missed_is_sent_by_rtx_if_that_was_agreed),
		TEST(what_rtx_did_not_bring_is_sent_again_as_it_was),
		TEST(a_receiver_that_throws_rtx_away_is_sent_none),
		TEST(who_is_asked_twice_within_a_round_trip_cannot_tell),
		TEST(a_receiver_that_loses_half_of_the_rtx_is_sent_more),
		TEST(what_is_sent_is_numbered_for_the_feedback_of_the_path),
		TEST(sound_is_numbered_for_that_feedback_where_pictures_are_not),
		TEST(a_replayed_packet_is_sent_again_as_it_was_replayed),
		TEST(sound_has_its_own_numbers),
		TEST(sound_of_another_codec_is_not_sent),
		TEST(a_track_that_was_not_taken_gets_nothing),
		TEST(reports_are_of_what_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
