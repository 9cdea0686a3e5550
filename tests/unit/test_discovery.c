#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/log.h"
#include "supervisor/config_google.h"
#include "supervisor/discovery.h"
#include "supervisor/timer.h"
#include "tests/unit/fake_time.h"

#define MINUTE_MS 60000
#define EVERY_MS (5 * MINUTE_MS)

/* ---- a clock, a timer, an account and an API made of nothing --------------------------------- */

static struct {
	int asked;
	bool token_ends; /* before the next call leaves */
	sdm_done *done;  /* NULL: nothing in flight */
	void *arg;
} api;
static const char *bearer;
static int kept;

const char *
oauth_bearer(const struct oauth *o)
{
	(void)o;
	return bearer;
}

const char *
oauth_why(const struct oauth *o)
{
	(void)o;
	return "invalid_grant";
}

struct sdm_call *
sdm_list(struct sdm *s, sdm_done *done, void *arg)
{
	(void)s;
	if (api.token_ends) {
		api.token_ends = false;
		return NULL;
	}
	assert_null(api.done);
	api.asked++;
	api.done = done;
	api.arg = arg;
	return (struct sdm_call *)&api;
}

void
sdm_cancel(struct sdm_call *call)
{
	(void)call;
	api.done = NULL;
}

void
keep_call(const struct keep *k, const char *device, enum call_kind kind)
{
	(void)k;
	assert_null(device);
	assert_int_equal(kind, CALL_LIST);
	kept++;
}

static void
answer(struct sdm_answer *a)
{
	sdm_done *done = api.done;

	assert_non_null(done);
	api.done = NULL;
	done(a, api.arg);
	sdm_answer_clear(a);
}

static void
answer_devices(size_t n)
{
	struct sdm_answer a = { .devices = calloc(n + 1, sizeof(*a.devices)), .device_count = n };
	char id[] = "d0";

	for (size_t i = 0; i < n; i++, id[1]++)
		a.devices[i] = (struct sdm_device){
			.id = strdup(id), .name = strdup("n"), .type = strdup(""), .rtsp = true
		};
	answer(&a);
}

static void
answer_error(enum sdm_error error, ms_t retry_after_ms)
{
	struct sdm_answer a = {
		.error = error, .retry_after_ms = retry_after_ms, .words = "its words"
	};

	answer(&a);
}

/* Goes to the moment that the timer is set to. */
static ms_t
elapse(void)
{
	ms_t before_ms = fake_now_ms;

	assert_true(fake_timers[0].due_ms < MS_NEVER);
	fake_now_ms = fake_timers[0].due_ms;
	fake_timers[0].due_ms = MS_NEVER;
	fake_timers[0].on_due(fake_timers[0].arg);
	return fake_now_ms - before_ms;
}

/* ---- the discovery --------------------------------------------------------------------------- */

static struct config_google google;
static struct quota *quota;
static int lists;
static int before_count; /* -1: it was the first */

static void
on_list(void *arg, const struct device_list *before, const struct device_list *now)
{
	(void)arg;
	(void)now;
	lists++;
	before_count = before ? (int)before->count : -1;
}

static int
start_every(void **state, ms_t every_ms)
{
	struct quota_settings settings = quota_settings_default(10, MINUTE_MS);
	struct discovery_config config = { .google = &google, .on_list = on_list };

	google = (struct config_google){
		.name = "home", .window_ms = MINUTE_MS, .discover_every_ms = every_ms
	};
	fake_time_reset(1000000);
	bearer = "t";
	api.asked = lists = kept = 0;
	config.quota = quota = quota_new(&settings);
	*state = discovery_new(&config);
	return 0;
}

static int
start(void **state)
{
	return start_every(state, EVERY_MS);
}

static int
start_without_interval(void **state)
{
	return start_every(state, 0);
}

static int
stop(void **state)
{
	discovery_free(*state);
	quota_free(quota);
	return 0;
}

static void
the_first_list_is_asked_for_when_there_is_a_token(void **state)
{
	bearer = NULL;
	discovery_kick(*state);
	assert_int_equal(api.asked, 0);
	assert_null(discovery_view(*state, fake_now_ms).devices);
	bearer = "t";
	discovery_kick(*state);
	discovery_kick(*state);
	assert_int_equal(api.asked, 1);
	assert_int_equal(kept, 1);
	assert_true(discovery_view(*state, fake_now_ms).asking);
	answer_devices(2);
	assert_int_equal(lists, 1);
	assert_int_equal(before_count, -1);
}

static void
a_token_that_ends_as_the_call_leaves_is_waited_for(void **state)
{
	char why[100] = "";

	api.token_ends = true;
	discovery_kick(*state);
	assert_int_equal(api.asked, 0);
	assert_false(discovery_view(*state, fake_now_ms).asking);
	assert_true(discovery_view(*state, fake_now_ms).waiting);
	discovery_kick(*state);
	assert_int_equal(api.asked, 1);
	answer_devices(1);
	api.token_ends = true;
	assert_false(discovery_ask(*state, why, sizeof(why)));
	assert_string_not_equal(why, "");
}

static void
the_next_lists_come_at_their_interval(void **state)
{
	discovery_kick(*state);
	answer_devices(2);
	for (int i = 2; i < 5; i++) {
		assert_int_equal(elapse(), EVERY_MS);
		assert_int_equal(api.asked, i);
		answer_devices(1);
	}
	assert_int_equal(before_count, 1);
	fake_now_ms += 7000;
	struct discovery_view view = discovery_view(*state, fake_now_ms);
	assert_int_equal(view.age_ms, 7000);
	assert_int_equal(view.devices->count, 1);
}

static void
without_an_interval_nobody_asks_but_somebody(void **state)
{
	char why[100];

	discovery_kick(*state);
	assert_int_equal(api.asked, 0);
	assert_true(fake_timers[0].due_ms == MS_NEVER);
	assert_true(discovery_ask(*state, why, sizeof(why)));
	answer_devices(0);
	assert_int_equal(api.asked, 1);
	assert_true(fake_timers[0].due_ms == MS_NEVER);
	assert_non_null(discovery_view(*state, fake_now_ms).devices);
}

static void
whoever_asks_too_often_is_told_when_google_allows_it(void **state)
{
	char why[100] = "";
	int asked = 0;

	for (int i = 0; i < 20; i++) {
		if (discovery_ask(*state, why, sizeof(why))) {
			answer_devices(1);
			asked++;
		}
		fake_now_ms += 100;
	}
	assert_int_equal(asked, 5);
	assert_int_equal(api.asked, 5);
	assert_non_null(strstr(why, "allows the next list in 59 s"));
	assert_int_equal(discovery_view(*state, fake_now_ms).devices->count, 1);
	fake_now_ms += MINUTE_MS;
	assert_true(discovery_ask(*state, why, sizeof(why)));
}

static void
a_second_question_joins_the_first(void **state)
{
	char why[100];

	assert_true(discovery_ask(*state, why, sizeof(why)));
	assert_true(discovery_ask(*state, why, sizeof(why)));
	assert_int_equal(api.asked, 1);
}

static void
without_a_token_the_reason_is_the_account_s(void **state)
{
	char why[100];

	bearer = NULL;
	assert_false(discovery_ask(*state, why, sizeof(why)));
	assert_string_equal(why, "there is no access token: invalid_grant");
}

static void
a_wanted_list_waits_for_the_bucket(void **state)
{
	char why[100];

	for (int i = 0; i < 5; i++) {
		assert_true(discovery_ask(*state, why, sizeof(why)));
		answer_devices(1);
	}
	discovery_want(*state);
	assert_int_equal(api.asked, 5);
	ms_t waited = elapse();
	assert_true(waited >= MINUTE_MS && waited < MINUTE_MS * 102 / 100);
	assert_int_equal(api.asked, 6);
}

static void
what_is_wanted_while_google_is_asked_is_asked_for_after_that(void **state)
{
	discovery_kick(*state);
	discovery_want(*state);
	assert_int_equal(api.asked, 1);
	assert_true(discovery_view(*state, fake_now_ms).waiting);
	answer_devices(1);
	assert_true(discovery_view(*state, fake_now_ms).waiting);
	assert_int_equal(elapse(), 0);
	assert_int_equal(api.asked, 2);
	assert_false(discovery_view(*state, fake_now_ms).waiting);
	answer_devices(1);
	assert_int_equal(elapse(), EVERY_MS);
}

static void
a_failed_list_is_tried_again_with_growing_pauses_and_the_old_one_stays(void **state)
{
	discovery_kick(*state);
	answer_devices(3);
	elapse();
	answer_error(SDM_SERVER, -1);
	struct discovery_view view = discovery_view(*state, fake_now_ms);
	assert_int_equal(view.devices->count, 3);
	assert_int_equal(view.age_ms, EVERY_MS);
	assert_string_equal(view.why, "server-error: its words");
	assert_int_equal(elapse(), MINUTE_MS);
	answer_error(SDM_TIMEOUT, -1);
	assert_int_equal(elapse(), 2 * MINUTE_MS);
	answer_error(SDM_TIMEOUT, -1);
	elapse();
	answer_error(SDM_TIMEOUT, -1);
	assert_int_equal(elapse(), EVERY_MS); /* the longest */
	answer_devices(3);
	assert_string_equal(discovery_view(*state, fake_now_ms).why, "");
	assert_int_equal(elapse(), EVERY_MS);
	answer_error(SDM_SERVER, -1);
	assert_int_equal(elapse(), MINUTE_MS);
	assert_int_equal(lists, 2);
}

static void
another_interval_is_in_force_at_once(void **state)
{
	struct config_google other = google;

	discovery_kick(*state);
	answer_devices(1);
	discovery_configure(*state, &other); /* the same: the next list keeps its time */
	assert_int_equal(elapse(), EVERY_MS);
	answer_devices(1);
	struct config_google quick = google;
	quick.discover_every_ms = 2 * MINUTE_MS;
	discovery_configure(*state, &quick);
	assert_int_equal(api.asked, 3);
	answer_devices(1);
	assert_int_equal(elapse(), 2 * MINUTE_MS);
	answer_devices(1);
	struct config_google off = google;
	off.discover_every_ms = 0;
	discovery_configure(*state, &off);
	assert_true(fake_timers[0].due_ms == MS_NEVER);
}

static void
a_429_holds_the_bucket_for_as_long_as_it_says(void **state)
{
	char why[100];

	discovery_kick(*state);
	answer_error(SDM_RATE_LIMITED, 90000);
	assert_false(discovery_ask(*state, why, sizeof(why)));
	assert_non_null(strstr(why, "in 90 s"));
	fake_now_ms += 90000;
	assert_true(discovery_ask(*state, why, sizeof(why)));
}

int
main(void)
{
#define DISCOVERY_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		DISCOVERY_TEST(the_first_list_is_asked_for_when_there_is_a_token),
		DISCOVERY_TEST(a_token_that_ends_as_the_call_leaves_is_waited_for),
		DISCOVERY_TEST(the_next_lists_come_at_their_interval),
		cmocka_unit_test_setup_teardown(
			without_an_interval_nobody_asks_but_somebody, start_without_interval, stop),
		DISCOVERY_TEST(whoever_asks_too_often_is_told_when_google_allows_it),
		DISCOVERY_TEST(a_second_question_joins_the_first),
		DISCOVERY_TEST(without_a_token_the_reason_is_the_account_s),
		DISCOVERY_TEST(a_wanted_list_waits_for_the_bucket),
		DISCOVERY_TEST(what_is_wanted_while_google_is_asked_is_asked_for_after_that),
		DISCOVERY_TEST(
			a_failed_list_is_tried_again_with_growing_pauses_and_the_old_one_stays),
		DISCOVERY_TEST(another_interval_is_in_force_at_once),
		DISCOVERY_TEST(a_429_holds_the_bucket_for_as_long_as_it_says),
	};

	log_open("/dev/null", LOG_LOGFMT, LOG_DEBUG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
