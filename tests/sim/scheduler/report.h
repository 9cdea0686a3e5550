#ifndef TESTS_SIM_SCHEDULER_REPORT_H
#define TESTS_SIM_SCHEDULER_REPORT_H

#include "common/json.h"
#include "tests/sim/scheduler/sim.h"

/* A result, its columns those of docs/scheduling.md; yours to json_free. Numbers that do not exist
 * (no Extend ever arrived, not all ever ran) are null. */
struct json *report_json(const struct scenario *sc, const struct policy *policy, unsigned seed,
	const struct sim_result *r, bool cameras);

/* The same as text, a line each, to stdout. */
void report_text(const struct json *report);

#endif
