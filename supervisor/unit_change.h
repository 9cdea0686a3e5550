#ifndef SUPERVISOR_UNIT_CHANGE_H
#define SUPERVISOR_UNIT_CHANGE_H

#include "supervisor/unit.h"

struct config_change;

/* What the configuration makes of one camera: whose it is, that it starts, and what another section
 * asks of it. For cameras*.c and unit*.c. Loop thread. */

/* Makes it its account's camera of that number, if it is one of Google's; and no longer. */
void unit_attach(struct unit *u, int number);
void unit_detach(struct unit *u);

/* google = auto: it is another account's from now on, with another stream. */
void unit_assign(struct unit *u, struct account *account, int number);

/* Starts it; with the stream that its account has for it, if there is one. */
void unit_start(struct unit *u);

/* What its section says now, which is copied, made effective by as little as possible. For another
 * stream it was detached before and is attached with that number. */
void unit_change(struct unit *u, const struct config_change *change, int number);

/* Takes unit_leave back, with what the configuration says now; then it is to be attached and
 * started. */
void unit_return(struct unit *u, const struct config_camera *config);

#endif
