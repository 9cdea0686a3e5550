/* test_rtsp_url.c - worker/rtsp_url.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "common/err.h"
#include "worker/rtsp_url.h"

static void
urls_are_taken_apart(void **state)
{
	static const struct {
		const char *url, *user, *password, *host, *port, *uri;
		bool tls;
	} rows[] = {
		{ .url = "rtsp://h/p?q", .host = "h", .port = "554", .uri = "rtsp://h/p?q" },
		{ .url = "rtsps://h", .host = "h", .port = "322", .uri = "rtsps://h", .tls = true },
		{ .url = "RTSPS://h:443/",
			.host = "h",
			.port = "443",
			.uri = "RTSPS://h:443/",
			.tls = true },
		{ .url = "rtsp://u:p@h:8554/x",
			.user = "u",
			.password = "p",
			.host = "h",
			.port = "8554",
			.uri = "rtsp://h:8554/x" },
		{ .url = "rtsp://u:p@ss@h/x@y",
			.user = "u",
			.password = "p@ss",
			.host = "h",
			.port = "554",
			.uri = "rtsp://h/x@y" },
		{ .url = "rtsp://a%40b%3ac:%25%2F%zz%4:1@h/",
			.user = "a@b:c",
			.password = "%/%zz%4:1",
			.host = "h",
			.port = "554",
			.uri = "rtsp://h/" },
		{ .url = "rtsp://only@h/",
			.user = "only",
			.password = "",
			.host = "h",
			.port = "554",
			.uri = "rtsp://h/" },
		{ .url = "rtsp://[fe80::1]:1/x",
			.host = "fe80::1",
			.port = "1",
			.uri = "rtsp://[fe80::1]:1/x" },
		{ .url = "rtsp://[::1]?t=1",
			.host = "::1",
			.port = "554",
			.uri = "rtsp://[::1]?t=1" },
		{ .url = "rtsp://h/a#frag", .host = "h", .port = "554", .uri = "rtsp://h/a" },
	};
	struct rtsp_url u;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(rtsp_url_parse(rows[i].url, &u, &why), 0);
		assert_int_equal(u.tls, rows[i].tls);
		assert_string_equal(u.host, rows[i].host);
		assert_string_equal(u.port, rows[i].port);
		assert_string_equal(u.uri, rows[i].uri);
		assert_string_equal(u.user ? u.user : "-", rows[i].user ? rows[i].user : "-");
		assert_string_equal(
			u.password ? u.password : "-", rows[i].password ? rows[i].password : "-");
		rtsp_url_clear(&u);
	}
}

static void
what_is_no_rtsp_url_is_refused_with_a_sentence(void **state)
{
	static const char *const urls[] = { "", "rtsp", "http://h/", "rtsp:/h", "rtsp://",
		"rtsp:///p", "rtsp://u@/p", "rtsp://:554/", "rtsp://h:/", "rtsp://h:0/",
		"rtsp://h:65536/", "rtsp://h:5x4/", "rtsp://[::1/", "rtsp://[]/", "rtsp://[::1]x/",
		"rtsp://h/\r\nX: y", "rtsp://h/ ", "rtsp://h/\x7f", "rtsp://u:p%0d%0aX@h/",
		"rtsp://u%00:p@h/" };
	struct rtsp_url u;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		why = NULL;
		assert_int_equal(rtsp_url_parse(urls[i], &u, &why), ERR_RANGE);
		assert_non_null(why);
		rtsp_url_clear(&u);
	}
}

static void
length_does_not_matter(void **state)
{
	static char url[20000] = "rtsps://host/";
	struct rtsp_url u;
	const char *why;

	(void)state;
	memset(url + 13, 'x', sizeof(url) - 14);
	assert_int_equal(rtsp_url_parse(url, &u, &why), 0);
	assert_string_equal(u.uri, url);
	rtsp_url_clear(&u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_taken_apart),
		cmocka_unit_test(what_is_no_rtsp_url_is_refused_with_a_sentence),
		cmocka_unit_test(length_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
