#ifndef SUPERVISOR_CONTROL_H
#define SUPERVISOR_CONTROL_H

#include <uv.h>

#include "supervisor/supervisor.h"

/* What camctl asks, by nanomsg REQ/REP (docs/protocol.md): one JSON object in, one out. Loop
 * thread. */
struct control;

/* Binds the socket at path. Returns 0 or what ipc_bind does. supervisor is lent. */
int control_open(
	uv_loop_t *loop, const char *path, struct supervisor *supervisor, struct control **out);

void control_close(struct control *c); /* NULL is fine; freed when libuv has let go */

#endif
