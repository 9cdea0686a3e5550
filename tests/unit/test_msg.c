/* test_msg.c - the messages between supervisor and workers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "proto/msg.h"

static int
decode(const char *text, enum msg_sender sender, char *why)
{
	struct msg m;

	int err = msg_decode(text, strlen(text), sender, &m, why, 160);
	if (!err)
		msg_clear(&m);
	return err;
}

static void
a_message_survives_the_way(void **state)
{
	struct msg in = { .type = MSG_SOURCE,
		.camera = "porch",
		.gen = 7,
		.pid = 412,
		.u.source = { .url = "rtsps://h/p?auth=t", .tls_verify = true, .stall_ms = 9 } };
	struct msg out;
	char why[160];

	(void)state;
	char *text = msg_encode(&in);
	assert_int_equal(
		msg_decode(text, strlen(text), MSG_BY_SUPERVISOR, &out, why, sizeof(why)), 0);
	assert_int_equal(out.type, MSG_SOURCE);
	assert_string_equal(out.camera, "porch");
	assert_true(out.gen == 7 && out.pid == 412);
	assert_string_equal(out.u.source.url, in.u.source.url);
	assert_null(out.u.source.ca_file);
	assert_true(out.u.source.tls_verify && out.u.source.stall_ms == 9);
	msg_clear(&out);
	free(text);
}

static void
every_type_has_a_name_of_its_own_and_can_be_sent(void **state)
{
	char why[160];
	struct msg out;

	(void)state;
	for (int i = 0; i < MSG_TYPES; i++) {
		struct msg m = { .type = (enum msg_type)i };
		char *text = msg_encode(&m);
		/* Required strings are absent: it must be that, and not an unknown type. */
		int err = msg_decode(text, strlen(text), MSG_BY_WORKER, &out, why, sizeof(why));
		assert_int_not_equal(err, ERR_UNSUPPORTED);
		if (!err)
			msg_clear(&out);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
				msg_name((enum msg_type)i), msg_name((enum msg_type)k));
		free(text);
	}
}

static void
unknown_fields_are_ignored_since_others_may_be_newer(void **state)
{
	char why[160];

	(void)state;
	assert_int_equal(decode("{\"v\":1,\"type\":\"pong\",\"camera\":\"a\",\"gen\":1,\"pid\":2,"
				"\"id\":3,\"mood\":\"fine\"}",
				 MSG_BY_WORKER, why),
		0);
}

static void
an_unknown_type_is_named(void **state)
{
	char why[160];

	(void)state;
	assert_int_equal(decode("{\"v\":1,\"type\":\"sing\",\"camera\":\"a\"}", MSG_BY_WORKER, why),
		ERR_UNSUPPORTED);
	assert_string_equal(why, "unknown type sing");
}

static void
another_version_is_refused(void **state)
{
	char why[160];

	(void)state;
	assert_int_equal(
		decode("{\"v\":2,\"type\":\"pong\",\"camera\":\"a\",\"id\":1}", MSG_BY_WORKER, why),
		ERR_UNSUPPORTED);
	assert_string_equal(why, "version 2, not 1");
}

static void
a_worker_may_not_say_what_is_the_supervisors(void **state)
{
	char why[160];

	(void)state;
	assert_int_equal(decode("{\"v\":1,\"type\":\"stop\",\"camera\":\"a\"}", MSG_BY_WORKER, why),
		ERR_REFUSED);
}

static void
a_missing_field_is_named(void **state)
{
	char why[160];

	(void)state;
	assert_int_equal(decode("{\"v\":1,\"type\":\"answer\",\"camera\":\"a\",\"offer\":1}",
				 MSG_BY_SUPERVISOR, why),
		ERR_PARSE);
	assert_string_equal(why, "sdp is missing");
}

static void
a_camera_name_that_does_not_fit_is_refused(void **state)
{
	char text[400];
	char why[160];

	(void)state;
	snprintf(text, sizeof(text), "{\"v\":1,\"type\":\"pong\",\"id\":1,\"camera\":\"%0100d\"}",
		0);
	assert_int_equal(decode(text, MSG_BY_WORKER, why), ERR_PARSE);
}

static int
outputs_of(const char *more)
{
	char text[300];
	char why[160];
	struct msg m;

	snprintf(text, sizeof(text),
		"{\"v\":1,\"type\":\"source\",\"camera\":\"a\",\"url\":\"rtsp://h/\","
		"\"tls_verify\":true,\"stall_ms\":1,%s}",
		more);
	assert_int_equal(
		msg_decode(text, strlen(text), MSG_BY_SUPERVISOR, &m, why, sizeof(why)), 0);
	int n = msg_source_outputs(&m.u.source);
	msg_clear(&m);
	return n;
}

static void
a_supervisor_that_knows_of_one_output_is_understood(void **state)
{
	(void)state;
	assert_int_equal(outputs_of("\"publish\":true"), 1);
	assert_int_equal(outputs_of("\"publish\":false"), 0);
	assert_int_equal(outputs_of("\"publish\":false,\"outputs\":0"), 0);
	assert_int_equal(outputs_of("\"publish\":true,\"outputs\":3"), 3);
	assert_int_equal(outputs_of("\"publish\":true,\"outputs\":99"), MSG_OUTPUTS_MAX);
}

static void
a_worker_that_knows_of_one_output_speaks_of_the_first(void **state)
{
	static const char text[] = "{\"v\":1,\"type\":\"offer\",\"camera\":\"a\",\"offer\":7,"
				   "\"sdp\":\"v=0\",\"video_mid\":\"0\"}";
	char why[160];
	struct msg m;

	(void)state;
	assert_int_equal(msg_decode(text, strlen(text), MSG_BY_WORKER, &m, why, sizeof(why)), 0);
	assert_int_equal(m.u.offer.output, 0);
	msg_clear(&m);
}

static void
what_became_of_an_output_survives_the_way(void **state)
{
	struct msg in = { .type = MSG_OUTPUT,
		.camera = "porch",
		.u.output = {
			.output = 2, .offer = 5, .state = "failed", .reason = "no consent" } };
	struct msg out;
	char why[160];

	(void)state;
	char *text = msg_encode(&in);
	assert_int_equal(msg_decode(text, strlen(text), MSG_BY_WORKER, &out, why, sizeof(why)), 0);
	assert_int_equal(out.type, MSG_OUTPUT);
	assert_int_equal(out.u.output.output, 2);
	assert_int_equal(out.u.output.offer, 5);
	assert_string_equal(out.u.output.state, "failed");
	assert_string_equal(out.u.output.reason, "no consent");
	msg_clear(&out);
	free(text);
	assert_int_equal(decode("{\"v\":1,\"type\":\"output\",\"camera\":\"a\",\"offer\":1,"
				"\"state\":\"sending\"}",
				 MSG_BY_WORKER, why),
		ERR_PARSE);
	assert_string_equal(why, "output is missing");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_survives_the_way),
		cmocka_unit_test(every_type_has_a_name_of_its_own_and_can_be_sent),
		cmocka_unit_test(unknown_fields_are_ignored_since_others_may_be_newer),
		cmocka_unit_test(an_unknown_type_is_named),
		cmocka_unit_test(another_version_is_refused),
		cmocka_unit_test(a_worker_may_not_say_what_is_the_supervisors),
		cmocka_unit_test(a_missing_field_is_named),
		cmocka_unit_test(a_camera_name_that_does_not_fit_is_refused),
		cmocka_unit_test(a_supervisor_that_knows_of_one_output_is_understood),
		cmocka_unit_test(a_worker_that_knows_of_one_output_speaks_of_the_first),
		cmocka_unit_test(what_became_of_an_output_survives_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
