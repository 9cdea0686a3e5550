/* test_control_message.c - what operators ask is read to its end, or refused with a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "supervisor/control_message.h"

/* The JSON lends its strings to the message. */
struct reading {
	struct json *fields;
	struct control_message m;
	char why[200];
};

static int
try_read(struct reading *r, const char *text)
{
	memset(r, 0, sizeof(*r));
	r->fields = json_parse(text, strlen(text), r->why, sizeof(r->why));
	assert_non_null(r->fields);
	return control_message_read(r->fields, &r->m, r->why, sizeof(r->why));
}

static struct reading
read_text(const char *text)
{
	struct reading r;

	if (try_read(&r, text) < 0)
		fail_msg("%s: %s", text, r.why);
	return r;
}

static void
clear(struct reading *r)
{
	control_message_clear(&r->m);
	json_free(r->fields);
}

static void
expect_refusal(const char *text, const char *sentence)
{
	struct reading r;

	assert_int_equal(try_read(&r, text), -1);
	assert_string_equal(r.why, sentence);
	json_free(r.fields);
}

static void
a_command_is_known_by_its_name(void **state)
{
	(void)state;
	for (int i = 0; i < CONTROL_COMMANDS; i++) {
		char text[300];
		snprintf(text, sizeof(text),
			"{\"command\":\"%s\",\"camera\":\"porch\",\"argument\":\"off\","
			"\"role\":\"view\"}",
			control_command_name((enum control_command)i));
		struct reading r = read_text(text);
		assert_int_equal(r.m.command, i);
		clear(&r);
	}
	expect_refusal("{\"command\":\"exec\"}", "unknown command exec");
	expect_refusal("{\"command\":7}", "unknown command (none)");
	expect_refusal("{}", "unknown command (none)");
	expect_refusal("[\"status\"]", "unknown command (none)");
}

static void
a_camera_is_named_or_all_are_meant(void **state)
{
	(void)state;
	struct reading r = read_text("{\"command\":\"restart\",\"camera\":\"porch\"}");
	assert_true(r.m.must_exist && !r.m.all);
	assert_string_equal(r.m.camera, "porch");
	clear(&r);
	r = read_text("{\"command\":\"restart\",\"camera\":\"all\"}");
	assert_true(r.m.all);
	clear(&r);
	r = read_text("{\"command\":\"extend\",\"camera\":\"all\"}");
	assert_false(r.m.all);
	clear(&r);
	expect_refusal("{\"command\":\"restart\"}", "restart needs a camera's name");
	expect_refusal(
		"{\"command\":\"extend\",\"camera\":[\"a\"]}", "extend needs a camera's name");
	expect_refusal("{\"command\":\"remove\"}", "which camera?");
}

static void
an_account_is_for_those_who_take_one(void **state)
{
	(void)state;
	struct reading r = read_text("{\"command\":\"devices\",\"google\":\"home\"}");
	assert_string_equal(r.m.google, "home");
	clear(&r);
	r = read_text("{\"command\":\"status\",\"google\":\"home\"}");
	assert_null(r.m.google);
	clear(&r);
}

static void
record_is_on_or_off(void **state)
{
	(void)state;
	struct reading r =
		read_text("{\"command\":\"record\",\"camera\":\"porch\",\"argument\":\"on\"}");
	assert_true(r.m.on);
	clear(&r);
	r = read_text("{\"command\":\"record\",\"camera\":\"porch\",\"argument\":\"off\"}");
	assert_false(r.m.on);
	clear(&r);
	expect_refusal("{\"command\":\"record\",\"camera\":\"porch\",\"argument\":\"ON\"}",
		"record takes on or off");
}

static void
a_section_has_keys_with_values(void **state)
{
	(void)state;
	struct reading r = read_text(
		"{\"command\":\"add\",\"camera\":\"yard\",\"settings\":["
		"{\"key\":\"url\",\"value\":\"rtsp://h/\"},{\"key\":\"audio\",\"value\":\"no\"}]}");
	assert_int_equal(r.m.pair_count, 2);
	assert_string_equal(r.m.pairs[1].key, "audio");
	assert_string_equal(r.m.pairs[1].value, "no");
	clear(&r);
	r = read_text("{\"command\":\"add\",\"camera\":\"yard\"}");
	assert_int_equal(r.m.pair_count, 0);
	clear(&r);
	expect_refusal("{\"command\":\"add\",\"camera\":\"yard\",\"settings\":["
		       "{\"key\":\"url\",\"value\":\"rtsp://h/\"},{\"key\":\"port\",\"value\":7}]}",
		"each of settings needs a key and a value");
	expect_refusal("{\"command\":\"add\",\"settings\":[]}", "which camera?");
}

static void
a_token_has_a_role_and_its_cameras(void **state)
{
	char many[4096] =
		"{\"command\":\"token_add\",\"name\":\"wall\",\"role\":\"view\",\"cameras\":[";

	(void)state;
	struct reading r =
		read_text("{\"command\":\"token_add\",\"name\":\"wall\",\"role\":\"view\","
			  "\"cameras\":[{\"name\":\"porch\"},{\"name\":\"yard\"}]}");
	assert_string_equal(r.m.token.name, "wall");
	assert_int_equal(r.m.token.role, TOKEN_VIEW);
	assert_int_equal(r.m.token.camera_count, 2);
	assert_string_equal(r.m.token.cameras[1], "yard");
	clear(&r);
	expect_refusal("{\"command\":\"token_add\",\"name\":\"wall\",\"role\":\"root\"}",
		"a token's role must be view, operate or admin");
	for (int i = 0; i < TOKEN_CAMERAS_MAX; i++)
		strcat(many, "{\"name\":\"a\"},");
	strcat(many, "{\"name\":\"a\"}]}");
	expect_refusal(many, "a token has at most 64 cameras");
	expect_refusal(
		"{\"command\":\"token_add\",\"name\":\"x\",\"role\":\"operate\",\"cameras\":["
		"{\"name\":\"porch\"},{\"name\":\"all\"}]}",
		"no camera is called all: a token that names none is for every camera");
}

static void
a_name_too_long_for_a_token_is_none(void **state)
{
	char text[300];

	(void)state;
	snprintf(text, sizeof(text),
		"{\"command\":\"token_add\",\"name\":\"%0*d\",\"role\":\"admin\"}", NAME_BYTES, 0);
	struct reading r = read_text(text);
	assert_string_equal(r.m.token.name, "");
	clear(&r);
}

static void
what_is_left_out_is_empty(void **state)
{
	(void)state;
	struct reading r = read_text("{\"command\":\"login_code\",\"google\":\"home\",\"code\":7}");
	assert_string_equal(r.m.code, "");
	assert_string_equal(r.m.state, "");
	clear(&r);
	r = read_text("{\"command\":\"snapshot_done\",\"camera\":\"porch\",\"id\":1e3}");
	assert_int_equal(r.m.id, 0);
	clear(&r);
	r = read_text("{\"command\":\"protect\",\"camera\":\"porch\"}");
	assert_string_equal(r.m.hour, "");
	clear(&r);
	r = read_text("{\"command\":\"token_remove\"}");
	assert_string_equal(r.m.name, "");
	clear(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_known_by_its_name),
		cmocka_unit_test(a_camera_is_named_or_all_are_meant),
		cmocka_unit_test(an_account_is_for_those_who_take_one),
		cmocka_unit_test(record_is_on_or_off),
		cmocka_unit_test(a_section_has_keys_with_values),
		cmocka_unit_test(a_token_has_a_role_and_its_cameras),
		cmocka_unit_test(a_name_too_long_for_a_token_is_none),
		cmocka_unit_test(what_is_left_out_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
