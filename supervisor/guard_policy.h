#ifndef SUPERVISOR_GUARD_POLICY_H
#define SUPERVISOR_GUARD_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/name.h"
#include "supervisor/config_guard.h"

/* Which cameras have to do with less, so that the machine goes on: docs/health.md. Pure:
 * readings in, steps out. */
struct guard_policy;

/* In this order, each with those before it. */
enum guard_step {
	GUARD_NONE,
	GUARD_WARN,
	GUARD_NO_RECORDING,
	GUARD_SUBSTREAM, /* the smaller stream, if the camera has one */
	GUARD_PAUSED,    /* only so that others may go on */
	GUARD_STEPS
};

/* "none", "warn", "recording off", "substream", "paused". */
const char *guard_step_text(enum guard_step step);

/* One camera, as it is at this look. */
struct guard_reading {
	char name[NAME_BYTES];
	int priority; /* higher: more important */
	bool wanted;  /* nobody but the guard has stopped it */
	bool running; /* its worker is up: it may be restarted */
	int64_t pid;  /* of its worker; 0: none, and then the rest is 0 */
	int64_t memory_bytes;
	double cpu_percent; /* of one core */
	double fps;
};

struct guard_decision {
	enum guard_step step;
	enum guard_step own; /* what its own load asks for; the rest is for the sake of others */
	bool restart;        /* now: its memory */
	char why[160];       /* what is over which limit; "": nothing is */
};

/* Nothing has been looked at, and no step taken. Never NULL. */
struct guard_policy *guard_policy_new(void);
void guard_policy_free(struct guard_policy *p); /* NULL is fine */

/* A look at all cameras, in the configuration's order; decisions has room for as many. Cameras that
 * are not there any more are forgotten. */
void guard_policy_look(struct guard_policy *p, const struct config_guard *limits,
	const struct guard_reading *readings, size_t count, ms_t now,
	struct guard_decision *decisions);

/* How far it went for all together: GUARD_NONE to GUARD_SUBSTREAM, above that so many paused. */
int guard_policy_level(const struct guard_policy *p);

/* What all together are over, "" for nothing. Lent. */
const char *guard_policy_why(const struct guard_policy *p);

#endif
