#ifndef SUPERVISOR_FEED_H
#define SUPERVISOR_FEED_H

#include <uv.h>

#include "supervisor/web.h"

/* The WebSocket of the dashboard: the state every second, events as they happen, to each what its
 * token may see. Loop thread. */
struct feed;

/* How often the state is told while somebody listens. */
#define FEED_INTERVAL_MS 1000
/* Events of before that one who comes is told. */
#define FEED_EVENTS 100

/* Both are lent. Never NULL. */
struct feed *feed_new(uv_loop_t *loop, struct supervisor *supervisor, struct tokens *tokens);

/* Its sockets must have been closed. NULL is fine. */
void feed_free(struct feed *f);

/* Takes the call, whose client asks for a WebSocket. */
void feed_take(struct feed *f, struct web_call *c);

/* An events_listener; arg is the feed. */
void feed_on_event(void *arg, const char *camera, const char *name, const struct json *event);

#endif
