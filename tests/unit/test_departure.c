/* test_departure.c - worker/departure.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "worker/departure.h"

/* A packet of source 2. */
#define RTP "\x80\xe0\0\7\0\0\0\1\0\0\0\2"
#define REPORT "\x80\xc9\0\1\0\0\0\2"

static bool
hear(const struct departure *d, const char *packet, size_t n)
{
	return departure_on_rtcp(d, (const uint8_t *)packet, n);
}

#define HEAR(d, literal) hear((d), (literal), sizeof(literal) - 1)

static void
only_a_bye_of_who_sends_is_one(void **state)
{
	struct departure d = { 0 };

	(void)state;
	assert_false(HEAR(&d, "\x81\xcb\0\1\0\0\0\0")); /* nobody has sent yet */
	departure_on_rtp(&d, (const uint8_t *)RTP, sizeof(RTP) - 1);
	assert_false(HEAR(&d, REPORT));
	assert_false(HEAR(&d, "\x81\xcb\0\1\0\0\0\3"));
	assert_true(HEAR(&d, "\x81\xcb\0\1\0\0\0\2"));
	assert_true(HEAR(&d, REPORT "\x82\xcb\0\2\0\0\0\3\0\0\0\2"));
	departure_on_rtp(&d, (const uint8_t *)RTP, 11); /* no packet */
	assert_true(HEAR(&d, "\x81\xcb\0\1\0\0\0\2"));
}

static void
what_is_cut_off_names_nobody(void **state)
{
	struct departure d = { .known = true, .ssrc = 2 };

	(void)state;
	assert_false(HEAR(&d, "\x80\xcb\0\1\0\0\0\2")); /* of no source */
	assert_false(HEAR(&d, "\x82\xcb\0\2\0\0\0\3\0\0\0"));
	assert_false(HEAR(&d, "\x81\xcb\0\0\0\0\0\2"));
	assert_true(HEAR(&d, "\x81\xcb\0\7\0\0\0\2")); /* only its length is wrong */
	assert_false(HEAR(&d, "\x81\xcb"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_bye_of_who_sends_is_one),
		cmocka_unit_test(what_is_cut_off_names_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
