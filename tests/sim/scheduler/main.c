/* main.c - camrelay-sim: a scenario of cameras and of Google's moods, played in virtual time by the
 * scheduler that camrelayd links. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/scheduler/report.h"

#define EXIT_USAGE 64
#define NO_MARGIN 1e9

static const char usage[] =
	"usage: camrelay-sim SCENARIO.json [--policy deadline|fixed60] [--seed N] [--json]\n"
	"                    [--cameras] [--trace SECONDS]\n"
	"  --cameras   a row for each camera\n"
	"  --trace     the least life left of all living streams, so often (in --json)\n"
	"The keys of a scenario are listed in docs/scheduling.md.\n";

struct options {
	const char *file;
	const struct policy *policy;
	unsigned seed;
	bool json;
	bool cameras;
	double trace_s; /* 0: none */
};

/* The least life left in each step of the run. */
struct trace {
	double step_s;
	double until_s;
	double margin_s; /* least of this step so far */
	double last_s;   /* of the last moment, with its margin */
	double last_margin_s;
	int living;
	struct json *rows;
};

static void
trace_row(struct trace *t)
{
	struct json *row = json_new_object();

	json_set_real(row, "at_s", t->until_s);
	json_set_real(
		row, "margin_s", t->margin_s < NO_MARGIN ? round(t->margin_s * 1000) / 1000 : 0);
	json_set_int(row, "living", t->living);
	json_add(t->rows, row);
}

static void
trace_least(struct trace *t, double at_s)
{
	double margin_s = t->last_margin_s - (at_s - t->last_s);

	if (t->living > 0 && margin_s < t->margin_s)
		t->margin_s = margin_s;
}

/* From one moment to the next the margin falls with time. */
static void
trace_moment(double now_s, double margin_s, int living, void *arg)
{
	struct trace *t = arg;

	while (now_s >= t->until_s + t->step_s) {
		t->until_s += t->step_s;
		trace_least(t, t->until_s);
		trace_row(t);
		t->margin_s = NO_MARGIN;
	}
	trace_least(t, now_s);
	if (living == 0)
		t->margin_s = 0;
	t->last_s = now_s;
	t->last_margin_s = margin_s;
	t->living = living;
}

static int
parse_number(const char *text, double min, double max, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	return errno || end == text || *end || !(*out >= min && *out <= max) ? -1 : 0;
}

static int
parse_option(int option, struct options *o)
{
	double number;

	switch (option) {
	case 'p':
		o->policy = policy_find(optarg);
		if (!o->policy)
			fprintf(stderr,
				"camrelay-sim: --policy is %s, must be deadline, fixed60 or "
				"fixed60-guarded\n",
				optarg);
		return o->policy ? 0 : -1;
	case 's':
		if (parse_number(optarg, 0, 4294967295.0, &number) || number != floor(number)) {
			fprintf(stderr, "camrelay-sim: --seed is %s, must be 0 to 4294967295\n",
				optarg);
			return -1;
		}
		o->seed = (unsigned)number;
		return 0;
	case 't':
		if (parse_number(optarg, 0.1, 1e6, &o->trace_s)) {
			fprintf(stderr, "camrelay-sim: --trace is %s, must be 0.1 to 1e6\n",
				optarg);
			return -1;
		}
		return 0;
	case 'j':
		o->json = true;
		return 0;
	case 'c':
		o->cameras = true;
		return 0;
	default:
		return -1;
	}
}

static int
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ .name = "policy", .has_arg = required_argument, .val = 'p' },
		{ .name = "seed", .has_arg = required_argument, .val = 's' },
		{ .name = "trace", .has_arg = required_argument, .val = 't' },
		{ .name = "json", .val = 'j' },
		{ .name = "cameras", .val = 'c' },
		{ .name = NULL },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (parse_option(option, o))
			return -1;
	}
	if (optind + 1 != argc)
		return -1;
	o->file = argv[optind];
	return 0;
}

static void
run(const struct options *o, const struct scenario *sc)
{
	struct trace t = { .step_s = o->trace_s, .margin_s = NO_MARGIN, .rows = json_new_array() };
	struct sim_watch watch = { .on_moment = o->trace_s > 0 ? trace_moment : NULL, .arg = &t };
	struct sim_result r = sim_run(sc, o->policy, o->seed, &watch);
	struct json *report = report_json(sc, o->policy, o->seed, &r, o->cameras);

	json_set(report, "trace", t.rows);
	if (o->json) {
		char *text = json_text(report, true);
		puts(text);
		free(text);
	} else {
		report_text(report);
	}
	json_free(report);
	sim_result_clear(&r);
}

int
main(int argc, char **argv)
{
	struct options o = { .policy = &policy_deadline, .seed = 1 };
	struct scenario sc;
	char why[400];

	if (parse_options(argc, argv, &o)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (scenario_load(o.file, &sc, why, sizeof(why))) {
		fprintf(stderr, "camrelay-sim: %s\n", why);
		return EXIT_FAILURE;
	}
	run(&o, &sc);
	return EXIT_SUCCESS;
}
