/* test_web_body.c - what the JSON bodies of requests say, or what is wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "supervisor/web_body.h"

static char why[200];

static struct json *
parse(const char *text)
{
	why[0] = '\0';
	return web_body_parse(text, strlen(text), why, sizeof(why));
}

static struct json *
must_parse(const char *text)
{
	struct json *body = parse(text);

	if (!body)
		fail_msg("%s: %s", text, why);
	return body;
}

static void
a_body_is_an_object_or_the_place_where_it_is_none(void **state)
{
	(void)state;
	json_free(must_parse(" {\"a\": 1} "));
	assert_null(parse("[1]"));
	assert_string_equal(why, "the body is no JSON object");
	assert_null(parse(""));
	assert_non_null(strstr(why, "the body is no JSON object: "));
	assert_null(parse("{\"a\": 1} x"));
	assert_string_equal(why, "the body is no JSON object: unexpected character at byte 9");
}

/* What one of the functions says of text; NULL with a sentence in why. */
static void
expect(const char *(*read)(const struct json *, char *, size_t), const char *text,
	const char *wanted, const char *sentence)
{
	struct json *body = must_parse(text);
	const char *got = read(body, why, sizeof(why));

	if (wanted) {
		assert_non_null(got);
		assert_string_equal(got, wanted);
	} else {
		assert_null(got);
		assert_string_equal(why, sentence);
	}
	json_free(body);
}

static void
strings_are_found_or_asked_for(void **state)
{
	static const char camera[] = "camera must be a string: the name of one";
	static const char token[] = "token must be a string: what camctl token add has shown";
	static const char answer[] = "the body must be {\"type\": \"answer\", \"sdp\": \"v=0...\"}";

	(void)state;
	expect(web_body_camera, "{\"camera\":\"porch\"}", "porch", NULL);
	expect(web_body_camera, "{\"camera\":7}", NULL, camera);
	expect(web_body_token, "{\"token\":\"t\"}", "t", NULL);
	expect(web_body_token, "{}", NULL, token);
	expect(web_body_answer, "{\"type\":\"answer\",\"sdp\":\"v=0\\r\\n\"}", "v=0\r\n", NULL);
	expect(web_body_answer, "{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}", NULL, answer);
	expect(web_body_answer, "{\"type\":\"answer\",\"sdp\":\"hello\"}", NULL, answer);
	expect(web_body_answer, "{\"sdp\":\"v=0\\r\\n\"}", NULL, answer);
}

static void
a_new_camera_is_what_camctl_would_ask(void **state)
{
	struct json *body = must_parse(
		"{\"name\":\"yard\",\"settings\":{\"url\":\"rtsp://h/\",\"a.b\":null,\"n\":7}}");

	(void)state;
	struct json *fields = web_body_add(body, why, sizeof(why));
	assert_non_null(fields);
	char *text = json_text(fields, false);
	assert_string_equal(text, "{\"command\":\"add\",\"camera\":\"yard\",\"settings\":["
				  "{\"key\":\"url\",\"value\":\"rtsp://h/\"},"
				  "{\"key\":\"a.b\",\"value\":null},{\"key\":\"n\",\"value\":7}]}");
	free(text);
	json_free(fields);
	json_free(body);
}

static void
a_new_camera_without_name_or_settings_is_none(void **state)
{
	static const char *const bodies[] = { "{\"settings\":{}}", "{\"name\":\"a\"}",
		"{\"name\":1,\"settings\":{}}", "{\"name\":\"a\",\"settings\":[]}" };

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct json *body = must_parse(bodies[i]);
		assert_null(web_body_add(body, why, sizeof(why)));
		assert_string_equal(
			why, "a camera needs a name and settings, an object of strings");
		json_free(body);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_is_an_object_or_the_place_where_it_is_none),
		cmocka_unit_test(strings_are_found_or_asked_for),
		cmocka_unit_test(a_new_camera_is_what_camctl_would_ask),
		cmocka_unit_test(a_new_camera_without_name_or_settings_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
