#ifndef SUPERVISOR_NOTIFY_TARGET_H
#define SUPERVISOR_NOTIFY_TARGET_H

#include <stdbool.h>
#include <uv.h>

#include "supervisor/config_notify.h"

struct events;
struct http_client;
struct secret;
struct status_webhook;
struct store;

/* One [notify] section at work: its queue in the store, one delivery at a time, the oldest first.
 * Loop thread. */
struct notify_target;

/* All lent, and must outlive the target. */
struct notify_shared {
	uv_loop_t *loop;
	struct http_client *http;
	struct store *store;
	struct events *events;
};

/* config is copied; secret, which may be NULL, is taken. Never NULL. */
struct notify_target *notify_target_new(const struct notify_shared *shared,
	const struct config_notify *config, struct secret *secret);

/* What its section says now; secret is taken. A target that was gone is tried again if either is
 * another, and what waits is tried at once. Returns whether the secret is another. */
bool notify_target_configure(
	struct notify_target *t, const struct config_notify *config, struct secret *secret);

const char *notify_target_name(const struct notify_target *t);

/* So many deliveries wait in the store since before: they are sent. */
void notify_target_resume(struct notify_target *t, int64_t count);

/* An event, if it is one that the section asks for. camera may be NULL, body is its JSON. */
void notify_target_tell(
	struct notify_target *t, const char *camera, const char *event, const char *body);

/* Its row of the snapshot; the strings are the row's. */
void notify_target_status(const struct notify_target *t, ms_t now, struct status_webhook *row);

/* What waits stays in the store, or goes with the target if forget. NULL is fine. */
void notify_target_free(struct notify_target *t, bool forget);

#endif
