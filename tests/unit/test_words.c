#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "supervisor/words.h"

static void
only_the_first_line_is_kept_and_blanks_are_squeezed(void **state)
{
	char out[64];

	(void)state;
	assert_string_equal(
		words_copy(out, sizeof(out), "  Rate \t limited.  \nsecond line"), "Rate limited.");
}

static void
what_a_terminal_would_obey_becomes_a_question_mark(void **state)
{
	char out[64];

	(void)state;
	assert_string_equal(words_copy(out, sizeof(out), "a\033[31mb\x7f\xc3\xa9"), "a?[31mb???");
}

static void
long_words_are_cut_and_no_words_are_none(void **state)
{
	char out[5];

	(void)state;
	assert_string_equal(words_copy(out, sizeof(out), "abcdefgh"), "abcd");
	assert_string_equal(words_copy(out, sizeof(out), ""), "");
}

static void
a_page_is_told_by_its_title(void **state)
{
	static const char page[] = "<!DOCTYPE html><html><head>\n<TITLE lang=en>\n 502 Bad"
				   " Gateway</TITLE></head>";
	char out[64];

	(void)state;
	assert_string_equal(words_of_page(out, sizeof(out), 502, page, strlen(page)),
		"HTML page: 502 Bad Gateway");
}

static void
a_page_without_a_title_is_told_by_its_beginning(void **state)
{
	char out[64];

	(void)state;
	assert_string_equal(words_of_page(out, sizeof(out), 200, "<h1>No", 6), "HTML page: <h1>No");
	assert_string_equal(
		words_of_page(out, sizeof(out), 500, "{\"a\":", 5), "not JSON: {\"a\":");
	assert_string_equal(words_of_page(out, sizeof(out), 200, " \n", 2), "empty answer");
	assert_string_equal(words_of_page(out, sizeof(out), 200, "", 0), "empty answer");
}

/* Cut short, or in another form than JSON. */
static void
nothing_is_quoted_of_a_success_since_it_may_hold_a_token(void **state)
{
	static const char *const bodies[] = {
		"{\"access_token\":\"ya29.secret\",\"expires_in\":35",
		"access_token=ya29.secret&expires_in=3599",
		"{\"access_token\":\"ya29.secret\",\"t\":\"<title>x</title>",
	};
	char out[200];

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		words_of_page(out, sizeof(out), 200, bodies[i], strlen(bodies[i]));
		assert_null(strstr(out, "secret"));
		assert_null(strstr(out, "HTML"));
	}
	assert_string_equal(
		words_of_page(out, sizeof(out), 200, "a=b", 3), "no usable JSON in 3 bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_first_line_is_kept_and_blanks_are_squeezed),
		cmocka_unit_test(what_a_terminal_would_obey_becomes_a_question_mark),
		cmocka_unit_test(long_words_are_cut_and_no_words_are_none),
		cmocka_unit_test(a_page_is_told_by_its_title),
		cmocka_unit_test(a_page_without_a_title_is_told_by_its_beginning),
		cmocka_unit_test(nothing_is_quoted_of_a_success_since_it_may_hold_a_token),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
