/* test_json.c - values are parsed to the end, getters are typed, and what is wrong is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"

static struct json *
parsed(const char *text)
{
	char why[128] = "";
	struct json *j = json_parse(text, strlen(text), why, sizeof(why));

	assert_string_equal(why, "");
	return j;
}

static void
assert_refused(const char *text, size_t len)
{
	char why[128] = "";

	if (json_parse(text, len, why, sizeof(why)))
		fail_msg("taken: %s", text);
	if (!*why)
		fail_msg("refused without a word: %s", text);
}

static void
a_value_is_reached_by_its_path(void **state)
{
	struct json *j = parsed(
		"{\"a\":{\"b\":[1,{\"c\":\"x\"}],\"d\":\"y\"},\"n\":42,\"r\":1.5,\"t\":true}");

	(void)state;
	assert_string_equal(json_str(j, "a.d"), "y");
	assert_int_equal(json_int(j, "n", -1), 42);
	assert_true(json_real(j, "r", 0) == 1.5);
	assert_true(json_real(j, "n", 0) == 42.0);
	assert_true(json_truth(j, "t", false));
	assert_int_equal(json_len(json_get(j, "a.b")), 2);
	assert_string_equal(json_str(json_at(json_get(j, "a.b"), 1), "c"), "x");
	assert_null(json_at(json_get(j, "a.b"), 2));
	assert_true(json_is_object(j));
	assert_true(json_is_array(json_get(j, "a.b")));
	assert_true(json_is_string(json_get(j, "a.d")));
	json_free(j);
}

static void
a_wrong_type_is_as_good_as_absent(void **state)
{
	struct json *j = parsed("{\"s\":\"5\",\"n\":5,\"z\":null,\"f\":5.5,\"b\":1}");

	(void)state;
	assert_null(json_str(j, "n"));
	assert_int_equal(json_int(j, "s", -1), -1);
	assert_int_equal(json_int(j, "f", -1), -1);
	assert_false(json_truth(j, "b", false));
	assert_null(json_str(j, "z"));
	assert_null(json_get(j, "z"));
	assert_null(json_get(j, "s.deeper"));
	assert_null(json_get(j, "absent"));
	assert_null(json_str(NULL, "a"));
	assert_int_equal(json_int(NULL, "a", 3), 3);
	assert_int_equal(json_len(j), 0);
	assert_null(json_at(j, 0));
	assert_false(json_is_object(NULL));
	json_free(j);
}

static void
why_not_says_missing_or_of_what_type(void **state)
{
	struct json *j = parsed("{\"error\":\"x\",\"o\":{}}");
	char why[128];

	(void)state;
	assert_string_equal(json_why_not(j, "o.streamToken", "string", why, sizeof(why)),
		"o.streamToken is missing");
	assert_string_equal(json_why_not(j, "error", "object", why, sizeof(why)),
		"error is of type string, not object");
	json_free(j);
}

static void
malformed_text_is_refused(void **state)
{
	static const char *const bad[] = { "", " ", "{", "[1,", "{\"a\":}", "[1,]", "{\"a\":1,}",
		"nul", "01", "\"open", "<html>", "{\"a\" 1}", "\"\\x\"", "/* c */ 1", "1 2",
		"{} {}", "{}x", "\"\xff\"", "tru", "-", "+1", "[1 2]", "TRUE", "1e", "[.5]" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(bad[i], strlen(bad[i]));
}

static void
bytes_after_the_value_are_refused_even_zeros(void **state)
{
	(void)state;
	assert_refused("{}\0x", 4);
	assert_refused("{}\0", 3);
	assert_refused("5\0", 2);
	assert_refused("5\0006", 3);
	assert_refused("\"a\0b\"", 5);
	struct json *j = parsed("  {} \r\n\t ");
	assert_true(json_is_object(j));
	json_free(j);
}

static void
only_the_given_bytes_are_read(void **state)
{
	char why[64] = "";
	/* As it comes from a socket: no NUL behind it. */
	char *text = malloc(4);

	(void)state;
	memcpy(text, "1234", 4);
	struct json *j = json_parse(text, 4, why, sizeof(why));
	assert_non_null(j);
	json_free(j);
	memcpy(text, "{}  ", 4);
	j = json_parse(text, 4, why, sizeof(why));
	assert_non_null(j);
	json_free(j);
	memcpy(text, "{} x", 4);
	j = json_parse(text, 3, why, sizeof(why));
	assert_non_null(j);
	json_free(j);
	assert_refused(text, 4);
	free(text);
}

static void
bare_values_are_values(void **state)
{
	char why[64];

	(void)state;
	struct json *j = parsed("-17");
	assert_int_equal(json_int(j, "", 0), -17);
	json_free(j);
	j = parsed("\"x\"");
	assert_string_equal(json_str(j, ""), "x");
	json_free(j);
	/* null is a value, but there is nothing to own: it must not pass for a failure without
	 * words. */
	strcpy(why, "untouched");
	assert_null(json_parse("null", 4, why, sizeof(why)));
	assert_string_not_equal(why, "untouched");
}

static void
depth_is_limited(void **state)
{
	char text[128];

	(void)state;
	memset(text, '[', 100);
	memset(text + 31, ']', 31);
	text[62] = '\0';
	json_free(parsed(text));
	memset(text, '[', 60);
	assert_refused(text, 60);
}

static void
text_round_trips(void **state)
{
	struct json *j = json_new_object();
	struct json *list = json_new_array();

	(void)state;
	json_set_str(j, "s", "a/\"b\"\n\xc3\xa9");
	json_set_str(j, "none", NULL);
	json_set_int(j, "i", INT64_MIN);
	json_set_real(j, "r", 1.0 / 3);
	json_set_bool(j, "b", true);
	json_add_str(list, "x");
	json_add(list, json_new_object());
	json_set(j, "l", list);
	char *text = json_text(j, false);
	assert_string_equal(text,
		"{\"s\":\"a/\\\"b\\\"\\n\xc3\xa9\",\"none\":null,\"i\":-9223372036854775808,"
		"\"r\":0.333,\"b\":true,\"l\":[\"x\",{}]}");
	struct json *again = parsed(text);
	assert_int_equal(json_int(again, "i", 0), INT64_MIN);
	assert_string_equal(json_str(again, "s"), "a/\"b\"\n\xc3\xa9");
	free(text);
	json_free(again);
	json_free(j);
	json_free(NULL);
}

static void
reals_that_json_cannot_say_are_null(void **state)
{
	struct json *j = json_new_object();

	(void)state;
	json_set_real(j, "nan", 0.0 / 0.0);
	json_set_real(j, "inf", 1e308 * 10);
	json_set_real(j, "big", 1e300);
	char *text = json_text(j, false);
	struct json *again = parsed(text);
	assert_null(json_get(again, "nan"));
	assert_null(json_get(again, "inf"));
	assert_true(json_real(again, "big", 0) > 9e299);
	json_free(again);
	free(text);
	json_free(j);
}

static void
keep_order(const char *key, struct json *value, void *arg)
{
	(void)value;
	strncat(arg, key, 8);
}

static void
members_come_in_order(void **state)
{
	struct json *j = parsed("{\"c\":1,\"a\":null,\"b\":3}");
	char keys[32] = "";

	(void)state;
	json_each(j, keep_order, keys);
	assert_string_equal(keys, "cab");
	json_each(NULL, keep_order, keys);
	json_free(j);
}

static void
what_is_not_a_number_is_as_good_as_absent(void **state)
{
	struct json *j = parsed("{\"n\":NaN,\"i\":-Infinity,\"h\":1e999}");

	(void)state;
	assert_true(json_real(j, "n", 7) == 7);
	assert_true(json_real(j, "i", 7) == 7);
	assert_true(json_real(j, "h", 7) == 7);
	json_free(j);
}

static void
integers_too_big_are_not_bent(void **state)
{
	struct json *j = parsed("{\"u\":18446744073709551615,\"h\":99999999999999999999999}");

	(void)state;
	assert_int_equal(json_int(j, "u", -1), -1);
	assert_int_equal(json_int(j, "h", -1), -1);
	json_free(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_reached_by_its_path),
		cmocka_unit_test(a_wrong_type_is_as_good_as_absent),
		cmocka_unit_test(why_not_says_missing_or_of_what_type),
		cmocka_unit_test(malformed_text_is_refused),
		cmocka_unit_test(bytes_after_the_value_are_refused_even_zeros),
		cmocka_unit_test(only_the_given_bytes_are_read),
		cmocka_unit_test(bare_values_are_values),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(text_round_trips),
		cmocka_unit_test(reals_that_json_cannot_say_are_null),
		cmocka_unit_test(members_come_in_order),
		cmocka_unit_test(what_is_not_a_number_is_as_good_as_absent),
		cmocka_unit_test(integers_too_big_are_not_bent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
