#ifndef SUPERVISOR_CONFIG_PUBLISH_H
#define SUPERVISOR_CONFIG_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"
#include "proto/msg.h"

struct config;
struct config_camera;

/* The places that a camera is published to, in the order of its `publish`. Pure. */

enum config_output_kind { CONFIG_OUTPUT_CLOUDFLARE, CONFIG_OUTPUT_WHIP };

struct config_output {
	enum config_output_kind kind;
	/* For people and logs: "cloudflare", "whip:NAME", "whip:https://host/" of a URL. */
	char name[128];
	/* Of WHIP only. */
	char *url;        /* owned; may be a secret from its path on */
	char *token_file; /* owned; NULL: no bearer */
	char *ca_file;    /* owned; NULL: the system's */
	bool token_anywhere;
	bool two_tracks; /* it takes no offer of one track */
	ms_t call_timeout_ms;
};

struct config_outputs {
	struct config_output list[MSG_OUTPUTS_MAX];
	size_t count; /* 0: publish = none */
};

/* Reads what the camera's `publish` says. Returns 0, or -1 with a sentence in why that names the
 * item and nothing secret. *out is to be cleared in either case. */
int config_outputs_read(const struct config *c, const struct config_camera *cam,
	struct config_outputs *out, char *why, size_t why_size);
void config_outputs_clear(struct config_outputs *o);

/* Whether both are the same place, reached in the same way. */
bool config_output_equal(const struct config_output *a, const struct config_output *b);

#endif
