/* test_rtp.c - packets are put together again as RFC 6184 says; the clock is fed days of pictures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/err.h"
#include "tests/unit/hex.h"
#include "worker/rtp.h"
#include "worker/video_codec.h"

#define PACKETS 64
#define TICKS_1S 90000
#define PICTURE 3000 /* ticks at 30 fps */
#define FRAGMENT (RTP_PAYLOAD_MAX - 2)
#define US 1000000
#define START 0xfffff000U /* wraps within two pictures */

/* ---- packets ---- */

struct made {
	uint8_t bytes[PACKETS][RTP_PAYLOAD_MAX];
	struct rtp_slot slot[PACKETS];
	size_t count;
};

static uint8_t *
room(struct rtp_slot slot, void *arg)
{
	struct made *m = arg;

	assert_in_range(slot.len, 1, RTP_PAYLOAD_MAX);
	assert_true(m->count < PACKETS);
	m->slot[m->count] = slot;
	return m->bytes[m->count++];
}

static struct made made;

static int
setup(void **state)
{
	const struct rtp_config c = { .payload_max = RTP_PAYLOAD_MAX, .room = room, .arg = &made };

	made.count = 0;
	*state = rtp_packetizer_new(&c);
	rtp_packetizer_set_codec(*state, &video_h264);
	return 0;
}

static int
teardown(void **state)
{
	rtp_packetizer_free(*state);
	return 0;
}

/* A NAL unit of len bytes, each different from its neighbours. */
static uint8_t *
nal_of(uint8_t header, size_t len)
{
	uint8_t *nal = malloc(len);

	nal[0] = header;
	for (size_t i = 1; i < len; i++)
		nal[i] = (uint8_t)(i * 7 + i / 251);
	return nal;
}

static void
send(struct rtp_packetizer *p, uint8_t header, size_t len, uint32_t timestamp, bool last)
{
	uint8_t *nal = nal_of(header, len);

	rtp_packetizer_nal(p, nal, len, timestamp, last);
	free(nal);
}

static const uint8_t *
payload_of(size_t i, size_t *len)
{
	*len = made.slot[i].len;
	return made.bytes[i];
}

static void
a_small_slice_is_a_packet_of_its_own(void **state)
{
	size_t len;

	send(*state, 0x41, 300, 4711, true);
	assert_int_equal(made.count, 1);
	assert_int_equal(made.slot[0].timestamp, 4711);
	assert_true(made.slot[0].marker);
	const uint8_t *payload = payload_of(0, &len);
	uint8_t *nal = nal_of(0x41, 300);
	assert_int_equal(len, 300);
	assert_memory_equal(payload, nal, len);
	free(nal);
}

/* Puts fragments from the first sent packet on together again, RFC 6184 5.8. */
static size_t
join_fragments(uint8_t *out)
{
	size_t at = 1, len;

	for (size_t i = 0; i < made.count; i++) {
		const uint8_t *p = payload_of(i, &len);
		assert_int_equal(p[0] & 0x1f, 28);
		assert_int_equal(p[1] >> 7, i == 0);
		assert_int_equal(p[1] >> 6 & 1, i == made.count - 1);
		assert_int_equal(p[1] & 0x20, 0);
		out[0] = (uint8_t)((p[0] & 0xe0) | (p[1] & 0x1f));
		memcpy(out + at, p + 2, len - 2);
		at += len - 2;
	}
	return at;
}

static void
a_large_slice_is_fragments_that_join_again(void **state)
{
	static const size_t lens[] = { RTP_PAYLOAD_MAX + 1, 2 * FRAGMENT + 1, 2 * FRAGMENT + 2,
		5000, 60000 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		uint8_t *nal = nal_of(0x65, lens[i]);
		uint8_t *joined = malloc(lens[i] + RTP_PACKET_MAX);
		made.count = 0;
		rtp_packetizer_nal(*state, nal, lens[i], 4711, true);
		assert_int_equal(made.count, (lens[i] - 1 + FRAGMENT - 1) / FRAGMENT);
		assert_int_equal(join_fragments(joined), lens[i]);
		assert_memory_equal(joined, nal, lens[i]);
		free(joined);
		free(nal);
	}
}

static void
a_full_packet_needs_no_fragments(void **state)
{
	send(*state, 0x41, RTP_PAYLOAD_MAX, 4711, true);
	assert_int_equal(made.count, 1);
	assert_int_equal(made.slot[0].len, RTP_PAYLOAD_MAX);
}

static void
fragments_are_of_one_size_but_for_the_last(void **state)
{
	send(*state, 0x65, 30001, 4711, true);
	for (size_t i = 1; i + 1 < made.count; i++)
		assert_int_equal(made.slot[i].len, made.slot[0].len);
	assert_in_range(made.slot[made.count - 1].len, 3, made.slot[0].len);
}

static void
the_marker_is_on_the_last_packet_of_the_picture_only(void **state)
{
	send(*state, 0x65, 3000, 4711, false);
	send(*state, 0x65, 3000, 4711, true);
	assert_int_equal(made.count, 6);
	for (size_t i = 0; i < made.count; i++)
		assert_int_equal(made.slot[i].marker, i == 5);
}

static void
sets_and_sei_share_a_packet_before_the_slice(void **state)
{
	size_t len;

	send(*state, 0x67, 25, 4711, false);
	send(*state, 0x28, 5, 4711, false);
	send(*state, 0x06, 40, 4711, false);
	assert_int_equal(made.count, 0);
	send(*state, 0x65, 200, 4711, true);
	assert_int_equal(made.count, 2);
	const uint8_t *p = payload_of(0, &len);
	assert_int_equal(len, 1 + 2 + 25 + 2 + 5 + 2 + 40);
	assert_int_equal(p[0], 0x60 | 24); /* the highest NRI */
	assert_memory_equal(p + 1, "\0\x19\x67", 3);
	assert_memory_equal(p + 28, "\0\x05\x28", 3);
	assert_memory_equal(p + 35, "\0\x28\x06", 3);
	assert_false(made.slot[0].marker);
	assert_true(made.slot[1].marker);
}

static void
a_set_without_company_is_sent_as_it_is(void **state)
{
	size_t len;

	send(*state, 0x68, 5, 4711, false);
	send(*state, 0x65, 200, 4711, true);
	assert_int_equal(made.count, 2);
	assert_int_equal(payload_of(0, &len)[0], 0x68);
	assert_int_equal(len, 5);
}

static void
a_held_unit_leaves_with_the_mark_or_the_next_timestamp(void **state)
{
	send(*state, 0x67, 25, 4711, false);
	send(*state, 0x06, 40, 4711, true);
	assert_int_equal(made.count, 1);
	assert_true(made.slot[0].marker);
	send(*state, 0x67, 25, 5000, false);
	send(*state, 0x67, 25, 6000, false);
	assert_int_equal(made.count, 2);
	assert_int_equal(made.slot[1].timestamp, 5000);
	assert_false(made.slot[1].marker);
}

static void
what_does_not_fit_beside_what_is_held_comes_after_it(void **state)
{
	send(*state, 0x67, 600, 4711, false);
	send(*state, 0x06, 700, 4711, false);
	assert_int_equal(made.count, 1);
	send(*state, 0x06, RTP_PAYLOAD_MAX - 2, 4711,
		false); /* too large for an STAP-A, not for a packet */
	assert_int_equal(made.count, 3);
	send(*state, 0x06, 5000, 4711, true);
	assert_int_equal(made.count, 8);
	assert_true(made.slot[7].marker);
}

/* ---- H.265: RFC 7798 4.4, with headers of two bytes ---- */

static void
send_h265(struct rtp_packetizer *p, uint8_t type, uint8_t second, size_t len, bool last)
{
	uint8_t *nal = nal_of((uint8_t)(type << 1), len);

	nal[1] = second;
	rtp_packetizer_nal(p, nal, len, 4711, last);
	free(nal);
}

static void
parameter_sets_of_h265_share_a_packet(void **state)
{
	size_t len;

	rtp_packetizer_set_codec(*state, &video_h265);
	send_h265(*state, 32, 2, 24, false);
	send_h265(*state, 33, 1, 41, false);
	send_h265(*state, 34, 3, 6, false);
	send_h265(*state, 20, 1, 200, true);
	assert_int_equal(made.count, 2);
	const uint8_t *p = payload_of(0, &len);
	assert_int_equal(len, 2 + 2 + 24 + 2 + 41 + 2 + 6);
	assert_memory_equal(p, "\x60\1\0\x18\x40\2", 6); /* the lowest TID */
	assert_memory_equal(p + 28, "\0\x29\x42\1", 4);
	assert_memory_equal(p + 71, "\0\6\x44\3", 4);
	assert_memory_equal(payload_of(1, &len), "\x28\1", 2);
	assert_int_equal(len, 200);
	assert_false(made.slot[0].marker);
	assert_true(made.slot[1].marker);
}

static void
a_large_nal_unit_of_h265_is_cut_into_equal_fragments(void **state)
{
	static const size_t most = RTP_PAYLOAD_MAX - 3;
	uint8_t joined[4096] = { 0 };
	size_t len, at = 0;

	rtp_packetizer_set_codec(*state, &video_h265);
	send_h265(*state, 1, 2, 3 * most + 2, true); /* with its header: exactly three */
	assert_int_equal(made.count, 3);
	for (size_t i = 0; i < 3; i++) {
		const uint8_t *p = payload_of(i, &len);
		assert_int_equal(len, RTP_PAYLOAD_MAX);
		assert_memory_equal(p, "\x62\2", 2);
		assert_int_equal(p[2], 1 | (i == 0 ? 0x80 : 0) | (i == 2 ? 0x40 : 0));
		assert_int_equal(made.slot[i].marker, i == 2);
		memcpy(joined + at, p + 3, len - 3);
		at += len - 3;
	}
	uint8_t *nal = nal_of(2, 3 * most + 2);
	assert_memory_equal(joined, nal + 2, 3 * most);
	free(nal);
	send_h265(*state, 1, 1, 3 * most + 3, true); /* one byte more: four, not three and a tail */
	assert_int_equal(made.count, 7);
	payload_of(3, &len);
	assert_int_equal(len, 3 + (3 * most + 1 + 3) / 4);
}

static void
a_nal_unit_of_nothing_but_its_header_is_sent(void **state)
{
	size_t len;

	rtp_packetizer_set_codec(*state, &video_h265);
	send_h265(*state, 36, 1, 2, true); /* end of sequence */
	assert_memory_equal(payload_of(0, &len), "\x48\1", 2);
	assert_int_equal(len, 2);
}

static void
a_header_with_all_its_options_is_parsed(void **state)
{
	struct hex h = hex("b2 e0 1234 00000001 00000002 0000000a 0000000b"
			   " bede0001 11223344 aabbcc 000003");
	struct rtp_header out;
	const uint8_t *payload;
	size_t len;

	(void)state;
	assert_int_equal(rtp_parse(h.bytes, h.len, &out, &payload, &len), 0);
	assert_true(out.marker);
	assert_int_equal(out.pt, 96);
	assert_int_equal(out.seq, 0x1234);
	assert_int_equal(out.ssrc, 2);
	assert_int_equal(len, 3);
	assert_memory_equal(payload, "\xaa\xbb\xcc", 3);
	for (size_t cut = 0; cut < 28; cut++)
		assert_int_equal(rtp_parse(h.bytes, cut, &out, &payload, &len), ERR_PARSE);
	h.bytes[h.len - 1] = 7; /* more padding than there is */
	assert_int_equal(rtp_parse(h.bytes, h.len, &out, &payload, &len), ERR_PARSE);
	free(h.bytes);
}

/* ---- the clock ---- */

static struct rtp_clock *
clock_after_one_second(void)
{
	struct rtp_clock *c = rtp_clock_new(START);

	for (int i = 0; i <= 30; i++)
		assert_int_equal(
			rtp_clock_picture(c, 500 + i * PICTURE, 7 * US + i * (int64_t)US / 30),
			START + (uint32_t)i * PICTURE);
	return c;
}

/* The timestamp of the picture after the last of clock_after_one_second, from START + 1 s on. */
static int64_t
next(struct rtp_clock *c, int64_t pts_s_later, double arrival_s_later)
{
	uint32_t out = rtp_clock_picture(
		c, 500 + TICKS_1S + pts_s_later, 8 * US + (int64_t)(arrival_s_later * US));

	return (int32_t)(out - START - TICKS_1S);
}

static void
jitter_of_arrival_stays_out(void **state)
{
	struct rtp_clock *c = rtp_clock_new(9);

	(void)state;
	for (int i = 0; i < 3000; i++)
		assert_int_equal(rtp_clock_picture(c, (int64_t)i * PICTURE,
					 i * (int64_t)US / 30 + i * 7919 % 300000),
			9 + (uint32_t)i * PICTURE);
	assert_int_equal(rtp_clock_jumps(c), 0);
	rtp_clock_free(c);
}

static void
a_gap_advances_as_long_as_it_lasts(void **state)
{
	struct rtp_clock *c = clock_after_one_second();

	(void)state;
	assert_int_equal(next(c, 3 * TICKS_1S, 3.2), 3 * TICKS_1S);
	assert_int_equal(rtp_clock_jumps(c), 0);
	rtp_clock_free(c);
}

static void
a_gap_in_which_the_source_stood_still_advances_too(void **state)
{
	struct rtp_clock *c = clock_after_one_second();

	(void)state;
	assert_int_equal(next(c, PICTURE, 3), 3 * TICKS_1S);
	assert_int_equal(next(c, 2 * PICTURE, 3.04), 3 * TICKS_1S + PICTURE);
	assert_int_equal(rtp_clock_jumps(c), 1);
	rtp_clock_free(c);
}

static void
a_stall_and_the_burst_after_it_change_nothing(void **state)
{
	struct rtp_clock *c = clock_after_one_second();

	(void)state;
	for (int i = 1; i <= 45; i++)
		assert_int_equal(next(c, i * PICTURE, 1.5 + i * 0.001), i * PICTURE);
	assert_int_equal(rtp_clock_jumps(c), 0);
	rtp_clock_free(c);
}

static void
a_jump_is_bridged_by_the_time_that_passed(void **state)
{
	static const int64_t jumps[] = { -90 * TICKS_1S, -TICKS_1S, 5 * TICKS_1S, 1LL << 31,
		(1LL << 62), -(1LL << 62) };

	(void)state;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct rtp_clock *c = clock_after_one_second();
		/* 2^62 is no jump modulo 2^32: say so by a second of difference */
		int64_t to = jumps[i] + (i >= 4 ? 7 * TICKS_1S : 0);
		assert_int_equal(next(c, to, 0.04), 3600);
		assert_int_equal(next(c, to + PICTURE, 0.08), 3600 + PICTURE);
		assert_int_equal(rtp_clock_jumps(c), 1);
		rtp_clock_free(c);
	}
}

static void
a_looping_source_keeps_its_pace(void **state)
{
	struct rtp_clock *c = rtp_clock_new(START);
	uint32_t last = START - PICTURE;

	(void)state;
	for (int i = 0; i < 30 * 600; i++) {
		uint32_t out =
			rtp_clock_picture(c, (int64_t)(i % 300) * PICTURE, i * (int64_t)US / 30);
		assert_in_range(out - last, PICTURE - 1, PICTURE + 1);
		last = out;
	}
	assert_in_range(last - START, 599 * TICKS_1S, 600 * TICKS_1S);
	rtp_clock_free(c);
}

static void
a_source_of_32_bits_wraps_unseen(void **state)
{
	struct rtp_clock *c = rtp_clock_new(START);
	int64_t near_end = (INT64_C(1) << 32) - PICTURE / 2;

	(void)state;
	rtp_clock_picture(c, near_end, 0);
	assert_int_equal(rtp_clock_picture(c, PICTURE / 2, 90000), START + PICTURE);
	assert_int_equal(rtp_clock_jumps(c), 0);
	rtp_clock_free(c);
}

static void
timestamps_always_increase(void **state)
{
	struct rtp_clock *c = rtp_clock_new(START);
	uint32_t last = START - 1, random = 1;
	int64_t pts = 0, now = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		random = random * 1664525 + 1013904223;
		pts += (int32_t)random >> (random % 32);
		now += random % 7 ? random >> 12 : 0;
		uint32_t out = rtp_clock_picture(c, pts, now);
		assert_true((int32_t)(out - last) > 0);
		last = out;
	}
	rtp_clock_free(c);
}

static void
pictures_out_of_order_do_not_run_back_or_away(void **state)
{
	static const int order[] = { 3, 1, 2, 6, 4, 5, 9, 7, 8 };
	struct rtp_clock *c = clock_after_one_second();
	int64_t last = 0;

	(void)state;
	for (int i = 0; i < 9; i++) {
		int64_t out = next(c, order[i] * PICTURE, i / 30.0);
		assert_true(out > last);
		assert_in_range(out, 1, 9 * PICTURE + 2);
		last = out;
	}
	assert_int_equal(rtp_clock_jumps(c), 0);
	rtp_clock_free(c);
}

/* An hour of a source whose second takes real_us of ours, with jitter of up to 50 ms. */
static void
drift(int64_t real_us)
{
	struct rtp_clock *c = rtp_clock_new(START);

	for (int i = 0; i < 30 * 3600; i++) {
		int64_t sent_us = i * real_us / 30;
		uint32_t out = rtp_clock_picture(
			c, (int64_t)i * PICTURE, sent_us + (int64_t)i * 7919 % 50000);
		assert_int_equal(out, START + (uint32_t)i * PICTURE);
	}
	assert_int_equal(rtp_clock_jumps(c), 0);
	rtp_clock_free(c);
}

static void
a_source_that_runs_fast_or_slow_keeps_its_own_steps(void **state)
{
	(void)state;
	drift(990000);
	drift(1010000);
}

#define PACKETS_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PACKETS_TEST(a_small_slice_is_a_packet_of_its_own),
		PACKETS_TEST(a_large_slice_is_fragments_that_join_again),
		PACKETS_TEST(a_full_packet_needs_no_fragments),
		PACKETS_TEST(fragments_are_of_one_size_but_for_the_last),
		PACKETS_TEST(the_marker_is_on_the_last_packet_of_the_picture_only),
		PACKETS_TEST(sets_and_sei_share_a_packet_before_the_slice),
		PACKETS_TEST(a_set_without_company_is_sent_as_it_is),
		PACKETS_TEST(a_held_unit_leaves_with_the_mark_or_the_next_timestamp),
		PACKETS_TEST(what_does_not_fit_beside_what_is_held_comes_after_it),
		PACKETS_TEST(parameter_sets_of_h265_share_a_packet),
		PACKETS_TEST(a_large_nal_unit_of_h265_is_cut_into_equal_fragments),
		PACKETS_TEST(a_nal_unit_of_nothing_but_its_header_is_sent),
		cmocka_unit_test(a_header_with_all_its_options_is_parsed),
		cmocka_unit_test(jitter_of_arrival_stays_out),
		cmocka_unit_test(a_gap_advances_as_long_as_it_lasts),
		cmocka_unit_test(a_gap_in_which_the_source_stood_still_advances_too),
		cmocka_unit_test(a_stall_and_the_burst_after_it_change_nothing),
		cmocka_unit_test(a_jump_is_bridged_by_the_time_that_passed),
		cmocka_unit_test(a_looping_source_keeps_its_pace),
		cmocka_unit_test(a_source_of_32_bits_wraps_unseen),
		cmocka_unit_test(timestamps_always_increase),
		cmocka_unit_test(pictures_out_of_order_do_not_run_back_or_away),
		cmocka_unit_test(a_source_that_runs_fast_or_slow_keeps_its_own_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
