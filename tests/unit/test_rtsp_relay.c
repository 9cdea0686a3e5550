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
#include "worker/rtsp_relay.h"

#define SHORT "rtsp://127.0.0.1:4/5eC12e7"
#define LONG "rtsps://cam.example/a/long/path?auth=token"
#define OPENING "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t1\r\n"
#define RTP "\x80\xe0\0\7\0\0\0\1\0\0\0\2"

struct session {
	struct relay relay;
	struct fifo up_in, up_out, down_in, down_out;
};

static int
begin(void **state)
{
	struct session *s = calloc(1, sizeof(*s));

	relay_init(&s->relay, SHORT, LONG);
	fifo_init(&s->up_in, RTSP_PIECE_MAX);
	fifo_init(&s->up_out, RTSP_PIECE_MAX + RELAY_GROWTH);
	fifo_init(&s->down_in, RTSP_PIECE_MAX);
	fifo_init(&s->down_out, RTSP_PIECE_MAX + RELAY_GROWTH);
	*state = s;
	return 0;
}

static int
end(void **state)
{
	struct session *s = *state;

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
	fifo_put(&s->down_in, bytes, n);
	return relay_down(&s->relay, &s->down_in, &s->down_out);
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
requests_and_answers_are_counted(void **state)
{
	struct session *s = *state;

	assert_int_equal(up(s, "OPTIONS " SHORT " RTSP/1.0\r\n\r\n"), 0);
	assert_int_equal(s->relay.requests, 1);
	assert_int_equal(s->relay.answers, 0);
	assert_int_equal(DOWN(s, "OPTIONS * RTSP/1.0\r\n\r\n"), 0);
	assert_int_equal(s->relay.answers, 0);
	assert_int_equal(DOWN(s, "RTSP/1.0 401 Unauthorized\r\n\r\n"), 0);
	assert_int_equal(s->relay.answers, 1);
	assert_int_equal(s->relay.status, 401);
	assert_string_equal(s->relay.method, "OPTIONS");
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
what_is_not_h264_is_named(void **state)
{
	struct session *s = *state;

	assert_int_equal(describe(s, "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n"),
		ERR_UNSUPPORTED);
	assert_string_equal(s->relay.refused_codec, "H265");
	assert_int_equal(describe(s, "v=0\r\nm=audio 0 RTP/AVP 0\r\n"), ERR_UNSUPPORTED);
	assert_string_equal(s->relay.refused_codec, "");
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

static void
pictures_are_marked_and_numbered_anew(void **state)
{
	struct session *s = *state;

	open_session(s);
	assert_int_equal(DOWN(s, "$\0\0\xe" RTP "\x41\x9a"), 0);
	OUT(&s->down_out, "$\0\0\x13\x80\xe0\0\0\0\0\0\1\0\0\0\2\x41\x9a\0\0\0\1\x1f");
	assert_int_equal(DOWN(s, "$\0\0\xe\x80\x60\0\x8\0\0\0\1\0\0\0\2\x41\x9a"), 0);
	OUT(&s->down_out, "$\0\0\xe\x80\x60\0\1\0\0\0\1\0\0\0\2\x41\x9a");
}

static void
fragments_go_down_when_their_last_one_is_there(void **state)
{
	struct session *s = *state;

	open_session(s);
	assert_int_equal(DOWN(s, "$\0\0\x10\x80\x60\0\7\0\0\0\1\0\0\0\2\x7c\x81"
				 "aa"),
		0);
	assert_int_equal(s->down_out.len, 0);
	assert_int_equal(DOWN(s, "$\0\0\x10\x80\xe0\0\x8\0\0\0\1\0\0\0\2\x7c\x41"
				 "bb"),
		0);
	OUT(&s->down_out, "$\0\0\x17\x80\xe0\0\0\0\0\0\1\0\0\0\2\x7c\xc1"
			  "aabb"
			  "\0\0\0\1\x1f");
}

static void
missing_numbers_are_told_and_their_fragments_dropped(void **state)
{
	struct session *s = *state;

	open_session(s);
	assert_int_equal(DOWN(s, "$\0\0\x10\x80\x60\0\7\0\0\0\1\0\0\0\2\x7c\x81"
				 "aa"),
		0);
	assert_int_equal(DOWN(s, "$\0\0\xe\x80\x60\0\x9\0\0\0\1\0\0\0\2\x41\x9a"), 0);
	OUT(&s->down_out, "$\0\0\x10\x80\x60\0\0\0\0\0\1\0\0\0\2\x18\0\1\x1e"
			  "$\0\0\xe\x80\x60\0\1\0\0\0\1\0\0\0\2\x41\x9a");
}

static void
what_libavformat_would_stumble_over_is_left_out(void **state)
{
	struct session *s = *state;

	open_session(s);
	assert_int_equal(DOWN(s, "$\0\0\3abc$\5\0\4abcd"), 0); /* short frames */
	assert_int_equal(DOWN(s, "$\0\0\xc" RTP), 0);          /* no payload */
	assert_int_equal(s->down_out.len, 0);
}

static void
other_channels_pass_unchanged(void **state)
{
	struct session *s = *state;

	open_session(s);
	assert_int_equal(DOWN(s, "$\2\0\xe" RTP "\x41\x9a"), 0);
	OUT(&s->down_out, "$\2\0\xe" RTP "\x41\x9a");
}

static void
bye_is_the_end(void **state)
{
	struct session *s = *state;

	open_session(s);
	assert_int_equal(DOWN(s, "$\1\0\x8\x80\xc8\0\1\0\0\0\2"), 0);
	assert_int_equal(DOWN(s, "$\2\0\x8\x81\xcb\0\1\0\0\0\2"), 0);
	assert_int_equal(DOWN(s, "$\1\0\x10\x80\xc9\0\1\0\0\0\2\x81\xcb\0\1\0\0\0\2"), ERR_EOF);
}

static void
the_longest_control_that_fits_is_the_track(void **state)
{
	struct session *s = *state;

	assert_int_equal(
		describe(s, "v=0\r\n"
			    "m=video 0 RTP/AVP 26\r\na=control:1\r\n"
			    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:x/1\r\n"
			    "m=video 0 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
			    "a=control:rtsp://cam.example/abs\r\n"),
		0);
	set_up(s, "rtsp://cam.example/1", "0-1");
	set_up(s, "rtsp://cam.example/x/1", "2-3");
	set_up(s, "rtsp://cam.example/abs", "4-5");
	set_up(s, "rtsp://cam.example/y1", "6-7");
	assert_false(s->relay.channels[0].h264);
	assert_true(s->relay.channels[2].h264);
	assert_true(s->relay.channels[4].h264);
	assert_false(s->relay.channels[6].h264);
}

static void
bytes_may_come_one_by_one(void **state)
{
	static const char stream[] = "RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n$\0\0\xe" RTP "\x41\x9a";
	struct session *s = *state;

	open_session(s);
	for (size_t i = 0; i < sizeof(stream) - 1; i++)
		assert_int_equal(down(s, stream + i, 1), 0);
	OUT(&s->down_out, "RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n"
			  "$\0\0\x13\x80\xe0\0\0\0\0\0\1\0\0\0\2\x41\x9a\0\0\0\1\x1f");
}

static void
a_full_output_stops_the_input(void **state)
{
	static char big[4 + 60000] = "$\2\xea\x60";
	struct session *s = *state;

	open_session(s);
	for (int i = 0; i < 3; i++) {
		if (fifo_room(&s->down_in) >= sizeof(big))
			assert_int_equal(down(s, big, sizeof(big)), 0);
	}
	assert_true(s->down_in.len >= sizeof(big));
	size_t waiting = s->down_in.len;
	fifo_take(&s->down_out, s->down_out.len);
	assert_int_equal(relay_down(&s->relay, &s->down_in, &s->down_out), 0);
	assert_int_equal(s->down_in.len, waiting - sizeof(big));
}

#define SESSION_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SESSION_TEST(requests_name_the_cameras_url),
		SESSION_TEST(requests_and_answers_are_counted),
		SESSION_TEST(a_redirect_is_not_passed_on),
		SESSION_TEST(what_is_not_h264_is_named),
		SESSION_TEST(the_status_before_teardown_is_kept),
		SESSION_TEST(pictures_are_marked_and_numbered_anew),
		SESSION_TEST(fragments_go_down_when_their_last_one_is_there),
		SESSION_TEST(missing_numbers_are_told_and_their_fragments_dropped),
		SESSION_TEST(what_libavformat_would_stumble_over_is_left_out),
		SESSION_TEST(other_channels_pass_unchanged),
		SESSION_TEST(bye_is_the_end),
		SESSION_TEST(the_longest_control_that_fits_is_the_track),
		SESSION_TEST(bytes_may_come_one_by_one),
		SESSION_TEST(a_full_output_stops_the_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
