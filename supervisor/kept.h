#ifndef SUPERVISOR_KEPT_H
#define SUPERVISOR_KEPT_H

#include "proto/msg.h"

/* The newest message of a kind from a worker; type MSG_TYPES: there is none. */

/* Keeps a copy of m in the place of what was kept. */
void kept_set(struct msg *kept, const struct msg *m);
void kept_forget(struct msg *kept);

#endif
