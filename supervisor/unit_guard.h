#ifndef SUPERVISOR_UNIT_GUARD_H
#define SUPERVISOR_UNIT_GUARD_H

#include "supervisor/guard_policy.h"
#include "supervisor/unit.h"

/* What the resource guard has one camera do without. For cameras.c and unit*.c. Loop thread. */

/* All but memory and CPU. */
void unit_guard_reading(const struct unit *u, struct guard_reading *out);

/* Goes to that step, and restarts the worker if it says so. */
void unit_guard_apply(struct unit *u, const struct guard_decision *d);

/* An operator starts or stops it: it is no longer the guard that has paused it. */
void unit_guard_on_command(struct unit *u);

/* Whether it may record; and whether it is to send its smaller stream. */
bool unit_guard_records(const struct unit *u);
bool unit_guard_takes_substream(const struct unit *u);

#endif
