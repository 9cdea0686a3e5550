/* test_rtsp_relay.c - worker/rtsp_relay.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "worker/relay_data.h"
#include "worker/rtsp_relay.h"
#include "worker/rtsp_setup.h"

#define SHORT "rtsp://127.0.0.1:4/5eC12e7"
#define LONG "rtsps://cam.example/a/long/path?auth=token"
#define OPENING "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t1\r\n"
#define RTP "\x80\xe0\0\7\0\0\0\1\0\0\0\2"

struct session {
	struct relay relay;
	struct fifo up_in, up_out, down_in, down_out;
	char packets[4000]; /* the pictures' packets, behind each other */
	size_t packets_len;
};

static int
begin(void **state)
{
	struct session *s = calloc(1, sizeof(*s));

	relay_init(&s->relay, SHORT, LONG, false, NULL);
	fifo_init(&s->up_in, RTSP_PIECE_MAX);
	fifo_init(&s->up_out, 2 * RTSP_PIECE_MAX);
	fifo_init(&s->down_in, RTSP_PIECE_MAX);
	fifo_init(&s->down_out, RTSP_PIECE_MAX + 1000);
	*state = s;
	return 0;
}

static int
end(void **state)
{
	struct session *s = *state;

	relay_clear(&s->relay);
	fifo_clear(&s->up_in);
	fifo_clear(&s->up_out);
	fifo_clear(&s->down_in);
	fifo_clear(&s->down_out);
	free(s);
	return 0;
}

static int
up(struct session *s, const char *text)
{
	fifo_put(&s->up_in, text, strlen(text));
	return relay_up(&s->relay, &s->up_in, &s->up_out);
}

static int
down(struct session *s, const void *bytes, size_t n)
{
	struct relay_packet p;
	int got;

	fifo_put(&s->down_in, bytes, n);
	while ((got = relay_down(&s->relay, &s->down_in, &s->down_out, &p)) == 1) {
		if (p.rtcp)
			continue;
		assert_true(s->packets_len + p.len <= sizeof(s->packets));
		memcpy(s->packets + s->packets_len, p.bytes, p.len);
		s->packets_len += p.len;
		memset(p.bytes, 0, p.len); /* lent for writing */
	}
	return got;
}

#define DOWN(s, literal) down((s), (literal), sizeof(literal) - 1)

/* What came out is exactly that; it is taken away. */
static void
assert_out(struct fifo *out, const char *wanted, size_t n)
{
	assert_int_equal(out->len, n);
	assert_memory_equal(fifo_front(out), wanted, n);
	fifo_take(out, n);
}

#define OUT(fifo, literal) assert_out((fifo), (literal), sizeof(literal) - 1)

/* The same of the packets. */
static void
assert_packets(struct session *s, const char *wanted, size_t n)
{
	assert_int_equal(s->packets_len, n);
	assert_memory_equal(s->packets, wanted, n);
	s->packets_len = 0;
}

#define PACKETS(s, literal) assert_packets((s), (literal), sizeof(literal) - 1)

static int
describe(struct session *s, const char *sdp)
{
	char text[2000];
	int n = snprintf(text, sizeof(text),
		"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: %zu\r\n\r\n%s", strlen(sdp), sdp);

	assert_int_equal(up(s, "DESCRIBE " SHORT " RTSP/1.0\r\nCSeq: 1\r\n\r\n"), 0);
	return down(s, text, (size_t)n);
}

static void
set_up(struct session *s, const char *uri, const char *channels)
{
	char text[300];

	snprintf(text, sizeof(text), "SETUP %s RTSP/1.0\r\nCSeq: 2\r\n\r\n", uri);
	assert_int_equal(up(s, text), 0);
	snprintf(text, sizeof(text),
		"RTSP/1.0 200 OK\r\nCSeq: 2\r\nTransport: RTP/AVP/TCP;interleaved=%s\r\n\r\n",
		channels);
	assert_int_equal(down(s, text, strlen(text)), 0);
}

/* Until pictures may come, on channel 0. */
static void
open_session(struct session *s)
{
	assert_int_equal(describe(s, OPENING), 0);
	set_up(s, SHORT "/t1", "0-1");
	fifo_take(&s->up_out, s->up_out.len);
	fifo_take(&s->down_out, s->down_out.len);
}

static void
requests_name_the_cameras_url(void **state)
{
	struct session *s = *state;

	assert_int_equal(up(s, "OPTIONS " SHORT " RTSP/1.0\r\nCSeq: 1\r\n\r\n"), 0);
	OUT(&s->up_out, "OPTIONS " LONG " RTSP/1.0\r\nCSeq: 1\r\n\r\n");
	assert_int_equal(up(s, "SETUP " SHORT "/t1 RTSP/1.0\r\nX: " SHORT "\r\n\r\n"), 0);
	OUT(&s->up_out, "SETUP " LONG "/t1 RTSP/1.0\r\nX: " SHORT "\r\n\r\n");
	assert_int_equal(up(s, "PLAY rtsp://cam.example/b/ RTSP/1.0\r\n\r\n"), 0);
	OUT(&s->up_out, "PLAY rtsp://cam.example/b/ RTSP/1.0\r\n\r\n");
}

static void
one_slash_is_between_the_cameras_url_and_a_control(void **state)
{
	struct session *s = *state;

	s->relay.camera_uri = "rtsp://cam.example/live/";
	assert_int_equal(up(s, "DESCRIBE " SHORT " RTSP/1.0\r\n\r\n"), 0);
	OUT(&s->up_out, "DESCRIBE rtsp://cam.example/live/ RTSP/1.0\r\n\r\n");
	assert_int_equal(up(s, "SETUP " SHORT "/t1 RTSP/1.0\r\n\r\n"), 0);
	OUT(&s->up_out, "SETUP rtsp://cam.example/live/t1 RTSP/1.0\r\n\r\n");
	assert_int_equal(up(s, "SETUP " SHORT "?t1 RTSP/1.0\r\n\r\n"), 0);
	OUT(&s->up_out, "SETUP rtsp://cam.example/live/?t1 RTSP/1.0\r\n\r\n");
}

static void
a_control_that_begins_with_a_slash_gets_no_second_one(void **state)
{
	struct session *s = *state;

	s->relay.camera_uri = "rtsp://cam.example/live/";
	assert_int_equal(describe(s, "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
				     "a=control:/m/1\r\n"),
		0);
	fifo_take(&s->up_out, s->up_out.len);
	assert_int_equal(up(s, "SETUP rtsp://cam.example//m/1 RTSP/1.0\r\n\r\n"), 0);
	OUT(&s->up_out, "SETUP rtsp://cam.example/m/1 RTSP/1.0\r\n\r\n");
	assert_int_equal(up(s, "SETUP " SHORT "//m/1 RTSP/1.0\r\n\r\n"), 0);
	OUT(&s->up_out, "SETUP rtsp://cam.example/live/m/1 RTSP/1.0\r\n\r\n");
	assert_int_equal(up(s, "PLAY rtsp://cam.example//m/1 RTSP/1.0\r\n\r\n"), 0);
	OUT(&s->up_out, "PLAY rtsp://cam.example//m/1 RTSP/1.0\r\n\r\n");
}

/* Some say what follows the scheme, "/", or nothing. */
static void
a_base_that_is_no_url_is_hidden(void **state)
{
	struct session *s = *state;

	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nContent-Base: rtsp://h/\r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nContent-Base: rtsp://h/\r\n\r\n");
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nContent-Base: RTSPS://h/\r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nContent-Base: RTSPS://h/\r\n\r\n");
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nA: b\r\nCONTENT-BASE:h:554/live/\r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nA: b\r\nXONTENT-BASE:h:554/live/\r\n\r\n");
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nContent-Base: \r\nA: b\r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nXontent-Base: \r\nA: b\r\n\r\n");
}

static void
requests_and_answers_are_counted(void **state)
{
	struct session *s = *state;

	assert_int_equal(up(s, "OPTIONS " SHORT " RTSP/1.0\r\n\r\n"), 0);
	assert_int_equal(s->relay.requests, 1);
	assert_int_equal(s->relay.answers, 0);
	assert_int_equal(DOWN(s, "OPTIONS * RTSP/1.0\r\n\r\n"), 0);
	assert_int_equal(s->relay.answers, 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 403 Forbidden\r\n\r\n"), 0);
	assert_int_equal(s->relay.answers, 1);
	assert_int_equal(s->relay.status, 403);
	assert_string_equal(s->relay.method, "OPTIONS");
}

static void
a_camera_need_not_know_options(void **state)
{
	struct session *s = *state;

	assert_int_equal(up(s, "OPTIONS " SHORT " RTSP/1.0\r\nCSeq: 1\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0  405 Method Not Allowed\r\nCSeq: 1\r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0  200 Method Not Allowed\r\nCSeq: 1\r\n\r\n");
	assert_int_equal(up(s, "OPTIONS " SHORT " RTSP/1.0\r\nCSeq: 2\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 503 Busy\r\nCSeq: 2\r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 503 Busy\r\nCSeq: 2\r\n\r\n");
	assert_int_equal(up(s, "DESCRIBE " SHORT " RTSP/1.0\r\nCSeq: 3\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 404 Not Found\r\nCSeq: 3\r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 404 Not Found\r\nCSeq: 3\r\n\r\n");
	assert_int_equal(s->relay.status, 404);
}

static void
a_redirect_is_not_passed_on(void **state)
{
	struct session *s = *state;

	assert_int_equal(up(s, "DESCRIBE " SHORT " RTSP/1.0\r\n\r\n"), 0);
	assert_int_equal(
		DOWN(s, "RTSP/1.0 301 Moved\r\nLocation: rtsp://evil/\r\n\r\n"), ERR_REFUSED);
	assert_int_equal(s->down_out.len, 0);
	assert_int_equal(s->relay.status, 301);
}

static void
a_description_without_a_length_is_what_came(void **state)
{
	struct session *s = *state;

	assert_int_equal(up(s, "DESCRIBE " SHORT " RTSP/1.0\r\nCSeq: 1\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, "v=0\r\n"), 0);
	assert_int_equal(DOWN(s, "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H2"), 0);
	assert_int_equal(s->down_out.len, 0);
	assert_int_equal(DOWN(s, "64/90000\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nContent-Length: 51\r\nCSeq: 1\r\n\r\n"
			  "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n");
	assert_true(s->relay.described);
}

static void
continue_is_no_answer(void **state)
{
	struct session *s = *state;

	assert_int_equal(up(s, "DESCRIBE " SHORT " RTSP/1.0\r\nCSeq: 1\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n"), 0);
	assert_int_equal(s->down_out.len, 0);
	assert_int_equal(s->relay.answers, 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 403 Forbidden\r\nCSeq: 1\r\n\r\n"), 0);
	assert_int_equal(s->relay.answers, 1);
	assert_int_equal(s->relay.status, 403);
}

static void
a_description_without_a_length_has_an_end(void **state)
{
	struct session *s = *state;
	char line[] = "a=01234567890123456789012345678901234567890123456789012345678901\r\n";
	int err = 0;

	assert_int_equal(up(s, "DESCRIBE " SHORT " RTSP/1.0\r\nCSeq: 1\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"), 0);
	for (size_t n = 0; !err && n <= RTSP_BODY_MAX; n += sizeof(line) - 1)
		err = down(s, line, sizeof(line) - 1);
	assert_int_equal(err, ERR_RANGE);
}

static void
what_is_no_codec_of_ours_is_named(void **state)
{
	struct session *s = *state;

	assert_int_equal(describe(s, "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"),
		ERR_UNSUPPORTED);
	assert_string_equal(s->relay.refused_codec, "VP8");
	assert_int_equal(describe(s, "v=0\r\nm=audio 0 RTP/AVP 0\r\n"), ERR_UNSUPPORTED);
	assert_string_equal(s->relay.refused_codec, "");
}

#define VIDEO(pt, codec, control)                                                                  \
	"m=video 0 RTP/AVP " pt "\r\na=rtpmap:" pt " " codec "/90000\r\na=control:" control "\r\n"
#define DON(n) "a=fmtp:98 profile-id=1;sprop-max-don-diff=" n ";sprop-vps=QAE=\r\n"

static void
h265_is_taken_unless_there_is_h264(void **state)
{
	struct session *s = *state;

	assert_int_equal(describe(s, "v=0\r\n" VIDEO("98", "h265", "t1") DON("0")), 0);
	assert_ptr_equal(s->relay.codec, &video_h265);
	assert_int_equal(
		describe(s, "v=0\r\n" VIDEO("98", "H265", "t1") VIDEO("96", "H264", "t2")), 0);
	assert_ptr_equal(s->relay.codec, &video_h264);
	assert_int_equal(
		describe(s, "v=0\r\n" VIDEO("96", "H264", "t2") VIDEO("98", "H265", "t1")), 0);
	assert_ptr_equal(s->relay.codec, &video_h264);
	set_up(s, SHORT "/t2", "2-3");
	assert_string_equal(relay_track(&s->relay, RELAY_PICTURES)->codec, "H264");
	assert_int_equal(s->relay.media[RELAY_PICTURES].channel, 2);
}

static void
h265_that_is_not_in_the_order_of_decoding_is_refused(void **state)
{
	struct session *s = *state;

	assert_int_equal(
		describe(s, "v=0\r\n" VIDEO("98", "H265", "t1") DON("02")), ERR_UNSUPPORTED);
	assert_string_equal(s->relay.refused_codec, "interleaved H265");
	assert_null(s->relay.codec);
}

static void
the_status_before_teardown_is_kept(void **state)
{
	struct session *s = *state;

	assert_int_equal(up(s, "PLAY " SHORT " RTSP/1.0\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 454 Session Not Found\r\n\r\n"), 0);
	assert_int_equal(up(s, "TEARDOWN " SHORT " RTSP/1.0\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\n\r\n"), 0);
	assert_int_equal(s->relay.status, 454);
	assert_string_equal(s->relay.method, "PLAY");
	assert_true(s->relay.torn_down);
}

/* Two tracks, of which each name is the end of the other's. */
static void
the_answer_to_play_gives_each_media_its_timestamp(void **state)
{
	struct session *s = *state;
	uint32_t at;

	s->relay.tracks[0] = (struct relay_track){ .media = RTSP_AUDIO, .control = "1" };
	s->relay.tracks[1] = (struct relay_track){ .media = RTSP_VIDEO, .control = "video/1" };
	s->relay.track_count = 2;
	s->relay.media[RELAY_SOUND].channel = 2;
	s->relay.media[RELAY_PICTURES].channel = 0;
	s->relay.media[RELAY_PICTURES].track = 1;
	assert_false(relay_start(&s->relay, RELAY_PICTURES, &at));
	assert_int_equal(up(s, "PLAY " SHORT " RTSP/1.0\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nRTP-Info: url=rtsp://h/video/1;rtptime=7,"
				 "url=rtsp://h/1;rtptime=8,url=rtsp://h/1;rtptime=9\r\n\r\n"),
		0);
	assert_true(relay_start(&s->relay, RELAY_PICTURES, &at));
	assert_int_equal(at, 7);
	assert_true(relay_start(&s->relay, RELAY_SOUND, &at));
	assert_int_equal(at, 8);
}

static void
a_timeout_behind_a_blank_is_told_without_it(void **state)
{
	struct session *s = *state;

	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nSession: 1F;timeout=20\r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nSession: 1F;timeout=20\r\n\r\n");
	assert_int_equal(
		DOWN(s, "RTSP/1.0 200 OK\r\nSESSION:1F ; timeout=20\r\nA: b c\r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nSESSION:1F;timeout=20  \r\nA: b c\r\n\r\n");
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nSession: \r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nSession: \r\n\r\n");
}

static void
a_timeout_behind_other_parameters_is_told_before_them(void **state)
{
	struct session *s = *state;

	assert_int_equal(
		DOWN(s, "RTSP/1.0 200 OK\r\nSession: 1F; a=1 ;b; Timeout=20; c=2\r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nSession: 1F;Timeout=20;a=1;b;c=2    \r\n\r\n");
	assert_int_equal(s->relay.session_s, 20);
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nSession: 1F;a=1;timeout=9\r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nSession: 1F;timeout=9;a=1\r\n\r\n");
	/* No timeout is so long. */
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nSession: 1F;a=1;timeout=90000000000000000000"
				 "0000000000000\r\n\r\n"),
		0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nSession: 1F;a=1;timeout=90000000000000000000"
			  "0000000000000\r\n\r\n");
}

static void
it_is_known_how_long_a_session_lives(void **state)
{
	static const struct {
		const char *header;
		unsigned seconds;
	} cases[] = { { "Session: 1F;timeout=99999999999999999999\r\n", 60 },
		{ "Session: 1F;timeout=\r\n", 60 }, { "Session: 1F;timeout=0\r\n", 60 },
		{ "Session: 1F;timeout=-4\r\n", 60 }, { "Session: 1F;timeout=20\r\n", 20 },
		{ "Session: 1F ; timeout=5\r\n", 5 }, { "", 5 }, { "Session: 1F\r\n", 5 },
		{ "Session: 1F;timeout=60\r\n", 5 }, { "Session: 1F;Timeout=4\r\n", 4 },
		{ "Session: 1F;timeout=2;x\r\n", 2 } };
	struct session *s = *state;
	char answer[128];

	assert_int_equal(s->relay.session_s, 60);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(answer, sizeof(answer), "RTSP/1.0 200 OK\r\n%s\r\n", cases[i].header);
		assert_int_equal(down(s, answer, strlen(answer)), 0);
		assert_int_equal(s->relay.session_s, cases[i].seconds);
		assert_int_equal(s->relay.messages, i + 1);
	}
}

/* What keeps the session is asked, and answered so; NULL: not at all. */
struct turn {
	const char *asked, *answer;
};

static void
expect_kept(struct session *s, const struct turn *turns, int count)
{
	char text[200];

	open_session(s);
	assert_int_equal(up(s, "PLAY " SHORT " RTSP/1.0\r\nCSeq: 3\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n"), 0);
	fifo_take(&s->up_out, s->up_out.len);
	for (int i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "GET_PARAMETER " SHORT " RTSP/1.0\r\nCSeq: %d\r\n\r\n",
			4 + i);
		assert_int_equal(up(s, text), 0);
		int n = snprintf(text, sizeof(text), "%s " LONG " RTSP/1.0\r\nCSeq: %d\r\n\r\n",
			turns[i].asked, 4 + i);
		assert_out(&s->up_out, text, (size_t)n);
		n = snprintf(text, sizeof(text), "RTSP/1.0 %s\r\nCSeq: %d\r\n\r\n",
			turns[i].answer ? turns[i].answer : "", 4 + i);
		if (turns[i].answer)
			assert_int_equal(down(s, text, (size_t)n), 0);
	}
}
#define EXPECT_KEPT(s, turns) expect_kept(s, turns, (int)(sizeof(turns) / sizeof((turns)[0])))

static void
a_session_is_kept_as_the_camera_takes_it(void **state)
{
	static const struct turn turns[] = { { "GET_PARAMETER", "405 Method Not Allowed" },
		{ "OPTIONS", "200 OK" }, { "OPTIONS", "454 Session Not Found" },
		{ "OPTIONS", NULL }, { "OPTIONS", "200 OK" } };

	EXPECT_KEPT(*state, turns);
}

static void
a_camera_that_took_both_is_asked_by_the_other_when_it_takes_one_no_more(void **state)
{
	static const struct turn turns[] = { { "GET_PARAMETER", "200 OK" },
		{ "GET_PARAMETER", NULL }, { "OPTIONS", "200 OK" },
		{ "OPTIONS", "405 Method Not Allowed" }, { "GET_PARAMETER", NULL },
		{ "OPTIONS", "200 OK" } };

	EXPECT_KEPT(*state, turns);
}

/* It may count what it refuses: as often as before. */
static void
a_camera_that_takes_neither_is_asked_as_libavformat_does(void **state)
{
	static const struct turn turns[] = { { "GET_PARAMETER", "501 Not Implemented" },
		{ "OPTIONS", NULL }, { "GET_PARAMETER", "501 Not Implemented" },
		{ "GET_PARAMETER", NULL }, { "GET_PARAMETER", "200 OK" } };

	EXPECT_KEPT(*state, turns);
}

static void
packets_of_pictures_are_for_the_caller(void **state)
{
	struct session *s = *state;

	open_session(s);
	assert_int_equal(DOWN(s, "$\0\0\xe" RTP "\x41\x9a"
				 "RTSP/1.0 200 OK\r\n\r\n"
				 "$\0\0\xe" RTP "\x41\x9b"),
		0);
	PACKETS(s, RTP "\x41\x9a" RTP "\x41\x9b");
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\n\r\n");
}

static void
what_is_no_picture_is_for_nobody(void **state)
{
	struct session *s = *state;

	open_session(s);
	assert_int_equal(DOWN(s, "$\0\0\0$\0\0\1z"), 0);              /* no RTP */
	assert_int_equal(DOWN(s, "$\2\0\xe" RTP "\x41\x9a"), 0);      /* another channel */
	assert_int_equal(DOWN(s, "$\0\0\4\x80\x61zz"), 0);            /* another payload type */
	assert_int_equal(DOWN(s, "$\1\0\x8\x80\xc8\0\1\0\0\0\2"), 0); /* RTCP */
	PACKETS(s, "");
	OUT(&s->down_out, "");
}

static void
a_pill_is_a_filler_nal_unit_with_the_next_number(void **state)
{
	struct session *s = *state;

	assert_int_equal(describe(s, OPENING), 0);
	set_up(s, SHORT "/t1", "6-7");
	fifo_take(&s->down_out, s->down_out.len);
	relay_put_pill(&s->relay, &s->down_out);
	relay_put_pill(&s->relay, &s->down_out);
	OUT(&s->down_out, "$\6\0\xe\x80\x60\0\0\0\0\0\0\0\0\0\0\xc\x80"
			  "$\6\0\xe\x80\x60\0\1\0\0\0\0\0\0\0\0\xc\x80");
}

#define TOLD(name)                                                                                 \
	"RTSP/1.0 200 OK\r\n" name ": RTP/AVP/TCP;unicast;interleaved=2-3\r\nCSeq: 2\r\n\r\n"

static void
libavformat_is_told_the_channels_that_it_asked_for(void **state)
{
	static const char setup[] = "SETUP " SHORT "/t1 RTSP/1.0\r\nCSeq: 2\r\n"
				    "Transport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n\r\n";
	struct session *s = *state;

	assert_int_equal(describe(s, OPENING), 0);
	fifo_take(&s->down_out, s->down_out.len);
	assert_int_equal(up(s, setup), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\ntransport: RTP/AVP;interleaved=6-7\r\n"
				 "CSeq: 2\r\n\r\n"),
		0);
	OUT(&s->down_out, TOLD("transport"));
	assert_int_equal(s->relay.media[RELAY_PICTURES].channel, 6);
	relay_put_pill(&s->relay, &s->down_out);
	assert_int_equal(fifo_front(&s->down_out)[1], 2);

	s->relay.media[RELAY_PICTURES].channel = -1;
	fifo_take(&s->down_out, s->down_out.len);
	assert_int_equal(up(s, setup), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n"), 0);
	OUT(&s->down_out, TOLD("Transport"));
	assert_int_equal(s->relay.media[RELAY_PICTURES].channel, 2);
}

static void
a_bye_of_who_sends_the_pictures_is_the_end(void **state)
{
	struct session *s = *state;

	open_session(s);
	s->relay.media[RELAY_SOUND].channel = 2;
	assert_int_equal(DOWN(s, "$\0\0\xe" RTP "\x41\x9a"), 0);
	assert_int_equal(DOWN(s, "$\1\0\x8\x80\xc8\0\1\0\0\0\2"), 0);
	assert_int_equal(DOWN(s, "$\1\0\x8\x81\xcb\0\1\0\0\0\3"), 0); /* of another source */
	assert_int_equal(DOWN(s, "$\3\0\x8\x81\xcb\0\1\0\0\0\2"), 0); /* of the sound */
	assert_int_equal(DOWN(s, "$\5\0\x8\x81\xcb\0\1\0\0\0\2"), 0); /* of what is not read */
	assert_int_equal(DOWN(s, "$\1\0\x10\x80\xc9\0\1\0\0\0\2\x81\xcb\0\1\0\0\0\2"), ERR_EOF);
}

#define CHALLENGE(cseq)                                                                            \
	"RTSP/1.0 401 Unauthorized\r\nCSeq: " cseq "\r\n"                                          \
	"WWW-Authenticate: Basic realm=\"r\"\r\n\r\n"
/* "user:pass" */
#define ANSWER "Authorization: Basic dXNlcjpwYXNz\r\n"

static int
begin_with_user(void **state)
{
	begin(state);
	struct session *s = *state;
	relay_init(&s->relay, SHORT, LONG, false, rtsp_auth_new("user", "pass", "c"));
	return 0;
}

static void
a_request_that_is_challenged_is_sent_again(void **state)
{
	struct session *s = *state;

	assert_int_equal(up(s, "OPTIONS " SHORT " RTSP/1.0\r\nCSeq: 1\r\n\r\n"), 0);
	OUT(&s->up_out, "OPTIONS " LONG " RTSP/1.0\r\nCSeq: 1\r\n\r\n");
	assert_int_equal(DOWN(s, CHALLENGE("1")), 0);
	assert_int_equal(s->down_out.len, 0); /* libavformat sees nothing of it */
	assert_int_equal(s->relay.answers, 0);
	assert_true(s->relay.again);
	assert_int_equal(up(s, ""), 0);
	OUT(&s->up_out, "OPTIONS " LONG " RTSP/1.0\r\n" ANSWER "CSeq: 2\r\n\r\n");
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n");
	assert_int_equal(s->relay.requests, 1);
	assert_int_equal(s->relay.answers, 1);
	/* The next says it at once. */
	assert_int_equal(up(s, "DESCRIBE " SHORT " RTSP/1.0\r\nA: b\r\nCSeq: 2\r\n\r\n"), 0);
	OUT(&s->up_out, "DESCRIBE " LONG " RTSP/1.0\r\n" ANSWER "A: b\r\nCSeq: 3\r\n\r\n");
}

/* And asked for again as it was. */
static void
a_session_is_kept_so_with_a_password_too(void **state)
{
	struct session *s = *state;

	open_session(s);
	/* Before PLAY nothing is kept. */
	assert_int_equal(up(s, "OPTIONS " SHORT " RTSP/1.0\r\nCSeq: 3\r\n\r\n"), 0);
	assert_int_equal(up(s, "OPTIONS " SHORT " RTSP/1.0\r\nCSeq: 4\r\n\r\n"), 0);
	OUT(&s->up_out, "OPTIONS " LONG " RTSP/1.0\r\nCSeq: 3\r\n\r\n"
			"OPTIONS " LONG " RTSP/1.0\r\nCSeq: 4\r\n\r\n");
	assert_int_equal(up(s, "PLAY " SHORT " RTSP/1.0\r\nCSeq: 5\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nCSeq: 5\r\n\r\n"), 0);
	assert_int_equal(up(s, "GET_PARAMETER " SHORT " RTSP/1.0\r\nCSeq: 6\r\n\r\n"), 0);
	fifo_take(&s->up_out, s->up_out.len);
	assert_int_equal(up(s, "GET_PARAMETER " SHORT " RTSP/1.0\r\nCSeq: 7\r\n\r\n"), 0);
	OUT(&s->up_out, "OPTIONS " LONG " RTSP/1.0\r\nCSeq: 7\r\n\r\n");
	assert_int_equal(DOWN(s, CHALLENGE("7")), 0);
	assert_int_equal(up(s, ""), 0);
	OUT(&s->up_out, "OPTIONS " LONG " RTSP/1.0\r\n" ANSWER "CSeq: 8\r\n\r\n");
}

static void
a_password_that_is_refused_is_not_sent_twice(void **state)
{
	struct session *s = *state;

	assert_int_equal(up(s, "DESCRIBE " SHORT " RTSP/1.0\r\nCSeq: 1\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, CHALLENGE("1")), 0);
	assert_int_equal(up(s, ""), 0);
	fifo_take(&s->up_out, s->up_out.len);
	assert_int_equal(DOWN(s, CHALLENGE("2")), ERR_REFUSED);
	assert_false(s->relay.again);
	assert_int_equal(s->relay.status, 401);
	assert_int_equal(s->down_out.len, 0);
}

static void
without_a_user_a_challenge_is_the_end(void **state)
{
	struct session *s = *state;

	assert_int_equal(up(s, "DESCRIBE " SHORT " RTSP/1.0\r\nCSeq: 1\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, CHALLENGE("1")), ERR_REFUSED);
	assert_false(s->relay.again);
	assert_int_equal(s->relay.status, 401);
}

static void
an_older_requests_challenge_repeats_nothing(void **state)
{
	struct session *s = *state;

	assert_int_equal(up(s, "PLAY " SHORT " RTSP/1.0\r\nCSeq: 4\r\n\r\n"), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n"), 0);
	fifo_take(&s->down_out, s->down_out.len);
	assert_int_equal(up(s, "GET_PARAMETER " SHORT " RTSP/1.0\r\nCSeq: 5\r\n\r\n"
			       "TEARDOWN " SHORT " RTSP/1.0\r\nCSeq: 6\r\n\r\n"),
		0);
	assert_int_equal(DOWN(s, CHALLENGE("5")), 0);
	assert_false(s->relay.again);
	OUT(&s->down_out, CHALLENGE("5"));
	assert_int_equal(DOWN(s, CHALLENGE("6")), 0);
	assert_true(s->relay.again);
}

/* Which track this SETUP chose, by its payload type: of sound 8, of pictures 96; 0: none. */
static int
chosen(struct session *s, const char *uri, const char *control)
{
	char sdp[300];

	snprintf(sdp, sizeof(sdp),
		"v=0\r\nm=audio 0 RTP/AVP 8\r\na=control:1\r\n"
		"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:%s\r\n",
		control);
	for (int i = 0; i < RELAY_MEDIA; i++)
		s->relay.media[i].channel = -1;
	s->relay.sound = true;
	assert_int_equal(describe(s, sdp), 0);
	set_up(s, uri, "0-1");
	for (int i = 0; i < RELAY_MEDIA; i++)
		if (s->relay.media[i].channel >= 0)
			return s->relay.tracks[s->relay.media[i].track].pt;
	return 0;
}

static void
the_longest_control_that_fits_is_the_track(void **state)
{
	struct session *s = *state;

	assert_int_equal(chosen(s, "rtsp://cam.example/1", "x/1"), 8);
	assert_int_equal(chosen(s, "rtsp://cam.example/x/1", "x/1"), 96);
	assert_int_equal(chosen(s, "rtsp://cam.example/abs", "rtsp://cam.example/abs"), 96);
	s->relay.set_up_count = 0;
	assert_int_equal(chosen(s, "rtsp://cam.example/y1", "x/1"), 8);  /* the first */
	assert_int_equal(chosen(s, "rtsp://cam.example/y1", "x/1"), 96); /* the second */
	assert_int_equal(chosen(s, "rtsp://cam.example/y1", "x/1"), 0);  /* none */
}

/* Others would be sent for nothing, or be the camera's loudspeaker, which then nobody else has. */
static void
libavformat_is_left_the_tracks_that_are_read(void **state)
{
	static const char sdp[] = "v=0\r\n"
				  "m=video 0 RTP/AVP 26\r\na=control:1\r\n"
				  "m=audio 0 RTP/AVP 104\r\na=sendonly\r\n"
				  "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
				  "m=audio 0 RTP/AVP 8\r\na=recvonly\r\n"
				  "m=video 0 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
				  "m=audio 0 RTP/AVP 0\r\n";
	struct session *s = *state;
	char wanted[sizeof(sdp)];

	memcpy(wanted, sdp, sizeof(sdp));
	memcpy(strstr(wanted, "video 0 RTP/AVP 26"), "image", 5);
	memcpy(strstr(wanted, "audio 0 RTP/AVP 104"), "image", 5);
	memcpy(strstr(wanted, "video 0 RTP/AVP 97"), "image", 5);
	memcpy(strstr(wanted, "audio 0 RTP/AVP 0"), "image", 5);
	s->relay.sound = true;
	assert_int_equal(describe(s, sdp), 0);
	const uint8_t *end = fifo_front(&s->down_out) + s->down_out.len;
	assert_memory_equal(end - strlen(wanted), wanted, strlen(wanted));
	assert_int_equal(s->relay.track_count, 2);
	assert_int_equal(s->relay.tracks[0].pt, 96);
	assert_int_equal(s->relay.tracks[1].pt, 8);
}

/* RFC 4566 6 says it from where the SDP comes from, ONVIF from where it goes. */
static void
sound_that_a_camera_sends_only_as_it_does_its_pictures_is_read(void **state)
{
	struct session *s = *state;

	s->relay.sound = true;
	assert_int_equal(
		describe(s, "v=0\r\n"
			    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=sendonly\r\n"
			    "m=audio 0 RTP/AVP 8\r\na=sendonly\r\n"),
		0);
	assert_int_equal(s->relay.track_count, 2);
}

static void
channels_that_the_answer_does_not_name_are_those_asked_for(void **state)
{
	struct session *s = *state;

	assert_int_equal(describe(s, OPENING), 0);
	assert_int_equal(up(s, "SETUP " SHORT "/t1 RTSP/1.0\r\n"
			       "Transport: RTP/AVP/TCP;unicast;interleaved=4-5\r\n\r\n"),
		0);
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nTransport: RTP/AVP/TCP\r\n\r\n"), 0);
	assert_int_equal(s->relay.media[RELAY_PICTURES].channel, 4);
}

static void
by_udp_libavformat_believes_in_tcp(void **state)
{
	struct session *s = *state;

	s->relay.ports[RELAY_PICTURES] = 5000;
	assert_int_equal(describe(s, OPENING), 0);
	fifo_take(&s->up_out, s->up_out.len);
	fifo_take(&s->down_out, s->down_out.len);
	assert_int_equal(up(s, "SETUP " SHORT "/t1 RTSP/1.0\r\n"
			       "Transport: RTP/AVP/TCP;unicast;interleaved=4-5\r\nCSeq: 2\r\n\r\n"),
		0);
	OUT(&s->up_out, "SETUP " LONG "/t1 RTSP/1.0\r\n"
			"Transport: RTP/AVP;unicast;client_port=5000-5001\r\nCSeq: 2\r\n\r\n");
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\nTransport: RTP/AVP;unicast;"
				 "client_port=5000-5001;server_port=6000-6001\r\n\r\n"),
		0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\n"
			  "Transport: RTP/AVP/TCP;unicast;interleaved=4-5\r\n\r\n");
	assert_true(s->relay.udp[RELAY_PICTURES].taken);
	assert_int_equal(s->relay.udp[RELAY_PICTURES].port, 6000);
	assert_int_equal(s->relay.media[RELAY_PICTURES].channel, 4);
}

#define WITH_SOUND                                                                                 \
	"v=0\r\n"                                                                                  \
	"m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/16000/1\r\na=control:a\r\n"             \
	"a=fmtp:97 mode=AAC-hbr;config=1408\r\n"                                                   \
	"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:v\r\n"

static void
sound_is_read_beside_the_pictures_if_it_is_wanted(void **state)
{
	struct session *s = *state;
	struct relay_packet p;

	s->relay.sound = true;
	assert_int_equal(describe(s, WITH_SOUND), 0);
	assert_null(relay_track(&s->relay, RELAY_SOUND));
	set_up(s, SHORT "/a", "0-1");
	set_up(s, SHORT "/v", "2-3");
	const struct relay_track *t = relay_track(&s->relay, RELAY_SOUND);
	assert_non_null(t);
	assert_string_equal(t->codec, "MPEG4-GENERIC");
	assert_int_equal(t->clock, 16000);
	assert_string_equal(t->fmtp, "mode=AAC-hbr;config=1408");
	fifo_put(&s->down_in, "$\0\0\3\x80\x61x$\2\0\3\x80\x60y$\1\0\4\x80\xc8\0\0", 22);
	assert_int_equal(relay_down(&s->relay, &s->down_in, &s->down_out, &p), 1);
	assert_true(p.media == RELAY_SOUND && !p.rtcp && p.len == 3 && p.bytes[2] == 'x');
	assert_int_equal(relay_down(&s->relay, &s->down_in, &s->down_out, &p), 1);
	assert_true(p.media == RELAY_PICTURES && !p.rtcp && p.len == 3 && p.bytes[2] == 'y');
	assert_int_equal(relay_down(&s->relay, &s->down_in, &s->down_out, &p), 1);
	assert_true(p.media == RELAY_SOUND && p.rtcp && p.len == 4);
	assert_int_equal(relay_down(&s->relay, &s->down_in, &s->down_out, &p), 0);
}

static void
a_channel_behind_the_pictures_may_be_the_sounds(void **state)
{
	struct session *s = *state;
	struct relay_packet p;

	s->relay.sound = true;
	assert_int_equal(describe(s, WITH_SOUND), 0);
	set_up(s, SHORT "/a", "1");
	set_up(s, SHORT "/v", "0");
	fifo_put(&s->down_in, "$\1\0\3\x80\x61x$\1\0\3\x80\xe1y$\1\0\4\x80\xc8\0\0", 22);
	assert_int_equal(relay_down(&s->relay, &s->down_in, &s->down_out, &p), 1);
	assert_true(p.media == RELAY_SOUND && !p.rtcp && p.bytes[2] == 'x');
	assert_int_equal(relay_down(&s->relay, &s->down_in, &s->down_out, &p), 1);
	assert_true(p.media == RELAY_SOUND && !p.rtcp && p.bytes[2] == 'y');
	assert_int_equal(relay_down(&s->relay, &s->down_in, &s->down_out, &p), 1);
	assert_true(p.rtcp && p.len == 4);
}

/* Some cameras answer every SETUP with the same channels. */
static void
a_report_on_a_channel_for_all_is_of_the_track_that_its_sender_sends(void **state)
{
	static const char stream[] = "$\0\0\x0c\x80\x60\0\1\0\0\0\1ssrV"
				     "$\0\0\x0c\x80\x61\0\1\0\0\0\1ssrA"
				     "$\1\0\x08\x80\xc8\0\1ssrA"
				     "$\1\0\x08\x80\xc8\0\1ssrV"
				     "$\1\0\x08\x80\xc8\0\1ssrX";
	static const enum relay_media wanted[] = { RELAY_PICTURES, RELAY_SOUND, RELAY_SOUND,
		RELAY_PICTURES, RELAY_PICTURES };
	struct session *s = *state;
	struct relay_packet p;

	s->relay.sound = true;
	assert_int_equal(describe(s, WITH_SOUND), 0);
	set_up(s, SHORT "/a", "0-1");
	set_up(s, SHORT "/v", "0-1");
	fifo_put(&s->down_in, stream, sizeof(stream) - 1);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		assert_int_equal(relay_down(&s->relay, &s->down_in, &s->down_out, &p), 1);
		assert_int_equal(p.media, wanted[i]);
		assert_int_equal(p.rtcp, i > 1);
	}
}

/* And their tracks with one SSRC: a BYE is the pictures' end. */
static void
a_report_of_who_sends_all_tracks_is_of_the_pictures(void **state)
{
	static const char stream[] = "$\0\0\x0c\x80\x60\0\1\0\0\0\1same"
				     "$\0\0\x0c\x80\x61\0\1\0\0\0\1same"
				     "$\1\0\x08\x81\xcb\0\1same";
	struct session *s = *state;
	struct relay_packet p;

	s->relay.sound = true;
	assert_int_equal(describe(s, WITH_SOUND), 0);
	set_up(s, SHORT "/a", "0-1");
	set_up(s, SHORT "/v", "0-1");
	fifo_put(&s->down_in, stream, sizeof(stream) - 1);
	assert_int_equal(relay_down(&s->relay, &s->down_in, &s->down_out, &p), 1);
	assert_int_equal(relay_down(&s->relay, &s->down_in, &s->down_out, &p), 1);
	assert_int_equal(p.media, RELAY_SOUND);
	assert_int_equal(relay_down(&s->relay, &s->down_in, &s->down_out, &p), ERR_EOF);
}

static void
sound_is_no_track_if_it_is_not_wanted(void **state)
{
	struct session *s = *state;

	assert_int_equal(describe(s, WITH_SOUND), 0);
	set_up(s, SHORT "/v", "0-1");
	assert_null(relay_track(&s->relay, RELAY_SOUND));
	assert_int_equal(relay_track(&s->relay, RELAY_PICTURES)->pt, 96);
}

static void
bytes_may_come_one_by_one(void **state)
{
	static const char stream[] = "RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n$\0\0\xe" RTP "\x41\x9a";
	struct session *s = *state;

	open_session(s);
	for (size_t i = 0; i < sizeof(stream) - 1; i++)
		assert_int_equal(down(s, stream + i, 1), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n");
	PACKETS(s, RTP "\x41\x9a");
}

static void
blank_lines_between_messages_go_nowhere(void **state)
{
	struct session *s = *state;

	open_session(s);
	assert_int_equal(DOWN(s, "\r\nRTSP/1.0 200 OK\r\n\r\n\r\n\n$\0\0\xe" RTP "\x41\x9a"
				 "\r\n$\1\0\x8\x80\xc8\0\1\0\0\0\2\r\n"),
		0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\n\r\n");
	PACKETS(s, RTP "\x41\x9a");
	assert_int_equal(up(s, "\r\nOPTIONS * RTSP/1.0\r\n\r\n\n"), 0);
	OUT(&s->up_out, "OPTIONS * RTSP/1.0\r\n\r\n");
	assert_int_equal(DOWN(s, "\r\n#"), ERR_PARSE);
}

/* The rest of a packet is missing, or something strange stands between two. */
static void
garbage_while_it_plays_is_skipped(void **state)
{
	static const char *const garbage[] = { "\xff", "$\0", "$\0\0\xe\x41garbage",
		"ABCd$$$\r\n\r\n", "RTSP/1.0 200 OK\r\nContent-Length: no\r\n\r\n" };
	struct session *s = *state;

	open_session(s);
	s->relay.playing = true;
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		/* Never one that may be one. */
		assert_int_equal(DOWN(s, "\xff\xfe"), 0);
		assert_int_equal(down(s, garbage[i], strlen(garbage[i]) + 1), 0);
		assert_int_equal(DOWN(s, "$\0\0\xe" RTP "\x41\x9a"), 0);
		PACKETS(s, RTP "\x41\x9a");
	}
	assert_int_equal(DOWN(s, "\xff"), 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\n\r\n"), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\n\r\n");
}

static void
garbage_without_end_is_the_end(void **state)
{
	static const char garbage[1000] = "";
	struct session *s = *state;
	size_t n = 0;
	int got = 0;

	open_session(s);
	assert_int_equal(DOWN(s, "\xff"), ERR_PARSE); /* not yet */
	fifo_take(&s->down_in, s->down_in.len);
	s->relay.playing = true;
	for (; !got && n < 2 * RELAY_GARBAGE_MAX; n += sizeof(garbage))
		got = down(s, garbage, sizeof(garbage));
	assert_int_equal(got, ERR_PARSE);
	assert_in_range(n, RELAY_GARBAGE_MAX, RELAY_GARBAGE_MAX + 2 * sizeof(garbage));
}

static void
blank_lines_without_end_are_refused(void **state)
{
	struct session *s = *state;
	int got = 0;

	open_session(s);
	for (int i = 0; !got && i < RTSP_HEAD_MAX; i++)
		got = DOWN(s, "\r\n");
	assert_int_equal(got, ERR_RANGE);
}

static void
a_full_output_stops_the_input(void **state)
{
	static const char answer[] = "RTSP/1.0 200 OK\r\n\r\n";
	struct session *s = *state;

	open_session(s);
	while (fifo_room(&s->down_out) >= sizeof(answer) - 1 + RTSP_SETUP_ANSWER_MAX)
		assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\n\r\n"), 0);
	assert_int_equal(s->down_in.len, 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 200 OK\r\n\r\n"), 0);
	assert_int_equal(s->down_in.len, sizeof(answer) - 1);
	fifo_take(&s->down_out, s->down_out.len);
	assert_int_equal(DOWN(s, ""), 0);
	assert_int_equal(s->down_in.len, 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\n\r\n");
}

#define TWO_TRACKS OPENING "m=audio 0 RTP/AVP 8\r\na=control:t2\r\n"

/* What libavformat hears of the sound that it sets up on channels 2 and 3. */
static void
refuse_sound(struct session *s, const char *uri, const char *answer)
{
	char text[300];

	snprintf(text, sizeof(text),
		"SETUP %s RTSP/1.0\r\nCSeq: 3\r\n"
		"Transport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n\r\n",
		uri);
	assert_int_equal(up(s, text), 0);
	assert_int_equal(down(s, answer, strlen(answer)), 0);
}

static void
sound_that_is_refused_is_done_without(void **state)
{
	struct session *s = *state;

	s->relay.sound = true;
	assert_int_equal(describe(s, TWO_TRACKS), 0);
	set_up(s, SHORT "/t1", "0-1");
	fifo_take(&s->down_out, s->down_out.len);
	refuse_sound(s, SHORT "/t2", "RTSP/1.0 454 Session Not Found\r\nCSeq: 3\r\n\r\n");
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nCSeq: 3\r\n"
			  "Transport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n\r\n");
	assert_null(relay_track(&s->relay, RELAY_SOUND));
	assert_non_null(relay_track(&s->relay, RELAY_PICTURES));
	assert_int_equal(s->relay.sound_status, 454);
	assert_int_equal(s->relay.requests, s->relay.answers);
}

static void
pictures_that_are_refused_are_told(void **state)
{
	struct session *s = *state;

	s->relay.sound = true;
	assert_int_equal(describe(s, TWO_TRACKS), 0);
	fifo_take(&s->down_out, s->down_out.len);
	refuse_sound(s, SHORT "/t1", "RTSP/1.0 454 Session Not Found\r\nCSeq: 3\r\n\r\n");
	OUT(&s->down_out, "RTSP/1.0 454 Session Not Found\r\nCSeq: 3\r\n\r\n");
	assert_int_equal(s->relay.sound_status, 0);
}

#define SESSION_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
#define USER_TEST(name) cmocka_unit_test_setup_teardown(name, begin_with_user, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SESSION_TEST(requests_name_the_cameras_url),
		SESSION_TEST(one_slash_is_between_the_cameras_url_and_a_control),
		SESSION_TEST(a_control_that_begins_with_a_slash_gets_no_second_one),
		SESSION_TEST(a_base_that_is_no_url_is_hidden),
		SESSION_TEST(requests_and_answers_are_counted),
		USER_TEST(a_request_that_is_challenged_is_sent_again),
		USER_TEST(a_session_is_kept_so_with_a_password_too),
		USER_TEST(a_password_that_is_refused_is_not_sent_twice),
		SESSION_TEST(without_a_user_a_challenge_is_the_end),
		USER_TEST(an_older_requests_challenge_repeats_nothing),
		SESSION_TEST(a_camera_need_not_know_options),
		SESSION_TEST(a_redirect_is_not_passed_on),
		SESSION_TEST(a_description_without_a_length_is_what_came),
		SESSION_TEST(continue_is_no_answer),
		SESSION_TEST(a_description_without_a_length_has_an_end),
		SESSION_TEST(what_is_no_codec_of_ours_is_named),
		SESSION_TEST(h265_is_taken_unless_there_is_h264),
		SESSION_TEST(h265_that_is_not_in_the_order_of_decoding_is_refused),
		SESSION_TEST(the_status_before_teardown_is_kept),
		SESSION_TEST(the_answer_to_play_gives_each_media_its_timestamp),
		SESSION_TEST(a_timeout_behind_a_blank_is_told_without_it),
		SESSION_TEST(a_timeout_behind_other_parameters_is_told_before_them),
		SESSION_TEST(it_is_known_how_long_a_session_lives),
		SESSION_TEST(a_session_is_kept_as_the_camera_takes_it),
		SESSION_TEST(
			a_camera_that_took_both_is_asked_by_the_other_when_it_takes_one_no_more),
		SESSION_TEST(a_camera_that_takes_neither_is_asked_as_libavformat_does),
		SESSION_TEST(packets_of_pictures_are_for_the_caller),
		SESSION_TEST(what_is_no_picture_is_for_nobody),
		SESSION_TEST(a_pill_is_a_filler_nal_unit_with_the_next_number),
		SESSION_TEST(a_bye_of_who_sends_the_pictures_is_the_end),
		SESSION_TEST(the_longest_control_that_fits_is_the_track),
		SESSION_TEST(libavformat_is_left_the_tracks_that_are_read),
		SESSION_TEST(sound_that_a_camera_sends_only_as_it_does_its_pictures_is_read),
		SESSION_TEST(channels_that_the_answer_does_not_name_are_those_asked_for),
		SESSION_TEST(libavformat_is_told_the_channels_that_it_asked_for),
		SESSION_TEST(by_udp_libavformat_believes_in_tcp),
		SESSION_TEST(sound_is_read_beside_the_pictures_if_it_is_wanted),
		SESSION_TEST(a_channel_behind_the_pictures_may_be_the_sounds),
		SESSION_TEST(a_report_on_a_channel_for_all_is_of_the_track_that_its_sender_sends),
		SESSION_TEST(a_report_of_who_sends_all_tracks_is_of_the_pictures),
		SESSION_TEST(sound_is_no_track_if_it_is_not_wanted),
		SESSION_TEST(bytes_may_come_one_by_one),
		SESSION_TEST(blank_lines_between_messages_go_nowhere),
		SESSION_TEST(garbage_while_it_plays_is_skipped),
		SESSION_TEST(garbage_without_end_is_the_end),
		SESSION_TEST(blank_lines_without_end_are_refused),
		SESSION_TEST(a_full_output_stops_the_input),
		SESSION_TEST(sound_that_is_refused_is_done_without),
		SESSION_TEST(pictures_that_are_refused_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
