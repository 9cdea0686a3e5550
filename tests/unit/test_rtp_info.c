/* test_rtp_info.c - worker/rtp_info.h: what servers write there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "worker/rtp_info.h"

#define MAX 4

static struct rtp_info infos[MAX];
static char answer[2000];

/* Reads an answer with these header lines. */
static size_t
reads(const char *headers)
{
	struct rtsp_piece piece;

	const int len = snprintf(answer, sizeof(answer), "RTSP/1.0 200 OK\r\n%s\r\n", headers);
	assert_int_equal(rtsp_split((const uint8_t *)answer, (size_t)len, &piece), 1);
	return rtp_info_read(&piece, infos, MAX);
}

static void
is(size_t i, const char *url, uint32_t timestamp)
{
	assert_int_equal(infos[i].url_len, strlen(url));
	assert_memory_equal(infos[i].url, url, strlen(url));
	assert_int_equal(infos[i].timestamp, timestamp);
}

static void
an_entry_for_each_track_is_read(void **state)
{
	(void)state;
	assert_int_equal(reads("RTP-Info: url=rtsp://h/a/streamid=0;seq=45102;rtptime=4294967295,"
			       "url=rtsp://h/a/streamid=1;seq=30211;rtptime=0\r\n"),
		2);
	is(0, "rtsp://h/a/streamid=0", UINT32_MAX);
	is(1, "rtsp://h/a/streamid=1", 0);
}

static void
cameras_write_it_in_many_ways(void **state)
{
	(void)state;
	/* Blanks, quotes, case, order, further parameters, two headers. */
	assert_int_equal(reads("rtp-info:  URL=\"rtsp://h/1\" ; RtpTime=7;seq=1 ,\t "
			       "url=trackID=2;rtptime= 8 \r\n"
			       "RTP-Info: url=rtsp://h/3;seq=1;ssrc=12AB;rtptime=9;x=y\r\n"),
		3);
	is(0, "rtsp://h/1", 7);
	is(1, "trackID=2", 8);
	is(2, "rtsp://h/3", 9);
	/* A URL with commas and semicolons in it. */
	assert_int_equal(reads("RTP-Info: url=rtsp://h/a,b;c=d/t1;seq=1;rtptime=5,url=rtsp://h/"
			       "a,b;c=d/t2;seq=2;rtptime=6\r\n"),
		2);
	is(0, "rtsp://h/a,b;c=d/t1", 5);
	is(1, "rtsp://h/a,b;c=d/t2", 6);
}

static void
what_has_no_timestamp_is_left_out(void **state)
{
	static const char *const nothing[] = { "", "RTP-Info: \r\n", "RTP-Info: ,,;;=,\r\n",
		"RTP-Info: rtptime=4\r\n", "RTP-Info: url=a;seq=1\r\n",
		"RTP-Info: url=a;rtptime=\r\n", "RTP-Info: url=a;rtptime=-1\r\n",
		"RTP-Info: url=a;rtptime=4294967296\r\n", "RTP-Info: url=a;rtptime=00000000001\r\n",
		"RTP-Info: url=a;rtptime=1x\r\n", "RTP-Info: url=a;rtptime=4 5\r\n",
		"RTP-Infos: url=a;rtptime=1\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		assert_int_equal(reads(nothing[i]), 0);
	assert_int_equal(reads("RTP-Info: url=a;seq=1,url=b;seq=2;rtptime=3\r\n"), 1);
	is(0, "b", 3);
	assert_int_equal(reads("RTP-Info: url=a;rtptime=1,url=b;rtptime=2,url=c;rtptime=3,"
			       "url=d;rtptime=4,url=e;rtptime=5\r\n"),
		MAX);
}

static bool
fits(const char *url, const char *control)
{
	const struct rtp_info info = { .url = url, .url_len = strlen(url) };

	return rtp_info_is_of(&info, control);
}

static void
a_url_is_of_the_track_whose_control_it_ends_with(void **state)
{
	(void)state;
	assert_true(fits("rtsp://h/a/trackID=1", "trackID=1"));
	assert_true(fits("rtsp://h/a/trackID=1", "rtsp://h/a/trackID=1"));
	assert_true(fits("trackID=1", "rtsp://h/a/trackID=1"));
	assert_true(fits("/a/trackID=1", "rtsp://h/a/trackID=1"));
	assert_true(fits("trackID=1", "trackID=1"));
	assert_true(fits("rtsp://h/a?auth=x/trackID=1", "trackID=1"));
	assert_true(fits("rtsp://h/a/trackID=1?auth=x", "trackID=1"));
	assert_true(fits("rtsp://10.0.0.7/a/t1", "/a/t1"));
	assert_false(fits("rtsp://h/a/trackID=11", "trackID=1"));
	assert_false(fits("rtsp://h/a/track1", "1"));
	assert_false(fits("rtsp://h/a", "trackID=1"));
	assert_false(fits("", "trackID=1"));
	assert_false(fits("rtsp://h/a", ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_for_each_track_is_read),
		cmocka_unit_test(cameras_write_it_in_many_ways),
		cmocka_unit_test(what_has_no_timestamp_is_left_out),
		cmocka_unit_test(a_url_is_of_the_track_whose_control_it_ends_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
