/* test_consumer_report.c - what viewers say of themselves is checked, number by number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "supervisor/consumer_report.h"

static int
read_text(struct consumer_report *r, const char *text, char *why, size_t why_size)
{
	struct json *j = json_parse(text, strlen(text), why, why_size);

	assert_non_null(j);
	int err = consumer_report_read(r, j, why, why_size);
	json_free(j);
	return err;
}

static void
numbers_are_taken_and_told(void **state)
{
	struct consumer_report r = consumer_report_none();
	char why[128];

	(void)state;
	assert_int_equal(read_text(&r,
				 "{\"frames\":120,\"lost\":0,\"bytes\":9007199254740991,"
				 "\"other\":\"x\"}",
				 why, sizeof(why)),
		0);
	struct json *j = consumer_report_json(&r);
	char *text = json_text(j, false);
	assert_string_equal(text, "{\"frames\":120,\"bytes\":9007199254740991,\"lost\":0}");
	free(text);
	json_free(j);
}

static void
what_is_not_said_again_stays(void **state)
{
	struct consumer_report r = consumer_report_none();
	char why[128];

	(void)state;
	assert_int_equal(read_text(&r, "{\"frames\":1,\"freezes\":2}", why, sizeof(why)), 0);
	assert_int_equal(read_text(&r, "{\"frames\":5}", why, sizeof(why)), 0);
	assert_int_equal(consumer_report_read(&r, NULL, why, sizeof(why)), 0);
	assert_int_equal(r.frames, 5);
	assert_int_equal(r.freezes, 2);
	assert_int_equal(r.bytes, -1);
}

static void
what_is_no_count_is_refused_whole(void **state)
{
	static const char *const wrong[] = { "{\"frames\":-1}", "{\"frames\":1.5}",
		"{\"frames\":\"7\"}", "{\"frames\":9007199254740992}", "{\"frames\":[1]}",
		"{\"lost\":3,\"frames\":true}" };
	struct consumer_report r = consumer_report_none();
	char why[128];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(read_text(&r, wrong[i], why, sizeof(why)), -1);
		assert_string_equal(why, "frames must be an integer from 0 to 2^53 - 1");
		assert_int_equal(r.lost, -1);
	}
	assert_int_equal(read_text(&r, "[]", why, sizeof(why)), -1);
	assert_string_equal(why, "the body must be an object");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_taken_and_told),
		cmocka_unit_test(what_is_not_said_again_stays),
		cmocka_unit_test(what_is_no_count_is_refused_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
