#ifndef SUPERVISOR_SCHEDULER_CHANGE_H
#define SUPERVISOR_SCHEDULER_CHANGE_H

#include <stdbool.h>

#include "supervisor/scheduler.h"

/* What the configuration changes about a scheduler that runs. Who is not named is not touched. */

/* Other limits, stagger, early_percent and rotate_ms. What was called is not forgotten, so that no
 * window is ever exceeded: a limit that is lowered counts the calls already made, one that is
 * raised is of use at once. Windows and guard stay as they are. */
void scheduler_set_limits(struct scheduler *s, const struct scheduler_settings *settings);

/* The camera is known by another number from now on, in its call in flight as well: whoever holds
 * that api_call changes its number too. */
void scheduler_renumber(struct scheduler *s, int camera, int number);

/* Whether it may be removed and forgotten: it wants nothing, has no stream, no call in flight, and
 * Google counts none of its calls any more. */
bool scheduler_is_idle(const struct scheduler *s, int camera, ms_t now);

#endif
