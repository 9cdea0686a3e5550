/* test_heartbeat.c - a worker that hangs, and a supervisor that was away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/contract.h"
#include "supervisor/heartbeat.h"

#define EACH CONTRACT_PING_INTERVAL_MS
#define START 100000

static struct heartbeat h;

static int
setup(void **state)
{
	(void)state;
	heartbeat_init(&h, START);
	return 0;
}

/* Looks at it each interval from now on. Returns the first look that finds it silent, or -1. */
static ms_t
looks(ms_t from, int n)
{
	for (int i = 0; i < n; i++)
		if (heartbeat_is_silent(&h, from + i * EACH))
			return from + i * EACH;
	return -1;
}

static void
a_worker_that_answers_is_not_silent(void **state)
{
	(void)state;
	for (int i = 1; i < 100; i++) {
		assert_false(heartbeat_is_silent(&h, START + i * EACH));
		heartbeat_heard(&h, START + i * EACH + 3);
	}
}

static void
one_that_does_not_is_silent_after_its_time(void **state)
{
	(void)state;
	assert_int_equal(looks(START + 1, 10), START + 1 + CONTRACT_PING_TIMEOUT_MS);
}

static void
a_look_that_is_somewhat_late_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(looks(START + EACH, 3), -1);
	assert_true(heartbeat_is_silent(&h, START + 4 * EACH + EACH / 2));
}

/* Its messages wait to be read: the supervisor was stopped, or the machine was. */
static void
who_was_away_himself_gives_a_worker_its_time_anew(void **state)
{
	ms_t back = START + 3600000;

	(void)state;
	assert_int_equal(looks(START, 2), -1);
	assert_false(heartbeat_is_silent(&h, back));
	assert_int_equal(looks(back + EACH, 4), -1);
	assert_true(heartbeat_is_silent(&h, back + 5 * EACH));
}

static void
even_before_the_first_look(void **state)
{
	(void)state;
	assert_false(heartbeat_is_silent(&h, START + 3600000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_worker_that_answers_is_not_silent, setup),
		cmocka_unit_test_setup(one_that_does_not_is_silent_after_its_time, setup),
		cmocka_unit_test_setup(a_look_that_is_somewhat_late_changes_nothing, setup),
		cmocka_unit_test_setup(who_was_away_himself_gives_a_worker_its_time_anew, setup),
		cmocka_unit_test_setup(even_before_the_first_look, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
