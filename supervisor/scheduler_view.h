#ifndef SUPERVISOR_SCHEDULER_VIEW_H
#define SUPERVISOR_SCHEDULER_VIEW_H

#include "supervisor/scheduler.h"

/* What people see of a scheduler. */

/* The next calls as they are planned now if all succeed; returns how many were written. */
struct planned_call {
	enum call_kind kind;
	int camera;
	ms_t at;
};
int scheduler_plan(const struct scheduler *s, ms_t now, struct planned_call *out, int max);

struct scheduler_stats {
	unsigned calls[CALL_LIST]; /* that left, by kind */
	unsigned failed;
	unsigned rate_limited;
	unsigned expired;     /* streams that died because no Extend succeeded in time */
	unsigned given_up;    /* of these, for want of a slot */
	unsigned waits;       /* Generates that left, */
	ms_t waited_ms;       /* and what they waited for their slots */
	ms_t longest_wait_ms; /* of those that are wanted now */
	int living;
	int waiting;     /* Generates wanted now */
	int turned_away; /* of these, those for whom no slots can be spared */
	bool api_down;
	bool held;
};
struct scheduler_stats scheduler_stats(const struct scheduler *s, ms_t now);

/* True if this camera is one of those turned away. */
bool scheduler_turned_away(const struct scheduler *s, int camera);

#endif
