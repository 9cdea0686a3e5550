/* bench_scheduler.c - the table of docs/scheduling.md: each scenario by each policy, many seeds.
 * usage: bench_scheduler SEEDS SCENARIO.json... */
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/scheduler/sim.h"

/* Of all seeds: means, but the worst where a bound must hold. */
struct sums {
	double deaths;
	double bound;
	double downtime_s;
	double calls;
	int worst_deaths;
	int over_bound; /* most deaths beyond the bound of the same run */
	int max_minute;
	int max_hour;
	int refused;
	double margin_s;
	double running_s;
	double heal_slack_s; /* most that it took to run again beyond what its slots take */
	int whole;
};

static void
most(int *so_far, int n)
{
	if (n > *so_far)
		*so_far = n;
}

static void
add(struct sums *sums, const struct sim_result *r)
{
	sums->deaths += r->deaths;
	sums->bound += r->unsavable;
	sums->downtime_s += r->downtime_s;
	sums->calls += r->calls[CALL_EXTEND] + r->calls[CALL_GENERATE] + r->calls[CALL_STOP];
	most(&sums->worst_deaths, r->deaths);
	most(&sums->over_bound, r->deaths - r->unsavable);
	most(&sums->max_minute, r->max_minute);
	most(&sums->max_hour, r->max_hour);
	sums->refused += r->refused;
	if (r->margin_s < sums->margin_s)
		sums->margin_s = r->margin_s;
	if (r->all_running_s < 0 || sums->running_s < 0)
		sums->running_s = -1;
	else if (r->all_running_s > sums->running_s)
		sums->running_s = r->all_running_s;
	if (r->heal_slots_s > 0 && r->healed_s >= 0 &&
		r->healed_s - r->heal_slots_s > sums->heal_slack_s)
		sums->heal_slack_s = r->healed_s - r->heal_slots_s;
	if (r->uninterrupted < sums->whole)
		sums->whole = r->uninterrupted;
}

static void
run(const struct scenario *sc, const struct policy *policy, int seeds)
{
	struct sums s = { .margin_s = 1e9, .whole = SCENARIO_CAMERAS_MAX, .heal_slack_s = -1e9 };

	for (int seed = 1; seed <= seeds; seed++) {
		struct sim_result r = sim_run(sc, policy, (unsigned)seed, NULL);

		add(&s, &r);
		sim_result_clear(&r);
	}
	printf("%-46s %-15s %8.2f %6d %6.2f %8.0f %6.0f %4d %4d %6d %7.1f %7.0f %5d", sc->name,
		policy->name, s.deaths / seeds, s.worst_deaths, s.bound / seeds,
		s.downtime_s / seeds, s.calls / seeds, s.max_minute, s.max_hour, s.refused / seeds,
		s.margin_s, s.running_s, s.whole);
	if (s.heal_slack_s > -1e8)
		printf(" %6.1f", s.heal_slack_s);
	putchar('\n');
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static const struct policy *const policies[] = { &policy_deadline, &policy_fixed60,
		&policy_fixed60_guarded };
	int seeds = argc > 2 ? atoi(argv[1]) : 0;

	if (seeds < 1) {
		fprintf(stderr, "usage: bench_scheduler SEEDS SCENARIO.json...\n");
		return 64;
	}
	printf("%d seeds; means, but worst: deaths of one run, margin, running, whole, heal\n",
		seeds);
	printf("%-46s %-15s %8s %6s %6s %8s %6s %4s %4s %6s %7s %7s %5s %6s\n", "scenario",
		"policy", "deaths", "worst", "bound", "down s", "calls", "/min", "/h", "429",
		"margin", "running", "whole", "heal");
	for (int i = 2; i < argc; i++) {
		struct scenario sc;
		char why[400];

		if (scenario_load(argv[i], &sc, why, sizeof(why))) {
			fprintf(stderr, "bench_scheduler: %s\n", why);
			return 1;
		}
		for (size_t p = 0; p < sizeof(policies) / sizeof(policies[0]); p++)
			run(&sc, policies[p], seeds);
	}
	return 0;
}
