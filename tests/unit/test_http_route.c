/* test_http_route.c - paths, methods, and what may stand in a query. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/http_route.h"

static const struct http_route_parameter query[] = {
	{ .name = "days", .max = 400 },
	{ .name = "what", .required = true },
	{ .name = NULL },
};

static const struct http_route table[] = {
	{ .pattern = "/" },
	{ .pattern = "/v2/cameras", .query = query },
	{ .method = HTTP_POST, .pattern = "/v2/cameras" },
	{ .method = HTTP_POST, .pattern = "/v2/cameras/all" },
	{ .pattern = "/v2/cameras/{camera}" },
	{ .method = HTTP_DELETE, .pattern = "/v2/cameras/{camera}" },
	{ .method = HTTP_POST, .pattern = "/v2/cameras/{camera}/days/{day}" },
	{ .pattern = NULL },
};

static struct http_route_match
find(enum http_method method, const char *path)
{
	struct http_route_match match = { 0 };

	http_route_find(table, method, path, &match);
	return match;
}

static void
a_path_is_found_with_what_stands_in_it(void **state)
{
	(void)state;
	struct http_route_match m = find(HTTP_POST, "/v2/cameras/porch/days/2026-11-21");
	assert_ptr_equal(m.route, &table[6]);
	assert_string_equal(http_route_value(&m, "camera"), "porch");
	assert_string_equal(http_route_value(&m, "day"), "2026-11-21");
	assert_null(http_route_value(&m, "da"));
	assert_ptr_equal(find(HTTP_GET, "/").route, &table[0]);
	assert_ptr_equal(find(HTTP_HEAD, "/v2/cameras/x").route, &table[4]);
	assert_ptr_equal(find(HTTP_GET, "/v2/cameras/all").route, &table[4]);
	assert_ptr_equal(find(HTTP_POST, "/v2/cameras/all").route, &table[3]);
}

static void
other_paths_are_not(void **state)
{
	static const char *const paths[] = { "", "/v2", "/v2/cameras/", "/v2/cameras/a/",
		"/v2//cameras", "/v2/cameras/a/b", "/v2/camerasx", "/V2/cameras", "//" };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (find(HTTP_GET, paths[i]).known)
			fail_msg("%s", paths[i]);
}

static void
a_part_that_is_too_long_is_no_match(void **state)
{
	char path[400] = "/v2/cameras/";

	(void)state;
	memset(path + 12, 'a', HTTP_ROUTE_VALUE_MAX - 1);
	assert_true(find(HTTP_GET, path).known);
	memset(path + 12, 'a', HTTP_ROUTE_VALUE_MAX);
	assert_false(find(HTTP_GET, path).known);
}

static void
other_methods_are_told(void **state)
{
	(void)state;
	struct http_route_match m = find(HTTP_PUT, "/v2/cameras/porch");
	assert_true(m.known);
	assert_null(m.route);
	assert_string_equal(m.allow, "GET, HEAD, DELETE");
	assert_string_equal(find(HTTP_GET, "/v2/cameras/a/days/b").allow, "POST");
}

static void
expect_query(const char *a, const char *b, const char *why_not)
{
	struct http_message m = { 0 };
	char why[100] = "";

	http_message_add_parameter(&m, a);
	if (b)
		http_message_add_parameter(&m, b);
	int err = http_route_check_query(&table[1], &m, why, sizeof(why));
	assert_int_equal(err, why_not ? -1 : 0);
	if (why_not && !strstr(why, why_not))
		fail_msg("%s", why);
	http_message_clear(&m);
}

static void
a_query_is_what_the_route_takes(void **state)
{
	(void)state;
	expect_query("what=x", "days=30", NULL);
	expect_query("what=", NULL, NULL);
	expect_query("days=30", NULL, "what is missing");
	expect_query("what=x", "days=-1", "days must be");
	expect_query("what=x", "days=", "days must be");
	expect_query("what=x", "days=400", NULL);
	expect_query("what=x", "days=401", "days must be a whole number from 0 to 400");
	expect_query("what=x", "days=999999999", "days must be");
	expect_query("what=x", "days=99999999999999999999", "days must be");
	expect_query("what=x", "colour=red", "no parameter colour");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_found_with_what_stands_in_it),
		cmocka_unit_test(other_paths_are_not),
		cmocka_unit_test(a_part_that_is_too_long_is_no_match),
		cmocka_unit_test(other_methods_are_told),
		cmocka_unit_test(a_query_is_what_the_route_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
