/* test_url_list.c - worker/url_list.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "worker/url_list.h"

static void
one_url_is_all_there_is(void **state)
{
	struct url_list l = url_list_new(1, 1000);

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(url_list_on_failure(&l, i % 2), URL_LIST_STAY);
	url_list_on_pictures(&l, 5);
	assert_int_equal(l.at, 0);
	assert_false(url_list_asks(&l, 1000000));
}

static void
two_failures_in_a_row_move_on_and_all_of_them_make_a_round(void **state)
{
	struct url_list l = url_list_new(3, 1000);

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t at = 0; at < 3; at++) {
			assert_int_equal(l.at, at);
			assert_int_equal(url_list_on_failure(&l, false), URL_LIST_STAY);
			assert_int_equal(l.at, at);
			assert_int_equal(url_list_on_failure(&l, false),
				at < 2 ? URL_LIST_NEXT : URL_LIST_ROUND);
		}
	}
	assert_int_equal(l.at, 0);
}

static void
what_is_hopeless_moves_on_at_once(void **state)
{
	struct url_list l = url_list_new(2, 1000);

	(void)state;
	assert_int_equal(url_list_on_failure(&l, true), URL_LIST_NEXT);
	assert_int_equal(l.at, 1);
	assert_int_equal(url_list_on_failure(&l, true), URL_LIST_ROUND);
	assert_int_equal(l.at, 0);
}

static void
a_url_that_plays_may_be_lost_again_and_again(void **state)
{
	struct url_list l = url_list_new(2, 1000);

	(void)state;
	for (int i = 0; i < 5; i++) {
		url_list_on_pictures(&l, i);
		assert_int_equal(url_list_on_failure(&l, false), URL_LIST_STAY);
		assert_int_equal(url_list_on_failure(&l, false), URL_LIST_STAY);
		assert_int_equal(l.at, 0);
	}
}

static void
the_first_has_its_turn_for_one_try_when_another_is_lost(void **state)
{
	struct url_list l = url_list_new(2, 1000);

	(void)state;
	url_list_on_failure(&l, true);
	url_list_on_pictures(&l, 0);
	assert_int_equal(url_list_on_failure(&l, false), URL_LIST_STAY);
	assert_int_equal(l.at, 0);
	assert_int_equal(url_list_on_failure(&l, false), URL_LIST_NEXT);
	assert_int_equal(l.at, 1);
}

static void
the_first_is_asked_for_while_another_plays(void **state)
{
	struct url_list l = url_list_new(2, 1000);

	(void)state;
	url_list_on_pictures(&l, 0);
	assert_false(url_list_asks(&l, 100000)); /* it is the first */
	url_list_on_failure(&l, true);
	assert_false(url_list_asks(&l, 100000)); /* it does not play */
	url_list_on_pictures(&l, 100000);
	assert_false(url_list_asks(&l, 100999));
	assert_true(url_list_asks(&l, 101000));
	assert_false(url_list_asks(&l, 101001));
	assert_true(url_list_asks(&l, 102000));
	url_list_return(&l);
	assert_int_equal(l.at, 0);
	assert_false(url_list_asks(&l, 200000));
}

static void
without_an_interval_it_is_never_asked_for(void **state)
{
	struct url_list l = url_list_new(2, 0);

	(void)state;
	url_list_on_failure(&l, true);
	url_list_on_pictures(&l, 5);
	assert_false(url_list_asks(&l, 1000000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_url_is_all_there_is),
		cmocka_unit_test(two_failures_in_a_row_move_on_and_all_of_them_make_a_round),
		cmocka_unit_test(what_is_hopeless_moves_on_at_once),
		cmocka_unit_test(a_url_that_plays_may_be_lost_again_and_again),
		cmocka_unit_test(the_first_has_its_turn_for_one_try_when_another_is_lost),
		cmocka_unit_test(the_first_is_asked_for_while_another_plays),
		cmocka_unit_test(without_an_interval_it_is_never_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
