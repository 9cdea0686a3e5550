#ifndef SUPERVISOR_CONFIG_WHIP_H
#define SUPERVISOR_CONFIG_WHIP_H

#include <stdbool.h>

#include "common/clock.h"

enum config_two_tracks { CONFIG_TWO_TRACKS_AUTO, CONFIG_TWO_TRACKS_YES, CONFIG_TWO_TRACKS_NO };

/* [whip "NAME"]: a WHIP endpoint that cameras are published to. */
struct config_whip {
	struct config_whip *next;
	char *name;
	char *url;        /* may be a secret from its path on */
	char *token_file; /* NULL: no bearer */
	bool token_anywhere;
	enum config_two_tracks two_tracks;
	char *ca_file; /* NULL: the system's */
	ms_t call_timeout_ms;
};

#endif
