#ifndef SUPERVISOR_UNIT_STATUS_H
#define SUPERVISOR_UNIT_STATUS_H

#include "supervisor/unit.h"

struct status_camera;

/* What is shown of one camera. Loop thread. */

/* Its row of the snapshot; the strings are the row's. */
void unit_status(const struct unit *u, ms_t now, struct status_camera *row);

#endif
