/* test_call_tally.c - how calls went, by reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/call_tally.h"

static void
answers_are_counted_and_failures_by_reason(void **state)
{
	struct call_tally t = { 0 };

	(void)state;
	call_tally_add(&t, CALL_EXTEND, SDM_OK);
	call_tally_add(&t, CALL_EXTEND, SDM_RATE_LIMITED);
	call_tally_add(&t, CALL_EXTEND, SDM_PERMISSION_DENIED);
	call_tally_add(&t, CALL_EXTEND, SDM_UNAUTHENTICATED);
	call_tally_add(&t, CALL_GENERATE, SDM_CAMERA_OFF);
	assert_int_equal(t.answered[CALL_EXTEND], 4);
	assert_int_equal(t.failed[CALL_EXTEND][CALL_FAILURE_RATE_LIMITED], 1);
	assert_int_equal(t.failed[CALL_EXTEND][CALL_FAILURE_AUTH], 2);
	assert_int_equal(t.answered[CALL_GENERATE], 1);
	assert_int_equal(t.failed[CALL_GENERATE][CALL_FAILURE_CAMERA_OFF], 1);
}

static void
every_error_has_a_reason_and_only_success_has_none(void **state)
{
	(void)state;
	for (int error = SDM_OK; error < SDM_ERRORS; error++) {
		struct call_tally t = { 0 };
		int64_t failed = 0;
		call_tally_add(&t, CALL_STOP, (enum sdm_error)error);
		for (int i = 0; i < CALL_FAILURES; i++)
			failed += t.failed[CALL_STOP][i];
		assert_int_equal(failed, error != SDM_OK);
	}
	for (int i = 0; i < CALL_FAILURES; i++)
		assert_non_null(call_failure_name((enum call_failure)i));
}

static void
what_two_accounts_counted_is_one_cameras(void **state)
{
	struct call_tally a = { 0 }, b = { 0 };

	(void)state;
	call_tally_add(&a, CALL_EXTEND, SDM_OK);
	call_tally_add(&b, CALL_EXTEND, SDM_TIMEOUT);
	call_tally_merge(&a, &b);
	assert_int_equal(a.answered[CALL_EXTEND], 2);
	assert_int_equal(a.failed[CALL_EXTEND][CALL_FAILURE_TIMEOUT], 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_counted_and_failures_by_reason),
		cmocka_unit_test(every_error_has_a_reason_and_only_success_has_none),
		cmocka_unit_test(what_two_accounts_counted_is_one_cameras),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
