#ifndef SUPERVISOR_PROPOSAL_H
#define SUPERVISOR_PROPOSAL_H

#include <stdbool.h>
#include <stddef.h>

#include "supervisor/device_list.h"
#include "supervisor/naming.h"

struct config;
struct config_google;

/* What the configuration says, or would have to say, about the devices that Google lists. Pure. */

/* A slug and the number that makes it unique. */
#define PROPOSAL_NAME_MAX (NAMING_SLUG_MAX + 8)

/* What is to be configured for a device. All lent: the device's, the account's, the proposal's.
 * proposal's section is the same as text, for people. */
struct proposal_camera {
	const char *name;
	const char *google;
	const char *device;
	bool publishes; /* false: there is no SFU, publish = none */
};

struct proposal {
	const struct sdm_device *device; /* lent: the list's */
	const char *camera; /* its camera, lent from the configuration: of this account if there are
			     * several, since two users may see the same id; NULL: not configured */
	char name[PROPOSAL_NAME_MAX]; /* for a new camera; "" if configured or without RTSP */
	char *section;                /* [camera "name"] and its lines; NULL in the same cases */
};

struct proposals {
	struct proposal *list; /* in the order of the devices */
	size_t count;
};

/* Names that are taken: by cameras of the configuration, and by what was proposed before. Make it
 * once and use it for all accounts that are shown together. */
struct proposal_names;
struct proposal_names *proposal_names_new(const struct config *config);
void proposal_names_free(struct proposal_names *names);

/* One row for each device of account google. devices must outlive them. */
void proposals_make(const struct config *config, const struct config_google *google,
	const struct device_list *devices, struct proposal_names *names, struct proposals *out);
void proposals_clear(struct proposals *p);

/* auto_add: whether the camera is to be added now. One that was listed with RTSP before and is not
 * in the configuration was removed from there on purpose. before is NULL for the first list of
 * this process. */
bool proposal_is_new(const struct proposal *p, const struct device_list *before);

#endif
