#ifndef SUPERVISOR_GUARD_H
#define SUPERVISOR_GUARD_H

#include <uv.h>

struct config_guard;

struct cameras;
struct events;
struct status;

/* The resource guard: looks at the workers every interval and has the camera table do what its
 * policy says. Loop thread. */
struct guard;

/* Lent. Nothing is looked at before guard_set_config. */
struct guard *guard_new(uv_loop_t *loop, struct cameras *cameras, struct events *events);

/* By these limits from now on. */
void guard_set_config(struct guard *g, const struct config_guard *config);

/* The rows of the snapshot. */
void guard_status(const struct guard *g, struct status *out);

void guard_free(struct guard *g); /* NULL is fine */

#endif
