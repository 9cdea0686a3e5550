#ifndef SUPERVISOR_CONFIG_CLOUDFLARE_H
#define SUPERVISOR_CONFIG_CLOUDFLARE_H

#include "common/clock.h"

/* [cloudflare]: the SFU application that cameras are published to. */
struct config_cloudflare {
	char *app_id;
	char *app_secret_file; /* NULL: $CREDENTIALS_DIRECTORY/cloudflare.app_secret_file */
	char *api_url;
	char *ca_file; /* NULL: the system's */
	ms_t call_timeout_ms;
};

#endif
