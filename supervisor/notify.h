#ifndef SUPERVISOR_NOTIFY_H
#define SUPERVISOR_NOTIFY_H

#include <stddef.h>
#include <stdio.h>

#include "supervisor/notify_target.h"

struct config;
struct json;
struct status;

/* Webhooks: the targets that the configuration has, and what they are told. Loop thread. */
struct notify;

/* Without targets; shared's parts are lent. */
struct notify *notify_new(const struct notify_shared *shared);

/* Another configuration, in two steps. notify_prepare reads the secrets, which may fail: 0, or -1
 * with a sentence in why and nothing prepared. Then notify_apply, which cannot fail, or
 * notify_give_up. What is in the store for targets that are gone goes. notify_apply says on says
 * (NULL: to nobody) whose secrets are others, a line each, and returns how many. */
int notify_prepare(struct notify *n, const struct config *config, char *why, size_t why_size);
void notify_give_up(struct notify *n);
int notify_apply(struct notify *n, const struct config *config, FILE *says);

/* An events_listener; arg is the object. */
void notify_on_event(void *arg, const char *camera, const char *name, const struct json *event);

/* The rows of the snapshot. */
void notify_status(const struct notify *n, ms_t now, struct status *out);

/* What waits stays in the store. NULL is fine. */
void notify_free(struct notify *n);

#endif
