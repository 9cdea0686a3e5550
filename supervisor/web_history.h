#ifndef SUPERVISOR_WEB_HISTORY_H
#define SUPERVISOR_WEB_HISTORY_H

#include <uv.h>

struct supervisor;

/* The last hour of every camera, since HTTP has been served. Loop thread. */
struct web_history;

/* Takes its first sample when the loop runs. Never NULL. */
struct web_history *web_history_new(uv_loop_t *loop, struct supervisor *supervisor);
void web_history_free(struct web_history *h); /* NULL is fine */

#endif
