/* test_usage.c - what /proc says of a process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "supervisor/usage.h"

/* The test has few open, and the kernel gives the lowest. */
#define FDS_LOOKED_AT 1024

static void
the_fields_are_those_of_proc_5(void **state)
{
	/* utime 250, stime 50, starttime 12345, vsize 8192, rss 3 */
	const char *line = "412 (a) b (c) S 1 412 412 0 -1 4194560 99 0 0 0 250 50 0 0 20 0 4 0 "
			   "12345 8192 3 18446744073709551615 1 1 0 0 0 0 0";
	struct usage u;

	(void)state;
	assert_int_equal(usage_parse(line, 100, 4096, &u), 0);
	assert_int_equal(u.cpu_ms, 3000);
	assert_int_equal(u.virtual_bytes, 8192);
	assert_int_equal(u.memory_bytes, 3 * 4096);
}

static void
what_is_no_such_line_is_refused(void **state)
{
	struct usage u;

	(void)state;
	assert_int_equal(usage_parse("", 100, 4096, &u), ERR_PARSE);
	assert_int_equal(usage_parse("412 (a) S 1 412", 100, 4096, &u), ERR_PARSE);
	assert_int_equal(u.cpu_ms, 0);
}

static void
this_process_has_memory_and_descriptors(void **state)
{
	struct usage u;

	(void)state;
	assert_int_equal(usage_read(getpid(), &u), 0);
	assert_true(u.memory_bytes > 0 && u.virtual_bytes >= u.memory_bytes);
	int64_t before = usage_open_fds();
	int copy = dup(0);
	assert_int_equal(usage_open_fds(), before + 1);
	close(copy);
	assert_true(usage_max_fds() >= before);
}

/* By asking of each whether it is open. */
static void
descriptors_are_counted_right(void **state)
{
	int64_t n = 0;

	(void)state;
	for (int fd = 0; fd < FDS_LOOKED_AT; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	assert_int_equal(usage_open_fds(), n);
}

static void
a_process_that_is_not_there_has_nothing(void **state)
{
	struct usage u = { .cpu_ms = 1 };

	(void)state;
	assert_int_equal(usage_read(0, &u), ERR_SYS);
	assert_int_equal(u.cpu_ms, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fields_are_those_of_proc_5),
		cmocka_unit_test(what_is_no_such_line_is_refused),
		cmocka_unit_test(this_process_has_memory_and_descriptors),
		cmocka_unit_test(descriptors_are_counted_right),
		cmocka_unit_test(a_process_that_is_not_there_has_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
