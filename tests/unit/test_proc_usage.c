/* test_proc_usage.c - what a process takes of the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "supervisor/proc_usage.h"

static void
we_have_memory_and_use_the_processor(void **state)
{
	struct proc_usage u = { 0 };
	volatile unsigned n = 0;
	ms_t now = clock_now();

	(void)state;
	proc_usage_look(&u, getpid(), now);
	assert_true(u.memory_bytes > 100000);
	assert_true(u.cpu_percent == 0);
	while (clock_now() < now + 300)
		n++;
	proc_usage_look(&u, getpid(), now + 500);
	assert_true(u.cpu_percent == 0); /* too soon to tell */
	proc_usage_look(&u, getpid(), now + 1000);
	assert_true(u.cpu_percent > 1 && u.cpu_percent < 100);
}

static void
a_process_that_is_gone_takes_nothing(void **state)
{
	struct proc_usage u = { 0 };

	(void)state;
	proc_usage_look(&u, getpid(), 1);
	proc_usage_look(&u, 0, 2);
	assert_int_equal(u.memory_bytes, 0);
	proc_usage_look(&u, 999999999, 3);
	assert_int_equal(u.memory_bytes, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(we_have_memory_and_use_the_processor),
		cmocka_unit_test(a_process_that_is_gone_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
