#ifndef SUPERVISOR_UNIT_OUTPUTS_H
#define SUPERVISOR_UNIT_OUTPUTS_H

#include <stdbool.h>

#include "supervisor/unit.h"

struct output_source;

/* The places that one camera is published to, as far as its worker has to do with them. For
 * cameras.c and unit*.c. Loop thread. */

/* None yet. */
void unit_outputs_make(struct unit *u);

/* Makes them those of its section, which they are from unit_start on (a unit may be made before its
 * configuration is in force). Returns as unit_set_config. */
bool unit_outputs_set(struct unit *u);

/* What the worker says of one of them. */
void unit_outputs_on_offer(struct unit *u, const struct msg *m);
void unit_outputs_on_output(struct unit *u, const struct msg *m);

/* Where viewers find it; false: nowhere. */
bool unit_outputs_get_source(const struct unit *u, struct output_source *out);

#endif
