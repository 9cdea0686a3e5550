#ifndef SUPERVISOR_INVENTORY_H
#define SUPERVISOR_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "supervisor/discovery.h"
#include "supervisor/events.h"
#include "supervisor/proposal.h"

struct config;
struct config_google;
struct json;
struct store;

/* What Google's accounts list, held against the configuration: what changed is told, new cameras
 * are added where auto_add is set, and all is shown to `camctl discover`. Loop thread. */
struct inventory;

/* Adds a camera to the configuration, file and all. True if it was done, else sentences in why.
 * Afterwards another configuration may be in force, and the first be gone. */
typedef bool inventory_add(
	void *arg, const struct proposal_camera *camera, char *why, size_t why_size);

/* All lent, and must outlive it. store may be NULL: then a camera that is removed from the
 * configuration is forgotten with the process, and auto_add takes it for a new one. */
struct inventory *inventory_new(const struct config *config, struct events *events,
	struct store *store, inventory_add *add, void *arg);
void inventory_free(struct inventory *inv); /* NULL is fine */

/* Another configuration is in force from now on; it is lent as the first was. */
void inventory_set_config(struct inventory *inv, const struct config *config);

/* An account has a new list; see discovery.h. */
void inventory_listed(struct inventory *inv, const struct config_google *google,
	const struct device_list *before, const struct device_list *now);

/* One account for people (docs/protocol.md, "devices"). names is shared by the accounts of one
 * answer. why: what keeps Google from being asked anew, "" if nothing does. */
struct json *inventory_json(const struct inventory *inv, const struct config_google *google,
	const struct discovery_view *view, struct proposal_names *names, const char *why);

/* Devices with RTSP that no camera is configured for. */
int inventory_unconfigured(const struct inventory *inv, const struct config_google *google,
	const struct discovery_view *view);

#endif
