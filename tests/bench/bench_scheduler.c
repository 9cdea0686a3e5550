/* bench_scheduler.c - the table of issue 3: a day of each scenario, many seeds.
 * usage: bench_scheduler [SEEDS [NAME]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/day.h"

/* clang-format off */
static const struct day days[] = {
	{ .name = "4",             .cameras = 4 },
	{ .name = "20, 1 %",       .cameras = 20, .fail_ratio = 0.01 },
	{ .name = "20, 5 %",       .cameras = 20, .fail_ratio = 0.05 },
	{ .name = "40, 1 %",       .cameras = 40, .fail_ratio = 0.01 },
	{ .name = "40, 5 %",       .cameras = 40, .fail_ratio = 0.05 },
	{ .name = "44, 1 %",       .cameras = 44, .fail_ratio = 0.01 },
	{ .name = "45, 1 %",       .cameras = 45, .fail_ratio = 0.01 },
	{ .name = "46, 1 %",       .cameras = 46, .fail_ratio = 0.01 },
	{ .name = "47, 1 %",       .cameras = 47, .fail_ratio = 0.01 },
	{ .name = "48",            .cameras = 48 },
	{ .name = "48, 1 %",       .cameras = 48, .fail_ratio = 0.01 },
	{ .name = "20 sync",       .cameras = 20, .start = DAY_SYNCHRONISED },
	{ .name = "40 sync",       .cameras = 40, .start = DAY_SYNCHRONISED },
	{ .name = "44 sync",       .cameras = 44, .start = DAY_SYNCHRONISED },
	{ .name = "44 sync 1 %",   .cameras = 44, .start = DAY_SYNCHRONISED, .fail_ratio = 0.01 },
	{ .name = "40 restored",   .cameras = 40, .start = DAY_RESTORED },
	{ .name = "40 lost calls 1 %", .cameras = 40, .lost_ratio = 0.01 },
	{ .name = "60",            .cameras = 60 },
	{ .name = "60, 1 %",       .cameras = 60, .fail_ratio = 0.01 },
	{ .name = "60 rotating",   .cameras = 60, .rotate_ms = 3600000 },
	{ .name = "2x40, 1 %",     .cameras = 80, .accounts = 2, .fail_ratio = 0.01 },
	{ .name = "4 x 60 s",      .cameras = 4, .life_s = 60 },
	{ .name = "9 x 60 s",      .cameras = 9, .life_s = 60 },
	{ .name = "20 x 60 s",     .cameras = 20, .life_s = 60 },
	{ .name = "40, life 60 for 600", .cameras = 40, .hours = 4,
	  .faults = { { .kind = DAY_SHORT_LIFE, .at_s = 7000, .for_s = 600, .life_s = 60 } } },
	{ .name = "10 of 40 off 1 h", .cameras = 40, .hours = 4,
	  .faults = { { .kind = DAY_OFFLINE, .at_s = 7000, .for_s = 3600, .cameras = 10 } } },
	{ .name = "1 of 40 broken", .cameras = 40, .hours = 4,
	  .faults = { { .kind = DAY_BROKEN, .at_s = 7000, .for_s = 3600, .cameras = 1 } } },
	{ .name = "1 of 46 broken", .cameras = 46, .hours = 4,
	  .faults = { { .kind = DAY_BROKEN, .at_s = 7000, .for_s = 3600, .cameras = 1 } } },
	{ .name = "30, 429 for 60 s", .cameras = 30, .hours = 4,
	  .faults = { { .kind = DAY_RATE_LIMITED, .at_s = 7000, .for_s = 60, .retry_after_s = 30 } } },
	{ .name = "20, outage 3 h", .cameras = 20, .hours = 6,
	  .faults = { { .kind = DAY_OUTAGE, .at_s = 7000, .for_s = 10800 } } },
	{ .name = "40 compressed 20x, 1 %", .cameras = 40, .minute_ms = 3000, .fail_ratio = 0.01 },
};
/* clang-format on */

static void
print_head(void)
{
	printf("%-24s %7s %5s %8s %6s %5s %5s %5s %6s %7s %7s %5s %5s\n", "cameras", "deaths",
		"worst", "down s", "calls", "/min", "/hour", "429", "margin", "running", "healed",
		"whole", "bound");
}

static void
run(const struct day *d, int seeds)
{
	double deaths = 0, down = 0, calls = 0, margin = 1e9, running = 0, healed = 0, bound = 0;
	int worst = 0, minute = 0, hour = 0, refused = 0, whole = 1000;

	for (int seed = 1; seed <= seeds; seed++) {
		struct day_result r = day_run(d, (unsigned)seed);

		deaths += r.deaths;
		down += r.downtime_s;
		bound += r.unsavable;
		calls += r.calls[CALL_EXTEND] + r.calls[CALL_GENERATE];
		margin = r.worst_margin_s < margin ? r.worst_margin_s : margin;
		running = r.all_running_s > running ? r.all_running_s : running;
		healed = r.healed_s > healed ? r.healed_s : healed;
		worst = r.deaths > worst ? r.deaths : worst;
		minute = r.max_minute > minute ? r.max_minute : minute;
		hour = r.max_hour > hour ? r.max_hour : hour;
		whole = r.uninterrupted < whole ? r.uninterrupted : whole;
		refused += r.refused;
	}
	printf("%-24s %7.2f %5d %8.0f %6.0f %5d %5d %5d %6.1f %7.0f %7.0f %5d %5.1f\n", d->name,
		deaths / seeds, worst, down / seeds, calls / seeds, minute, hour, refused, margin,
		running, healed, whole, bound / seeds);
	fflush(stdout);
}

/* At any moment: each seed has another. */
static void
run_outage(int cameras, int seconds, int seeds, enum day_fault_kind kind)
{
	int over = 0, deaths = 0, bound = 0, worst = 0;
	double healed = 0, late = -1e9;

	for (int seed = 1; seed <= seeds * 10; seed++) {
		struct day d = { .cameras = cameras, .hours = 4 };
		d.faults[0] = (struct day_fault){
			.kind = kind, .at_s = 7000 + 7.3 * seed, .for_s = seconds
		};
		struct day_result r = day_run(&d, (unsigned)seed);
		double slots = r.deaths * 6.09;

		deaths += r.deaths;
		bound += r.unsavable;
		over = r.deaths - r.unsavable > over ? r.deaths - r.unsavable : over;
		worst = r.deaths > worst ? r.deaths : worst;
		healed = r.healed_s > healed ? r.healed_s : healed;
		late = r.healed_s - slots > late ? r.healed_s - slots : late;
	}
	printf("%d, %s %d s: deaths %.2f (most %d), bound %.2f, most over bound %d, healed after "
	       "%.0f s, beyond its slots %.1f s\n",
		cameras, kind == DAY_HANG ? "hang" : "outage", seconds, deaths / (seeds * 10.0),
		worst, bound / (seeds * 10.0), over, healed, late);
}

int
main(int argc, char **argv)
{
	int seeds = argc > 1 ? atoi(argv[1]) : 20;

	print_head();
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		if (argc < 3 || strcmp(argv[2], days[i].name) == 0)
			run(&days[i], seeds);
	}
	if (argc > 2)
		return 0;
	run_outage(30, 90, seeds, DAY_OUTAGE);
	run_outage(40, 120, seeds, DAY_OUTAGE);
	run_outage(20, 240, seeds, DAY_OUTAGE);
	run_outage(30, 90, seeds, DAY_HANG);
	run_outage(20, 600, seeds, DAY_OUTAGE);
	return 0;
}
