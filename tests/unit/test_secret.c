#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "supervisor/secret.h"

static char folder[] = "/tmp/test_secret.XXXXXX";

static const char *
put(const char *name, const void *bytes, size_t len, mode_t mode)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static const char *
put_text(const char *text)
{
	return put("secret", text, strlen(text), 0600);
}

static void
expect_word(const char *where, const char *word)
{
	struct secret *s = NULL;
	char why[256] = "";

	if (secret_read(where, &s, why, sizeof(why)) != 0)
		fail_msg("refused: %s", why);
	assert_string_equal(secret_text(s), word);
	secret_free(s);
}

static void
expect_refusal(const char *where, const char *sentence)
{
	struct secret *s = NULL;
	char why[256] = "";

	assert_int_equal(secret_read(where, &s, why, sizeof(why)), -1);
	assert_null(s);
	if (!strstr(why, sentence) || !strstr(why, where))
		fail_msg("wrong sentence: %s", why);
}

static void
one_newline_at_the_end_is_cut(void **state)
{
	(void)state;
	expect_word(put_text("1//0abc/x"), "1//0abc/x");
	expect_word(put_text("1//0abc/x\n"), "1//0abc/x");
	expect_word(put_text("1//0abc/x\r\n"), "1//0abc/x");
}

static void
a_file_that_holds_more_than_a_word_is_refused(void **state)
{
	(void)state;
	expect_refusal(put_text("abc\n\n"), "one word");
	expect_refusal(put_text("abc\ndef\n"), "one word");
	expect_refusal(put_text("abc def"), "one word");
	expect_refusal(put("secret", "abc\0def", 7, 0600), "one word");
	expect_refusal(put_text("\xef\xbb\xbf"
				"abc"),
		"one word");
}

static void
an_empty_a_large_and_a_missing_file_are_refused(void **state)
{
	char large[SECRET_BYTES_MAX + 100];

	(void)state;
	memset(large, 'a', sizeof(large));
	expect_refusal(put_text(""), "is empty");
	expect_refusal(put_text("\n"), "is empty");
	expect_refusal(put("secret", large, sizeof(large), 0600), "too large");
	expect_refusal("/nowhere/secret", "No such file");
	expect_refusal(folder, "not a regular file");
}

static void
a_file_that_everybody_can_read_is_refused(void **state)
{
	(void)state;
	expect_refusal(put("secret", "abc", 3, 0644), "every user");
	expect_refusal(put("secret", "abc", 3, 0602), "every user");
	expect_word(put("secret", "abc", 3, 0640), "abc");
}

static void
a_fifo_is_refused_and_not_waited_for(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_refusal(path, "not a regular file");
}

static void
a_name_is_looked_up_among_systemds_credentials(void **state)
{
	(void)state;
	put("google.secret", "abc\n", 4, 0400);
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	expect_word("google.secret", "abc");
	unsetenv("CREDENTIALS_DIRECTORY");
	expect_refusal("google.secret", "CREDENTIALS_DIRECTORY");
}

static void
only_a_path_with_nothing_at_it_is_missing(void **state)
{
	(void)state;
	assert_false(secret_is_missing(put_text("word")));
	assert_false(secret_is_missing(put_text(""))); /* there, and wrong */
	assert_false(secret_is_missing("/etc/passwd/secret"));
	assert_false(secret_is_missing("a-credential"));
	assert_true(secret_is_missing("/nowhere/secret"));
}

static void
a_written_secret_is_private_and_reads_back(void **state)
{
	const char *path = put("token", "old", 3, 0640);
	struct secret *s = secret_new("1//0new");
	struct stat st;

	(void)state;
	assert_int_equal(secret_write(path, s), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	expect_word(path, "1//0new");
	assert_int_not_equal(secret_write("/nowhere/token", s), 0);
	secret_free(s);
}

static void
words_with_blanks_or_line_ends_are_no_secrets(void **state)
{
	(void)state;
	assert_null(secret_new(""));
	assert_null(secret_new("a b"));
	assert_null(secret_new("a\r\nX-Injected: 1"));
	secret_free(NULL);
}

static void
a_taken_variable_is_gone_and_its_bytes_are_wiped(void **state)
{
	static char first[] = "CAMRELAY_TEST=hush";
	static char second[] = "CAMRELAY_TEST=hush-hush";
	static char other[] = "CAMRELAY_TESTING=kept";
	char *all[] = { first, other, second, NULL };
	char **old = environ;

	(void)state;
	environ = all;
	struct secret *s = secret_take_env("CAMRELAY_TEST");
	struct secret *again = secret_take_env("CAMRELAY_TEST");
	environ = old;
	assert_string_equal(secret_text(s), "hush");
	assert_null(again);
	assert_ptr_equal(all[0], other);
	assert_null(all[1]);
	for (size_t i = 0; i < sizeof(second); i++)
		assert_int_equal(second[i] | (i < sizeof(first) ? first[i] : 0), 0);
	assert_string_equal(other, "CAMRELAY_TESTING=kept");
	secret_free(s);
}

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	static const char *const names[] = { "secret", "fifo", "google.secret", "token" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder); /* fails if secret_write left something behind */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_newline_at_the_end_is_cut),
		cmocka_unit_test(a_file_that_holds_more_than_a_word_is_refused),
		cmocka_unit_test(an_empty_a_large_and_a_missing_file_are_refused),
		cmocka_unit_test(a_file_that_everybody_can_read_is_refused),
		cmocka_unit_test(a_fifo_is_refused_and_not_waited_for),
		cmocka_unit_test(a_name_is_looked_up_among_systemds_credentials),
		cmocka_unit_test(only_a_path_with_nothing_at_it_is_missing),
		cmocka_unit_test(a_written_secret_is_private_and_reads_back),
		cmocka_unit_test(words_with_blanks_or_line_ends_are_no_secrets),
		cmocka_unit_test(a_taken_variable_is_gone_and_its_bytes_are_wiped),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
