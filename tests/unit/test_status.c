/* test_status.c - the snapshot to JSON and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "common/json.h"
#include "proto/status.h"
#include "proto/status_account.h"
#include "proto/status_camera.h"
#include "proto/status_count.h"

static char *
copy(const char *s)
{
	return strdup(s);
}

static void
a_snapshot_survives_the_way(void **state)
{
	struct status in = {
		.version = copy("9"), .pid = 5, .account_count = 1, .camera_count = 2
	};
	struct status out;
	char why[100];

	(void)state;
	in.accounts = calloc(1, sizeof(*in.accounts));
	in.cameras = calloc(2, sizeof(*in.cameras));
	in.accounts[0] = (struct status_account){ .name = copy("home"), .qpm = 10 };
	in.cameras[0] = (struct status_camera){ .name = copy("a"), .fps = 29.5, .expires_ms = -1 };
	in.cameras[1] = (struct status_camera){ .name = copy("b"), .error = copy("gone") };
	in.cameras[1].outputs = calloc(2, sizeof(*in.cameras[1].outputs));
	in.cameras[1].output_count = 2;
	in.cameras[1].outputs[0] = (struct status_output){ .name = copy("cloudflare") };
	in.cameras[1].outputs[1] = (struct status_output){ .name = copy("whip:edge"),
		.kind = copy("whip"),
		.state = copy("live"),
		.media = copy("sending") };
	in.cameras[0].restarts_by = calloc(1, sizeof(*in.cameras[0].restarts_by));
	in.cameras[0].restarts_by_count = 1;
	in.cameras[0].restarts_by[0] = (struct status_count){ .name = copy("hung"), .count = 3 };
	in.cameras[0].totals.frames = 77;
	in.accounts[0].buckets = calloc(1, sizeof(*in.accounts[0].buckets));
	in.accounts[0].bucket_count = 1;
	in.accounts[0].buckets[0] = (struct status_bucket){ .name = copy("lists"), .used = 4 };
	in.process.cpu_ms = 12;
	in.disk.store_bytes = -1;
	struct json *j = status_to_json(&in);
	assert_int_equal(status_from_json(j, &out, why, sizeof(why)), 0);
	assert_string_equal(out.cameras[0].restarts_by[0].name, "hung");
	assert_int_equal(out.cameras[0].restarts_by[0].count, 3);
	assert_int_equal(out.cameras[0].totals.frames, 77);
	assert_int_equal(out.cameras[1].restarts_by_count, 0);
	assert_string_equal(out.accounts[0].buckets[0].name, "lists");
	assert_int_equal(out.accounts[0].buckets[0].used, 4);
	assert_int_equal(out.process.cpu_ms, 12);
	assert_int_equal(out.disk.store_bytes, -1);
	assert_string_equal(out.version, "9");
	assert_string_equal(out.accounts[0].name, "home");
	assert_true(out.accounts[0].qpm == 10 && out.camera_count == 2);
	assert_true(out.cameras[0].fps == 29.5 && out.cameras[0].expires_ms == -1);
	assert_null(out.cameras[0].error);
	assert_string_equal(out.cameras[1].error, "gone");
	assert_int_equal(out.cameras[0].output_count, 0);
	assert_int_equal(out.cameras[1].output_count, 2);
	assert_string_equal(out.cameras[1].outputs[0].name, "cloudflare");
	assert_null(out.cameras[1].outputs[0].media);
	assert_string_equal(out.cameras[1].outputs[1].media, "sending");
	json_free(j);
	status_clear(&out);
	status_clear(&in);
}

static void
an_older_camrelayd_says_nothing_of_outputs(void **state)
{
	const char *text = "{\"version\":\"1\",\"accounts\":[],\"cameras\":[{\"name\":\"a\"}]}";
	struct status out;
	char why[100];

	(void)state;
	struct json *j = json_parse(text, strlen(text), why, sizeof(why));
	assert_int_equal(status_from_json(j, &out, why, sizeof(why)), 0);
	assert_int_equal(out.camera_count, 1);
	assert_int_equal(out.cameras[0].output_count, 0);
	json_free(j);
	status_clear(&out);
}

static void
an_answer_without_cameras_is_refused(void **state)
{
	const char *text = "{\"version\":\"1\",\"accounts\":[]}";
	struct status out;
	char why[100];

	(void)state;
	struct json *j = json_parse(text, strlen(text), why, sizeof(why));
	assert_int_equal(status_from_json(j, &out, why, sizeof(why)), ERR_PARSE);
	assert_string_equal(why, "cameras is missing");
	json_free(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_snapshot_survives_the_way),
		cmocka_unit_test(an_older_camrelayd_says_nothing_of_outputs),
		cmocka_unit_test(an_answer_without_cameras_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
