/* test_log.c - a line is one line, in either format, whatever is in its values. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/log.h"

static char path[] = "/tmp/test_log.XXXXXX";
static char text[1 << 20];

static int
make_file(void **state)
{
	(void)state;
	strcpy(path, "/tmp/test_log.XXXXXX");
	int fd = mkstemp(path);
	close(fd);
	return fd < 0 ? -1 : 0;
}

static int
remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static void
open_log(enum log_format format)
{
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(log_open(path, format, LOG_INFO), 0);
}

static const char *
content(const char *file)
{
	FILE *f = fopen(file, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

/* The file holds one line; what stands after its time is this. */
static void
assert_line(const char *expected)
{
	const char *line = content(path);

	/* 2026-11-21T06:00:00.123Z */
	assert_true(strlen(line) > 25 && line[10] == 'T' && line[19] == '.' && line[23] == 'Z');
	assert_string_equal(line + 24, expected);
}

static void
ids_stand_before_the_event(void **state)
{
	(void)state;
	open_log(LOG_LOGFMT);
	log_info("worker died", LOG_INT("pid", -412), LOG_CAM("porch"), LOG_REAL("s", 2.5),
		LOG_STR("why", "signal 9"), LOG_STR("none", NULL));
	assert_line(" info cam=porch worker died pid=-412 s=2.500 why=\"signal 9\" none=-\n");
}

static void
an_event_needs_no_fields(void **state)
{
	(void)state;
	open_log(LOG_LOGFMT);
	log_error("supervisor stopped");
	assert_line(" error supervisor stopped\n");
}

static void
nothing_below_the_level_is_written(void **state)
{
	(void)state;
	open_log(LOG_LOGFMT);
	log_debug("noise", LOG_INT("n", 1));
	assert_string_equal(content(path), "");
	log_warn("signal");
	assert_line(" warn signal\n");
}

static void
values_are_quoted_where_they_must_be(void **state)
{
	(void)state;
	open_log(LOG_LOGFMT);
	log_info("e", LOG_STR("a", ""), LOG_STR("b", "x=y"), LOG_STR("c", "\"\\\n\r\x1b\x7f"),
		LOG_STR("d", "plain:/.,"));
	assert_line(
		" info e a=\"\" b=\"x=y\" c=\"\\\"\\\\\\n\\u000d\\u001b\\u007f\" d=plain:/.,\n");
}

static void
bytes_that_are_no_utf8_become_question_marks(void **state)
{
	(void)state;
	open_log(LOG_LOGFMT);
	log_info("e", LOG_STR("good", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
		LOG_STR("bad", "\xff\xc3\xe2\x82z\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80"),
		LOG_STR("csi", "\xc2\x9b"
			       "31m"));
	assert_line(" info e good=\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\" "
		    "bad=\"????z?????????\" csi=\"??31m\"\n");
}

static void
json_lines_are_json(void **state)
{
	(void)state;
	open_log(LOG_JSON);
	log_warn("worker \"x\"", LOG_CAM("porch"), LOG_INT("n", 5), LOG_REAL("r", 0.0005),
		LOG_REAL("nan", NAN), LOG_STR("s", "a\"b\\\n\xff"));
	const char *line = content(path);
	assert_int_equal(strncmp(line, "{\"ts\":\"20", 9), 0);
	assert_string_equal(line + 7 + 24,
		"\",\"level\":\"warn\",\"event\":\"worker \\\"x\\\"\",\"cam\":\"porch\","
		"\"n\":5,\"r\":0.001,\"nan\":null,\"s\":\"a\\\"b\\\\\\n?\"}\n");
}

static void
great_numbers_are_not_cut(void **state)
{
	(void)state;
	open_log(LOG_LOGFMT);
	log_info(
		"e", LOG_REAL("r", 1e300), LOG_INT("i", INT64_MIN), LOG_REAL("m", -999999999999.5));
	assert_line(" info e r=1e+300 i=-9223372036854775808 m=-999999999999.500\n");
}

static void
a_long_value_is_cut_and_the_next_one_still_there(void **state)
{
	static char value[5000];

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	open_log(LOG_LOGFMT);
	log_info("e", LOG_STR("long", value), LOG_STR("next", "x"));
	const char *line = content(path);
	assert_non_null(strstr(line, "vvv...\" next=x\n"));
	assert_true(strlen(line) < 1100);
	open_log(LOG_JSON);
	log_info("e", LOG_STR("long", value), LOG_STR("next", "x"));
	assert_non_null(strstr(content(path), "vvv...\",\"next\":\"x\"}\n"));
}

static void
a_line_that_is_too_long_is_still_one_line(void **state)
{
	static char value[1500];

	(void)state;
	memset(value, '\n', sizeof(value) - 1);
	open_log(LOG_LOGFMT);
	log_info("e", LOG_STR("a", value), LOG_STR("b", value), LOG_STR("c", value));
	const char *line = content(path);
	assert_int_equal(strlen(line), strcspn(line, "\n") + 1);
	assert_true(strlen(line) <= 2048);
	open_log(LOG_JSON);
	log_info("e", LOG_STR("a", value), LOG_STR("b", value), LOG_STR("c", value),
		LOG_INT("d", 1));
	line = content(path);
	/* What does not fit whole is left out, and what is left is whole. */
	assert_non_null(strstr(line, "\",\"d\":1}\n"));
	assert_null(strstr(line, "\"c\""));
	assert_true(strlen(line) <= 2048);
}

static void
a_log_that_cannot_be_opened_changes_nothing(void **state)
{
	static char endless[600];

	(void)state;
	open_log(LOG_LOGFMT);
	assert_int_equal(log_open("/nonexistent/x", LOG_JSON, LOG_ERROR), ERR_SYS);
	assert_int_equal(errno, ENOENT);
	memset(endless, '/', sizeof(endless) - 1);
	assert_int_equal(log_open(endless, LOG_JSON, LOG_ERROR), ERR_SYS);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_int_equal(log_reopen(), 0);
	log_info("still here");
	assert_line(" info still here\n");
}

static void
after_logrotate_a_new_file_is_written(void **state)
{
	char rotated[64];
	struct stat st;

	(void)state;
	open_log(LOG_LOGFMT);
	log_info("before");
	snprintf(rotated, sizeof(rotated), "%s.1", path);
	assert_int_equal(rename(path, rotated), 0);
	log_info("between");
	assert_int_equal(log_reopen(), 0);
	log_info("after");
	assert_line(" info after\n");
	assert_non_null(strstr(content(rotated), "between"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0027, 0); /* nobody else reads it */
	unlink(rotated);
}

static void
the_log_can_go_back_to_stderr(void **state)
{
	(void)state;
	open_log(LOG_LOGFMT);
	int saved = dup(STDERR_FILENO);
	int file = open(path, O_WRONLY | O_APPEND);
	char other[] = "/tmp/test_log.XXXXXX";
	close(mkstemp(other));
	int fd = open(other, O_WRONLY | O_APPEND);
	dup2(fd, STDERR_FILENO);
	assert_int_equal(log_open(NULL, LOG_LOGFMT, LOG_INFO), 0);
	log_info("to stderr");
	dup2(saved, STDERR_FILENO);
	assert_string_equal(content(path), "");
	assert_non_null(strstr(content(other), "to stderr"));
	unlink(other);
	close(saved);
	close(file);
	close(fd);
}

static void *
write_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2000; i++)
		log_info("e", LOG_STR("s", "0123456789 0123456789 0123456789"));
	return NULL;
}

static void
threads_do_not_mix_their_lines_and_reopening_loses_none(void **state)
{
	pthread_t a, b;
	int lines = 0;

	(void)state;
	open_log(LOG_LOGFMT);
	pthread_create(&a, NULL, write_many, NULL);
	pthread_create(&b, NULL, write_many, NULL);
	for (int i = 0; i < 200; i++)
		assert_int_equal(log_reopen(), 0);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	for (const char *c = content(path); *c; c += strcspn(c, "\n") + 1, lines++)
		assert_int_equal(strcspn(c, "\n"),
			24 + strlen(" info e s=\"0123456789 0123456789 0123456789\""));
	assert_int_equal(lines, 4000);
}

static void
lines_are_counted_by_level_if_they_are_written(void **state)
{
	(void)state;
	open_log(LOG_LOGFMT);
	int64_t debug = log_lines(LOG_DEBUG);
	int64_t info = log_lines(LOG_INFO);
	int64_t warn = log_lines(LOG_WARN);
	log_debug("below the level");
	log_warn("one");
	log_warn("two");
	assert_int_equal(log_lines(LOG_DEBUG), debug);
	assert_int_equal(log_lines(LOG_INFO), info);
	assert_int_equal(log_lines(LOG_WARN), warn + 2);
}

static void
errno_survives_a_line(void **state)
{
	(void)state;
	open_log(LOG_LOGFMT);
	errno = EXDEV;
	log_info("e");
	assert_int_equal(errno, EXDEV);
}

static void
words_of_settings_and_argv_are_those_of_the_enums(void **state)
{
	enum log_format format = LOG_LOGFMT;
	enum log_level level = LOG_ERROR;

	(void)state;
	assert_int_equal(log_format_parse(log_format_name(LOG_JSON), &format), 0);
	assert_int_equal(format, LOG_JSON);
	assert_int_equal(log_level_parse(log_level_name(LOG_DEBUG), &level), 0);
	assert_int_equal(level, LOG_DEBUG);
	assert_int_equal(log_level_parse("loud", &level), -1);
	assert_int_equal(log_format_parse("", &format), -1);
	open_log(LOG_JSON);
	assert_int_equal(log_format(), LOG_JSON);
	assert_int_equal(log_level(), LOG_INFO);
}

static void
assert_redacted(const char *url, const char *expected)
{
	char out[256];

	assert_string_equal(log_redact_url(url, out, sizeof(out)), expected);
}

static void
urls_lose_their_secrets(void **state)
{
	char small[8];

	(void)state;
	assert_redacted("rtsp://h/s", "rtsp://h/s");
	assert_redacted("rtsps://me:pw@h:322/s?auth=t", "rtsps://***@h:322/s?***");
	assert_redacted("rtsps://me:p@w@h/", "rtsps://***@h/");
	assert_redacted("https://h?q=a/b", "https://h?***");
	assert_redacted("https://h/p#frag", "https://h/p?***");
	assert_redacted("me:pw@h/s", "***@h/s");
	assert_redacted("", "");
	assert_redacted("rtsps://h/sdm_live_stream/CiUA2vuxrwjZjb0daCbmE0123456789?auth=x",
		"rtsps://h/sdm_live_stream/CiUA2vuxrwjZjb0daCbmE01...?***");
	assert_string_equal(log_redact_url("rtsp://host/path", small, sizeof(small)), "rtsp://");
}

/* ---- who does not read ----------------------------------------------------------------------- */

static int log_pipe[2];
static volatile sig_atomic_t signals, waited;

/* Every 20 ms; after two seconds who writes is let go. */
static void
on_signal(int number)
{
	static char away[65536];

	(void)number;
	if (++signals < 100 || waited)
		return;
	waited = 1;
	ssize_t n = read(log_pipe[0], away, sizeof(away));
	(void)n;
}

static void
set_interval(int ms)
{
	struct itimerval every = { .it_interval = { .tv_usec = ms * 1000 },
		.it_value = { .tv_usec = ms * 1000 } };

	assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
}

/* As libuv's handlers, this one lets system calls go on (SA_RESTART): write(2) does, poll(2) never.
 */
static void
a_signal_does_not_make_it_wait_for_who_does_not_read(void **state)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	char name[64];
	const char byte = 'x';

	(void)state;
	assert_int_equal(pipe(log_pipe), 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", log_pipe[1]);
	assert_int_equal(log_open(name, LOG_LOGFMT, LOG_INFO), 0);
	assert_int_equal(fcntl(log_pipe[1], F_SETFL, O_NONBLOCK), 0);
	while (write(log_pipe[1], &byte, 1) == 1)
		;
	log_hurry();
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	set_interval(20);
	log_info("one too many", LOG_INT("n", 1));
	set_interval(0);
	assert_true(signals > 0);
	assert_false(waited);
	close(log_pipe[0]);
	close(log_pipe[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_stand_before_the_event),
		cmocka_unit_test(an_event_needs_no_fields),
		cmocka_unit_test(nothing_below_the_level_is_written),
		cmocka_unit_test(values_are_quoted_where_they_must_be),
		cmocka_unit_test(bytes_that_are_no_utf8_become_question_marks),
		cmocka_unit_test(json_lines_are_json),
		cmocka_unit_test(great_numbers_are_not_cut),
		cmocka_unit_test(a_long_value_is_cut_and_the_next_one_still_there),
		cmocka_unit_test(a_line_that_is_too_long_is_still_one_line),
		cmocka_unit_test(a_log_that_cannot_be_opened_changes_nothing),
		cmocka_unit_test(after_logrotate_a_new_file_is_written),
		cmocka_unit_test(the_log_can_go_back_to_stderr),
		cmocka_unit_test(threads_do_not_mix_their_lines_and_reopening_loses_none),
		cmocka_unit_test(lines_are_counted_by_level_if_they_are_written),
		cmocka_unit_test(errno_survives_a_line),
		cmocka_unit_test(words_of_settings_and_argv_are_those_of_the_enums),
		cmocka_unit_test(urls_lose_their_secrets),
		cmocka_unit_test(a_signal_does_not_make_it_wait_for_who_does_not_read),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
