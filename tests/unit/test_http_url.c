/* test_http_url.c - where URLs lead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/http_url.h"

static void
expect(const char *base, const char *reference, const char *is)
{
	char *url = http_url_resolve(base, reference);

	if (!is)
		assert_null(url);
	else
		assert_string_equal(url, is);
	free(url);
}

static void
references_are_resolved_against_where_they_came_from(void **state)
{
	static const char base[] = "https://h:8443/a/b?q=1";

	(void)state;
	expect(base, "https://other/x", "https://other/x");
	expect(base, "/s/1", "https://h:8443/s/1");
	expect(base, "s/1", "https://h:8443/a/s/1");
	expect(base, "../s?k=2", "https://h:8443/s?k=2");
	expect(base, "//edge/x", "https://edge/x");
	expect(base, "https://u:p@h/x#f", "https://h/x");
}

static void
what_is_not_http_is_none(void **state)
{
	(void)state;
	expect("https://h/", "ftp://h/x", NULL);
	expect("https://h/", "file:///etc/passwd", NULL);
	expect("https://h/", "https://", NULL);
	expect("nothing", "/x", NULL);
}

static void
hosts_are_compared_as_they_are_reached(void **state)
{
	struct http_url u;

	(void)state;
	assert_int_equal(http_url_parse("https://User@HOST.example/x", &u), 0);
	assert_true(u.https);
	assert_string_equal(u.host, "host.example");
	assert_int_equal(u.port, 443);
	assert_int_equal(http_url_parse("http://[::1]:8080", &u), 0);
	assert_true(http_url_is_loopback(&u) && !u.https);
	assert_int_equal(u.port, 8080);
	assert_int_equal(http_url_parse("http://127.0.0.1.example/", &u), 0);
	assert_false(http_url_is_loopback(&u));
	assert_int_equal(http_url_parse("rtsp://h/", &u), -1);
}

static void
an_origin_holds_no_secret(void **state)
{
	char out[100];

	(void)state;
	assert_string_equal(
		http_url_origin("https://u:p@h/KEY?q=KEY", out, sizeof(out)), "https://h:443/");
	assert_string_equal(http_url_origin("nonsense", out, sizeof(out)), "-");
}

static void
a_server_behind_a_proxy_means_https_on_its_own_host_and_port_only(void **state)
{
	static const struct {
		const char *base, *url, *secured;
	} cases[] = {
		{ "https://h/live", "http://h/s/1?k=v", "https://h/s/1?k=v" },
		{ "https://h/live", "http://H:80/s/1", "https://H/s/1" },
		{ "https://h:8443/live", "http://h:8443/s/1", "https://h:8443/s/1" },
		{ "https://h:8443/live", "http://h/s/1", "https://h:8443/s/1" },
		{ "https://h/live", "http://h:443/s/1", "https://h/s/1" },
		{ "https://h/live", "http://other/s/1", NULL },
		{ "https://h/live", "http://h.other/s/1", NULL },
		{ "https://h/live", "http://h:8080/s/1", NULL },
		{ "https://h/live", "https://h/s/1", NULL },
		{ "http://h/live", "http://h/s/1", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *url = http_url_secured(cases[i].base, cases[i].url);
		if (cases[i].secured)
			assert_string_equal(url, cases[i].secured);
		else
			assert_null(url);
		free(url);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_behind_a_proxy_means_https_on_its_own_host_and_port_only),
		cmocka_unit_test(references_are_resolved_against_where_they_came_from),
		cmocka_unit_test(what_is_not_http_is_none),
		cmocka_unit_test(hosts_are_compared_as_they_are_reached),
		cmocka_unit_test(an_origin_holds_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
