/* test_scheduler_day.c - days of cameras against a model of Google, by the modules of camrelayd.
 * The scenarios are files that camrelay-sim plays too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "tests/sim/scheduler/sim.h"

#define FOLDER "tests/sim/scheduler/scenarios/"

/* As many as the table asks for; a sanitizer takes ten times as long. */
#ifdef SANITIZED
#define SEEDS 2
#define MOMENTS 10
#else
#define SEEDS 20
#define MOMENTS 200 /* of an outage */
#endif

/* Of all seeds. */
struct days {
	int deaths;
	int over_bound; /* most deaths of a run beyond what no schedule could have saved */
	int unsavable;
	int worst_burst;
	int most_dead;
	int max_hour;
	int refused;
	int least_whole;
	int least_waiting; /* cameras that were named as waiting */
	int generates;
	double most_running_s;
	double most_heal_slack_s; /* all ran again so long after the slots that this needs */
	double degraded_gap_s;
};

static struct scenario
scenario(const char *file)
{
	struct scenario sc;
	char path[200], why[400];

	snprintf(path, sizeof(path), FOLDER "%s.json", file);
	if (scenario_load(path, &sc, why, sizeof(why)))
		fail_msg("%s", why);
	return sc;
}

static int
most(int a, int b)
{
	return a > b ? a : b;
}

static void
add(struct days *d, const struct sim_result *r)
{
	double slack_s = r->healed_s - r->heal_slots_s;

	d->deaths += r->deaths;
	d->unsavable += r->unsavable;
	d->over_bound = most(d->over_bound, r->deaths - r->unsavable);
	d->worst_burst = most(d->worst_burst, r->worst_burst);
	d->most_dead = most(d->most_dead, r->most_dead);
	d->max_hour = most(d->max_hour, r->max_hour);
	d->refused += r->refused;
	d->least_whole = -most(-d->least_whole, -r->uninterrupted);
	d->least_waiting = -most(-d->least_waiting, -r->events[SCHEDULER_WAITING]);
	d->generates += r->calls[CALL_GENERATE];
	if (r->all_running_s < 0 || r->all_running_s > d->most_running_s)
		d->most_running_s = r->all_running_s < 0 ? 1e9 : r->all_running_s;
	if (r->healed_s < 0 || slack_s > d->most_heal_slack_s)
		d->most_heal_slack_s = r->healed_s < 0 ? 1e9 : slack_s;
	if (r->degraded_gap_s < d->degraded_gap_s)
		d->degraded_gap_s = r->degraded_gap_s;
}

/* Whatever else happens, no call is one too many. */
static struct days
play(const struct scenario *sc, int seeds)
{
	struct days d = {
		.least_whole = 1000000,
		.least_waiting = 1000000,
		.most_heal_slack_s = -1e9,
		.degraded_gap_s = 1e9,
		.over_bound = -1000000,
	};

	for (int seed = 1; seed <= seeds; seed++) {
		struct sim_result r = sim_run(sc, &policy_deadline, (unsigned)seed, NULL);

		assert_int_equal(r.over_quota, 0);
		assert_true(r.max_minute <= sc->qpm);
		assert_true(r.max_hour <= 100);
		add(&d, &r);
		sim_result_clear(&r);
	}
	return d;
}

static struct days
play_file(const char *file, int seeds)
{
	struct scenario sc = scenario(file);
	struct days d = play(&sc, seeds);

	assert_int_equal(d.refused, 0);
	return d;
}

/* ---- calls that fail ------------------------------------------------------------------------- */

static void
twenty_cameras_lose_nothing_though_one_call_in_twenty_fails(void **state)
{
	(void)state;
	assert_int_equal(play_file("01-20-fail-1", SEEDS).deaths, 0);
	assert_int_equal(play_file("02-20-fail-5", SEEDS).deaths, 0);
}

static void
forty_and_forty_four_cameras_lose_nothing_though_one_call_in_a_hundred_fails(void **state)
{
	(void)state;
	assert_int_equal(play_file("03-40-fail-1", SEEDS).deaths, 0);
	assert_int_equal(play_file("05-44-fail-1", SEEDS).deaths, 0);
}

static void
forty_cameras_lose_one_stream_a_day_at_most_when_one_call_in_twenty_fails(void **state)
{
	(void)state;
	assert_true(play_file("04-40-fail-5", SEEDS).deaths <= 1 * SEEDS);
}

/* The table asks for 1, 9 and 48 a day; these hold what is reached, with room for chance. */
static void
near_the_limit_one_is_given_up_and_never_a_chain(void **state)
{
	(void)state;
	assert_true(play_file("06-45-fail-1", SEEDS).deaths * 2 <= 1 * SEEDS);
	struct days d = play_file("07-46-fail-1", SEEDS);
	assert_true(d.deaths <= 3 * SEEDS);
	assert_true(d.worst_burst <= 2);
	d = play_file("08-47-fail-1", SEEDS);
	assert_true(d.deaths <= 15 * SEEDS);
	assert_true(d.worst_burst <= 3);
	assert_true(d.most_dead <= 5);
}

static void
forty_eight_cameras_lose_nothing_when_no_call_fails(void **state)
{
	(void)state;
	struct days d = play_file("09-48", SEEDS);
	assert_int_equal(d.deaths, 0);
	assert_true(d.most_running_s < 600);
}

static void
answers_that_are_lost_cost_nothing(void **state)
{
	(void)state;
	assert_int_equal(play_file("28-40-lost-calls-1", SEEDS).deaths, 0);
}

/* Whoever does not wait for them has lost the streams that they are about. */
static void
answers_that_take_25_s_cost_nothing(void **state)
{
	(void)state;
	struct days d = play_file("37-40-slow-25", SEEDS);

	assert_int_equal(d.deaths, 0);
	assert_int_equal(d.generates, 40 * SEEDS);
}

/* ---- beginnings ------------------------------------------------------------------------------ */

static void
streams_that_all_end_together_are_kept(void **state)
{
	(void)state;
	assert_int_equal(play_file("10-20-synchronised", SEEDS).deaths, 0);
	assert_int_equal(play_file("11-40-synchronised", SEEDS).deaths, 0);
	assert_int_equal(play_file("12-44-synchronised", SEEDS).deaths, 0);
}

static void
even_if_calls_fail_meanwhile(void **state)
{
	struct scenario sc = scenario("11-40-synchronised");

	(void)state;
	sc.fail_ratio = 0.01;
	sc.hours = 0.2;
	assert_int_equal(play(&sc, 10 * SEEDS).deaths, 0);
}

/* Ends at random over a life come in crowds that one slot each six seconds may not reach. */
static void
of_a_store_full_of_streams_only_those_are_lost_that_no_order_of_calls_could_save(void **state)
{
	struct scenario sc = scenario("23-40-restored");

	(void)state;
	sc.hours = 1;
	assert_true(play(&sc, 10 * SEEDS).over_bound <= 0);
}

static void
a_restart_of_twenty_seconds_costs_no_stream_and_no_generate(void **state)
{
	(void)state;
	struct days d = play_file("24-40-restart-20", SEEDS);
	assert_int_equal(d.deaths, 0);
	assert_int_equal(d.generates, 40 * SEEDS);
}

static void
a_restart_of_one_second_takes_no_call_too_many(void **state)
{
	(void)state;
	assert_int_equal(play_file("25-48-restart-1", SEEDS).deaths, 0);
}

/* ---- outages --------------------------------------------------------------------------------- */

/* Of a few hours, each with an outage somewhere. */
static struct days
play_outage(const char *file)
{
	struct scenario sc = scenario(file);

	sc.events[0].at_latest_s = 9000;
	sc.hours = 3 + sc.events[0].for_s / 3600;
	struct days d = play(&sc, MOMENTS);
	assert_int_equal(d.refused, 0);
	return d;
}

static void
an_outage_of_ninety_seconds_at_any_moment_kills_none_of_thirty(void **state)
{
	(void)state;
	assert_int_equal(play_outage("13-30-outage-90").deaths, 0);
	assert_int_equal(play_outage("26-30-hang-90").deaths, 0);
}

/* And all run again when each had its slot; ten seconds are for the probe that meets the end. */
static void
a_long_outage_kills_only_what_no_order_of_calls_could_save(void **state)
{
	static const char *const files[] = { "14-40-outage-120", "15-20-outage-240" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct days d = play_outage(files[i]);

		assert_true(d.over_bound <= 0);
		assert_true(d.unsavable > 0);
		assert_true(d.most_heal_slack_s <= 10);
	}
}

/* Though the workers of the lost streams say every minute that they are refused. */
static void
after_an_outage_that_no_stream_outlived_all_cameras_run_again(void **state)
{
	static const char *const files[] = { "32-20-outage-600", "33-20-outage-3600" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct days d = play_outage(files[i]);

		assert_int_equal(d.deaths, 20 * MOMENTS);
		assert_true(d.most_heal_slack_s <= 40);
	}
}

static void
a_429_out_of_the_blue_is_survived(void **state)
{
	struct scenario sc = scenario("27-30-http-429");

	(void)state;
	struct days d = play(&sc, SEEDS);
	assert_int_equal(d.deaths, 0);
	assert_true(d.refused <= 3 * SEEDS);
}

/* The account's quota is not ours alone: what is left for us is found and kept to. The other's
 * calls are in the count of arrivals, so 429 is met now and then, but seldom. */
static void
what_another_program_leaves_of_the_quota_holds_the_streams(void **state)
{
	static const struct {
		const char *file;
		int cameras;
		double alive;
	} shared[] = {
		{ .file = "34-20-other-2", .cameras = 20, .alive = 0.995 },
		{ .file = "35-25-other-3", .cameras = 25, .alive = 0.98 },
	};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct scenario sc = scenario(shared[i].file);

		for (unsigned seed = 1; seed <= 4; seed++) {
			struct sim_result r = sim_run(&sc, &policy_deadline, seed, NULL);

			assert_true(
				r.downtime_s < (1 - shared[i].alive) * 86400 * shared[i].cameras);
			assert_in_range(r.refused, 1, 24 * 6);
			sim_result_clear(&r);
		}
	}
}

/* ---- cameras --------------------------------------------------------------------------------- */

static void
cameras_that_are_off_cost_the_others_nothing_and_a_call_in_five_minutes_each(void **state)
{
	(void)state;
	struct days d = play_file("17-40-ten-offline", SEEDS);
	assert_int_equal(d.deaths, 0);
	assert_true(d.degraded_gap_s >= 300 && d.degraded_gap_s < 400);
}

static void
a_camera_that_fails_every_call_takes_no_other_with_it(void **state)
{
	(void)state;
	assert_int_equal(play_file("29-46-one-broken", SEEDS).deaths, 0);
}

static void
four_cameras_stay_far_below_a_hundred_calls_an_hour(void **state)
{
	(void)state;
	struct days d = play_file("19-4", SEEDS);
	assert_int_equal(d.deaths, 0);
	assert_true(d.max_hour <= 25);
}

static void
streams_of_a_minute_are_held_as_far_as_slots_reach(void **state)
{
	struct scenario few = scenario("20-9-life-60");

	(void)state;
	assert_int_equal(play_file("20-9-life-60", SEEDS).deaths, 0);
	/* Slots are idle then, but a camera's hour is not to be filled by early Extends. */
	few.cameras = 4;
	struct days d = play(&few, SEEDS);
	assert_int_equal(d.deaths, 0);
	assert_true(d.max_hour <= 95);
	d = play_file("21-20-life-60", SEEDS);
	assert_int_equal(d.deaths, 0);
	assert_int_equal(d.least_whole, 9);
	/* Those whose life gets short are let go one by one; then all come back. */
	d = play_file("22-40-life-60-for-600", SEEDS);
	assert_int_equal(d.least_whole, 9);
	assert_true(d.deaths <= 31 * SEEDS);
	assert_true(d.most_heal_slack_s < 1e9);
}

/* ---- more than one account can hold ---------------------------------------------------------- */

static void
two_accounts_do_not_share_a_budget(void **state)
{
	struct scenario sc = scenario("18-2x40-fail-1");

	(void)state;
	assert_int_equal(play(&sc, SEEDS).deaths, 0);

	/* What befalls one is nothing to the other. */
	sc = scenario("18-2x40-fail-1");
	sc.hours = 3;
	sc.events[sc.event_count++] = (struct scenario_event){
		.kind = EVENT_OUTAGE, .at_s = 5000, .at_latest_s = 6000, .for_s = 240, .account = 1
	};
	struct sim_result r = sim_run(&sc, &policy_deadline, 1, NULL);
	assert_true(r.deaths > 10);
	for (int i = 0; i < r.camera_count; i++)
		assert_true(r.cameras[i].account == 1 || r.cameras[i].deaths == 0);
	sim_result_clear(&r);
}

static void
of_sixty_cameras_those_that_can_be_held_are_held_without_a_gap(void **state)
{
	(void)state;
	struct days d = play_file("16-60", SEEDS);
	assert_int_equal(d.deaths, 0);
	assert_true(d.least_whole >= 46);
	assert_int_equal(d.least_waiting, 60 - d.least_whole);

	/* Room for failures is left, so that those that are held are not given up in turn. */
	struct scenario sc = scenario("16-60");
	sc.fail_ratio = 0.01;
	assert_true(play(&sc, SEEDS).deaths <= 15 * SEEDS);
}

/* One makes room for one: the others live on. */
static void
rotated_each_of_sixty_cameras_has_its_turn_and_few_are_without_at_a_time(void **state)
{
	(void)state;
	struct days d = play_file("30-60-rotating", SEEDS);
	assert_true(d.most_running_s < 2 * 3600);
	assert_true(d.worst_burst <= 2);
	assert_true(d.most_dead <= 60 - 46);
}

static void
rotated_by_default_each_of_fifty_cameras_has_its_turn_within_the_hour(void **state)
{
	(void)state;
	struct days d = play_file("36-50-rotating", 2);
	assert_true(d.most_running_s < 3600);
	assert_true(d.most_dead <= 50 - 46);
}

/* ---- the model itself ------------------------------------------------------------------------ */

static void
a_day_may_be_compressed(void **state)
{
	struct scenario sc = scenario("03-40-fail-1");

	(void)state;
	sc.minute_ms = 3000;
	assert_int_equal(play(&sc, SEEDS).deaths, 0);
}

/* Why the pace has a guard. */
static void
without_the_guard_google_counts_eleven_in_a_minute(void **state)
{
	struct scenario sc = scenario("05-44-fail-1");

	(void)state;
	sc.guard_permille = 0;
	sc.hours = 4;
	struct sim_result r = sim_run(&sc, &policy_deadline, 1, NULL);
	assert_int_equal(r.max_minute, 11);
	assert_true(r.over_quota > 0);
	sim_result_clear(&r);
}

/* Else there would be nothing to compare with: others measured 39, 58 and 29. */
static void
the_classic_rule_loses_as_many_as_others_measured(void **state)
{
	struct scenario sc = scenario("01-20-fail-1");
	struct sim_result r = sim_run(&sc, &policy_fixed60, 1, NULL);

	(void)state;
	assert_in_range(r.deaths, 15, 60);
	sim_result_clear(&r);
	sc = scenario("03-40-fail-1");
	r = sim_run(&sc, &policy_fixed60_guarded, 1, NULL);
	assert_in_range(r.deaths, 40, 110);
	sim_result_clear(&r);
	sc = scenario("11-40-synchronised");
	sc.hours = 0.2;
	r = sim_run(&sc, &policy_fixed60_guarded, 1, NULL);
	assert_in_range(r.deaths, 28, 32);
	sim_result_clear(&r);
}

static void
the_same_seed_gives_the_same_day(void **state)
{
	struct scenario sc = scenario("31-46-issue");
	struct sim_result a = sim_run(&sc, &policy_deadline, 7, NULL);
	struct sim_result b = sim_run(&sc, &policy_deadline, 7, NULL);

	(void)state;
	assert_true(a.downtime_s == b.downtime_s);
	assert_int_equal(a.deaths, b.deaths);
	assert_int_equal(a.over_quota, 0);
	assert_true(a.max_minute <= 10);
	sim_result_clear(&a);
	sim_result_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twenty_cameras_lose_nothing_though_one_call_in_twenty_fails),
		cmocka_unit_test(
			forty_and_forty_four_cameras_lose_nothing_though_one_call_in_a_hundred_fails),
		cmocka_unit_test(
			forty_cameras_lose_one_stream_a_day_at_most_when_one_call_in_twenty_fails),
		cmocka_unit_test(near_the_limit_one_is_given_up_and_never_a_chain),
		cmocka_unit_test(forty_eight_cameras_lose_nothing_when_no_call_fails),
		cmocka_unit_test(answers_that_are_lost_cost_nothing),
		cmocka_unit_test(answers_that_take_25_s_cost_nothing),
		cmocka_unit_test(streams_that_all_end_together_are_kept),
		cmocka_unit_test(even_if_calls_fail_meanwhile),
		cmocka_unit_test(
			of_a_store_full_of_streams_only_those_are_lost_that_no_order_of_calls_could_save),
		cmocka_unit_test(a_restart_of_twenty_seconds_costs_no_stream_and_no_generate),
		cmocka_unit_test(a_restart_of_one_second_takes_no_call_too_many),
		cmocka_unit_test(an_outage_of_ninety_seconds_at_any_moment_kills_none_of_thirty),
		cmocka_unit_test(a_long_outage_kills_only_what_no_order_of_calls_could_save),
		cmocka_unit_test(after_an_outage_that_no_stream_outlived_all_cameras_run_again),
		cmocka_unit_test(a_429_out_of_the_blue_is_survived),
		cmocka_unit_test(what_another_program_leaves_of_the_quota_holds_the_streams),
		cmocka_unit_test(
			cameras_that_are_off_cost_the_others_nothing_and_a_call_in_five_minutes_each),
		cmocka_unit_test(a_camera_that_fails_every_call_takes_no_other_with_it),
		cmocka_unit_test(four_cameras_stay_far_below_a_hundred_calls_an_hour),
		cmocka_unit_test(streams_of_a_minute_are_held_as_far_as_slots_reach),
		cmocka_unit_test(two_accounts_do_not_share_a_budget),
		cmocka_unit_test(of_sixty_cameras_those_that_can_be_held_are_held_without_a_gap),
		cmocka_unit_test(
			rotated_each_of_sixty_cameras_has_its_turn_and_few_are_without_at_a_time),
		cmocka_unit_test(
			rotated_by_default_each_of_fifty_cameras_has_its_turn_within_the_hour),
		cmocka_unit_test(a_day_may_be_compressed),
		cmocka_unit_test(without_the_guard_google_counts_eleven_in_a_minute),
		cmocka_unit_test(the_classic_rule_loses_as_many_as_others_measured),
		cmocka_unit_test(the_same_seed_gives_the_same_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
