/* test_outage.c - offline and online, once each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "supervisor/outage.h"

#define AFTER 30000
#define BACK 12000

static const struct outage_times times = { .after_ms = AFTER, .back_ms = BACK };

static struct outage o;
static ms_t lasted;

static int
setup(void **state)
{
	(void)state;
	o = (struct outage){ 0 };
	lasted = -1;
	return 0;
}

static void
a_short_outage_is_none(void **state)
{
	(void)state;
	assert_int_equal(outage_gone(&o, 1000, false, "worker died"), OUTAGE_NO_NEWS);
	assert_int_equal(outage_due(&o, &times), 31000);
	assert_int_equal(outage_step(&o, &times, 30999, &lasted), OUTAGE_NO_NEWS);
	outage_back(&o, 30999);
	assert_int_equal(outage_due(&o, &times), 30999 + BACK);
	assert_int_equal(outage_step(&o, &times, 31000, &lasted), OUTAGE_NO_NEWS);
	assert_int_equal(outage_step(&o, &times, 30999 + BACK, &lasted), OUTAGE_NO_NEWS);
	assert_int_equal(outage_due(&o, &times), MS_NEVER);
}

static void
a_long_one_is_told_once_and_its_end_once(void **state)
{
	(void)state;
	outage_gone(&o, 1000, false, "no picture for 10 s");
	assert_int_equal(outage_step(&o, &times, 31000, &lasted), OUTAGE_OFFLINE);
	assert_string_equal(o.why, "no picture for 10 s");
	assert_int_equal(outage_due(&o, &times), MS_NEVER);
	assert_int_equal(outage_step(&o, &times, 99000, &lasted), OUTAGE_NO_NEWS);
	assert_int_equal(outage_gone(&o, 99000, true, "no route"), OUTAGE_NO_NEWS);
	outage_back(&o, 124000);
	outage_back(&o, 125000); /* as each report says */
	assert_int_equal(outage_step(&o, &times, 123999 + BACK, &lasted), OUTAGE_NO_NEWS);
	assert_int_equal(outage_step(&o, &times, 124000 + BACK, &lasted), OUTAGE_ONLINE);
	assert_int_equal(lasted, 123000);
	outage_back(&o, 200000);
	assert_int_equal(outage_step(&o, &times, 300000, &lasted), OUTAGE_NO_NEWS);
}

static void
who_is_certain_is_believed_at_once(void **state)
{
	(void)state;
	outage_gone(&o, 1000, false, "no route");
	assert_int_equal(outage_gone(&o, 2000, true, NULL), OUTAGE_OFFLINE);
	assert_string_equal(o.why, "no route");
	outage_back(&o, 6000);
	assert_int_equal(outage_step(&o, &times, 6000 + BACK, &lasted), OUTAGE_ONLINE);
	assert_int_equal(lasted, 5000);
}

/* A camera that sends one picture each time it is connected to. */
static void
a_picture_now_and_then_is_not_the_end(void **state)
{
	ms_t told = 0;
	unsigned offline = 0;

	(void)state;
	for (ms_t at = 0; at < 600000; at += 11000) {
		outage_gone(&o, at, false, "no picture for 10 s");
		for (ms_t now = at; now < at + 11000; now += 100) {
			const enum outage_news news = outage_step(&o, &times, now, &lasted);
			assert_int_not_equal(news, OUTAGE_ONLINE);
			if (news == OUTAGE_OFFLINE) {
				told = now;
				offline++;
			}
			if (now == at + 1000)
				outage_back(&o, now);
		}
	}
	assert_int_equal(offline, 1);
	assert_in_range(told, AFTER, AFTER + 11000); /* while there is none again */
}

static void
a_camera_from_which_nothing_is_expected_is_not_away(void **state)
{
	(void)state;
	assert_int_equal(outage_step(&o, &times, 1000000, &lasted), OUTAGE_NO_NEWS);
	outage_back(&o, 1000);
	assert_int_equal(outage_due(&o, &times), MS_NEVER);
	outage_gone(&o, 1000, true, "no route");
	outage_forget(&o);
	assert_int_equal(outage_due(&o, &times), MS_NEVER);
	outage_back(&o, 2000);
	assert_int_equal(outage_step(&o, &times, 1000000, &lasted), OUTAGE_NO_NEWS);
}

static void
the_next_outage_is_another_one(void **state)
{
	(void)state;
	for (ms_t at = 0; at < 1000000; at += 100000) {
		outage_gone(&o, at, false, "no route");
		assert_int_equal(outage_step(&o, &times, at + AFTER, &lasted), OUTAGE_OFFLINE);
		outage_back(&o, at + 50000);
		assert_int_equal(
			outage_step(&o, &times, at + 50000 + BACK, &lasted), OUTAGE_ONLINE);
		assert_int_equal(lasted, 50000);
	}
}

static void
spans_are_words(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(outage_span(999, text, sizeof(text)), "0 s");
	assert_string_equal(outage_span(59999, text, sizeof(text)), "59 s");
	assert_string_equal(outage_span(123000, text, sizeof(text)), "2 min 3 s");
	assert_string_equal(outage_span(3600000, text, sizeof(text)), "1 h 0 min");
	assert_string_equal(outage_span(86400000 * 2 + 3600000 * 5, text, sizeof(text)), "2 d 5 h");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(a_short_outage_is_none),
		TEST(a_long_one_is_told_once_and_its_end_once),
		TEST(who_is_certain_is_believed_at_once),
		TEST(a_picture_now_and_then_is_not_the_end),
		TEST(a_camera_from_which_nothing_is_expected_is_not_away),
		TEST(the_next_outage_is_another_one),
		TEST(spans_are_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
