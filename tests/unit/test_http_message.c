/* test_http_message.c - what requests say, and what answers look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "supervisor/http_message.h"

static void
parameters_are_found_by_their_names(void **state)
{
	struct http_message m = { 0 };

	(void)state;
	assert_int_equal(http_message_add_parameter(&m, "a=1=2"), 0);
	assert_int_equal(http_message_add_parameter(&m, "flag"), 0);
	assert_string_equal(http_message_parameter(&m, "a"), "1=2");
	assert_string_equal(http_message_parameter(&m, "flag"), "");
	assert_null(http_message_parameter(&m, "b"));
	for (int i = 2; i < HTTP_QUERY_MAX; i++)
		assert_int_equal(http_message_add_parameter(&m, "x"), 0);
	assert_int_equal(http_message_add_parameter(&m, "x"), -1);
	http_message_clear(&m);
}

static void
content_types_may_have_parameters(void **state)
{
	struct http_message m = { .fields[HTTP_CONTENT_TYPE] = "Application/JSON; charset=utf-8" };

	(void)state;
	assert_true(http_message_is(&m, "application/json"));
	m.fields[HTTP_CONTENT_TYPE] = "application/jsonp";
	assert_false(http_message_is(&m, "application/json"));
	m.fields[HTTP_CONTENT_TYPE] = NULL;
	assert_false(http_message_is(&m, "application/json"));
}

static void
foreign_pages_are_known_by_their_origin(void **state)
{
	struct http_message m = { .fields[HTTP_HOST] = "10.0.0.1:8080" };

	(void)state;
	assert_false(http_message_is_foreign(&m)); /* a program */
	m.fields[HTTP_ORIGIN] = "http://10.0.0.1:8080";
	assert_false(http_message_is_foreign(&m));
	m.fields[HTTP_ORIGIN] = "http://10.0.0.1";
	assert_true(http_message_is_foreign(&m));
	m.fields[HTTP_ORIGIN] = "http://evil.example";
	assert_true(http_message_is_foreign(&m));
	m.fields[HTTP_ORIGIN] = "null";
	assert_true(http_message_is_foreign(&m));
	m.fields[HTTP_ORIGIN] = NULL;
	m.fields[HTTP_SEC_FETCH_SITE] = "cross-site";
	assert_true(http_message_is_foreign(&m));
	m.fields[HTTP_SEC_FETCH_SITE] = "same-origin";
	assert_false(http_message_is_foreign(&m));
}

static void
hosts_are_addresses_or_listed(void **state)
{
	static char *const ours[] = { "127.0.0.1", "127.0.0.1:80", "[::1]:80", "[::1]",
		"LocalHost:1", "relay.lan", "Relay.LAN:8080", "cam" };
	static char *const others[] = { "evil.example", "relay.lan.evil", "127.0.0.1.evil", "[::1",
		"[evil]", "", ":80", "relay", "[]" };
	struct http_message m = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		m.fields[HTTP_HOST] = ours[i];
		if (!http_message_host_is_ours(&m, "relay.lan, cam"))
			fail_msg("%s", ours[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		m.fields[HTTP_HOST] = others[i];
		if (http_message_host_is_ours(&m, "relay.lan, cam"))
			fail_msg("%s", others[i]);
	}
	assert_true((m.fields[HTTP_HOST] = "127.0.0.1") && http_message_host_is_ours(&m, NULL));
}

static void
expect_range(const char *text, int is, int64_t at, int64_t end)
{
	int64_t got_at = -1, got_end = -1;

	if (http_range_parse(text, 1000, &got_at, &got_end) != is)
		fail_msg("%s", text);
	if (is == 1) {
		assert_int_equal(got_at, at);
		assert_int_equal(got_end, end);
	}
}

static void
ranges_are_those_of_rfc_9110(void **state)
{
	int64_t at, end;

	(void)state;
	expect_range("bytes=0-9", 1, 0, 10);
	expect_range("bytes=990-", 1, 990, 1000);
	expect_range("bytes=990-5000", 1, 990, 1000);
	expect_range("bytes=-10", 1, 990, 1000);
	expect_range("bytes=-5000", 1, 0, 1000);
	expect_range("bytes=0-99999999999999999999999", 1, 0, 1000);
	expect_range("bytes=1000-", -1, 0, 0);
	expect_range("bytes=99999999999999999999999-", -1, 0, 0);
	expect_range("bytes=-0", -1, 0, 0);
	expect_range("bytes=9-0", 0, 0, 0);
	expect_range("bytes=-", 0, 0, 0);
	expect_range("bytes=0-1,5-6", 0, 0, 0);
	expect_range("chunks=0-1", 0, 0, 0);
	assert_int_equal(http_range_parse("bytes=0-", 0, &at, &end), -1);
}

static void
an_error_is_json_that_says_what_and_why(void **state)
{
	struct http_response r = http_response_error(404, "there is no \"x\"");
	char why[100];

	(void)state;
	struct json *j = json_parse(r.body, r.body_len, why, sizeof(why));
	assert_int_equal(json_int(j, "error.status", 0), 404);
	assert_string_equal(json_str(j, "error.code"), "not_found");
	assert_string_equal(json_str(j, "error.message"), "there is no \"x\"");
	json_free(j);
	free(r.body);
}

static void
every_answer_has_the_security_headers_and_may_override_two(void **state)
{
	struct http_response r = { .status = 200, .type = "text/html", .body_len = 5 };
	size_t len;

	(void)state;
	char *head = http_response_head(&r, false, &len);
	assert_int_equal(len, strlen(head));
	assert_memory_equal(head, "HTTP/1.1 200 OK\r\n", 17);
	assert_non_null(strstr(head, "\r\nX-Content-Type-Options: nosniff\r\n"));
	assert_non_null(strstr(head, "\r\nCache-Control: no-store\r\n"));
	assert_non_null(strstr(head, "\r\nContent-Length: 5\r\n"));
	assert_null(strstr(head, "Strict-Transport-Security"));
	assert_null(strstr(head, "Access-Control-Allow-Origin"));
	assert_string_equal(head + len - 4, "\r\n\r\n");
	free(head);
	http_response_add(&r, "cache-control", "max-age=60");
	head = http_response_head(&r, true, &len);
	assert_null(strstr(head, "no-store"));
	assert_non_null(strstr(head, "\r\nConnection: close\r\n"));
	assert_non_null(strstr(head, "\r\nStrict-Transport-Security: max-age="));
	free(head);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_are_found_by_their_names),
		cmocka_unit_test(content_types_may_have_parameters),
		cmocka_unit_test(foreign_pages_are_known_by_their_origin),
		cmocka_unit_test(hosts_are_addresses_or_listed),
		cmocka_unit_test(ranges_are_those_of_rfc_9110),
		cmocka_unit_test(an_error_is_json_that_says_what_and_why),
		cmocka_unit_test(every_answer_has_the_security_headers_and_may_override_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
