/* test_http_limit.c - who may how much, and when again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/http_limit.h"

static const struct http_limit_config config = {
	.connections = 4, .connections_per_peer = 2, .requests_per_second = 10, .burst = 5
};

static void
a_burst_is_taken_and_then_one_each_tenth_of_a_second(void **state)
{
	struct http_limit *l = http_limit_new(&config);

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(http_limit_request(l, "a", 1000), 0);
	assert_int_equal(http_limit_request(l, "a", 1000), 100);
	assert_int_equal(http_limit_request(l, "a", 1099), 1);
	assert_int_equal(http_limit_request(l, "a", 1100), 0);
	assert_int_equal(http_limit_request(l, "a", 1100), 100);
	http_limit_free(l);
}

static void
what_one_address_does_is_not_the_others_business(void **state)
{
	struct http_limit *l = http_limit_new(&config);

	(void)state;
	for (int i = 0; i < 6; i++)
		http_limit_request(l, "a", 0);
	assert_int_equal(http_limit_request(l, "b", 0), 0);
	http_limit_free(l);
}

static void
a_long_pause_gives_no_more_than_a_burst(void **state)
{
	struct http_limit *l = http_limit_new(&config);
	int served = 0;

	(void)state;
	http_limit_request(l, "a", 0);
	while (http_limit_request(l, "a", INT64_C(1) << 60) == 0)
		served++;
	assert_int_equal(served, 5);
	http_limit_free(l);
}

static void
connections_are_counted_by_address_and_in_all(void **state)
{
	struct http_limit *l = http_limit_new(&config);

	(void)state;
	assert_int_equal(http_limit_connect(l, "a", 0), HTTP_LIMIT_OK);
	assert_int_equal(http_limit_connect(l, "a", 0), HTTP_LIMIT_OK);
	assert_int_equal(http_limit_connect(l, "a", 0), HTTP_LIMIT_PEER);
	assert_int_equal(http_limit_connect(l, "b", 0), HTTP_LIMIT_OK);
	assert_int_equal(http_limit_connect(l, "c", 0), HTTP_LIMIT_ALL);
	http_limit_disconnect(l, "c");
	http_limit_disconnect(l, "a");
	http_limit_disconnect(l, "a");
	assert_int_equal(http_limit_connections(l), 2);
	assert_int_equal(http_limit_connect(l, "a", 0), HTTP_LIMIT_OK);
	http_limit_free(l);
}

/* A flood of addresses must not push out those that have connections. */
static void
an_address_with_a_connection_is_not_forgotten(void **state)
{
	struct http_limit *l = http_limit_new(&config);
	char address[32];

	(void)state;
	http_limit_connect(l, "a", 0);
	http_limit_connect(l, "a", 0);
	for (int i = 0; i < 5000; i++) {
		snprintf(address, sizeof(address), "2001:db8::%x", i);
		assert_int_equal(http_limit_request(l, address, 1 + i), 0);
	}
	assert_int_equal(http_limit_connect(l, "a", 6000), HTTP_LIMIT_PEER);
	http_limit_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_is_taken_and_then_one_each_tenth_of_a_second),
		cmocka_unit_test(what_one_address_does_is_not_the_others_business),
		cmocka_unit_test(a_long_pause_gives_no_more_than_a_burst),
		cmocka_unit_test(connections_are_counted_by_address_and_in_all),
		cmocka_unit_test(an_address_with_a_connection_is_not_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
