#ifndef SUPERVISOR_CONFIG_GOOGLE_H
#define SUPERVISOR_CONFIG_GOOGLE_H

#include <stdbool.h>

#include "common/clock.h"

/* [google "NAME"]: one Device Access project and user, hence one budget. */
struct config_google {
	struct config_google *next;
	char *name;
	/* Each of these four may be NULL: then credentials.c looks elsewhere. */
	char *project_id;
	char *client_id;
	char *client_secret_file;
	char *refresh_token_file;
	char *api_url;
	char *token_url;
	char *login_url;    /* Google's partner connections, where a user grants the account */
	char *redirect_uri; /* where that page sends the browser; the OAuth client knows it */
	char *ca_file;      /* NULL: the system's */
	ms_t call_timeout_ms;
	/* Google's buckets: so many calls in any window. */
	int qpm;                /* executeCommand, all cameras together */
	int device_qpm;         /* one command of one device */
	int camera_qpm;         /* all commands of one camera */
	int camera_qph;         /* the same, in the long window */
	int list_qpm;           /* devices.list */
	ms_t window_ms;         /* what Google calls a minute */
	ms_t long_window_ms;    /* what Google calls an hour */
	int early_percent;      /* of its life lived, an idle slot extends a stream */
	ms_t rotate_ms;         /* under overload, who lived this long makes room; 0: nobody */
	ms_t discover_every_ms; /* between two devices.list; 0: only when somebody asks */
	bool auto_add;          /* new RTSP cameras are added to the configuration */
};

#endif
