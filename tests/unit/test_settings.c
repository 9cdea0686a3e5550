/* test_settings.c - a file is read through a table, and everything wrong in it is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/settings.h"

struct item {
	char name[64];
	char *token;
	char *path;
	char *url;
	char *address;
	char *secret;
	bool flag;
	int count;
	ms_t wait_ms;
	int64_t size_bytes;
	int percent;
	unsigned colour;
};

struct root {
	struct item one;
	struct item many[3];
	size_t many_count;
};

static void *
open_one(void *root, const char *name)
{
	(void)name;
	return &((struct root *)root)->one;
}

static void *
open_many(void *root, const char *name)
{
	struct root *r = root;
	struct item *i = &r->many[r->many_count++];

	assert_true(r->many_count <= 3);
	snprintf(i->name, sizeof(i->name), "%s", name);
	return i;
}

#define ONE(field) .section = "one", .at = offsetof(struct item, field)
#define MANY(field) .section = "many", .at = offsetof(struct item, field)

/* clang-format off */
static const struct setting rows[] = {
	{ ONE(token), .key = "token", .type = SET_TOKEN, .max = 8 },
	{ ONE(path), .key = "path", .type = SET_PATH, .def = "/default" },
	{ ONE(url), .key = "url", .type = SET_URL, .choices = "https http", .max = 4096, .secret = true },
	{ ONE(address), .key = "address", .type = SET_ADDRESS },
	{ ONE(secret), .key = "secret_file", .type = SET_SECRET },
	{ ONE(flag), .key = "flag", .type = SET_BOOL, .def = "yes" },
	{ ONE(count), .key = "count", .type = SET_INT, .min = 1, .max = 100, .def = "7" },
	{ ONE(wait_ms), .key = "wait", .type = SET_DURATION, .min = 100, .max = 86400000, .def = "90s" },
	{ ONE(size_bytes), .key = "size", .type = SET_BYTES, .min = 0, .max = INT64_MAX },
	{ ONE(percent), .key = "percent", .type = SET_PERCENT, .min = 0, .max = 100 },
	{ ONE(colour), .key = "colour", .type = SET_ENUM, .choices = "red green blue", .def = "green" },
	{ MANY(token), .key = "id", .type = SET_TOKEN, .required = true, .help = "who it is" },
	{ MANY(count), .key = "weight", .type = SET_INT, .min = 0, .max = 9, .def = "3" },
};
static const struct settings_section sections[] = {
	{ .name = "one", .always = true, .open = open_one, .help = "One" },
	{ .name = "many", .named = true, .open = open_many, .help = "Many" },
};
/* clang-format on */

static const struct settings_table table = {
	.sections = sections,
	.section_count = sizeof(sections) / sizeof(sections[0]),
	.rows = rows,
	.row_count = sizeof(rows) / sizeof(rows[0]),
};

struct fixture {
	struct root root;
	char path[64];
	char *said; /* the sentences */
	size_t said_size;
	int mistakes;
	struct settings *s;
	FILE *errors;
};

static void
write_file(struct fixture *f, const char *text, size_t len)
{
	strcpy(f->path, "/tmp/test_settings.XXXXXX");
	int fd = mkstemp(f->path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static void
begin(struct fixture *f, const char *text, size_t len)
{
	*f = (struct fixture){ 0 };
	write_file(f, text, len);
	f->errors = open_memstream(&f->said, &f->said_size);
	f->s = settings_read(f->path, &table, &f->root, f->errors);
}

static void
end(struct fixture *f)
{
	f->mistakes = settings_close(f->s);
	fclose(f->errors);
	unlink(f->path);
}

static void
read_text(struct fixture *f, const char *text)
{
	begin(f, text, strlen(text));
	end(f);
}

static void
clear(struct fixture *f)
{
	settings_clear(&table, "one", &f->root.one);
	for (size_t i = 0; i < f->root.many_count; i++)
		settings_clear(&table, "many", &f->root.many[i]);
	free(f->said);
}

/* text has one mistake, told by exactly this sentence (after the file's name). */
static void
assert_says(const char *text, const char *sentence)
{
	struct fixture f;
	char whole[512];

	read_text(&f, text);
	snprintf(whole, sizeof(whole), "%s%s\n", f.path, sentence);
	assert_string_equal(f.said, whole);
	assert_int_equal(f.mistakes, 1);
	clear(&f);
}

static void
an_empty_file_gives_the_defaults(void **state)
{
	struct fixture f;

	(void)state;
	read_text(&f, "");
	assert_string_equal(f.said, "");
	assert_int_equal(f.mistakes, 0);
	assert_string_equal(f.root.one.path, "/default");
	assert_true(f.root.one.flag);
	assert_int_equal(f.root.one.count, 7);
	assert_int_equal(f.root.one.wait_ms, 90000);
	assert_int_equal(f.root.one.colour, 1);
	assert_null(f.root.one.token);
	clear(&f);
}

static void
every_type_is_read(void **state)
{
	struct fixture f;

	(void)state;
	read_text(&f, "[one]\ntoken = aB.9_-\npath = /a b\nurl = http://[::1]:80/x?y=z;q#f\n"
		      "address = 127.0.0.1:8080\nsecret_file = cred.name\nflag = no\ncount = 100\n"
		      "wait = 1500ms\nsize = 200G\npercent = 10%\ncolour = blue\n");
	assert_string_equal(f.said, "");
	assert_string_equal(f.root.one.token, "aB.9_-");
	assert_string_equal(f.root.one.path, "/a b");
	assert_string_equal(f.root.one.url, "http://[::1]:80/x?y=z;q#f");
	assert_string_equal(f.root.one.address, "127.0.0.1:8080");
	assert_string_equal(f.root.one.secret, "cred.name");
	assert_false(f.root.one.flag);
	assert_int_equal(f.root.one.count, 100);
	assert_int_equal(f.root.one.wait_ms, 1500);
	assert_int_equal(f.root.one.size_bytes, 200LL << 30);
	assert_int_equal(f.root.one.percent, 10);
	assert_int_equal(f.root.one.colour, 2);
	clear(&f);
}

static void
a_refused_value_is_named_with_what_is_allowed(void **state)
{
	(void)state;
	assert_says("[one]\ncount = 101\n",
		":2: [one] count = 101: must be a whole number from 1 to 100");
	assert_says(
		"[one]\ncount = 0\n", ":2: [one] count = 0: must be a whole number from 1 to 100");
	assert_says("[one]\ncount = -1\n",
		":2: [one] count = -1: must be a whole number from 1 to 100");
	assert_says("[one]\ncount = 5x\n",
		":2: [one] count = 5x: must be a whole number from 1 to 100");
	assert_says("[one]\ncount =\n", ":2: [one] count = : must be a whole number from 1 to 100");
	assert_says("[one]\ncount = 18446744073709551617\n",
		":2: [one] count = 18446744073709551617: must be a whole number from 1 to 100");
	assert_says("[one]\nwait = 9\n", ":2: [one] wait = 9: must be a duration from 100ms to 1d");
	assert_says(
		"[one]\nwait = 2d\n", ":2: [one] wait = 2d: must be a duration from 100ms to 1d");
	assert_says("[one]\nwait = 9223372036854775807d\n",
		":2: [one] wait = 9223372036854775807d: must be a duration from 100ms to 1d");
	assert_says("[one]\npercent = 101%\n",
		":2: [one] percent = 101%: must be a percentage from 0% to 100%");
	assert_says("[one]\nflag = true\n", ":2: [one] flag = true: must be yes or no");
	assert_says("[one]\ncolour = pink\n",
		":2: [one] colour = pink: must be one of red, green, blue");
	assert_says(
		"[one]\ncolour = gre\n", ":2: [one] colour = gre: must be one of red, green, blue");
	assert_says("[one]\npath = a/b\n", ":2: [one] path = a/b: must be an absolute path");
	assert_says("[one]\ntoken = 123456789\n",
		":2: [one] token = 123456789: must be letters, digits and . _ -, at most 8 bytes");
	assert_says("[one]\ntoken = \"x\"\n",
		":2: [one] token = \"x\": must be letters, digits and . _ -, at most 8 bytes");
	assert_says("[one]\naddress = 1.2.3.4:99999\n",
		":2: [one] address = 1.2.3.4:99999: must be host:port or [IPv6]:port");
	assert_says("[one]\nsecret_file = a/b\n",
		":2: [one] secret_file = a/b: must be an absolute "
		"path or the name of a systemd credential");
}

static void
urls_need_a_scheme_and_a_host(void **state)
{
	static const char *const bad[] = { "ftp://x/", "https//x", "https:///x", "https://:80/",
		"https://a b/", "https://u@/", "https://x:0/", "https://x:/", "https://[::1/",
		"HTTPS://x/" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[64];
		snprintf(text, sizeof(text), "[one]\nurl = %s\n", bad[i]);
		assert_says(text, ":2: [one] url = ***: must be a URL that begins with https:// or "
				  "http://, with a host, of at most 4096 bytes");
	}
}

static void
unknown_words_are_errors_and_the_nearest_is_suggested(void **state)
{
	(void)state;
	assert_says("[one]\ncuont = 5\n", ":2: [one] cuont: no such key; did you mean count?");
	assert_says(
		"[one]\nsecret = x\n", ":2: [one] secret: no such key; did you mean secret_file?");
	assert_says("[one]\nzzzzzz = 5\n", ":2: [one] zzzzzz: no such key");
	assert_says(
		"[one]\nweight = 5\n", ":2: [one] weight: no such key here; it belongs to [many]");
	assert_says("[mnay]\n", ":1: [mnay]: no such section; did you mean [many]?");
	assert_says("[xyzzy \"a\"]\nk = v\n", ":1: [xyzzy \"a\"]: no such section");
	assert_says("[one]\n= 5\n", ":2: [one] : no such key");
}

static void
headings_are_checked(void **state)
{
	(void)state;
	assert_says("count = 1\n", ":1: count: stands before the first [section]");
	assert_says("[one \"x\"]\n", ":1: [one \"x\"]: takes no name");
	assert_says("[one]\n[one \"x\"]\n", ":2: [one \"x\"]: takes no name");
	assert_says("[many]\nid = x\n", ":1: [many]: needs a name: [many \"name\"]");
	assert_says("[one\ncount = 999\n", ":1: [one: must be [section] or [section \"name\"]");
	assert_says("[one] x\n", ":1: [one] x: must be [section] or [section \"name\"]");
	assert_says("[]\n", ":1: []: must be [section] or [section \"name\"]");
	assert_says("[many \"x]\n", ":1: [many \"x]: must be [section] or [section \"name\"]");
	assert_says("[many \"A\"]\n",
		":1: [many \"A\"]: the name must be 1 to 63 of a-z, 0-9 and . _ -, "
		"beginning with a letter or digit");
}

static void
a_heading_may_have_blanks_and_a_comment(void **state)
{
	struct fixture f;

	(void)state;
	read_text(&f, "  [ many   \"a\" ]  ; why\n\tid = x\r\n[one] # too\r\ncount = 9\r\n");
	assert_string_equal(f.said, "");
	assert_string_equal(f.root.many[0].name, "a");
	assert_string_equal(f.root.many[0].token, "x");
	assert_int_equal(f.root.one.count, 9);
	clear(&f);
}

static void
names_longer_than_inih_keeps_stay_distinct(void **state)
{
	struct fixture f;
	char text[512];
	char name[64];

	(void)state;
	memset(name, 'n', 63);
	name[63] = '\0';
	snprintf(text, sizeof(text), "[many \"%.62s1\"]\nid = a\n[many \"%.62s2\"]\nid = b\n", name,
		name);
	read_text(&f, text);
	assert_string_equal(f.said, "");
	assert_int_equal(f.root.many_count, 2);
	assert_int_equal(strlen(f.root.many[1].name), 63);
	assert_string_equal(f.root.many[0].token, "a");
	assert_string_equal(f.root.many[1].token, "b");
	clear(&f);
	snprintf(text, sizeof(text), "[many \"%s2\"]\n", name);
	read_text(&f, text);
	assert_non_null(strstr(f.said, "the name must be 1 to 63"));
	clear(&f);
}

static void
doubles_name_the_first_line(void **state)
{
	(void)state;
	assert_says(
		"[one]\ncount = 1\n\ncount = 1\n", ":4: [one] count = 1: is already set at line 2");
	assert_says("[many \"a\"]\nid = x\n[one]\n[many \"a\"]\nid = y\n",
		":4: [many \"a\"]: is already at line 1");
}

static void
a_missing_key_is_told_at_its_section(void **state)
{
	(void)state;
	assert_says("\n[many \"a\"]\nweight = 1\n", ":2: [many \"a\"] id: is missing: who it is");
}

static void
an_indented_line_is_a_line_of_its_own(void **state)
{
	struct fixture f;

	(void)state;
	read_text(&f, "[one]\ntoken = a\n    count = 8\n");
	assert_string_equal(f.said, "");
	assert_string_equal(f.root.one.token, "a");
	assert_int_equal(f.root.one.count, 8);
	clear(&f);
	assert_says("[one]\ntoken = a\n   more\n",
		":3: more: must be [section], key = value, or ; comment");
}

static void
a_semicolon_after_a_blank_begins_a_comment(void **state)
{
	struct fixture f;

	(void)state;
	read_text(&f, "; one\n# two\n\n[one]\npath = /a;b ; c\ncount = 5 ;d\n");
	assert_string_equal(f.said, "");
	assert_string_equal(f.root.one.path, "/a;b");
	assert_int_equal(f.root.one.count, 5);
	clear(&f);
}

static void
a_byte_order_mark_is_skipped(void **state)
{
	struct fixture f;

	(void)state;
	read_text(&f, "\xef\xbb\xbf[one]\ncount = 4");
	assert_string_equal(f.said, "");
	assert_int_equal(f.root.one.count, 4);
	clear(&f);
}

static void
long_lines_work_or_are_refused(void **state)
{
	struct fixture f;
	static char text[10000];
	int head = snprintf(text, sizeof(text), "[one]\nurl = https://x/");

	(void)state;
	memset(text + head, 'a', 4000);
	read_text(&f, text);
	assert_string_equal(f.said, "");
	assert_int_equal(strlen(f.root.one.url), strlen("https://x/") + 4000);
	clear(&f);
	memset(text + head, 'a', 9000);
	read_text(&f, text);
	assert_non_null(strstr(f.said, ":2: url = https://x/aaa"));
	assert_non_null(strstr(f.said, "...: the line is longer than 8192 bytes\n"));
	assert_int_equal(f.mistakes, 1);
	clear(&f);
}

static void
what_is_no_text_file_is_refused(void **state)
{
	static const char zero[] = "[one]\ncount = 5\0garbage\n";
	struct fixture f;
	struct root root = { 0 };
	char *said;
	size_t size;

	(void)state;
	begin(&f, zero, sizeof(zero) - 1);
	end(&f);
	assert_non_null(strstr(f.said, ":2: holds a zero byte: this is not a text file\n"));
	clear(&f);
	static const char *const paths[] = { "/nonexistent/x", "/", "/dev/zero" };
	static const char *const sentences[] = {
		"/nonexistent/x: cannot be read: No such file or directory\n",
		"/: cannot be read: Is a directory\n", "/dev/zero: is longer than 4194304 bytes\n"
	};
	for (int i = 0; i < 3; i++) {
		FILE *errors = open_memstream(&said, &size);
		assert_int_equal(settings_close(settings_read(paths[i], &table, &root, errors)), 1);
		fclose(errors);
		assert_string_equal(said, sentences[i]);
		free(said);
		settings_clear(&table, "one", &root.one);
	}
}

static void
secrets_are_never_shown(void **state)
{
	struct fixture f;
	char *out;
	size_t size;

	(void)state;
	read_text(&f, "[one]\nurl = ftp://me:pw@x/?tok\n[many \"a\"]\nid = 1\nurl = "
		      "http://me:pw@x/?tok\n");
	assert_null(strstr(f.said, "pw"));
	assert_null(strstr(f.said, "tok"));
	assert_int_equal(f.mistakes, 2);
	clear(&f);
	read_text(&f, "[one]\nurl = https://me:pw@x/y?tok\n");
	FILE *to = open_memstream(&out, &size);
	settings_print(&table, "one", NULL, &f.root.one, to);
	fclose(to);
	assert_non_null(strstr(out, "url = https://***@x/y?***\n"));
	free(out);
	clear(&f);
}

static void
what_is_printed_reads_back_the_same(void **state)
{
	static const char text[] =
		"[one]\ntoken = t\npath = /p\naddress = [::1]:1\nsecret_file = /s\n"
		"flag = no\ncount = 1\nwait = 25h\nsize = 1025\npercent = 0%\n"
		"colour = red\n\n";
	struct fixture f;
	char *out;
	size_t size;

	(void)state;
	begin(&f, text, strlen(text));
	end(&f);
	/* 25h is above the maximum: the default stays. */
	assert_int_equal(f.mistakes, 1);
	assert_int_equal(f.root.one.wait_ms, 90000);
	f.root.one.wait_ms = 7200000;
	FILE *to = open_memstream(&out, &size);
	settings_print(&table, "one", NULL, &f.root.one, to);
	fclose(to);
	assert_non_null(strstr(out, "wait = 2h\nsize = 1025\npercent = 0%\ncolour = red\n"));
	clear(&f);
	read_text(&f, out);
	assert_string_equal(f.said, "");
	assert_int_equal(f.root.one.wait_ms, 7200000);
	assert_int_equal(f.root.one.size_bytes, 1025);
	free(out);
	clear(&f);
}

static void
of_many_mistakes_twenty_are_printed_and_all_counted(void **state)
{
	struct fixture f;
	char text[1024] = "[one]\n";
	int lines = 0;

	(void)state;
	for (int i = 0; i < 25; i++)
		strcat(text, "qqqqqqqq = 1\n");
	read_text(&f, text);
	for (const char *c = f.said; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 21);
	assert_non_null(strstr(f.said, ": and 5 more mistakes\n"));
	assert_int_equal(f.mistakes, 25);
	clear(&f);
}

static void
later_checks_complain_at_the_right_line(void **state)
{
	struct fixture f;
	static const char text[] = "[one]\ncount = 5\n[many \"a\"]\nid = x\n";

	(void)state;
	begin(&f, text, strlen(text));
	assert_true(settings_given(f.s, &f.root.one, "count"));
	assert_false(settings_given(f.s, &f.root.one, "wait"));
	assert_false(settings_given(f.s, &f.root.one, "nonsense"));
	settings_complain(f.s, &f.root.one, "count", "must be %s", "even");
	settings_complain(f.s, &f.root.many[0], "weight", "too light");
	settings_complain(f.s, &f.root.many[0], NULL, "odd");
	end(&f);
	assert_int_equal(f.mistakes, 3);
	assert_non_null(strstr(f.said, ":2: [one] count = 5: must be even\n"));
	assert_non_null(strstr(f.said, ":3: [many \"a\"] weight: too light\n"));
	assert_non_null(strstr(f.said, ":3: [many \"a\"]: odd\n"));
	clear(&f);
}

static void
note_difference(void *arg, const struct setting *row)
{
	char *said = arg;

	strcat(said, row->key);
	strcat(said, " ");
}

static void
a_copy_is_the_same_until_something_is_changed(void **state)
{
	struct fixture f;
	struct item item = { 0 };
	char said[64] = "";

	(void)state;
	read_text(&f, "[one]\nurl = https://me:pw@h/\ncount = 3\nflag = no\nwait = 5s\n");
	settings_copy(&table, "one", &f.root.one, &item);
	settings_differ(&table, "one", &f.root.one, &item, note_difference, said);
	assert_string_equal(said, "");
	assert_ptr_not_equal(item.url, f.root.one.url);
	item.url[strlen("https://me:p")] = 'x';
	item.count++;
	item.wait_ms++;
	item.flag = true;
	item.token = strdup("t");
	settings_differ(&table, "one", &f.root.one, &item, note_difference, said);
	assert_string_equal(said, "token url flag count wait ");
	settings_copy(&table, "one", &f.root.one, &item);
	assert_null(item.token);
	settings_clear(&table, "one", &item);
	clear(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_gives_the_defaults),
		cmocka_unit_test(a_copy_is_the_same_until_something_is_changed),
		cmocka_unit_test(every_type_is_read),
		cmocka_unit_test(a_refused_value_is_named_with_what_is_allowed),
		cmocka_unit_test(urls_need_a_scheme_and_a_host),
		cmocka_unit_test(unknown_words_are_errors_and_the_nearest_is_suggested),
		cmocka_unit_test(headings_are_checked),
		cmocka_unit_test(a_heading_may_have_blanks_and_a_comment),
		cmocka_unit_test(names_longer_than_inih_keeps_stay_distinct),
		cmocka_unit_test(doubles_name_the_first_line),
		cmocka_unit_test(a_missing_key_is_told_at_its_section),
		cmocka_unit_test(an_indented_line_is_a_line_of_its_own),
		cmocka_unit_test(a_semicolon_after_a_blank_begins_a_comment),
		cmocka_unit_test(a_byte_order_mark_is_skipped),
		cmocka_unit_test(long_lines_work_or_are_refused),
		cmocka_unit_test(what_is_no_text_file_is_refused),
		cmocka_unit_test(secrets_are_never_shown),
		cmocka_unit_test(what_is_printed_reads_back_the_same),
		cmocka_unit_test(of_many_mistakes_twenty_are_printed_and_all_counted),
		cmocka_unit_test(later_checks_complain_at_the_right_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
