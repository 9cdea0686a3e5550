/* test_rtcp.c - packets byte by byte as the RFCs draw them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/err.h"
#include "tests/unit/hex.h"
#include "worker/rtcp.h"

#define OURS 0x11111111U
#define OUR_AUDIO 0x22222222U
#define THEIRS 0xaaaaaaaaU
#define NOW 0x00a00000U /* 160 s, in 1/65536 s */

static struct rtcp_event events[64];
static size_t event_count;

static void
on_event(const struct rtcp_event *e, void *arg)
{
	(void)arg;
	assert_true(event_count < sizeof(events) / sizeof(events[0]));
	events[event_count++] = *e;
}

static int
parse(const char *text)
{
	static const uint32_t ssrcs[] = { OURS, OUR_AUDIO };
	struct rtcp_reader r = {
		.ssrcs = ssrcs,
		.ssrc_count = 2,
		.now = NOW,
		.on_event = on_event,
	};
	struct hex h = hex(text);

	event_count = 0;
	int err = rtcp_parse(h.bytes, h.len, &r);
	free(h.bytes);
	return err;
}

static void
a_sender_report_comes_with_the_cname(void **state)
{
	struct rtcp_sender s = {
		.ssrc = OURS,
		.cname = "cam-7",
		.ntp = UINT64_C(0x0102030405060708),
		.rtp_timestamp = 0x0a0b0c0d,
		.packets = 5,
		.octets = 0x100,
	};
	struct hex expected = hex("80 c8 0006 11111111 0102030405060708 0a0b0c0d 00000005 00000100"
				  "81 ca 0003 11111111 01 05 63616d2d37 00");
	uint8_t out[RTCP_REPORT_MAX];

	(void)state;
	assert_int_equal(rtcp_write_report(out, &s), expected.len);
	assert_memory_equal(out, expected.bytes, expected.len);
	free(expected.bytes);
}

static void
a_bye_is_the_last_of_the_compound(void **state)
{
	struct rtcp_sender s = { .ssrc = OURS, .cname = "cam-42", .bye = true };
	uint8_t out[RTCP_REPORT_MAX];

	(void)state;
	size_t len = rtcp_write_report(out, &s);
	assert_int_equal(len, 28 + 20 + 8);
	assert_memory_equal(out + len - 8, "\x81\xcb\0\1\x11\x11\x11\x11", 8);
}

static void
a_report_of_any_cname_fits_and_parses(void **state)
{
	char cname[400];
	struct rtcp_sender s = { .ssrc = OURS, .cname = cname, .bye = true };
	uint8_t out[RTCP_REPORT_MAX];
	struct rtcp_reader r = { .on_event = on_event };

	(void)state;
	memset(cname, 'x', sizeof(cname));
	for (size_t len = 0; len < sizeof(cname); len++) {
		cname[len] = '\0';
		size_t written = rtcp_write_report(out, &s);
		assert_in_range(written, 1, sizeof(out));
		event_count = 0;
		assert_int_equal(rtcp_parse(out, written, &r), 0);
		assert_int_equal(event_count, 1);
		assert_int_equal(events[0].type, RTCP_BYE);
		cname[len] = 'x';
	}
}

static void
ntp_time_begins_in_1900(void **state)
{
	(void)state;
	assert_int_equal(rtcp_ntp(0) >> 32, 2208988800U);
	/* half a second past 2026-11-21T06:00:00Z */
	uint64_t ntp = rtcp_ntp(INT64_C(1795240800) * 1000000 + 500000);
	assert_int_equal(ntp >> 32, 1795240800U + 2208988800U);
	assert_int_equal((uint32_t)ntp, 0x80000000U);
	assert_int_equal(rtcp_ntp_middle(UINT64_C(0x1111222233334444)), 0x22223333);
}

static void
a_report_block_gives_loss_jitter_and_round_trip(void **state)
{
	(void)state;
	/* LSR 10 s before now, DLSR 9.75 s */
	assert_int_equal(parse("81 c9 0007 aaaaaaaa 11111111 40 fffffe 00010002 000003e8"
			       "00960000 0009c000"),
		0);
	assert_int_equal(event_count, 1);
	assert_int_equal(events[0].type, RTCP_REPORT);
	assert_int_equal(events[0].from, THEIRS);
	assert_int_equal(events[0].ssrc, OURS);
	assert_float_equal(events[0].u.report.loss_ratio, 0.25, 0.0001);
	assert_int_equal(events[0].u.report.lost, -2);
	assert_int_equal(events[0].u.report.highest_seq, 0x10002);
	assert_int_equal(events[0].u.report.jitter, 1000);
	assert_int_equal(events[0].u.report.rtt_us, 250000);
}

static int32_t
rtt_of(const char *lsr_and_dlsr)
{
	char text[200];

	snprintf(text, sizeof(text), "81 c9 0007 aaaaaaaa 11111111 00000000 00000000 00000000 %s",
		lsr_and_dlsr);
	assert_int_equal(parse(text), 0);
	return events[0].u.report.rtt_us;
}

static void
a_round_trip_that_cannot_be_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(rtt_of("00000000 00000000"), -1); /* no sender report seen */
	assert_int_equal(rtt_of("00960000 000a0010"), 0);  /* 0.2 ms negative */
	assert_int_equal(rtt_of("00960000 0009fff0"), 244);
	assert_int_equal(rtt_of("00960000 00190000"), -1); /* 15 s negative */
	assert_int_equal(rtt_of("90000000 00000000"), -1); /* 8 h */
}

static void
report_blocks_of_a_sender_report_are_read_too(void **state)
{
	(void)state;
	assert_int_equal(parse("82 c8 0012 aaaaaaaa 0102030405060708 00000000 00000001 00000002"
			       "11111111 00000001 00000000 00000000 00000000 00000000"
			       "22222222 00000002 00000000 00000000 00000000 00000000"),
		0);
	assert_int_equal(event_count, 2);
	assert_int_equal(events[1].ssrc, OUR_AUDIO);
	assert_int_equal(events[1].u.report.lost, 2);
}

static void
a_nack_names_each_lost_packet(void **state)
{
	static const uint16_t lost[] = { 65534, 65535, 1, 14, 100 };

	(void)state;
	assert_int_equal(parse("81 cd 0004 aaaaaaaa 11111111 fffe 8005 0064 0000"), 0);
	assert_int_equal(event_count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(events[i].type, RTCP_NACK);
		assert_int_equal(events[i].u.nack_seq, lost[i]);
	}
}

static void
pli_and_fir_ask_for_a_keyframe(void **state)
{
	(void)state;
	assert_int_equal(parse("81 ce 0002 aaaaaaaa 11111111"
			       "84 ce 0006 aaaaaaaa 00000000 22222222 07000000 11111111 08000000"),
		0);
	assert_int_equal(event_count, 3);
	assert_int_equal(events[0].type, RTCP_PLI);
	assert_int_equal(events[0].ssrc, OURS);
	assert_int_equal(events[1].type, RTCP_FIR);
	assert_int_equal(events[1].ssrc, OUR_AUDIO);
	assert_int_equal(events[1].u.fir_seq, 7);
	assert_int_equal(events[2].u.fir_seq, 8);
}

static void
what_is_not_about_us_is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(parse("81 ce 0002 aaaaaaaa 33333333"), 0);
	assert_int_equal(parse("81 cd 0003 aaaaaaaa 33333333 0001 0000"), 0);
	assert_int_equal(event_count, 0);
}

static void
types_we_do_not_know_are_passed_over(void **state)
{
	(void)state;
	/* SDES, REMB, XR, APP, then a PLI */
	assert_int_equal(parse("81 ca 0002 aaaaaaaa 01000000"
			       "8f ce 0005 aaaaaaaa 00000000 52454d42 01051b9f 11111111"
			       "80 cf 0001 aaaaaaaa"
			       "80 cc 0002 aaaaaaaa 41424344"
			       "81 ce 0002 aaaaaaaa 11111111"),
		0);
	assert_int_equal(event_count, 1);
	assert_int_equal(events[0].type, RTCP_PLI);
}

static void
transport_feedback_is_handed_on_whole(void **state)
{
	(void)state;
	/* Whatever source it names; its end is padding to a word. */
	assert_int_equal(parse("8f cd 0005 aaaaaaaa 33333333 00010001 00000000 20010400"), 0);
	assert_int_equal(event_count, 1);
	assert_int_equal(events[0].type, RTCP_TRANSPORT_CC);
	assert_int_equal(events[0].u.transport_cc.len, 12);
	/* A delta is missing. */
	assert_int_equal(parse("8f cd 0004 aaaaaaaa 11111111 00010001 00000000"), 1);
	assert_int_equal(event_count, 0);
}

static void
a_bye_says_who_leaves(void **state)
{
	(void)state;
	assert_int_equal(parse("82 cb 0004 aaaaaaaa bbbbbbbb 05 6c65617665 0000"), 0);
	assert_int_equal(event_count, 2);
	assert_int_equal(events[1].type, RTCP_BYE);
	assert_int_equal(events[1].from, 0xbbbbbbbbU);
}

static void
padding_is_cut_wherever_it_stands(void **state)
{
	(void)state;
	assert_int_equal(parse("a1 ce 0003 aaaaaaaa 11111111 00000004"), 0);
	assert_int_equal(event_count, 1);
	/* As str0m packs them: NACK, PLI, transport-wide feedback padded to a word, XR. */
	assert_int_equal(parse("81 cd 0003 aaaaaaaa 11111111 0001 0000"
			       "81 ce 0002 aaaaaaaa 11111111"
			       "af cd 0006 aaaaaaaa 11111111 0481 0005 0978bc e4 2005 eb7a030008 01"
			       "80 cf 0001 aaaaaaaa"),
		0);
	assert_int_equal(event_count, 3);
	assert_int_equal(events[0].type, RTCP_NACK);
	assert_int_equal(events[1].type, RTCP_PLI);
	assert_int_equal(events[2].type, RTCP_TRANSPORT_CC);
	assert_int_equal(events[2].u.transport_cc.len, 15);
	/* not a multiple of 4; more than there is; none */
	assert_int_equal(parse("a1 ce 0003 aaaaaaaa 11111111 00000003"), 1);
	assert_int_equal(parse("a1 ce 0003 aaaaaaaa 11111111 00000010"), 1);
	assert_int_equal(parse("a1 ce 0003 aaaaaaaa 11111111 00000000"), 1);
	assert_int_equal(parse("a0 ce 0000"), 1);
	assert_int_equal(event_count, 0);
}

static void
transport_feedback_is_padded_by_single_bytes(void **state)
{
	(void)state;
	/* As Chromium 156 sent it. */
	assert_int_equal(
		parse("af cd 0006 fa17fa17 11111111 0481 0005 0978bc e4 2005 eb7a030008 01"), 0);
	assert_int_equal(event_count, 1);
	assert_int_equal(events[0].type, RTCP_TRANSPORT_CC);
	assert_int_equal(events[0].u.transport_cc.len, 15);
	/* A delta is among the padding. */
	assert_int_equal(
		parse("af cd 0006 fa17fa17 11111111 0481 0005 0978bc e4 2005 eb7a0300 0002"), 1);
	assert_int_equal(event_count, 0);
}

static void
nothing_is_told_of_a_compound_whose_lengths_do_not_add_up(void **state)
{
	static const char *const broken[] = {
		"", "81 ce 00", "81 ce 0002 aaaaaaaa 11111111 81",
		"81 ce 0002 aaaaaaaa 11111111 80 c9 0002 aaaaaaaa",          /* longer than it is */
		"81 ce 0002 aaaaaaaa 11111111 41 ce 0002 aaaaaaaa 11111111", /* version 1 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		assert_int_equal(parse(broken[i]), ERR_PARSE);
		assert_int_equal(event_count, 0);
	}
}

static void
a_packet_that_cannot_be_read_silences_no_other(void **state)
{
	static const char *const broken[] = {
		"81 c9 0001 aaaaaaaa", /* no block */
		"81 c8 0001 aaaaaaaa", "81 cd 0001 aaaaaaaa",
		"81 cd 0002 aaaaaaaa 11111111", /* NACK of none */
		"84 ce 0003 aaaaaaaa 11111111 00000000",
		"84 ce 0005 aaaaaaaa 00000000 11111111 01000000 11111111", "82 cb 0001 aaaaaaaa",
		"81 cb 0002 aaaaaaaa 04616263", "80 ce 0000",
		"81 ce 0003 aaaaaaaa 11111111 00000000", /* PLI of more than its head */
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		snprintf(text, sizeof(text),
			"81 cd 0003 aaaaaaaa 11111111 0001 0000 %s 81 ce 0002 aaaaaaaa 11111111",
			broken[i]);
		assert_int_equal(parse(text), 1);
		assert_int_equal(event_count, 2);
		assert_int_equal(events[0].type, RTCP_NACK);
		assert_int_equal(events[1].type, RTCP_PLI);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sender_report_comes_with_the_cname),
		cmocka_unit_test(a_bye_is_the_last_of_the_compound),
		cmocka_unit_test(a_report_of_any_cname_fits_and_parses),
		cmocka_unit_test(ntp_time_begins_in_1900),
		cmocka_unit_test(a_report_block_gives_loss_jitter_and_round_trip),
		cmocka_unit_test(a_round_trip_that_cannot_be_is_not_known),
		cmocka_unit_test(report_blocks_of_a_sender_report_are_read_too),
		cmocka_unit_test(a_nack_names_each_lost_packet),
		cmocka_unit_test(pli_and_fir_ask_for_a_keyframe),
		cmocka_unit_test(what_is_not_about_us_is_passed_over),
		cmocka_unit_test(types_we_do_not_know_are_passed_over),
		cmocka_unit_test(transport_feedback_is_handed_on_whole),
		cmocka_unit_test(a_bye_says_who_leaves),
		cmocka_unit_test(padding_is_cut_wherever_it_stands),
		cmocka_unit_test(transport_feedback_is_padded_by_single_bytes),
		cmocka_unit_test(nothing_is_told_of_a_compound_whose_lengths_do_not_add_up),
		cmocka_unit_test(a_packet_that_cannot_be_read_silences_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
