#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/stream.h"

/* An answer as sdm_answer_parse makes it. */
static struct sdm_answer
answer(const char *url, const char *token, const char *extension_token)
{
	return (struct sdm_answer){ .stream = {
					    .rtsp_url = url ? strdup(url) : NULL,
					    .stream_token = token ? strdup(token) : NULL,
					    .extension_token = strdup(extension_token),
				    } };
}

static void
generate(struct stream *s)
{
	struct sdm_answer a = answer("rtsps://host:443/path?auth=t1", "t1", "e1");

	stream_take_generated(s, &a, 5000);
	assert_null(a.stream.rtsp_url);
	sdm_answer_clear(&a);
}

static void
a_generated_stream_has_its_url_tokens_and_time(void **state)
{
	struct stream s = { 0 };

	(void)state;
	assert_int_equal(stream_left_ms(&s, 1000), -1);
	generate(&s);
	assert_string_equal(s.sdm.rtsp_url, "rtsps://host:443/path?auth=t1");
	assert_string_equal(s.sdm.extension_token, "e1");
	assert_int_equal(stream_left_ms(&s, 1000), 4000);
	assert_int_equal(stream_left_ms(&s, 6000), 0);
	stream_clear(&s);
	assert_int_equal(stream_left_ms(&s, 1000), -1);
}

static void
an_extend_changes_the_token_in_the_url_and_nothing_else_of_it(void **state)
{
	struct stream s = { 0 };
	struct sdm_answer a = answer(NULL, "t2", "e2");

	(void)state;
	generate(&s);
	stream_take_extended(&s, &a, 9000);
	sdm_answer_clear(&a);
	assert_string_equal(s.sdm.rtsp_url, "rtsps://host:443/path?auth=t2");
	assert_string_equal(s.sdm.stream_token, "t2");
	assert_string_equal(s.sdm.extension_token, "e2");
	assert_int_equal(s.extends, 1);
	assert_int_equal(stream_left_ms(&s, 1000), 8000);
	stream_clear(&s);
}

static void
an_extend_that_omits_the_stream_token_keeps_the_old_one(void **state)
{
	struct stream s = { 0 };
	struct sdm_answer a = answer(NULL, NULL, "e2");

	(void)state;
	generate(&s);
	stream_take_extended(&s, &a, 9000);
	sdm_answer_clear(&a);
	assert_string_equal(s.sdm.rtsp_url, "rtsps://host:443/path?auth=t1");
	assert_string_equal(s.sdm.extension_token, "e2");
	stream_clear(&s);
}

static void
a_new_stream_begins_its_count_anew(void **state)
{
	struct stream s = { 0 };
	struct sdm_answer a = answer(NULL, "t2", "e2");

	(void)state;
	generate(&s);
	stream_take_extended(&s, &a, 9000);
	sdm_answer_clear(&a);
	generate(&s);
	assert_int_equal(s.extends, 0);
	assert_string_equal(s.sdm.stream_token, "t1");
	stream_clear(&s);
}

static void
an_extend_without_a_new_extension_token_keeps_the_old(void **state)
{
	struct stream s = { 0 };
	struct sdm_answer a = answer(NULL, "t2", "e2");

	(void)state;
	free(a.stream.extension_token);
	a.stream.extension_token = NULL;
	generate(&s);
	stream_take_extended(&s, &a, 9000);
	assert_string_equal(s.sdm.rtsp_url, "rtsps://host:443/path?auth=t2");
	assert_string_equal(s.sdm.extension_token, "e1");
	assert_int_equal(s.extends, 1);
	sdm_answer_clear(&a);
	stream_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_extend_without_a_new_extension_token_keeps_the_old),
		cmocka_unit_test(a_generated_stream_has_its_url_tokens_and_time),
		cmocka_unit_test(an_extend_changes_the_token_in_the_url_and_nothing_else_of_it),
		cmocka_unit_test(an_extend_that_omits_the_stream_token_keeps_the_old_one),
		cmocka_unit_test(a_new_stream_begins_its_count_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
