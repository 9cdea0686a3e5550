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

/* A packet of that source; true if it is heard. */
static bool
comes(struct departure *d, char source)
{
	uint8_t packet[] = RTP;

	packet[11] = (uint8_t)source;
	return departure_on_rtp(d, packet, sizeof(packet) - 1);
}

static bool
reports(const struct departure *d, char source)
{
	const uint8_t report[] = { 0x80, 0xc8, 0, 1, 0, 0, 0, (uint8_t)source };

	return departure_is_heard(d, report, sizeof(report));
}

static void
who_begins_anew_is_heard_at_once_and_who_was_before_no_more(void **state)
{
	struct departure d = { 0 };

	(void)state;
	for (char source = 2; source < 5; source++)
		assert_true(comes(&d, source));
	for (int i = 0; i < 2 * DEPARTURE_STRAYS_MAX; i++) {
		assert_false(comes(&d, 2));
		assert_false(comes(&d, 3));
		assert_true(comes(&d, 4));
	}
	assert_false(HEAR(&d, "\x81\xcb\0\1\0\0\0\3"));
	assert_true(HEAR(&d, "\x81\xcb\0\1\0\0\0\4"));
	assert_false(reports(&d, 2));
	assert_true(reports(&d, 4));
	assert_true(reports(&d, 9)); /* some cameras' RTCP has another SSRC */
	assert_true(comes(&d, 9));
}

static void
who_uses_several_is_heard(void **state)
{
	struct departure d = { 0 };
	uint8_t packet[] = RTP;

	(void)state;
	for (int i = 0; i < 100; i++) {
		packet[3] = (uint8_t)i;
		packet[11] = (uint8_t)(2 + i % 2);
		assert_true(departure_on_rtp(&d, packet, sizeof(packet) - 1));
	}
}

static void
who_was_before_is_heard_if_nobody_else_is(void **state)
{
	struct departure d = { 0 };

	(void)state;
	assert_true(comes(&d, 2) && comes(&d, 3));
	for (int i = 0; i < DEPARTURE_STRAYS_MAX; i++)
		assert_false(comes(&d, 2));
	assert_true(comes(&d, 2));
	assert_true(comes(&d, 2));
	assert_false(comes(&d, 3));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_bye_of_who_sends_is_one),
		cmocka_unit_test(what_is_cut_off_names_nobody),
		cmocka_unit_test(who_begins_anew_is_heard_at_once_and_who_was_before_no_more),
		cmocka_unit_test(who_uses_several_is_heard),
		cmocka_unit_test(who_was_before_is_heard_if_nobody_else_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
