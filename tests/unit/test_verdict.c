#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/verdict.h"

#define NOW 1000000

static struct call_answer
judge(enum sdm_error error, enum call_kind kind)
{
	struct sdm_answer a = { .error = error, .retry_after_ms = -1 };

	return verdict_of_answer(&a, kind, NOW);
}

static void
googles_own_trouble_ends_no_stream(void **state)
{
	const enum sdm_error errors[] = { SDM_SERVER, SDM_TIMEOUT, SDM_TRANSPORT, SDM_MALFORMED };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		assert_int_equal(judge(errors[i], CALL_EXTEND).result, CALL_FAILED);
		assert_int_equal(judge(errors[i], CALL_GENERATE).result, CALL_FAILED);
	}
}

static void
an_extend_that_is_refused_means_that_the_stream_is_gone(void **state)
{
	const enum sdm_error errors[] = { SDM_CAMERA_OFF, SDM_SESSION_LOST, SDM_NOT_RTSP,
		SDM_PERMISSION_DENIED, SDM_NOT_FOUND, SDM_CONFLICT, SDM_REFUSED };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		assert_int_equal(judge(errors[i], CALL_EXTEND).result, CALL_STREAM_GONE);
		assert_int_equal(judge(errors[i], CALL_STOP).result, CALL_STREAM_GONE);
		assert_int_equal(judge(errors[i], CALL_GENERATE).result, CALL_REFUSED);
	}
}

static void
a_rejected_token_is_nobodys_fault(void **state)
{
	(void)state;
	assert_int_equal(judge(SDM_UNAUTHENTICATED, CALL_EXTEND).result, CALL_ACCOUNT);
	assert_int_equal(judge(SDM_UNAUTHENTICATED, CALL_GENERATE).result, CALL_ACCOUNT);
}

static void
what_is_not_authorized_is_the_cameras_and_ends_no_stream(void **state)
{
	(void)state;
	assert_int_equal(judge(SDM_NOT_AUTHORIZED, CALL_EXTEND).result, CALL_REFUSED);
	assert_int_equal(judge(SDM_NOT_AUTHORIZED, CALL_GENERATE).result, CALL_REFUSED);
}

static void
a_429_names_its_bucket_and_an_unknown_one_is_the_account_s(void **state)
{
	struct sdm_answer a = {
		.error = SDM_RATE_LIMITED, .bucket = SDM_BUCKET_COMMAND, .retry_after_ms = 3000
	};

	(void)state;
	struct call_answer told = verdict_of_answer(&a, CALL_EXTEND, NOW);
	assert_int_equal(told.result, CALL_RATE_LIMITED);
	assert_int_equal(told.bucket, QUOTA_COMMAND);
	assert_int_equal(told.retry_after_ms, 3000);
	a.bucket = SDM_BUCKET_UNKNOWN;
	a.retry_after_ms = -1;
	told = verdict_of_answer(&a, CALL_EXTEND, NOW);
	assert_int_equal(told.bucket, QUOTA_EXECUTE);
	assert_int_equal(told.retry_after_ms, 0);
}

static void
what_is_left_of_a_stream_is_counted_from_now(void **state)
{
	struct sdm_answer a = { .error = SDM_OK, .stream.life_ms = 300000 };

	(void)state;
	assert_int_equal(verdict_of_answer(&a, CALL_EXTEND, NOW).expires_at, NOW + 300000);
}

static void
a_camera_that_cannot_stream_by_rtsp_is_hopeless(void **state)
{
	(void)state;
	assert_true(verdict_is_hopeless(&(struct sdm_answer){ .error = SDM_NOT_RTSP }));
	assert_true(verdict_is_hopeless(&(struct sdm_answer){ .error = SDM_NOT_FOUND }));
	assert_false(verdict_is_hopeless(&(struct sdm_answer){ .error = SDM_CAMERA_OFF }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(googles_own_trouble_ends_no_stream),
		cmocka_unit_test(an_extend_that_is_refused_means_that_the_stream_is_gone),
		cmocka_unit_test(a_rejected_token_is_nobodys_fault),
		cmocka_unit_test(what_is_not_authorized_is_the_cameras_and_ends_no_stream),
		cmocka_unit_test(a_429_names_its_bucket_and_an_unknown_one_is_the_account_s),
		cmocka_unit_test(what_is_left_of_a_stream_is_counted_from_now),
		cmocka_unit_test(a_camera_that_cannot_stream_by_rtsp_is_hopeless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
