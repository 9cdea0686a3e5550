#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "supervisor/sdm_answer.h"

/* 2018-01-04T18:25:00Z: five minutes before the documented answer's expiresAt. */
#define WALL_US (1515090300 * INT64_C(1000000))

static const char generated[] =
	"{\"results\":{\"streamUrls\":{\"rtspUrl\":"
	"\"rtsps://stream-ue1-bravo.dropcam.com:443/sdm_live_stream/CiUA2v?auth=g.0.x\"},"
	"\"streamExtensionToken\":\"CjY5\",\"streamToken\":\"g.0.x\","
	"\"expiresAt\":\"2018-01-04T18:30:00.000Z\"}}";
static const char extended[] = "{\"results\":{\"streamExtensionToken\":\"dGNU\","
			       "\"streamToken\":\"g.1.y\",\"expiresAt\":\"2018-01-04T18:30:00Z\"}}";

static struct sdm_answer
parsed(enum sdm_command command, int status, const char *body)
{
	struct sdm_answer a;

	sdm_answer_parse(command, status, body, strlen(body), 0, WALL_US, &a);
	return a;
}

static void
expect(enum sdm_command command, int status, const char *body, enum sdm_error error,
	const char *words)
{
	struct sdm_answer a = parsed(command, status, body);

	if (a.error != error)
		fail_msg("%d %s: %s, not %s", status, body, sdm_error_name(a.error),
			sdm_error_name(error));
	assert_string_equal(a.words, words);
	assert_null(a.stream.rtsp_url);
	assert_null(a.stream.extension_token);
	sdm_answer_clear(&a);
}

static void
refusal(enum sdm_command command, int status, const char *code, const char *message,
	enum sdm_error error)
{
	char body[512], words[256];

	snprintf(body, sizeof(body),
		"{\"error\":{\"code\":%d,\"message\":\"%s\",\"status\":\"%s\"}}", status, message,
		code);
	snprintf(words, sizeof(words), "%s: %s", code, message);
	expect(command, status, body, error, words);
}

static void
a_generate_brings_url_tokens_and_life(void **state)
{
	struct sdm_answer a = parsed(SDM_GENERATE, 200, generated);

	(void)state;
	assert_int_equal(a.error, SDM_OK);
	assert_string_equal(a.stream.rtsp_url,
		"rtsps://stream-ue1-bravo.dropcam.com:443/sdm_live_stream/CiUA2v?auth=g.0.x");
	assert_string_equal(a.stream.stream_token, "g.0.x");
	assert_string_equal(a.stream.extension_token, "CjY5");
	assert_int_equal(a.stream.expires_at_us, WALL_US + 300 * INT64_C(1000000));
	assert_int_equal(a.stream.life_ms, 300000);
	sdm_answer_clear(&a);
}

static void
an_extend_brings_tokens_and_no_url(void **state)
{
	struct sdm_answer a = parsed(SDM_EXTEND, 200, extended);

	(void)state;
	assert_int_equal(a.error, SDM_OK);
	assert_null(a.stream.rtsp_url);
	assert_string_equal(a.stream.stream_token, "g.1.y");
	assert_string_equal(a.stream.extension_token, "dGNU");
	sdm_answer_clear(&a);
}

static void
an_extend_may_leave_out_the_stream_token(void **state)
{
	struct sdm_answer a = parsed(SDM_EXTEND, 200,
		"{\"results\":{\"streamExtensionToken\":\"d\","
		"\"expiresAt\":\"2018-01-04T18:30:00Z\"}}");

	(void)state;
	assert_int_equal(a.error, SDM_OK);
	assert_null(a.stream.stream_token);
	sdm_answer_clear(&a);
}

static void
life_is_counted_by_googles_clock_when_ours_is_wrong(void **state)
{
	int64_t hour = 3600 * INT64_C(1000000);
	struct sdm_answer a;

	(void)state;
	sdm_answer_parse(SDM_EXTEND, 200, extended, strlen(extended), WALL_US, WALL_US + hour, &a);
	assert_int_equal(a.stream.life_ms, 299000); /* a Date is cut to seconds: the lesser life */
	sdm_answer_clear(&a);
	sdm_answer_parse(SDM_EXTEND, 200, extended, strlen(extended), WALL_US, WALL_US - hour, &a);
	assert_int_equal(a.stream.life_ms, 299000);
	sdm_answer_clear(&a);
	sdm_answer_parse(
		SDM_EXTEND, 200, extended, strlen(extended), WALL_US, WALL_US + 700000, &a);
	assert_int_equal(a.stream.life_ms, 299300);
	sdm_answer_clear(&a);
}

static void
a_stop_says_nothing_and_that_is_fine(void **state)
{
	(void)state;
	expect(SDM_STOP, 200, "{}", SDM_OK, "");
	expect(SDM_STOP, 200, "", SDM_OK, "");
	expect(SDM_STOP, 204, "", SDM_OK, "");
}

static void
each_missing_field_is_named(void **state)
{
	(void)state;
	expect(SDM_GENERATE, 200, "{}", SDM_MALFORMED, "results.streamExtensionToken is missing");
	expect(SDM_GENERATE, 200, extended, SDM_MALFORMED, "results.streamUrls.rtspUrl is missing");
	expect(SDM_GENERATE, 200, "{\"results\":{\"streamExtensionToken\":\"a\"}}", SDM_MALFORMED,
		"results.expiresAt is missing");
	expect(SDM_EXTEND, 200, "{\"results\":{\"streamExtensionToken\":7}}", SDM_MALFORMED,
		"results.streamExtensionToken is of type int, not string");
}

static void
a_url_with_line_ends_is_not_taken(void **state)
{
	(void)state;
	expect(SDM_GENERATE, 200,
		"{\"results\":{\"streamUrls\":{\"rtspUrl\":\"rtsps://x/\\r\\ny\"},"
		"\"streamExtensionToken\":\"a\",\"streamToken\":\"b\","
		"\"expiresAt\":\"2018-01-04T18:30:00Z\"}}",
		SDM_MALFORMED, "results.streamUrls.rtspUrl holds what it may not");
}

static void
a_camera_that_is_off_is_told_from_a_stream_that_is_lost(void **state)
{
	static const char off[] = "The camera is not available for streaming.";

	(void)state;
	refusal(SDM_GENERATE, 400, "FAILED_PRECONDITION", off, SDM_CAMERA_OFF);
	refusal(SDM_EXTEND, 400, "FAILED_PRECONDITION", off, SDM_CAMERA_OFF);
	refusal(SDM_EXTEND, 400, "FAILED_PRECONDITION",
		"error caused by invalid session or user id mismatch.", SDM_SESSION_LOST);
	refusal(SDM_EXTEND, 400, "FAILED_PRECONDITION", "Command is not supported for doorbell.",
		SDM_SESSION_LOST);
	refusal(SDM_EXTEND, 404, "NOT_FOUND", "Requested entity was not found.", SDM_SESSION_LOST);
	refusal(SDM_GENERATE, 400, "FAILED_PRECONDITION", "Precondition check failed.",
		SDM_REFUSED);
}

static void
a_camera_that_speaks_only_webrtc_is_told(void **state)
{
	(void)state;
	refusal(SDM_GENERATE, 400, "INVALID_ARGUMENT", "Command not supported.", SDM_NOT_RTSP);
	refusal(SDM_EXTEND, 400, "INVALID_ARGUMENT",
		"Command is not supported due to camera not supporting RTSP protocol.",
		SDM_NOT_RTSP);
}

static void
statuses_have_their_meanings(void **state)
{
	(void)state;
	refusal(SDM_GENERATE, 401, "UNAUTHENTICATED", "no", SDM_UNAUTHENTICATED);
	refusal(SDM_EXTEND, 403, "PERMISSION_DENIED", "no", SDM_PERMISSION_DENIED);
	refusal(SDM_GENERATE, 404, "NOT_FOUND", "Device d not found.", SDM_NOT_FOUND);
	refusal(SDM_EXTEND, 404, "NOT_FOUND", "Device d not found.", SDM_NOT_FOUND);
	refusal(SDM_GENERATE, 409, "ABORTED", "no", SDM_CONFLICT);
	refusal(SDM_GENERATE, 400, "INVALID_ARGUMENT", "no", SDM_REFUSED);
	refusal(SDM_GENERATE, 500, "INTERNAL", "Internal error encountered.", SDM_SERVER);
	refusal(SDM_EXTEND, 503, "UNAVAILABLE", "no", SDM_SERVER);
	expect(SDM_EXTEND, 504, "{\"error\":{}}", SDM_SERVER, "504: no message");
}

/* An Extend that it meets is tried again; a stream that is lost costs ten seconds of picture. */
static void
a_call_that_was_given_up_on_its_way_says_nothing_about_its_stream(void **state)
{
	(void)state;
	refusal(SDM_EXTEND, 499, "CANCELLED", "The operation was cancelled.", SDM_SERVER);
	refusal(SDM_GENERATE, 499, "CANCELLED", "The operation was cancelled.", SDM_SERVER);
	refusal(SDM_EXTEND, 408, "DEADLINE_EXCEEDED", "Request timed out.", SDM_SERVER);
	expect(SDM_EXTEND, 408, "<title>Error 408</title>", SDM_SERVER, "408 HTML page: Error 408");
}

static void
what_google_says_is_one_line(void **state)
{
	(void)state;
	expect(SDM_EXTEND, 500, "{\"error\":{\"status\":\"INTER\\nNAL\",\"message\":\"a\\nb\"}}",
		SDM_SERVER, "INTER: a");
}

static void
the_text_of_a_429_tells_the_bucket(void **state)
{
	static const struct {
		enum sdm_command command;
		const char *message;
		enum sdm_bucket bucket;
	} cases[] = {
		{ .command = SDM_EXTEND,
			.message = "Rate limited for the ExecuteDeviceCommand API for the user.",
			.bucket = SDM_BUCKET_USER },
		{ .command = SDM_GENERATE,
			.message = "Rate limited for the GenerateRtspStream API for the user.",
			.bucket = SDM_BUCKET_COMMAND },
		{ .command = SDM_EXTEND,
			.message = "Rate limited for the ExtendRtspStream command for the user.",
			.bucket = SDM_BUCKET_COMMAND },
		{ .command = SDM_EXTEND,
			.message = "Rate limited for the Camera.",
			.bucket = SDM_BUCKET_DEVICE },
		{ .command = SDM_EXTEND,
			.message = "Rate limited for the Doorbell.",
			.bucket = SDM_BUCKET_DEVICE },
		/* In words that nobody has seen yet: all cameras rest, not one. */
		{ .command = SDM_EXTEND,
			.message = "Rate limited for the project.",
			.bucket = SDM_BUCKET_UNKNOWN },
		{ .command = SDM_EXTEND,
			.message = "Rate limited for the DeviceAccess API for the user.",
			.bucket = SDM_BUCKET_UNKNOWN },
		{ .command = SDM_EXTEND,
			.message = "Quota exceeded.",
			.bucket = SDM_BUCKET_UNKNOWN },
		{ .command = SDM_LIST,
			.message = "Rate limited for the ListDevices API for the user.",
			.bucket = SDM_BUCKET_LIST },
	};
	char body[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(body, sizeof(body), "{\"error\":{\"message\":\"%s\"}}", cases[i].message);
		struct sdm_answer a = parsed(cases[i].command, 429, body);
		assert_int_equal(a.error, SDM_RATE_LIMITED);
		assert_string_equal(sdm_bucket_name(a.bucket), sdm_bucket_name(cases[i].bucket));
		sdm_answer_clear(&a);
	}
}

/* The stream was extended all the same: it must not be lost for what is not said. */
static void
an_extend_that_omits_its_end_or_its_token_is_good_and_says_what_is_missing(void **state)
{
	static const struct {
		const char *body;
		const char *words;
		bool dated;
	} answers[] = {
		{ .body = "{\"results\":{\"streamExtensionToken\":\"e\",\"streamToken\":\"t\"}}",
			.words = "results.expiresAt is missing" },
		{ .body = "{\"results\":{\"streamExtensionToken\":\"e\",\"streamToken\":\"t\","
			  "\"expiresAt\":\"soon\"}}",
			.words = "results.expiresAt holds what it may not" },
		{ .body = "{\"results\":{\"streamToken\":\"t\","
			  "\"expiresAt\":\"2019-01-04T18:30:00.000Z\"}}",
			.words = "results.streamExtensionToken is missing",
			.dated = true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		struct sdm_answer a = parsed(SDM_EXTEND, 200, answers[i].body);

		assert_int_equal(a.error, SDM_OK);
		assert_string_equal(a.words, answers[i].words);
		assert_string_equal(a.stream.stream_token, "t");
		assert_int_equal(a.stream.expires_at_us != 0, answers[i].dated);
		assert_int_equal(a.stream.extension_token == NULL, answers[i].dated);
		sdm_answer_clear(&a);
	}
	expect(SDM_EXTEND, 200, "{\"results\":{\"streamToken\":\"t\"}}", SDM_MALFORMED,
		"results.streamExtensionToken is missing");
}

static void
pages_are_told_by_status_and_title(void **state)
{
	static const char page[] = "<html><title>Error 502 (Server Error)!!1</title></html>";

	(void)state;
	expect(SDM_EXTEND, 502, page, SDM_SERVER, "502 HTML page: Error 502 (Server Error)!!1");
	expect(SDM_EXTEND, 401, "", SDM_UNAUTHENTICATED, "401 empty answer");
	expect(SDM_EXTEND, 429, "slow down", SDM_RATE_LIMITED, "429 not JSON: slow down");
	expect(SDM_EXTEND, 200, page, SDM_MALFORMED, "200 HTML page: Error 502 (Server Error)!!1");
	expect(SDM_EXTEND, 200, "{\"results\":{\"str", SDM_MALFORMED,
		"200 no usable JSON in 16 bytes");
}

static void
a_front_ends_404_does_not_end_a_stream(void **state)
{
	(void)state;
	expect(SDM_EXTEND, 404, "<title>Error 404 (Not Found)!!1</title>", SDM_MALFORMED,
		"404 HTML page: Error 404 (Not Found)!!1");
	expect(SDM_EXTEND, 404, "{\"error\":\"nope\"}", SDM_MALFORMED,
		"404 not JSON: {\"error\":\"nope\"}");
}

static void
devices_are_listed_with_name_and_protocols(void **state)
{
	struct sdm_answer a = parsed(SDM_LIST, 200,
		"{\"devices\":[{\"name\":\"enterprises/p/devices/AVP1\","
		"\"type\":\"sdm.devices.types.CAMERA\",\"traits\":{"
		"\"sdm.devices.traits.Info\":{\"customName\":\"Front\"},"
		"\"sdm.devices.traits.CameraLiveStream\":{\"supportedProtocols\":[\"RTSP\"]}}},"
		"{\"name\":\"enterprises/p/devices/AVP2\",\"traits\":{"
		"\"sdm.devices.traits.Info\":{\"customName\":\"\"},"
		"\"sdm.devices.traits.CameraLiveStream\":{\"supportedProtocols\":[\"WEB_RTC\"]}},"
		"\"parentRelations\":[{\"displayName\":\"Garage\"}]},"
		"{\"name\":\"enterprises/p/devices/AVP3\",\"traits\":{"
		"\"sdm.devices.traits.CameraLiveStream\":{}}},"
		"{\"name\":\"enterprises/p/devices/"
		"AVP4\",\"type\":\"sdm.devices.types.THERMOSTAT\"},"
		"{\"type\":\"nameless\"}]}");

	(void)state;
	assert_int_equal(a.error, SDM_OK);
	assert_int_equal(a.device_count, 4);
	assert_string_equal(a.devices[0].id, "AVP1");
	assert_string_equal(a.devices[0].name, "Front");
	assert_true(a.devices[0].rtsp && !a.devices[0].webrtc);
	assert_string_equal(a.devices[1].name, "Garage");
	assert_true(!a.devices[1].rtsp && a.devices[1].webrtc);
	assert_true(a.devices[2].rtsp); /* does not say */
	assert_string_equal(a.devices[3].type, "sdm.devices.types.THERMOSTAT");
	assert_false(a.devices[3].rtsp);
	sdm_answer_clear(&a);
}

static void
devices_of_a_hostile_answer_cannot_speak_to_terminals_or_files(void **state)
{
	static const char text[] =
		"{\"devices\":["
		"{\"name\":\"enterprises/p/devices/AVP1\",\"traits\":{"
		"\"sdm.devices.traits.Info\":{\"customName\":\"a\\n[camera \\\"x\\\"]\\u001b\"}}},"
		"{\"name\":\"enterprises/p/devices/a b\\nurl = x\"},"
		"{\"name\":\"enterprises/p/devices/\\u001b\"}]}";
	struct sdm_answer a;

	(void)state;
	sdm_answer_parse(SDM_LIST, 200, text, strlen(text), 0, 0, &a);
	assert_int_equal(a.device_count, 1);
	assert_string_equal(a.devices[0].name, "a [camera \"x\"]");
	sdm_answer_clear(&a);
}

static void
devices_that_are_no_list_are_not_an_empty_one(void **state)
{
	static const char text[] = "{\"devices\":{}}";
	struct sdm_answer a;

	(void)state;
	sdm_answer_parse(SDM_LIST, 200, text, strlen(text), 0, 0, &a);
	assert_int_equal(a.error, SDM_MALFORMED);
	assert_string_equal(a.words, "devices is of type object, not array");
	sdm_answer_clear(&a);
}

static void
no_devices_is_a_list_without_any(void **state)
{
	struct sdm_answer a = parsed(SDM_LIST, 200, "{}");

	(void)state;
	assert_int_equal(a.error, SDM_OK);
	assert_int_equal(a.device_count, 0);
	sdm_answer_clear(&a);
}

static void
a_newer_token_replaces_the_query(void **state)
{
	char *url = sdm_url_with_token("rtsps://h:443/sdm_live_stream/Ci?auth=g.0.x", "g.1.y");

	(void)state;
	assert_string_equal(url, "rtsps://h:443/sdm_live_stream/Ci?auth=g.1.y");
	free(url);
	url = sdm_url_with_token("rtsps://h/p", "t");
	assert_string_equal(url, "rtsps://h/p?auth=t");
	free(url);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_generate_brings_url_tokens_and_life),
		cmocka_unit_test(an_extend_brings_tokens_and_no_url),
		cmocka_unit_test(an_extend_may_leave_out_the_stream_token),
		cmocka_unit_test(life_is_counted_by_googles_clock_when_ours_is_wrong),
		cmocka_unit_test(a_stop_says_nothing_and_that_is_fine),
		cmocka_unit_test(each_missing_field_is_named),
		cmocka_unit_test(a_url_with_line_ends_is_not_taken),
		cmocka_unit_test(a_camera_that_is_off_is_told_from_a_stream_that_is_lost),
		cmocka_unit_test(a_camera_that_speaks_only_webrtc_is_told),
		cmocka_unit_test(statuses_have_their_meanings),
		cmocka_unit_test(a_call_that_was_given_up_on_its_way_says_nothing_about_its_stream),
		cmocka_unit_test(what_google_says_is_one_line),
		cmocka_unit_test(the_text_of_a_429_tells_the_bucket),
		cmocka_unit_test(
			an_extend_that_omits_its_end_or_its_token_is_good_and_says_what_is_missing),
		cmocka_unit_test(pages_are_told_by_status_and_title),
		cmocka_unit_test(a_front_ends_404_does_not_end_a_stream),
		cmocka_unit_test(devices_are_listed_with_name_and_protocols),
		cmocka_unit_test(devices_of_a_hostile_answer_cannot_speak_to_terminals_or_files),
		cmocka_unit_test(devices_that_are_no_list_are_not_an_empty_one),
		cmocka_unit_test(no_devices_is_a_list_without_any),
		cmocka_unit_test(a_newer_token_replaces_the_query),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
