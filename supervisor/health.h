#ifndef SUPERVISOR_HEALTH_H
#define SUPERVISOR_HEALTH_H

#include <uv.h>

#include "common/clock.h"

struct config;

struct events;
struct http_client;
struct json;
struct status;

/* The health checker: reads and judges every interval, keeps the newest results, tells of changes.
 * Loop thread; what may block is done by the pool. */
struct health;

/* All lent. Nothing is read before health_set_config. */
struct health *health_new(uv_loop_t *loop, struct events *events, const struct http_client *http);

/* Reads by this configuration from now on, which is lent until the next; at once. */
void health_set_config(struct health *h, const struct config *config);

/* The checks of the snapshot, and the worst of them. */
void health_status(const struct health *h, ms_t now, struct status *out);

/* The newest results, at most HEALTH_HISTORY_MAX, oldest first: an array of {"time", "check",
 * "status", "value", "text"}. */
#define HEALTH_HISTORY_MAX 1000
struct json *health_history(const struct health *h);

/* NULL is fine. What the pool does just now ends by itself. */
void health_free(struct health *h);

#endif
