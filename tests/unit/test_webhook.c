/* test_webhook.c - signatures, as Python's hmac makes them, and what answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/err.h"
#include "supervisor/webhook.h"

static void
expect_signature(const char *secret, const char *expected)
{
	struct webhook_headers h;

	webhook_sign(secret, "msg_1", 1700000000, "{\"event\":\"offline\"}", &h);
	assert_string_equal(h.list[0], "webhook-id: msg_1");
	assert_string_equal(h.list[1], "webhook-timestamp: 1700000000");
	assert_string_equal(h.list[2], expected);
	assert_null(h.list[3]);
}

/* base64.b64encode(hmac.new(key, b'msg_1.1700000000.{"event":"offline"}', sha256).digest()) */
static void
id_timestamp_and_body_are_signed(void **state)
{
	(void)state;
	expect_signature("correct-horse",
		"webhook-signature: v1,1KTFxgSyeJ98I7yDbU8qqiJqwCL9iw3xWtP4KBnC8nw=");
	/* bytes(range(24)), bytes(range(25)) */
	expect_signature("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
		"webhook-signature: v1,i6XwwXsIehvYd5qaNXRkFJzDQY9ZIBWhTyLxSE2WAto=");
	expect_signature("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGA==",
		"webhook-signature: v1,W13rCFLTBjiBCbSA6F7Py1r9KIMzKIZpqGhyqxI55U0=");
}

static void
without_a_secret_there_is_no_signature(void **state)
{
	struct webhook_headers h;

	(void)state;
	webhook_sign(NULL, "msg_1", 1700000000, "{}", &h);
	assert_string_equal(h.list[1], "webhook-timestamp: 1700000000");
	assert_null(h.list[2]);
}

static void
a_secret_that_says_base64_must_be_it(void **state)
{
	(void)state;
	assert_null(webhook_secret_mistake("correct-horse"));
	assert_null(webhook_secret_mistake("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"));
	assert_non_null(webhook_secret_mistake("whsec_"));
	assert_non_null(webhook_secret_mistake("whsec_AAE"));
	assert_non_null(webhook_secret_mistake("whsec_correct-horse--"));
}

static void
an_id_is_random_in_hex(void **state)
{
	const unsigned char random[16] = { 0, 1, 254, 255 };
	char id[WEBHOOK_ID_BYTES];

	(void)state;
	webhook_id(random, id);
	assert_string_equal(id, "msg_0001feff000000000000000000000000");
}

static void
answers_mean_what_the_document_says(void **state)
{
	(void)state;
	assert_int_equal(webhook_verdict(0, 200), WEBHOOK_DELIVERED);
	assert_int_equal(webhook_verdict(0, 204), WEBHOOK_DELIVERED);
	assert_int_equal(webhook_verdict(0, 302), WEBHOOK_REFUSED);
	assert_int_equal(webhook_verdict(0, 400), WEBHOOK_REFUSED);
	assert_int_equal(webhook_verdict(0, 404), WEBHOOK_REFUSED);
	assert_int_equal(webhook_verdict(0, 408), WEBHOOK_RETRY);
	assert_int_equal(webhook_verdict(0, 410), WEBHOOK_GONE);
	assert_int_equal(webhook_verdict(0, 429), WEBHOOK_RETRY);
	assert_int_equal(webhook_verdict(0, 500), WEBHOOK_RETRY);
	assert_int_equal(webhook_verdict(0, 503), WEBHOOK_RETRY);
	assert_int_equal(webhook_verdict(ERR_TIMEOUT, 0), WEBHOOK_RETRY);
	assert_int_equal(webhook_verdict(ERR_UNTRUSTED, 0), WEBHOOK_RETRY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(id_timestamp_and_body_are_signed),
		cmocka_unit_test(without_a_secret_there_is_no_signature),
		cmocka_unit_test(a_secret_that_says_base64_must_be_it),
		cmocka_unit_test(an_id_is_random_in_hex),
		cmocka_unit_test(answers_mean_what_the_document_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
