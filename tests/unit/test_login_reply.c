#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "control/login_reply.h"

static struct login_reply reply;

static const char *
code_of(const char *text)
{
	return login_reply_of_text(text, &reply) ? reply.code : NULL;
}

static void
an_address_has_code_and_state(void **state)
{
	(void)state;
	assert_string_equal(
		code_of("https://www.google.com/?state=s1&code=4%2F0Ab-_&scope=x%20y\n"),
		"4/0Ab-_");
	assert_string_equal(reply.state, "s1");
	assert_string_equal(reply.error, "");
	assert_string_equal(code_of("  http://127.0.0.1:8712/?code=4/0A#top"), "4/0A");
	assert_string_equal(code_of("http://h/?xcode=1&codex=2&code=3&code=4"), "3");
}

static void
a_code_alone_will_do_decoded_or_not(void **state)
{
	(void)state;
	assert_string_equal(code_of(" 4/0Ab \r\n"), "4/0Ab");
	assert_string_equal(code_of("4%2F0Ab"), "4/0Ab");
	assert_string_equal(reply.state, "");
}

static void
a_refusal_is_an_answer_without_a_code(void **state)
{
	(void)state;
	assert_true(login_reply_of_text("http://h/?error=access_denied&state=s1", &reply));
	assert_string_equal(reply.error, "access_denied");
	assert_string_equal(reply.code, "");
}

static void
what_holds_no_code_is_none(void **state)
{
	static const char *const texts[] = { "", "\n", "  ", "http://h/", "http://h/?state=s1",
		"http://h/?code=", "http://h/?code", "code=4/0A", "localhost:8712", "4/0%zz",
		"4/0%2", "http://h/?code=a%0ab", "http://h/?code=a+b", "http://h/?code=a%00b",
		"http://h/?code=\xc3\xbc" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(code_of(texts[i]));
}

static void
a_value_that_is_too_long_is_none(void **state)
{
	char text[4000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_null(code_of(text));
	text[sizeof(reply.code) - 1] = '\0';
	assert_int_equal(strlen(code_of(text)), sizeof(reply.code) - 1);
}

static void
a_request_counts_for_the_redirect_s_path_only(void **state)
{
	(void)state;
	assert_true(login_reply_of_request(
		"GET /?code=4%2F0A&state=s1 HTTP/1.1\r\nHost: x\r\n\r\n", "/", &reply));
	assert_string_equal(reply.code, "4/0A");
	assert_string_equal(reply.state, "s1");
	assert_true(login_reply_of_request("GET /cb?code=4 HTTP/1.1\r\n", "/cb", &reply));
	assert_false(login_reply_of_request("GET /?code=4 HTTP/1.1\r\n", "/cb", &reply));
	assert_false(login_reply_of_request("GET /cb/?code=4 HTTP/1.1\r\n", "/cb", &reply));
	assert_false(login_reply_of_request("GET /xcode=4 HTTP/1.1\r\n", "/", &reply));
	assert_false(login_reply_of_request("POST /?code=4 HTTP/1.1\r\n", "/", &reply));
	assert_false(login_reply_of_request("GET / HTTP/1.1\r\nX: ?code=4\r\n", "/", &reply));
	assert_false(login_reply_of_request("GET /favicon.ico HTTP/1.1\r\n", "/", &reply));
	assert_false(login_reply_of_request("", "/", &reply));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_code_and_state),
		cmocka_unit_test(a_code_alone_will_do_decoded_or_not),
		cmocka_unit_test(a_refusal_is_an_answer_without_a_code),
		cmocka_unit_test(what_holds_no_code_is_none),
		cmocka_unit_test(a_value_that_is_too_long_is_none),
		cmocka_unit_test(a_request_counts_for_the_redirect_s_path_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
