#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "supervisor/oauth_answer.h"

static struct oauth_answer
parsed(int status, const char *body)
{
	struct oauth_answer a;

	oauth_answer_parse(status, body, strlen(body), &a);
	return a;
}

static void
expect(int status, const char *body, enum oauth_verdict verdict, const char *why)
{
	struct oauth_answer a = parsed(status, body);

	assert_int_equal(a.verdict, verdict);
	assert_string_equal(a.why, why);
	assert_null(a.access_token);
	oauth_answer_clear(&a);
}

static void
the_form_encodes_slashes_and_all_that_is_special(void **state)
{
	char *form = oauth_answer_form("id.apps", "GOCSPX-a+b=c&d", "1//0x/y~");

	(void)state;
	assert_string_equal(form,
		"grant_type=refresh_token&client_id=id.apps&client_secret=GOCSPX-a%2Bb%3Dc%26d"
		"&refresh_token=1%2F%2F0x%2Fy~");
	free(form);
}

static void
a_grant_brings_a_token_and_its_life(void **state)
{
	struct oauth_answer a = parsed(
		200, "{\"access_token\":\"ya29.x\",\"expires_in\":3599,\"token_type\":\"Bearer\"}");

	(void)state;
	assert_int_equal(a.verdict, OAUTH_GRANTED);
	assert_string_equal(a.access_token, "ya29.x");
	assert_int_equal(a.expires_in_s, 3599);
	assert_null(a.refresh_token);
	oauth_answer_clear(&a);
}

static void
a_new_refresh_token_is_noticed(void **state)
{
	struct oauth_answer a = parsed(
		200, "{\"access_token\":\"t\",\"expires_in\":9,\"refresh_token\":\"1//0new\"}");

	(void)state;
	assert_string_equal(a.refresh_token, "1//0new");
	oauth_answer_clear(&a);
}

static void
errors_that_no_repetition_cures_are_refusals(void **state)
{
	(void)state;
	expect(400,
		"{\"error\":\"invalid_grant\",\"error_description\":"
		"\"Token has been expired or revoked.\"}",
		OAUTH_REFUSED, "invalid_grant: Token has been expired or revoked.");
	expect(401, "{\"error\":\"invalid_client\"}", OAUTH_REFUSED, "invalid_client");
}

static void
the_same_words_in_a_5xx_are_no_verdict(void **state)
{
	(void)state;
	expect(503, "{\"error\":\"invalid_grant\"}", OAUTH_FAILED, "invalid_grant");
	expect(500, "{\"error\":\"internal_failure\"}", OAUTH_FAILED, "internal_failure");
}

static void
pages_and_broken_json_are_failures(void **state)
{
	(void)state;
	expect(502, "<html><title>502 Bad Gateway</title>", OAUTH_FAILED,
		"answer 502: HTML page: 502 Bad Gateway");
	expect(200, "{\"access_tok", OAUTH_FAILED, "answer 200: no usable JSON in 12 bytes");
	expect(200, "", OAUTH_FAILED, "answer 200: empty answer");
	expect(400, "{\"error\":{\"code\":400}}", OAUTH_FAILED, "answer 400 without an error code");
}

static void
a_token_that_could_not_stand_in_a_header_is_not_taken(void **state)
{
	(void)state;
	expect(200, "{\"access_token\":\"a\\r\\nX: y\",\"expires_in\":3599}", OAUTH_FAILED,
		"answer 200 without a usable access_token");
	expect(200, "{\"expires_in\":3599}", OAUTH_FAILED,
		"answer 200 without a usable access_token");
}

static void
a_life_of_nothing_or_of_ages_is_not_taken(void **state)
{
	static const char *const lives[] = { "0", "-5", "99999999999", "\"3599\"" };
	char body[128];

	(void)state;
	for (size_t i = 0; i < sizeof(lives) / sizeof(*lives); i++) {
		snprintf(
			body, sizeof(body), "{\"access_token\":\"t\",\"expires_in\":%s}", lives[i]);
		expect(200, body, OAUTH_FAILED, "answer 200 without a usable expires_in");
	}
}

static void
a_code_is_exchanged_with_everything_encoded(void **state)
{
	char *form = oauth_answer_code_form("id", "h=sh", "4/0A&b", "http://127.0.0.1:8712/");

	(void)state;
	assert_string_equal(form, "grant_type=authorization_code&client_id=id&client_secret=h%3Dsh"
				  "&code=4%2F0A%26b&redirect_uri=http%3A%2F%2F127.0.0.1%3A8712%2F");
	free(form);
}

static void
the_login_page_has_everything_that_google_asks_for(void **state)
{
	char *url = oauth_answer_login_url(
		"https://pcm", "uuid", "id", "http://127.0.0.1:8712/", "word");

	(void)state;
	assert_string_equal(url,
		"https://pcm/uuid/auth?redirect_uri=http%3A%2F%2F127.0.0.1%3A8712%2F"
		"&access_type=offline&prompt=consent&client_id=id&response_type=code"
		"&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fsdm.service&state=word");
	free(url);
}

static void
the_scopes_that_were_granted_are_kept_as_one_line(void **state)
{
	static const char body[] = "{\"access_token\":\"a\",\"expires_in\":9,"
				   "\"scope\":\"one  two\\u001b\"}";
	struct oauth_answer a;

	(void)state;
	oauth_answer_parse(200, body, strlen(body), &a);
	assert_string_equal(a.scope, "one two?");
	oauth_answer_clear(&a);
	assert_null(a.scope);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form_encodes_slashes_and_all_that_is_special),
		cmocka_unit_test(a_grant_brings_a_token_and_its_life),
		cmocka_unit_test(a_new_refresh_token_is_noticed),
		cmocka_unit_test(errors_that_no_repetition_cures_are_refusals),
		cmocka_unit_test(the_same_words_in_a_5xx_are_no_verdict),
		cmocka_unit_test(pages_and_broken_json_are_failures),
		cmocka_unit_test(a_token_that_could_not_stand_in_a_header_is_not_taken),
		cmocka_unit_test(a_life_of_nothing_or_of_ages_is_not_taken),
		cmocka_unit_test(a_code_is_exchanged_with_everything_encoded),
		cmocka_unit_test(the_login_page_has_everything_that_google_asks_for),
		cmocka_unit_test(the_scopes_that_were_granted_are_kept_as_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
