#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "supervisor/sfu_answer.h"

static struct sfu_answer
parsed(enum sfu_request request, int status, const char *body)
{
	struct sfu_answer a;

	sfu_answer_parse(request, status, body, strlen(body), &a);
	return a;
}

static void
expect(enum sfu_request request, int status, const char *body, enum sfu_error error,
	const char *words)
{
	struct sfu_answer a = parsed(request, status, body);

	if (a.error != error)
		fail_msg("%d %s: %s, not %s", status, body, sfu_error_name(a.error),
			sfu_error_name(error));
	assert_string_equal(a.words, words);
	assert_null(a.sdp);
	sfu_answer_clear(&a);
}

static void
a_new_session_has_an_id(void **state)
{
	struct sfu_answer a = parsed(
		SFU_SESSION_NEW, 201, "{\"sessionId\":\"5017a41d9cfb42fb9dd2b4a0f3a09fcb\"}");

	(void)state;
	assert_int_equal(a.error, SFU_OK);
	assert_string_equal(a.session_id, "5017a41d9cfb42fb9dd2b4a0f3a09fcb");
	sfu_answer_clear(&a);
}

static void
an_id_that_would_change_a_url_is_not_taken(void **state)
{
	static const char *const wrong[] = { "{}", "{\"sessionId\":\"\"}", "{\"sessionId\":7}",
		"{\"sessionId\":\"../x\"}", "{\"sessionId\":\"a/b\"}", "{\"sessionId\":\"a?b\"}" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		expect(SFU_SESSION_NEW, 201, wrong[i], SFU_MALFORMED,
			"sessionId is missing or holds what it may not");
}

static void
a_push_brings_the_answer(void **state)
{
	struct sfu_answer a = parsed(SFU_TRACKS_NEW, 200,
		"{\"requiresImmediateRenegotiation\":false,"
		"\"tracks\":[{\"trackName\":\"v\",\"mid\":\"0\"}],"
		"\"sessionDescription\":{\"type\":\"answer\",\"sdp\":\"v=0\\r\\n\"}}");

	(void)state;
	assert_int_equal(a.error, SFU_OK);
	assert_string_equal(a.sdp, "v=0\r\n");
	sfu_answer_clear(&a);
}

static void
a_track_can_fail_inside_a_200(void **state)
{
	(void)state;
	expect(SFU_TRACKS_NEW, 200,
		"{\"tracks\":[{\"trackName\":\"a\",\"mid\":\"0\"},{\"trackName\":\"v\","
		"\"errorCode\":\"not_found_track_error\",\"errorDescription\":\"Track not "
		"found\"}],"
		"\"sessionDescription\":{\"type\":\"answer\",\"sdp\":\"v=0\"}}",
		SFU_TRACK, "track v: not_found_track_error: Track not found");
	expect(SFU_TRACKS_NEW, 200, "{\"errorCode\":\"backend_error\"}", SFU_REFUSED,
		"backend_error: ");
}

static void
a_push_without_an_answer_is_malformed(void **state)
{
	static const char words[] = "sessionDescription is missing or no answer";

	(void)state;
	expect(SFU_TRACKS_NEW, 200, "{\"tracks\":[]}", SFU_MALFORMED, words);
	expect(SFU_TRACKS_NEW, 200, "{\"sessionDescription\":{\"type\":\"offer\",\"sdp\":\"v\"}}",
		SFU_MALFORMED, words);
	expect(SFU_TRACKS_NEW, 200, "{\"sessionDescription\":{\"type\":\"answer\",\"sdp\":\"\"}}",
		SFU_MALFORMED, words);
}

static void
statuses_have_their_meanings(void **state)
{
	static const struct {
		int status;
		const char *code;
		enum sfu_error error;
	} cases[] = {
		{ .status = 400, .code = "decoding_error", .error = SFU_INVALID },
		{ .status = 401, .code = "unauthorized", .error = SFU_UNAUTHORIZED },
		{ .status = 406, .code = "invalid_session_description", .error = SFU_INVALID },
		{ .status = 410, .code = "session_error", .error = SFU_GONE },
		{ .status = 425, .code = "session_error", .error = SFU_NOT_CONNECTED },
		{ .status = 429, .code = "x", .error = SFU_BUSY },
		{ .status = 413, .code = "payload_too_large", .error = SFU_REFUSED },
		{ .status = 500, .code = "internal_error", .error = SFU_SERVER },
		{ .status = 503, .code = "retryable_transient_error", .error = SFU_SERVER },
		{ .status = 404, .code = "not_found", .error = SFU_GONE },
	};
	char body[128], words[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(body, sizeof(body), "{\"errorCode\":\"%s\",\"errorDescription\":\"d\"}",
			cases[i].code);
		snprintf(words, sizeof(words), "%d %s: d", cases[i].status, cases[i].code);
		expect(SFU_TRACKS_NEW, cases[i].status, body, cases[i].error, words);
	}
}

static void
a_404_without_a_session_is_about_the_app(void **state)
{
	(void)state;
	expect(SFU_SESSION_NEW, 404, "{\"errorCode\":\"not_found\"}", SFU_NO_APP,
		"404 not_found: ");
}

static void
pages_are_told_by_status_and_title(void **state)
{
	(void)state;
	expect(SFU_TRACKS_NEW, 502, "<html><title>502 Bad Gateway</title>", SFU_SERVER,
		"502 HTML page: 502 Bad Gateway");
	expect(SFU_TRACKS_NEW, 200, "{\"tracks\": [{\"tra", SFU_MALFORMED,
		"200 no usable JSON in 17 bytes");
	expect(SFU_TRACKS_CLOSE, 404, "<title>no</title>", SFU_MALFORMED, "404 HTML page: no");
	expect(SFU_TRACKS_NEW, 429, "", SFU_BUSY, "429 empty answer");
}

static void
closing_what_is_closed_or_gone_is_done(void **state)
{
	(void)state;
	expect(SFU_TRACKS_CLOSE, 200, "{\"tracks\":[{\"mid\":\"0\"}]}", SFU_OK, "");
	expect(SFU_TRACKS_CLOSE, 200,
		"{\"tracks\":[{\"mid\":\"0\",\"errorCode\":\"close_track_error\"}]}", SFU_OK, "");
	expect(SFU_TRACKS_CLOSE, 410, "{\"errorCode\":\"session_error\"}", SFU_OK, "");
	expect(SFU_TRACKS_CLOSE, 404, "{\"errorCode\":\"not_found\"}", SFU_OK, "");
	expect(SFU_TRACKS_CLOSE, 200,
		"{\"tracks\":[{\"mid\":\"0\",\"errorCode\":\"close_track_error\"},"
		"{\"mid\":\"1\",\"errorCode\":\"internal_error\"}]}",
		SFU_TRACK, "track 1: internal_error: ");
}

static void
a_session_tells_its_tracks(void **state)
{
	struct sfu_answer a = parsed(SFU_SESSION_GET, 200,
		"{\"tracks\":[{\"mid\":\"0\",\"trackName\":\"a\",\"status\":\"active\"},"
		"{\"mid\":\"1\",\"trackName\":\"v\",\"status\":\"inactive\"},{}]}");

	(void)state;
	assert_int_equal(a.error, SFU_OK);
	assert_int_equal(a.track_count, 2);
	assert_string_equal(a.tracks[0].name, "a");
	assert_true(a.tracks[0].active);
	assert_string_equal(a.tracks[1].mid, "1");
	assert_false(a.tracks[1].active);
	sfu_answer_clear(&a);
}

static void
a_pull_brings_the_sfus_offer_or_its_answer(void **state)
{
	static const char text[] =
		"{\"requiresImmediateRenegotiation\":true,"
		"\"tracks\":[{\"sessionId\":\"p\",\"trackName\":\"v\",\"mid\":\"7\"}],"
		"\"sessionDescription\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}";
	struct sfu_answer a = parsed(SFU_TRACKS_PULL, 200, text);

	(void)state;
	assert_int_equal(a.error, SFU_OK);
	assert_string_equal(a.sdp, "v=0");
	assert_int_equal(a.track_count, 1);
	assert_string_equal(a.tracks[0].mid, "7");
	sfu_answer_clear(&a);
	a = parsed(SFU_TRACKS_TAKE, 200, text);
	assert_int_equal(a.error, SFU_MALFORMED);
	assert_string_equal(a.words, "sessionDescription is missing or no answer");
	sfu_answer_clear(&a);
}

static void
a_pull_that_comes_too_early_is_told_so_with_what_was_taken(void **state)
{
	struct sfu_answer a = parsed(SFU_TRACKS_PULL, 200,
		"{\"tracks\":[{\"trackName\":\"a\",\"mid\":\"0\"},"
		"{\"trackName\":\"v\",\"mid\":\"\",\"errorCode\":\"empty_track_error\"}]}");

	(void)state;
	assert_int_equal(a.error, SFU_NOT_YET);
	assert_int_equal(a.track_count, 1);
	assert_string_equal(a.tracks[0].name, "a");
	sfu_answer_clear(&a);
	expect(SFU_TRACKS_TAKE, 200, "{\"tracks\":[{\"errorCode\":\"not_found_track_error\"}]}",
		SFU_NOT_YET, "track ?: not_found_track_error: ");
	expect(SFU_TRACKS_PULL, 503, "{\"errorCode\":\"transport_unavailable_error\"}", SFU_NOT_YET,
		"503 transport_unavailable_error: ");
	expect(SFU_TRACKS_PULL, 200, "{\"tracks\":[{\"errorCode\":\"other\"}]}", SFU_TRACK,
		"track ?: other: ");
}

static void
a_renegotiation_brings_nothing_but_its_error(void **state)
{
	(void)state;
	expect(SFU_RENEGOTIATE, 200, "{}", SFU_OK, "");
	expect(SFU_RENEGOTIATE, 200, "{\"errorCode\":\"session_error\"}", SFU_REFUSED,
		"session_error: ");
	expect(SFU_RENEGOTIATE, 406, "{\"errorCode\":\"invalid_session_description\"}", SFU_INVALID,
		"406 invalid_session_description: ");
	expect(SFU_TRACKS_UPDATE, 200, "{\"tracks\":[{\"errorCode\":\"update_track_error\"}]}",
		SFU_TRACK, "track ?: update_track_error: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_session_has_an_id),
		cmocka_unit_test(an_id_that_would_change_a_url_is_not_taken),
		cmocka_unit_test(a_push_brings_the_answer),
		cmocka_unit_test(a_track_can_fail_inside_a_200),
		cmocka_unit_test(a_push_without_an_answer_is_malformed),
		cmocka_unit_test(statuses_have_their_meanings),
		cmocka_unit_test(a_404_without_a_session_is_about_the_app),
		cmocka_unit_test(pages_are_told_by_status_and_title),
		cmocka_unit_test(closing_what_is_closed_or_gone_is_done),
		cmocka_unit_test(a_session_tells_its_tracks),
		cmocka_unit_test(a_pull_brings_the_sfus_offer_or_its_answer),
		cmocka_unit_test(a_pull_that_comes_too_early_is_told_so_with_what_was_taken),
		cmocka_unit_test(a_renegotiation_brings_nothing_but_its_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
