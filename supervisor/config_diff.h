#ifndef SUPERVISOR_CONFIG_DIFF_H
#define SUPERVISOR_CONFIG_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "common/settings.h"

struct config;
struct config_camera;

/* What one configuration has that another has not, section by section. Pure. */

enum config_change_kind { CONFIG_ADDED, CONFIG_REMOVED, CONFIG_CHANGED };

/* What makes a changed camera effective; each includes the one before it. */
enum config_camera_effect {
	CONFIG_CAMERA_NOTHING,
	CONFIG_CAMERA_SOURCE,  /* the worker connects anew to the stream that it has */
	CONFIG_CAMERA_PUBLISH, /* the same, and it is published anew or no longer */
	CONFIG_CAMERA_STREAM,  /* another stream is meant */
};

/* More than any section has keys. */
#define CONFIG_CHANGE_KEYS_MAX 32

struct config_change {
	enum config_change_kind kind;
	const char *section;
	const char *name; /* lent by the configuration that has it; NULL: takes none */
	/* CONFIG_CHANGED: which, in the table's order. */
	const struct setting *keys[CONFIG_CHANGE_KEYS_MAX];
	size_t key_count;
	/* Of a camera: as the one configuration and as the other has it; lent, NULL: not at all. */
	const struct config_camera *was;
	const struct config_camera *is;
	enum config_camera_effect effect;
};

struct config_diff {
	struct config_change *changes; /* owned */
	size_t count;
};

/* In the order supervisor, health, guard, google, cloudflare, recording, consumers, whip, notify,
 * cameras; of each kind what was removed comes first. Never fails; to be cleared. */
void config_diff(const struct config *was, const struct config *is, struct config_diff *out);
void config_diff_clear(struct config_diff *d);

/* Whether a reload cannot apply it, and why: "[google "home"] api_url" for each such key, "[google
 * "home"] is gone" for a section. Writes what takes a restart to out, separated by commas; returns
 * how many there are. */
int config_diff_restart(const struct config_diff *d, FILE *out);

/* The change as a line for people, without its newline: "changed camera porch: url (another
 * stream)". No value is ever shown. */
void config_change_print(const struct config_change *c, FILE *out);

/* "added", "removed", "changed". */
const char *config_change_text(enum config_change_kind kind);

/* "connects anew", ...; "" for CONFIG_CAMERA_NOTHING. */
const char *config_camera_effect_text(enum config_camera_effect effect);

#endif
