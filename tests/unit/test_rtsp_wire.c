/* test_rtsp_wire.c - worker/rtsp_wire.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "worker/rtsp_wire.h"

#define DESCRIBED                                                                                  \
	"RTSP/1.0 200 OK\r\nCSeq: 2\r\ncontent-LENGTH : 5\r\n"                                     \
	"Transport:\tRTP/AVP/TCP;unicast;interleaved=4-5;ssrc=1 \r\n\r\nv=0\r\n"

static int
split(const char *text, size_t n, struct rtsp_piece *p)
{
	return rtsp_split((const uint8_t *)text, n, p);
}

static struct rtsp_piece
whole(const char *text)
{
	struct rtsp_piece p;

	assert_int_equal(split(text, strlen(text), &p), 1);
	return p;
}

static void
nothing_is_a_piece_before_its_last_byte(void **state)
{
	static const char *const pieces[] = { DESCRIBED, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
		"RTSP/1.0 200 OK\n\n" };
	struct rtsp_piece p;

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		size_t len = strlen(pieces[i]);
		for (size_t n = 0; n < len; n++)
			assert_int_equal(split(pieces[i], n, &p), 0);
		assert_int_equal(split(pieces[i], len, &p), 1);
		assert_int_equal(p.len, len);
		assert_int_equal(p.kind, RTSP_MESSAGE);
	}
}

static void
interleaved_data_is_a_piece(void **state)
{
	static const uint8_t bytes[] = { '$', 7, 0, 3, 'a', 'b', 'c', '$' };
	struct rtsp_piece p;

	(void)state;
	for (size_t n = 0; n < 7; n++)
		assert_int_equal(rtsp_split(bytes, n, &p), 0);
	assert_int_equal(rtsp_split(bytes, sizeof(bytes), &p), 1);
	assert_int_equal(p.kind, RTSP_DATA);
	assert_int_equal(p.channel, 7);
	assert_int_equal(p.len, 7);
	assert_memory_equal(p.bytes + p.body, "abc", 3);
}

static void
blank_lines_end_where_a_piece_begins(void **state)
{
	(void)state;
	assert_int_equal(rtsp_blank((const uint8_t *)"\r\n\n\r$\n", 6), 4);
	assert_int_equal(rtsp_blank((const uint8_t *)"\r\nRTSP", 6), 2);
	assert_int_equal(rtsp_blank((const uint8_t *)"\r\n", 2), 2);
	assert_int_equal(rtsp_blank((const uint8_t *)"$\n", 2), 0);
}

static void
what_cannot_be_rtsp_is_told_at_once(void **state)
{
	struct rtsp_piece p;

	(void)state;
	assert_int_equal(split("\x16\3\1", 3, &p), ERR_PARSE);
	assert_int_equal(split("garbage", 7, &p), ERR_PARSE);
	assert_int_equal(split("GAr", 3, &p), ERR_PARSE);
	assert_int_equal(split("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG", 33, &p), ERR_PARSE);
	assert_int_equal(split("HTTP/1.1 200 OK\r\n\r\n", 19, &p), ERR_PARSE);
	assert_int_equal(split("RTSP/1.0 200 OK\r\nContent-Length: x\r\n\r\n", 38, &p), ERR_PARSE);
	assert_int_equal(split("RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", 39, &p), ERR_PARSE);
}

static void
what_has_no_end_is_refused(void **state)
{
	static char head[RTSP_HEAD_MAX] = "RTSP/1.0 200 OK\r\n";
	struct rtsp_piece p;

	(void)state;
	memset(head + 17, 'x', sizeof(head) - 17);
	assert_int_equal(split(head, sizeof(head) - 1, &p), 0);
	assert_int_equal(split(head, sizeof(head), &p), ERR_RANGE);
	assert_int_equal(
		split("RTSP/1.0 200 OK\r\nContent-Length: 65537\r\n\r\n", 42, &p), ERR_RANGE);
	assert_int_equal(split("RTSP/1.0 200 OK\r\nContent-Length: 65536\r\n\r\n", 42, &p), 0);
}

static void
first_lines_are_read(void **state)
{
	struct rtsp_piece p = whole("SETUP rtsp://h/x/track1 RTSP/1.0\r\n\r\n");
	struct rtsp_request q;

	(void)state;
	assert_true(rtsp_request(&p, &q));
	assert_int_equal(q.method_len, 5);
	assert_memory_equal(q.uri, "rtsp://h/x/track1", q.uri_len);
	assert_int_equal(rtsp_status(&p), 0);
	p = whole("RTSP/1.0 454 Session Not Found\r\n\r\n");
	assert_int_equal(rtsp_status(&p), 454);
	assert_false(rtsp_request(&p, &q));
	p = whole("RTSP/1.0 99999 Odd\r\n\r\n");
	assert_int_equal(rtsp_status(&p), 0);
}

static void
headers_are_found_in_any_case(void **state)
{
	struct rtsp_piece p = whole(DESCRIBED);
	size_t len;

	(void)state;
	assert_int_equal(rtsp_number(&p, "cseq"), 2);
	assert_int_equal(rtsp_number(&p, "Content-Length"), 5);
	assert_int_equal(rtsp_number(&p, "Transport"), -1);
	assert_null(rtsp_header(&p, "Session", &len));
	assert_null(rtsp_header(&p, "Trans", &len));
	assert_int_equal(rtsp_interleaved(&p), 4);
	assert_memory_equal(p.bytes + p.body, "v=0\r\n", 5);
}

static void
channels_out_of_range_are_none(void **state)
{
	struct rtsp_piece p = whole("RTSP/1.0 200 OK\r\nTransport: x;interleaved=256-257\r\n\r\n");

	(void)state;
	assert_int_equal(rtsp_interleaved(&p), -1);
	p = whole("RTSP/1.0 200 OK\r\nTransport: x;interleaved=\r\n\r\n");
	assert_int_equal(rtsp_interleaved(&p), -1);
	p = whole("RTSP/1.0 200 OK\r\nTransport: x\r\n\r\n");
	assert_int_equal(rtsp_interleaved(&p), -1);
}

/* RFC 2326 15.1: in any case, and blanks may be between words. */
static void
transports_are_read_as_the_rfc_has_them(void **state)
{
	struct rtsp_piece p = whole("RTSP/1.0 200 OK\r\n"
				    "Transport: rtp/avp/tcp; Unicast; Interleaved = 4 - 5\r\n\r\n");

	(void)state;
	assert_int_equal(rtsp_interleaved(&p), 4);
	p = whole("RTSP/1.0 200 OK\r\nTransport: RTP/AVP;Server_Port= 6970\r\n\r\n");
	assert_int_equal(rtsp_server_port(&p), 6970);
	assert_false(rtsp_is_multicast(&p));
	p = whole("RTSP/1.0 200 OK\r\nTransport: RTP/AVP;Multicast;port=1-2\r\n\r\n");
	assert_true(rtsp_is_multicast(&p));
	p = whole("RTSP/1.0 200 OK\r\nTransport: RTP/AVP;ttl=1; multicast \r\n\r\n");
	assert_true(rtsp_is_multicast(&p));
	p = whole("RTSP/1.0 200 OK\r\nTransport: RTP/AVP;unicast;source=multicast.example\r\n\r\n");
	assert_false(rtsp_is_multicast(&p));
}

static bool
by_udp(const char *transport)
{
	char text[200];

	snprintf(text, sizeof(text), "RTSP/1.0 200 OK\r\nTransport: %s\r\n\r\n", transport);
	const struct rtsp_piece p = whole(text);
	return rtsp_is_by_udp(&p);
}

static void
ports_without_a_channel_are_those_of_udp(void **state)
{
	(void)state;
	assert_true(by_udp("RTP/AVP;unicast;client_port=0-1;server_port=6970-6971"));
	assert_true(by_udp("RTP/AVP/UDP;unicast"));
	assert_false(by_udp("RTP/AVP;unicast"));
	assert_true(by_udp("rtp/avp/udp;unicast"));
	assert_false(by_udp("RTP/AVP/TCP;unicast;client_port=0-1"));
	assert_false(by_udp("rtp/avp/tcp;unicast;client_port=0-1"));
	assert_false(by_udp("RTP/AVP;unicast;server_port=6970;interleaved=0-1"));
}

static void
static_payload_types_need_no_rtpmap(void **state)
{
	static const char sdp[] = "v=0\r\n"
				  "m=audio 0 RTP/AVP 9\r\nm=audio 0 RTP/AVP 10\r\n"
				  "m=audio 0 RTP/AVP 11\r\nm=audio 0 RTP/AVP 18\r\n"
				  "m=video 0 RTP/AVP 31\r\nm=video 0 RTP/AVP 32\r\n"
				  "m=video 0 RTP/AVP 34\r\nm=audio 0 RTP/AVP 2\r\n"
				  "m=audio 0 RTP/AVP 77\r\n";
	static const struct {
		const char *codec;
		long clock;
		long channels;
	} wanted[] = { { "G722", 8000, 1 }, { "L16", 44100, 2 }, { "L16", 44100, 1 },
		{ "G729", 8000, 1 }, { "H261", 90000, 1 }, { "MPV", 90000, 1 },
		{ "H263", 90000, 1 }, { "G726-32", 8000, 1 }, { "unnamed", -1, 1 } };
	struct rtsp_track t[9];

	(void)state;
	assert_int_equal(rtsp_tracks(sdp, strlen(sdp), t, 9), 9);
	for (size_t i = 0; i < 9; i++) {
		assert_string_equal(t[i].codec, wanted[i].codec);
		assert_int_equal(t[i].clock, wanted[i].clock);
		assert_int_equal(t[i].channels, wanted[i].channels);
	}
}

static void
tracks_are_found_in_the_sdp(void **state)
{
	static const char sdp[] =
		"v=0\r\na=control:*\r\n"
		"m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/16000/1\r\na=control:a\r\n"
		"a=fmtp:97 mode=AAC-hbr; config=1408\r\n"
		"m=video 0 RTP/AVP 96\r\na=control:trackID=1\r\na=rtpmap:96 h264/90000\r\n"
		"m=video 0 RTP/AVP 98 99\na=rtpmap:99 H264/90000\na=rtpmap:98 H265/90000\n"
		"m=video 0 RTP/AVP 26\r\n"
		"m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/16000/2\r\na=sendonly\r\n"
		"m=application 0 RTP/AVP 100\r\na=rtpmap:100 H264/90000\r\n";
	struct rtsp_track t[8];

	(void)state;
	assert_int_equal(rtsp_tracks(sdp, strlen(sdp), t, 8), 5);
	assert_int_equal(t[0].media, RTSP_AUDIO);
	assert_string_equal(t[0].codec, "MPEG4-GENERIC");
	assert_int_equal(t[0].clock, 16000);
	assert_int_equal(t[0].fmtp_len, 25);
	assert_memory_equal(t[0].fmtp, "mode=AAC-hbr; config=1408", 25);
	assert_int_equal(t[1].media, RTSP_VIDEO);
	assert_string_equal(t[1].codec, "h264");
	assert_int_equal(t[1].pt, 96);
	assert_int_equal(t[1].clock, 90000);
	assert_int_equal(t[1].control_len, 9);
	assert_memory_equal(t[1].control, "trackID=1", 9);
	assert_string_equal(t[2].codec, "H265");
	assert_null(t[2].control);
	assert_null(t[2].fmtp);
	assert_string_equal(t[3].codec, "JPEG");
	assert_string_equal(t[4].codec, "PCMA");
	assert_int_equal(t[4].clock, 16000);
	assert_int_equal(t[4].channels, 2);
	assert_true(t[4].sendonly && !t[0].sendonly);
	assert_int_equal(t[0].channels, 1);
	assert_memory_equal(t[4].word, "audio 0", 7);
	assert_int_equal(rtsp_tracks(sdp, strlen(sdp), t, 2), 2);
	assert_int_equal(rtsp_tracks("", 0, t, 8), 0);
}

/* A Hikvision media server, and a doorbell. */
static void
parameters_may_be_named_for_another_payload_type(void **state)
{
	static const char sdp[] =
		"m=audio 0 RTP/AVP 104\r\na=rtpmap:104 MPEG4-GENERIC/16000\r\n"
		"a=fmtp:97 config=1408\r\n"
		"m=audio 0 RTP/AVP 104 \r\na=fmtp:97 no\r\na=fmtp:104 config=1408\r\n"
		"a=fmtp:97 no\r\n"
		"m=video 0 RTP/AVP 96 97\r\na=fmtp:97 apt=96\r\n";
	struct rtsp_track t[3];

	(void)state;
	assert_int_equal(rtsp_tracks(sdp, strlen(sdp), t, 3), 3);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(t[i].fmtp_len, 11);
		assert_memory_equal(t[i].fmtp, "config=1408", 11);
	}
	assert_null(t[2].fmtp);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_a_piece_before_its_last_byte),
		cmocka_unit_test(interleaved_data_is_a_piece),
		cmocka_unit_test(blank_lines_end_where_a_piece_begins),
		cmocka_unit_test(what_cannot_be_rtsp_is_told_at_once),
		cmocka_unit_test(what_has_no_end_is_refused),
		cmocka_unit_test(first_lines_are_read),
		cmocka_unit_test(headers_are_found_in_any_case),
		cmocka_unit_test(channels_out_of_range_are_none),
		cmocka_unit_test(transports_are_read_as_the_rfc_has_them),
		cmocka_unit_test(ports_without_a_channel_are_those_of_udp),
		cmocka_unit_test(static_payload_types_need_no_rtpmap),
		cmocka_unit_test(tracks_are_found_in_the_sdp),
		cmocka_unit_test(parameters_may_be_named_for_another_payload_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
