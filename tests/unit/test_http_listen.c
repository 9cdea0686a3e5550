/* test_http_listen.c - addresses that are listened on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "supervisor/http_listen.h"

static void
addresses_are_numbers(void **state)
{
	static const char *const good[] = { "127.0.0.1:80", "[::1]:8443", "0.0.0.0:0", "[::]:1" };
	static const char *const bad[] = { "localhost:80", "127.0.0.1", ":80", "::1:80", "[::1]80",
		"127.0.0.1:99999999", "127.0.0.1:http", "[]:80", "", "[::1" };
	struct sockaddr_storage s;
	socklen_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(http_listen_parse(good[i], &s, &len), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (http_listen_parse(bad[i], &s, &len) == 0)
			fail_msg("%s", bad[i]);
}

static void
only_loopback_is_loopback(void **state)
{
	(void)state;
	assert_true(http_listen_is_loopback("127.0.0.1:80"));
	assert_true(http_listen_is_loopback("127.9.9.9:80"));
	assert_true(http_listen_is_loopback("[::1]:80"));
	assert_false(http_listen_is_loopback("0.0.0.0:80"));
	assert_false(http_listen_is_loopback("[::]:80"));
	assert_false(http_listen_is_loopback("128.0.0.1:80"));
	assert_false(http_listen_is_loopback("[::ffff:10.0.0.1]:80"));
	assert_false(http_listen_is_loopback("nonsense"));
}

static void
an_address_in_use_is_said(void **state)
{
	char why[200], name[80];

	(void)state;
	int fd = http_listen_open("127.0.0.1:0", why, sizeof(why));
	assert_true(fd >= 0);
	http_listen_name(fd, name, sizeof(name));
	assert_memory_equal(name, "127.0.0.1:", 10);
	assert_int_equal(http_listen_open(name, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "in use"));
	assert_non_null(strstr(why, name));
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_numbers),
		cmocka_unit_test(only_loopback_is_loopback),
		cmocka_unit_test(an_address_in_use_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
