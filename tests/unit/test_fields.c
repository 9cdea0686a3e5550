/* test_fields.c - structs to JSON and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/json.h"
#include "proto/fields.h"

struct thing {
	char *name;
	int64_t count;
	double ratio;
	bool on;
};

static const struct field fields[] = {
	{ .name = "name", .type = FIELD_STR, .offset = offsetof(struct thing, name) },
	{ .name = "count",
		.type = FIELD_INT,
		.offset = offsetof(struct thing, count),
		.required = true },
	{ .name = "ratio", .type = FIELD_REAL, .offset = offsetof(struct thing, ratio) },
	{ .name = "on", .type = FIELD_BOOL, .offset = offsetof(struct thing, on) },
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static int
decode(const char *text, struct thing *t, char *why)
{
	struct json *j = json_parse(text, strlen(text), why, 100);

	assert_non_null(j);
	memset(t, 0, sizeof(*t));
	int err = fields_decode(j, fields, FIELDS, t, why, 100);
	json_free(j);
	return err;
}

static void
what_is_encoded_is_decoded(void **state)
{
	struct thing in = { .name = "a \"b\"", .count = INT64_MIN, .ratio = 0.25, .on = true };
	struct json *j = json_new_object();
	struct thing out;
	char why[100];

	(void)state;
	fields_encode(j, fields, FIELDS, &in);
	char *text = json_text(j, false);
	assert_int_equal(decode(text, &out, why), 0);
	assert_string_equal(out.name, in.name);
	assert_true(out.count == in.count && out.ratio == in.ratio && out.on);
	fields_clear(fields, FIELDS, &out);
	assert_null(out.name);
	free(text);
	json_free(j);
}

static void
absent_optional_fields_are_zero_and_unknown_ones_ignored(void **state)
{
	struct thing t;
	char why[100];

	(void)state;
	assert_int_equal(decode("{\"count\":3,\"later\":[1]}", &t, why), 0);
	assert_null(t.name);
	assert_true(t.count == 3 && t.ratio == 0 && !t.on);
}

static void
an_absent_required_field_is_named(void **state)
{
	struct thing t;
	char why[100];

	(void)state;
	assert_int_equal(decode("{}", &t, why), ERR_PARSE);
	assert_string_equal(why, "count is missing");
}

static void
a_field_of_another_type_is_named(void **state)
{
	struct thing t;
	char why[100];

	(void)state;
	assert_int_equal(decode("{\"count\":3,\"on\":\"yes\"}", &t, why), ERR_PARSE);
	assert_string_equal(why, "on is of type string, not boolean");
	assert_int_equal(decode("{\"count\":3.5}", &t, why), ERR_PARSE);
	assert_string_equal(why, "count is of type double, not int");
}

static void
a_whole_number_is_a_real_one(void **state)
{
	struct thing t;
	char why[100];

	(void)state;
	assert_int_equal(decode("{\"count\":0,\"ratio\":2}", &t, why), 0);
	assert_true(t.ratio == 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_encoded_is_decoded),
		cmocka_unit_test(absent_optional_fields_are_zero_and_unknown_ones_ignored),
		cmocka_unit_test(an_absent_required_field_is_named),
		cmocka_unit_test(a_field_of_another_type_is_named),
		cmocka_unit_test(a_whole_number_is_a_real_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
