#ifndef SUPERVISOR_UNIT_COUNTS_H
#define SUPERVISOR_UNIT_COUNTS_H

#include "supervisor/unit.h"

/* What is counted of a camera since camrelayd began, for unit*.c. Loop thread. */

/* A worker is about to be started. */
void unit_counts_on_start(struct unit *u);

/* It says how it goes: what it takes of the machine is looked at, too. */
void unit_counts_on_stats(struct unit *u, const struct msg_stats *s);

/* It has ended so: the next one's restart is counted by that, and its counters begin at 0. */
void unit_counts_on_death(struct unit *u, enum worker_end end);

/* The account's camera is no longer this one's: what it counted is taken over. */
void unit_counts_on_detach(struct unit *u);

/* Its part of the snapshot. */
void unit_counts_status(const struct unit *u, ms_t now, struct status_camera *row);

#endif
