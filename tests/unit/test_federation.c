#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "supervisor/federation.h"

#define SEES .sight = FEDERATION_SEES, .usable = true
#define BLIND .sight = FEDERATION_BLIND, .usable = true
#define PENDING .sight = FEDERATION_PENDING, .usable = true
#define UNKNOWN .sight = FEDERATION_UNKNOWN, .usable = true

#define CHOOSE(current, ...)                                                                       \
	federation_choose((const struct federation_account[]){ __VA_ARGS__ },                      \
		sizeof((const struct federation_account[]){ __VA_ARGS__ }) /                       \
			sizeof(struct federation_account),                                         \
		current)

static void
the_fewest_cameras_decide_and_then_the_order(void **state)
{
	(void)state;
	assert_int_equal(CHOOSE(-1, { SEES, .cameras = 3 }, { SEES, .cameras = 2 }), 1);
	assert_int_equal(CHOOSE(-1, { SEES, .cameras = 2 }, { SEES, .cameras = 3 }), 0);
	assert_int_equal(CHOOSE(-1, { SEES, .cameras = 2 }, { SEES, .cameras = 2 }), 0);
}

static void
who_does_not_see_it_does_not_get_it(void **state)
{
	(void)state;
	assert_int_equal(CHOOSE(-1, { BLIND }, { SEES, .cameras = 9 }), 1);
	assert_int_equal(CHOOSE(-1, { UNKNOWN }, { SEES, .cameras = 9 }), 1);
	assert_int_equal(CHOOSE(-1, { BLIND }, { UNKNOWN }), -1);
	assert_int_equal(federation_choose(NULL, 0, -1), -1);
}

static void
who_needs_a_login_does_not_get_it(void **state)
{
	(void)state;
	assert_int_equal(CHOOSE(-1, { .sight = FEDERATION_SEES }, { SEES, .cameras = 9 }), 1);
	assert_int_equal(CHOOSE(-1, { .sight = FEDERATION_SEES }), -1);
}

static void
a_list_that_is_on_its_way_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(CHOOSE(-1, { SEES }, { PENDING }), -1);
	assert_int_equal(CHOOSE(0, { BLIND }, { SEES }, { PENDING }), 0);
	/* Without a login none will come. */
	assert_int_equal(CHOOSE(-1, { SEES }, { .sight = FEDERATION_PENDING }), 0);
}

static void
a_camera_keeps_its_account_however_full_that_is(void **state)
{
	(void)state;
	assert_int_equal(CHOOSE(0, { SEES, .cameras = 9 }, { SEES }), 0);
	assert_int_equal(CHOOSE(1, { SEES }, { SEES, .cameras = 9 }), 1);
	/* From before a restart: no list has spoken against it. */
	assert_int_equal(CHOOSE(1, { SEES }, { PENDING }), 1);
	assert_int_equal(CHOOSE(1, { SEES }, { UNKNOWN }), 1);
}

static void
it_leaves_one_that_sees_it_no_more_or_needs_a_login(void **state)
{
	(void)state;
	assert_int_equal(CHOOSE(0, { BLIND }, { SEES, .cameras = 9 }), 1);
	assert_int_equal(CHOOSE(0, { .sight = FEDERATION_SEES }, { SEES, .cameras = 9 }), 1);
	assert_int_equal(CHOOSE(1, { SEES, .cameras = 5 }, { BLIND }, { SEES, .cameras = 4 }), 2);
}

static void
it_stays_where_it_is_if_nobody_else_will_do(void **state)
{
	(void)state;
	assert_int_equal(CHOOSE(0, { BLIND }, { BLIND }), 0);
	assert_int_equal(CHOOSE(1, { UNKNOWN }, { .sight = FEDERATION_SEES }), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fewest_cameras_decide_and_then_the_order),
		cmocka_unit_test(who_does_not_see_it_does_not_get_it),
		cmocka_unit_test(who_needs_a_login_does_not_get_it),
		cmocka_unit_test(a_list_that_is_on_its_way_is_waited_for),
		cmocka_unit_test(a_camera_keeps_its_account_however_full_that_is),
		cmocka_unit_test(it_leaves_one_that_sees_it_no_more_or_needs_a_login),
		cmocka_unit_test(it_stays_where_it_is_if_nobody_else_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
