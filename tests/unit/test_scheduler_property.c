/* test_scheduler_property.c - what holds of the scheduler whatever happens: random scenarios,
 * judged by an arithmetic of the test's own. A failure names the seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/sim/scheduler/sim.h"

#ifdef SANITIZED
#define SCENARIOS 40
#else
#define SCENARIOS 400
#endif

/* Of a minute of ten calls and its guard; on the way for half a second at most. */
#define PACE_MS 6090
#define ARRIVAL_MS 500

/* ---- random scenarios ------------------------------------------------------------------------ */

struct dice {
	unsigned long long seed;
};

static double
uniform(struct dice *d, double from, double to)
{
	d->seed = d->seed * 6364136223846793005ull + 1442695040888963407ull;
	return from + (to - from) * (double)(d->seed >> 32) / 4294967296.0;
}

static int
pick(struct dice *d, int from, int to)
{
	return (int)uniform(d, from, to + 1);
}

static struct scenario_event
random_event(struct dice *d, int cameras, int accounts, bool limited)
{
	static const enum scenario_event_kind kinds[] = { EVENT_OUTAGE, EVENT_OFFLINE, EVENT_BROKEN,
		EVENT_STOPPED, EVENT_STREAM_LOST, EVENT_RESTART, EVENT_ADD, EVENT_LIFE,
		EVENT_HTTP };
	struct scenario_event e = {
		.kind = kinds[pick(d, 0, limited ? 8 : 7)],
		.at_s = uniform(d, 0, 7200),
		.for_s = uniform(d, 1, 600),
		.camera = pick(d, 0, cameras - 1),
		.cameras = 1,
		.account = pick(d, -1, accounts - 1),
		.http = 429,
		.retry_after_s = pick(d, 0, 1) ? uniform(d, 1, 90) : 0,
		.life_s = uniform(d, 60, 600),
		.hang = pick(d, 0, 1),
	};

	e.at_latest_s = e.at_s;
	if (e.kind == EVENT_ADD || e.kind == EVENT_STREAM_LOST)
		e.for_s = 0;
	return e;
}

/* Events in the first two hours of four. */
static struct scenario
random_scenario(unsigned seed, int most_cameras, bool limited)
{
	struct dice d = { .seed = seed * 2654435761ull };
	struct scenario sc = scenario_default();

	uniform(&d, 0, 1);
	sc.hours = 4;
	sc.accounts = pick(&d, 1, 2);
	sc.cameras = pick(&d, 1, most_cameras * sc.accounts);
	sc.start = (enum scenario_start)pick(&d, 0, STARTS - 1);
	sc.fail_ratio = uniform(&d, 0, 0.02);
	sc.lost_call_ratio = uniform(&d, 0, 0.01);
	sc.event_count = pick(&d, 0, 6);
	for (int i = 0; i < sc.event_count; i++)
		sc.events[i] = random_event(&d, sc.cameras, sc.accounts, limited);
	return sc;
}

/* ---- windows --------------------------------------------------------------------------------- */

static void
no_window_is_ever_exceeded(void **state)
{
	static const double lives_s[] = { 30, 60, 120, 300, 900 };

	(void)state;
	for (unsigned seed = 1; seed <= SCENARIOS; seed++) {
		struct scenario sc = random_scenario(seed, 60, seed % 2);

		sc.stream_life_s = lives_s[seed % 5];
		if (seed % 7 == 0)
			sc.qpm = 3 + (int)seed % 40;
		struct sim_result r = sim_run(&sc, &policy_deadline, seed, NULL);
		if (r.over_quota > 0 || r.max_minute > sc.qpm || r.max_hour > 100)
			fail_msg("seed %u: %d refused, %d a minute, %d an hour", seed, r.over_quota,
				r.max_minute, r.max_hour);
		sim_result_clear(&r);
	}
}

/* ---- living before dead ---------------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	ms_t x = *(const ms_t *)a;
	ms_t y = *(const ms_t *)b;

	return (x > y) - (x < y);
}

/* How many of the streams, by their ends, a slot each pace from slot on can reach. */
static int
reached(const ms_t *ends, int n, ms_t slot)
{
	int count = 0;

	for (int i = 0; i < n; i++)
		count += ends[i] >= slot + count * PACE_MS + ARRIVAL_MS;
	return count;
}

/* A slot that is not an Extend's must leave as many streams to be saved as it found. */
static void
judge_call(const struct sim_call *call, void *arg)
{
	unsigned seed = *(unsigned *)arg;
	ms_t ends[256];
	int n = 0;

	if (call->kind == CALL_EXTEND)
		return;
	for (int i = 0; i < call->count; i++) {
		if (call->streams[i].lives && !call->streams[i].busy)
			ends[n++] = call->streams[i].expires_at;
	}
	qsort(ends, (size_t)n, sizeof(ends[0]), compare);
	int before = reached(ends, n, call->now);
	int after = reached(ends, n, call->now + PACE_MS);
	if (after < before)
		fail_msg(
			"seed %u: at %lld ms camera %d takes a slot, %d of %d can be saved instead "
			"of %d",
			seed, (long long)call->now, call->camera, after, n, before);
}

static void
no_living_stream_is_passed_over_for_a_dead_one(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= SCENARIOS; seed++) {
		struct scenario sc = random_scenario(seed, 60, false);
		struct sim_watch watch = { .on_call = judge_call, .arg = &seed };
		struct sim_result r = sim_run(&sc, &policy_deadline, seed, &watch);

		sim_result_clear(&r);
	}
}

/* ---- everybody's turn ------------------------------------------------------------------------ */

static void
every_camera_is_served_in_the_end(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= SCENARIOS; seed++) {
		struct scenario sc = random_scenario(seed, 40, seed % 2);

		/* More than an account holds, with those that are added, is another matter. */
		struct sim_result r = sim_run(&sc, &policy_deadline, seed, NULL);
		if (r.all_running_s < 0 || r.healed_s < 0)
			fail_msg("seed %u: not all of %d run", seed, scenario_cameras(&sc));
		sim_result_clear(&r);
	}
}

static void
who_cannot_be_held_is_named_or_has_its_turn(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= SCENARIOS / 10; seed++) {
		struct scenario sc = random_scenario(seed, 10, false);
		struct sim_result r;

		sc.accounts = 1;
		sc.event_count = 0;
		sc.start = START_STAGGERED;
		sc.cameras = 50 + (int)seed % 15;
		r = sim_run(&sc, &policy_deadline, seed, NULL);
		int never = 0;
		for (int i = 0; i < r.camera_count; i++)
			never += r.cameras[i].first_run_s < 0;
		int named = r.events[SCHEDULER_WAITING];
		if (named < never || named < sc.cameras - 49)
			fail_msg("seed %u: %d never ran, %d named", seed, never, named);
		sim_result_clear(&r);

		sc.rotate_s = 600;
		r = sim_run(&sc, &policy_deadline, seed, NULL);
		if (r.all_running_s < 0)
			fail_msg("seed %u: not all had their turn", seed);
		sim_result_clear(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_window_is_ever_exceeded),
		cmocka_unit_test(no_living_stream_is_passed_over_for_a_dead_one),
		cmocka_unit_test(every_camera_is_served_in_the_end),
		cmocka_unit_test(who_cannot_be_held_is_named_or_has_its_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
