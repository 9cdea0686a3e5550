/* test_whip_answer.c - what a WHIP server says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/whip_answer.h"

#define SDP "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"

static struct whip_answer
parse(enum whip_request request, int status, const char *type, const char *location,
	const char *body)
{
	struct whip_bytes in = { .status = status,
		.type = type,
		.location = location,
		.body = body,
		.len = strlen(body) };
	struct whip_answer out;

	whip_answer_parse(request, &in, &out);
	return out;
}

static void
a_created_session_gives_its_answer(void **state)
{
	static const char *const types[] = { "application/sdp", "Application/SDP; charset=utf-8" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct whip_answer a = parse(WHIP_POST, 201, types[i], "/s/1", SDP);
		assert_int_equal(a.error, WHIP_OK);
		assert_string_equal(a.sdp, SDP);
		whip_answer_clear(&a);
	}
}

static void
an_answer_that_cannot_be_used_says_why(void **state)
{
	static const struct {
		int status;
		const char *type, *location, *body, *words;
	} cases[] = {
		{ 201, "application/sdp", NULL, SDP,
			"the answer has no Location: its session could never be ended" },
		{ 201, "application/sdp", "", SDP,
			"the answer has no Location: its session could never be ended" },
		{ 201, "application/json", "/s", SDP,
			"the answer's Content-Type is not application/sdp" },
		{ 201, "application/sdpx", "/s", SDP,
			"the answer's Content-Type is not application/sdp" },
		{ 201, NULL, "/s", SDP, "the answer's Content-Type is not application/sdp" },
		{ 201, "application/sdp", "/s", "{}", "the answer is no SDP" },
		{ 201, "application/sdp", "/s", "", "the answer is no SDP" },
		{ 204, "application/sdp", "/s", "", "204 is no answer to an offer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct whip_answer a = parse(WHIP_POST, cases[i].status, cases[i].type,
			cases[i].location, cases[i].body);
		assert_int_equal(a.error, WHIP_MALFORMED);
		assert_string_equal(a.words, cases[i].words);
		assert_null(a.sdp);
		whip_answer_clear(&a);
	}
}

static void
errors_are_told_apart(void **state)
{
	static const struct {
		int status;
		enum whip_error error;
	} cases[] = { { 400, WHIP_INVALID }, { 401, WHIP_UNAUTHORIZED }, { 403, WHIP_UNAUTHORIZED },
		{ 404, WHIP_NOT_FOUND }, { 405, WHIP_NOT_FOUND }, { 406, WHIP_INVALID },
		{ 409, WHIP_CONFLICT }, { 415, WHIP_INVALID }, { 418, WHIP_REFUSED },
		{ 422, WHIP_INVALID }, { 429, WHIP_BUSY }, { 500, WHIP_SERVER }, { 503, WHIP_BUSY },
		{ 599, WHIP_SERVER }, { 100, WHIP_MALFORMED } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct whip_answer a = parse(WHIP_POST, cases[i].status, NULL, NULL, "");
		assert_int_equal(a.error, cases[i].error);
		assert_int_equal(a.status, cases[i].status);
		assert_non_null(strstr(a.words, "empty answer"));
		whip_answer_clear(&a);
	}
}

static void
the_servers_own_words_are_kept(void **state)
{
	static const struct {
		const char *type, *body, *words;
	} cases[] = {
		{ "application/problem+json",
			"{\"title\":\"Bad offer\",\"detail\":\"no  audio\\nin it\"}",
			"400 no audio" },
		{ "application/json", "{\"error\":\"invalid SDP\"}", "400 invalid SDP" },
		{ "text/plain", "two tracks are needed\r\nmore", "400 two tracks are needed" },
		{ "text/html", "<html><title>Oops</title>", "400 HTML page: Oops" },
		{ "text/html; charset=utf-8", "Unauthorized", "400 Unauthorized" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct whip_answer a = parse(WHIP_POST, 400, cases[i].type, NULL, cases[i].body);
		assert_string_equal(a.words, cases[i].words);
		whip_answer_clear(&a);
	}
}

static void
a_session_that_is_gone_is_ended(void **state)
{
	static const int good[] = { 200, 202, 204, 404, 410 };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(parse(WHIP_DELETE, good[i], NULL, NULL, "").error, WHIP_OK);
	assert_int_equal(parse(WHIP_DELETE, 401, NULL, NULL, "").error, WHIP_UNAUTHORIZED);
	assert_int_equal(parse(WHIP_DELETE, 500, NULL, NULL, "").error, WHIP_SERVER);
}

static void
ice_servers_are_counted(void **state)
{
	(void)state;
	assert_int_equal(whip_ice_servers("<stun:a>; rel=\"ice-server\""), 1);
	assert_int_equal(whip_ice_servers("<stun:a>;rel=ice-server"), 1);
	assert_int_equal(
		whip_ice_servers(
			"<turn:a?transport=udp>; rel=\"ice-server\"; username=\"u,;\"; "
			"credential=\"c\\\"; rel=ice-server\"; credential-type=\"password\", "
			"<turns:b>; REL = \"x ice-server\" , <https://c>; rel=\"next\""),
		2);
	assert_int_equal(whip_ice_servers("<stun:a>; rel=ice-servers"), 0);
	assert_int_equal(whip_ice_servers("<stun:a>; xrel=ice-server"), 0);
	assert_int_equal(whip_ice_servers("<a,b;rel=ice-server>"), 0);
	assert_int_equal(whip_ice_servers(""), 0);
	assert_int_equal(whip_ice_servers("\"<;rel=\"ice-server"), 0);
}

static void
secrets_are_taken_out_of_words(void **state)
{
	char words[WHIP_WORDS_MAX] = "404 Cannot POST /whip/KEY-OF-MINE?k=KEY-OF-MINE tok-en-1";

	(void)state;
	whip_scrub(words, "https://h/whip/KEY-OF-MINE?k=QUERYKEY", "tok-en-1");
	assert_string_equal(words, "404 Cannot POST /whip/***?k=*** ***");
	strcpy(words, "404 cut within KEY-OF-");
	whip_scrub(words, "https://h/whip/KEY-OF-MINE", NULL);
	assert_string_equal(words, "404 cut within ***");
	strcpy(words, "nothing of that");
	whip_scrub(words, "https://h/", NULL);
	assert_string_equal(words, "nothing of that");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_created_session_gives_its_answer),
		cmocka_unit_test(an_answer_that_cannot_be_used_says_why),
		cmocka_unit_test(errors_are_told_apart),
		cmocka_unit_test(the_servers_own_words_are_kept),
		cmocka_unit_test(a_session_that_is_gone_is_ended),
		cmocka_unit_test(ice_servers_are_counted),
		cmocka_unit_test(secrets_are_taken_out_of_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
