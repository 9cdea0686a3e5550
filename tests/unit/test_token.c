/* test_token.c - who may use the API, and how that is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/token_file.h"

static struct token
make(const char *name, enum token_role role, const char *text)
{
	struct token t = { .role = role, .made_s = 1795281294 };

	strncpy(t.name, name, sizeof(t.name) - 1);
	token_hash(text, t.hash);
	return t;
}

static const struct token *
find(const struct tokens *t, const char *text)
{
	unsigned char hash[TOKEN_HASH_BYTES];

	token_hash(text, hash);
	return tokens_find(t, hash);
}

/* FIPS 180-4's example of one block. */
static void
the_hash_is_sha_256(void **state)
{
	static const unsigned char begins[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea };
	unsigned char hash[TOKEN_HASH_BYTES];

	(void)state;
	token_hash("abc", hash);
	assert_memory_equal(hash, begins, sizeof(begins));
}

static void
no_two_tokens_are_alike_and_all_are_words(void **state)
{
	char a[TOKEN_TEXT_BYTES], b[TOKEN_TEXT_BYTES];

	(void)state;
	token_make(a);
	token_make(b);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), TOKEN_TEXT_BYTES - 1);
	assert_int_equal(
		strspn(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
		TOKEN_TEXT_BYTES - 1);
}

static void
a_token_is_found_by_its_hash_only(void **state)
{
	struct tokens *t = tokens_new();
	struct token one = make("one", TOKEN_VIEW, "secret one"),
		     two = make("two", TOKEN_ADMIN, "two");
	char why[100];

	(void)state;
	assert_null(find(t, "secret one"));
	assert_int_equal(tokens_add(t, &one, why, sizeof(why)), 0);
	assert_int_equal(tokens_add(t, &two, why, sizeof(why)), 0);
	assert_string_equal(find(t, "secret one")->name, "one");
	assert_string_equal(find(t, "two")->name, "two");
	assert_null(find(t, "one"));
	assert_null(find(t, ""));
	assert_int_equal(tokens_remove(t, "one"), 0);
	assert_int_equal(tokens_remove(t, "one"), -1);
	assert_null(find(t, "secret one"));
	assert_string_equal(find(t, "two")->name, "two");
	tokens_free(t);
}

static void
names_are_names_and_there_is_one_of_each(void **state)
{
	struct tokens *t = tokens_new();
	struct token token = make("ops", TOKEN_VIEW, "x");
	char why[160];

	(void)state;
	assert_int_equal(tokens_add(t, &token, why, sizeof(why)), 0);
	assert_int_equal(tokens_add(t, &token, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "ops already"));
	token = make("a b", TOKEN_VIEW, "x");
	assert_int_equal(tokens_add(t, &token, why, sizeof(why)), -1);
	token = make("c", TOKEN_VIEW, "x");
	token.cameras[token.camera_count++] = "front door\nevil admin";
	assert_int_equal(tokens_add(t, &token, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "no name of a camera"));
	tokens_free(t);
}

static void
roles_include_those_below(void **state)
{
	struct token operate = make("o", TOKEN_OPERATE, "x");

	(void)state;
	assert_true(token_may(&operate, TOKEN_VIEW));
	assert_true(token_may(&operate, TOKEN_OPERATE));
	assert_false(token_may(&operate, TOKEN_ADMIN));
	assert_int_equal(token_role_parse("admin"), TOKEN_ADMIN);
	assert_int_equal(token_role_parse("nobody"), TOKEN_NOBODY);
	assert_int_equal(token_role_parse("root"), TOKEN_NOBODY);
}

static void
a_token_for_some_cameras_sees_no_other_and_not_the_whole(void **state)
{
	struct token all = make("a", TOKEN_VIEW, "x"), some = make("s", TOKEN_VIEW, "y");

	(void)state;
	some.cameras[some.camera_count++] = "porch";
	assert_true(token_sees(&all, "yard") && token_sees(&all, NULL));
	assert_true(token_sees(&some, "porch"));
	assert_false(token_sees(&some, "yard"));
	assert_false(token_sees(&some, "porch2"));
	assert_false(token_sees(&some, NULL));
}

static void
what_is_written_is_read_again(void **state)
{
	struct tokens *t = tokens_new(), *again = tokens_new();
	struct token one = make("one", TOKEN_OPERATE, "1"), two = make("two", TOKEN_VIEW, "2");
	char why[200];

	(void)state;
	two.cameras[two.camera_count++] = "porch";
	two.cameras[two.camera_count++] = "yard";
	tokens_add(t, &one, why, sizeof(why));
	tokens_add(t, &two, why, sizeof(why));
	char *text = tokens_text(t);
	assert_null(strstr(text, "secret"));
	assert_int_equal(tokens_parse(again, text, why, sizeof(why)), 0);
	char *same = tokens_text(again);
	assert_string_equal(text, same);
	assert_int_equal(find(again, "2")->camera_count, 2);
	assert_string_equal(find(again, "2")->cameras[1], "yard");
	assert_int_equal(find(again, "1")->role, TOKEN_OPERATE);
	free(text);
	free(same);
	tokens_free(t);
	tokens_free(again);
}

#define HASH "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void
a_damaged_file_names_the_line_and_changes_nothing(void **state)
{
	static const char *const bad[] = { "a view * 1", "a view * 1 " HASH " x",
		"a king * 1 " HASH, "a view * x " HASH, "A view * 1 " HASH, "a view p,,q 1 " HASH,
		"a view * 1 " HASH "0", "a view * 1 BA", "a view  1 " HASH };
	struct tokens *t = tokens_new();
	char text[300], why[200];

	(void)state;
	assert_int_equal(tokens_parse(t, "# c\nx admin * 1 " HASH "\n", why, sizeof(why)), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "\n%s\n", bad[i]);
		if (tokens_parse(t, text, why, sizeof(why)) == 0)
			fail_msg("%s", bad[i]);
		assert_non_null(strstr(why, "line 2"));
		assert_int_equal(tokens_count(t), 1);
	}
	tokens_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_is_sha_256),
		cmocka_unit_test(no_two_tokens_are_alike_and_all_are_words),
		cmocka_unit_test(a_token_is_found_by_its_hash_only),
		cmocka_unit_test(names_are_names_and_there_is_one_of_each),
		cmocka_unit_test(roles_include_those_below),
		cmocka_unit_test(a_token_for_some_cameras_sees_no_other_and_not_the_whole),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(a_damaged_file_names_the_line_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
