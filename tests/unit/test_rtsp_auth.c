/* test_rtsp_auth.c - worker/rtsp_auth.h
 * Responses are those of the RFCs' examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/rtsp_auth.h"

/* A 401 with these header lines. */
static bool
challenge(struct rtsp_auth *a, const char *headers)
{
	char text[4000];
	struct rtsp_piece p;
	const int n = snprintf(text, sizeof(text), "RTSP/1.0 401 Unauthorized\r\n%s\r\n", headers);

	assert_int_equal(rtsp_split((const uint8_t *)text, (size_t)n, &p), 1);
	return rtsp_auth_challenge(a, &p);
}

/* The line has the words, and it stays within its bound. */
static void
assert_line(struct rtsp_auth *a, const char *method, const char *uri, const char *words)
{
	char *line = rtsp_auth_line(a, method, uri);

	assert_non_null(line);
	assert_non_null(strstr(line, words));
	assert_string_equal(line + strlen(line) - 2, "\r\n");
	assert_true(strlen(line) <= rtsp_auth_line_max(a, strlen(uri)));
	free(line);
}

static void
the_examples_of_the_rfcs_come_out(void **state)
{
	static const struct {
		const char *user, *password, *cnonce, *challenge, *method, *uri, *words;
	} rows[] = {
		/* RFC 7617 2 */
		{ .user = "Aladdin",
			.password = "open sesame",
			.cnonce = "",
			.challenge = "WWW-Authenticate: Basic realm=\"WallyWorld\"\r\n",
			.method = "GET",
			.uri = "/",
			.words = "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n" },
		/* RFC 2069 2.4, as its erratum corrects it: no qop */
		{ .user = "Mufasa",
			.password = "CircleOfLife",
			.cnonce = "",
			.challenge = "WWW-Authenticate: Digest realm=\"testrealm@host.com\", "
				     "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
				     "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\r\n",
			.method = "GET",
			.uri = "/dir/index.html",
			.words = "response=\"1949323746fe6a43ef61f9606e7febea\", "
				 "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\r\n" },
		/* The same with one that is empty, as some cameras say it */
		{ .user = "Mufasa",
			.password = "CircleOfLife",
			.cnonce = "",
			.challenge =
				"WWW-Authenticate: Digest realm=\"testrealm@host.com\", qop=\"\", "
				"nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"\r\n",
			.method = "GET",
			.uri = "/dir/index.html",
			.words = "response=\"1949323746fe6a43ef61f9606e7febea\"" },
		/* RFC 2617 3.5 */
		{ .user = "Mufasa",
			.password = "Circle Of Life",
			.cnonce = "0a4f113b",
			.challenge = "www-authenticate: Digest realm=\"testrealm@host.com\", "
				     "qop=\"auth,auth-int\", "
				     "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
				     "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\r\n",
			.method = "GET",
			.uri = "/dir/index.html",
			.words = "response=\"6629fae49393a05397450978507c4ef1\"" },
		/* RFC 7616 3.9.1, MD5 alone and beside SHA-256, as two headers and as one */
		{ .user = "Mufasa",
			.password = "Circle of Life",
			.cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			.challenge = "WWW-Authenticate: Digest realm=\"http-auth@example.org\", "
				     "qop=\"auth, auth-int\", algorithm=MD5, "
				     "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
				     "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"\r\n",
			.method = "GET",
			.uri = "/dir/index.html",
			.words = "response=\"8ca523f5e9506fed4657c9700eebdbec\", algorithm=MD5, "
				 "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", "
				 "qop=auth, nc=00000001" },
		{ .user = "Mufasa",
			.password = "Circle of Life",
			.cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			.challenge = "WWW-Authenticate: Digest realm=\"http-auth@example.org\", "
				     "qop=\"auth, auth-int\", algorithm=SHA-256, "
				     "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"\r\n"
				     "WWW-Authenticate: Digest realm=\"x\", nonce=\"y\"\r\n",
			.method = "GET",
			.uri = "/dir/index.html",
			.words = "response=\"753927fa0e85d155564e2e272a28d180"
				 "2ca10daf4496794697cf8db5856cb6c1\", algorithm=SHA-256" },
		{ .user = "Mufasa",
			.password = "Circle of Life",
			.cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
			.challenge =
				"WWW-Authenticate: Basic realm=\"z\", Digest realm=\"x\",nonce=y, "
				"Digest realm = \"http-auth@example.org\", qop=auth, "
				"algorithm=\"sha-256\" , "
				"nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"\r\n",
			.method = "GET",
			.uri = "/dir/index.html",
			.words = "response=\"753927fa0e85d155564e2e272a28d180"
				 "2ca10daf4496794697cf8db5856cb6c1\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rtsp_auth *a = rtsp_auth_new(rows[i].user, rows[i].password, rows[i].cnonce);
		assert_null(rtsp_auth_line(a, rows[i].method, rows[i].uri));
		assert_true(challenge(a, rows[i].challenge));
		assert_line(a, rows[i].method, rows[i].uri, rows[i].words);
		rtsp_auth_free(a);
	}
}

#define DIGEST(nonce) "WWW-Authenticate: Digest realm=\"r\", qop=\"auth\", nonce=\"" nonce "\""

static void
each_answer_to_a_nonce_counts(void **state)
{
	struct rtsp_auth *a = rtsp_auth_new("u", "p", "c");

	(void)state;
	assert_true(challenge(a, DIGEST("1") "\r\n"));
	assert_line(a, "OPTIONS", "/", "nc=00000001");
	assert_line(a, "DESCRIBE", "/", "nc=00000002");
	rtsp_auth_accept(a);
	assert_line(a, "PLAY", "/", "nc=00000003");
	assert_true(challenge(a, DIGEST("2") ", stale=true\r\n"));
	assert_line(a, "PLAY", "/", "nc=00000001");
	rtsp_auth_free(a);
}

static void
a_refused_answer_is_not_given_again(void **state)
{
	struct rtsp_auth *a = rtsp_auth_new("u", "p", "c");

	(void)state;
	assert_true(challenge(a, DIGEST("1") "\r\n"));
	assert_line(a, "DESCRIBE", "/", "nonce=\"1\"");
	assert_false(challenge(a, DIGEST("2") "\r\n"));
	rtsp_auth_free(a);
}

static void
a_new_nonce_is_answered_once_if_the_old_one_served_or_is_stale(void **state)
{
	struct rtsp_auth *a = rtsp_auth_new("u", "p", "c");

	(void)state;
	assert_true(challenge(a, DIGEST("1") "\r\n"));
	assert_line(a, "DESCRIBE", "/", "nonce=\"1\"");
	assert_true(challenge(a, DIGEST("2") ", stale=TRUE\r\n"));
	assert_line(a, "DESCRIBE", "/", "nonce=\"2\"");
	assert_false(challenge(a, DIGEST("3") ", stale=true\r\n"));
	rtsp_auth_accept(a);
	assert_line(a, "SETUP", "/", "nonce=\"2\"");
	rtsp_auth_accept(a);
	assert_line(a, "PLAY", "/", "nonce=\"2\"");
	assert_true(challenge(a, DIGEST("4") "\r\n"));
	assert_line(a, "PLAY", "/", "nonce=\"4\"");
	assert_false(challenge(a, DIGEST("5") "\r\n"));
	rtsp_auth_accept(a);
	assert_line(a, "PLAY", "/", "nonce=\"4\"");
	assert_false(challenge(a, DIGEST("4") "\r\n"));
	rtsp_auth_free(a);
}

static void
what_we_cannot_meet_is_refused(void **state)
{
	static const char *const headers[] = { "", "WWW-Authenticate: Negotiate abc==\r\n",
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256\r\n",
		"WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"\r\n",
		"WWW-Authenticate:\r\n", "WWW-Authenticate: \"\r\n", "WWW-Authenticate: =\r\n",
		"WWW-Authenticate: ,,,\r\n" };
	char longer[RTSP_AUTH_VALUE_MAX + 100];

	(void)state;
	struct rtsp_auth *a = rtsp_auth_new("u", "p", "c");
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		assert_false(challenge(a, headers[i]));
	snprintf(longer, sizeof(longer), "WWW-Authenticate: Digest realm=\"r\", nonce=\"%0*d\"\r\n",
		RTSP_AUTH_VALUE_MAX, 7);
	assert_false(challenge(a, longer));
	assert_null(rtsp_auth_line(a, "OPTIONS", "*"));
	rtsp_auth_free(a);
}

static void
quotes_stay_within_quotes(void **state)
{
	struct rtsp_auth *a = rtsp_auth_new("a\"b\\", "p", "c");

	(void)state;
	assert_true(challenge(a,
		"WWW-Authenticate: Digest realm=\"x\\\"y\", nonce=\"n\", unknown=\"a, b=c\"\r\n"));
	assert_line(a, "OPTIONS", "/", "username=\"a\\\"b\\\\\", realm=\"x\\\"y\", nonce=\"n\"");
	rtsp_auth_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_rfcs_come_out),
		cmocka_unit_test(each_answer_to_a_nonce_counts),
		cmocka_unit_test(a_refused_answer_is_not_given_again),
		cmocka_unit_test(a_new_nonce_is_answered_once_if_the_old_one_served_or_is_stale),
		cmocka_unit_test(what_we_cannot_meet_is_refused),
		cmocka_unit_test(quotes_stay_within_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
