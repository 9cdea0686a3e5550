/* test_event_names.c - lists of events and groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/event_names.h"

static event_set set;
static char why[EVENT_NAMES_WHY_MAX];

static void
read_list(const char *list)
{
	assert_int_equal(event_set_read(list, &set, why, sizeof(why)), 0);
}

static void
names_and_groups_may_be_mixed(void **state)
{
	(void)state;
	read_list("worker died , account,HEALTHY");
	assert_true(event_set_has(set, "worker died"));
	assert_true(event_set_has(set, "needs login"));
	assert_true(event_set_has(set, "HEALTHY"));
	assert_false(event_set_has(set, "healthy"));
	assert_false(event_set_has(set, "DEGRADED"));
	assert_false(event_set_has(set, "offline"));
}

static void
who_wants_all_gets_what_is_not_known_too(void **state)
{
	(void)state;
	read_list("all");
	assert_true(event_set_has(set, "offline"));
	assert_true(event_set_has(set, "of a newer worker"));
	read_list("camera, media, account, device, recording, config, webhook");
	assert_false(event_set_has(set, "of a newer worker"));
}

static void
a_name_that_is_none_is_refused_with_all_that_are(void **state)
{
	(void)state;
	assert_int_equal(event_set_read("offline, ofline", &set, why, sizeof(why)), -1);
	assert_non_null(
		strstr(why, "item 2, ofline, is no event: there are the groups all, camera,"));
	assert_non_null(strstr(why, "and the events starting, "));
	/* All of it has room. */
	assert_non_null(strstr(why, ", webhook gone"));
	assert_int_equal(event_set_read("offline,", &set, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "item 2, , is no event"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_groups_may_be_mixed),
		cmocka_unit_test(who_wants_all_gets_what_is_not_known_too),
		cmocka_unit_test(a_name_that_is_none_is_refused_with_all_that_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
