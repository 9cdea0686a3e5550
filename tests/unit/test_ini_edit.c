/* test_ini_edit.c - a section goes in and out of a text, and the user's words stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/ini_edit.h"

static struct ini_text
lend(const char *text)
{
	return (struct ini_text){ .bytes = (char *)(uintptr_t)text, .len = strlen(text) };
}

static void
assert_removed(const char *text, const char *name, const char *left)
{
	struct ini_text in = lend(text);
	struct ini_text out;

	assert_int_equal(ini_edit_remove(&in, "camera", name, &out), 0);
	assert_string_equal(out.bytes, left);
	assert_int_equal(out.len, strlen(left));
	free(out.bytes);
}

static const struct ini_pair two[] = {
	{ .key = "url", .value = "rtsp://u:p;w@h/a;b#c" },
	{ .key = "publish", .value = "none" },
};

static const struct ini_section new = {
	.section = "camera", .name = "new", .pairs = two, .count = 2
};

static void
assert_added(const char *text, const char *whole)
{
	struct ini_text in = lend(text);
	struct ini_text out;
	char why[160] = "";

	assert_int_equal(ini_edit_add(&in, &new, &out, why, sizeof(why)), 0);
	assert_string_equal(out.bytes, whole);
	assert_string_equal(why, "");
	free(out.bytes);
}

static void
assert_refused(const char *name, const char *key, const char *value, const char *words)
{
	struct ini_pair pair = { .key = key, .value = value };
	struct ini_section section = {
		.section = "camera", .name = name, .pairs = &pair, .count = 1
	};
	struct ini_text in = lend("");
	struct ini_text out = { 0 };
	char why[160] = "";

	assert_int_equal(ini_edit_add(&in, &section, &out, why, sizeof(why)), -1);
	assert_null(out.bytes);
	assert_non_null(strstr(why, words));
	assert_null(strstr(why, value));
}

#define NEW "[camera \"new\"]\nurl = rtsp://u:p;w@h/a;b#c\npublish = none\n"

static void
a_section_is_added_at_the_end_after_a_blank_line(void **state)
{
	(void)state;
	assert_added("; mine\n[supervisor]\n", "; mine\n[supervisor]\n\n" NEW);
	assert_added("", NEW);
}

static void
a_last_line_without_newline_gets_one(void **state)
{
	(void)state;
	assert_added("[supervisor]", "[supervisor]\n\n" NEW);
}

static void
the_files_own_line_ends_are_kept(void **state)
{
	(void)state;
	assert_added("[a]\r\n", "[a]\r\n\r\n[camera \"new\"]\r\nurl = rtsp://u:p;w@h/a;b#c\r\n"
				"publish = none\r\n");
}

static void
what_would_be_read_back_as_something_else_is_refused(void **state)
{
	(void)state;
	assert_refused("n", "url", "rtsp://h/\n[camera \"evil\"]", "url: cannot be written");
	assert_refused("n", "url", "rtsp://h/ ;rest", "url: cannot be written");
	assert_refused("n", "url", " rtsp://h/", "url: cannot be written");
	assert_refused("n", "url", ";x", "url: cannot be written");
	assert_refused("n", "u:rl", "4711", "u:rl: cannot be written");
	assert_refused("n", "[url", "4711]", "[url: cannot be written");
	assert_refused("n", "; url", "4711", "; url: cannot be written");
	assert_refused("n\"]\nx", "url", "4711", "cannot be written");
}

static void
added_and_removed_is_as_before(void **state)
{
	static const char *const texts[] = { "", "[supervisor]\n", "; end\n\n", "[a]\n\n\n; end\n",
		"\xef\xbb\xbf[a]\n", "[a]\r\nb = c\r\n" };
	struct ini_text added, removed;
	char why[160];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ini_text in = lend(texts[i]);
		assert_int_equal(ini_edit_add(&in, &new, &added, why, sizeof(why)), 0);
		assert_int_equal(ini_edit_remove(&added, "camera", "new", &removed), 0);
		assert_string_equal(removed.bytes, texts[i]);
		free(added.bytes);
		free(removed.bytes);
	}
}

static void
a_section_goes_with_its_own_comments(void **state)
{
	(void)state;
	assert_removed("[supervisor]\nlog = json ; mine\n"
		       "\n"
		       "; the porch,\n# north side\n[camera \"porch\"] ; heading\n"
		       "google = home\n; in between\n\ndevice = D1\n  ; below\n"
		       "\n"
		       "; the yard\n[camera \"yard\"]\nurl = rtsp://h/\n",
		"porch",
		"[supervisor]\nlog = json ; mine\n"
		"\n"
		"; the yard\n[camera \"yard\"]\nurl = rtsp://h/\n");
}

static void
comments_that_stand_alone_stay(void **state)
{
	(void)state;
	assert_removed("; ---- cameras ----\n"
		       "\n"
		       "[camera \"porch\"]\nurl = rtsp://h/\n"
		       "\n"
		       "; ---- garden ----\n"
		       "\n"
		       "[camera \"yard\"]\nurl = rtsp://h/\n",
		"porch",
		"; ---- cameras ----\n"
		"\n"
		"; ---- garden ----\n"
		"\n"
		"[camera \"yard\"]\nurl = rtsp://h/\n");
}

static void
a_comment_directly_above_the_next_heading_is_the_next_ones(void **state)
{
	(void)state;
	assert_removed("[camera \"a\"]\nurl = x\n; of b\n[camera \"b\"]\nurl = y\n", "a",
		"; of b\n[camera \"b\"]\nurl = y\n");
}

static void
the_last_section_goes_with_the_blank_line_before_it(void **state)
{
	(void)state;
	assert_removed("[s]\n\n[camera \"a\"]\nurl = x", "a", "[s]\n");
	assert_removed("[s]\n[camera \"a\"]\nurl = x\n", "a", "[s]\n");
	assert_removed("[camera \"a\"]\n", "a", "");
}

static void
the_name_is_the_whole_name_and_the_heading_may_be_written_wide(void **state)
{
	struct ini_text out;
	const char *text = "[camera \"ab\"]\nx = 1\n  [ camera  \"a\" ] # wide\ny = 2\n"
			   "; [camera \"c\"]\n[google \"d\"]\n";

	(void)state;
	assert_removed(text, "a", "[camera \"ab\"]\nx = 1\n; [camera \"c\"]\n[google \"d\"]\n");
	struct ini_text in = lend(text);
	assert_int_equal(ini_edit_remove(&in, "camera", "c", &out), -1);
	assert_int_equal(ini_edit_remove(&in, "camera", "d", &out), -1);
	in = lend("");
	assert_int_equal(ini_edit_remove(&in, "camera", "d", &out), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_is_added_at_the_end_after_a_blank_line),
		cmocka_unit_test(a_last_line_without_newline_gets_one),
		cmocka_unit_test(the_files_own_line_ends_are_kept),
		cmocka_unit_test(what_would_be_read_back_as_something_else_is_refused),
		cmocka_unit_test(added_and_removed_is_as_before),
		cmocka_unit_test(a_section_goes_with_its_own_comments),
		cmocka_unit_test(comments_that_stand_alone_stay),
		cmocka_unit_test(a_comment_directly_above_the_next_heading_is_the_next_ones),
		cmocka_unit_test(the_last_section_goes_with_the_blank_line_before_it),
		cmocka_unit_test(the_name_is_the_whole_name_and_the_heading_may_be_written_wide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
