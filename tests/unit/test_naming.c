#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "supervisor/naming.h"

static void
assert_slug(const char *name, const char *slug)
{
	char out[NAMING_SLUG_MAX];

	assert_string_equal(naming_slug(out, name), slug);
}

static void
assert_clean(const char *name, const char *clean)
{
	char out[100];

	assert_string_equal(naming_clean(out, sizeof(out), name), clean);
}

static void
a_slug_is_lower_case_with_dashes_between_words(void **state)
{
	(void)state;
	assert_slug("Front Door", "front-door");
	assert_slug("Garage (2nd)", "garage-2nd");
	assert_slug("  -- Hall --  ", "hall");
	assert_slug("Anna's Room", "annas-room");
	assert_slug("cam_1.new", "cam-1-new");
}

static void
letters_lose_their_marks_and_other_scripts_are_left_out(void **state)
{
	(void)state;
	assert_slug("K\xc3\xbc"
		    "che",
		"kuche");
	assert_slug("\xc3\x89T\xc3\x89", "ete");
	assert_slug("Anna\xe2\x80\x99s", "annas");
	assert_slug("\xe7\x8e\x84\xe9\x96\xa2 2", "2");
	assert_slug("\xe7\x8e\x84\xe9\x96\xa2", "camera");
	assert_slug("", "camera");
	assert_slug("\xff\xfe", "camera");
}

static void
a_long_name_is_cut_to_a_slug_that_fits(void **state)
{
	char name[200];
	char out[NAMING_SLUG_MAX];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	size_t len = strlen(naming_slug(out, name));
	assert_true(len < sizeof(out) && len > 30);
	for (size_t i = 1; i < 100; i += 2)
		name[i] = ' ';
	naming_slug(out, name);
	assert_true(strlen(out) < sizeof(out) && out[strlen(out) - 1] != '-');
}

static void
a_slug_is_always_a_name_of_the_configuration(void **state)
{
	char name[4] = "";
	char out[NAMING_SLUG_MAX];

	(void)state;
	for (unsigned a = 1; a < 256; a++)
		for (unsigned b = 1; b < 256; b++) {
			name[0] = (char)a;
			name[1] = (char)b;
			naming_slug(out, name);
			assert_true(*out && *out != '-');
			assert_int_equal(
				strspn(out, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(out));
		}
}

static void
a_clean_name_is_one_line_of_utf_8(void **state)
{
	(void)state;
	assert_clean("Front Door", "Front Door");
	assert_clean("\n[camera \"x\"]\r\nurl = y\t", "[camera \"x\"] url = y");
	assert_clean("K\xc3\xbc"
		     "che",
		"K\xc3\xbc"
		"che");
	assert_clean("\x1b[31mred\x7f", "[31mred");
	assert_clean("a\xc2\x9b"
		     "b",
		"a b"); /* U+009B, a control of one character */
	assert_clean("a\xe2\x80\xae"
		     "b",
		"a b"); /* U+202E turns what follows */
}

static void
what_is_no_character_becomes_a_question_mark(void **state)
{
	(void)state;
	assert_clean("a\xff"
		     "b",
		"a?b");
	assert_clean("\xc0\x8a", "??");           /* a line feed, longer than it may be */
	assert_clean("\xed\xa0\x80", "???");      /* a surrogate */
	assert_clean("\xf4\x90\x80\x80", "????"); /* beyond the last */
	assert_clean("\xc3", "?");                /* cut */
}

static void
a_clean_name_is_cut_at_a_whole_character(void **state)
{
	char out[4];

	(void)state;
	assert_string_equal(naming_clean(out, sizeof(out), "ab\xc3\xbc"), "ab");
	assert_string_equal(naming_clean(out, sizeof(out), "a\xc3\xbcz"), "a\xc3\xbc");
	assert_string_equal(naming_clean(out, sizeof(out), "abc def"), "abc");
	assert_string_equal(naming_clean(out, sizeof(out), "ab d"), "ab");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slug_is_lower_case_with_dashes_between_words),
		cmocka_unit_test(letters_lose_their_marks_and_other_scripts_are_left_out),
		cmocka_unit_test(a_long_name_is_cut_to_a_slug_that_fits),
		cmocka_unit_test(a_slug_is_always_a_name_of_the_configuration),
		cmocka_unit_test(a_clean_name_is_one_line_of_utf_8),
		cmocka_unit_test(what_is_no_character_becomes_a_question_mark),
		cmocka_unit_test(a_clean_name_is_cut_at_a_whole_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
