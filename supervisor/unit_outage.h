#ifndef SUPERVISOR_UNIT_OUTAGE_H
#define SUPERVISOR_UNIT_OUTAGE_H

#include "supervisor/unit.h"

/* The events `offline` and `online` of a unit, once each per outage. For unit.c. Loop thread. */

/* Its worker's word; after camera_set_media. */
void unit_outage_on_state(struct unit *u, const struct msg_state *s);

/* It has no worker or no stream. why may be NULL. */
void unit_outage_on_trouble(struct unit *u, const char *why);

/* The time has come, or its state has changed. */
void unit_outage_step(struct unit *u);

/* When that is; MS_NEVER: no need. */
ms_t unit_outage_due(const struct unit *u);

#endif
