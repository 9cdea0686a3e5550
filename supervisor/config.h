#ifndef SUPERVISOR_CONFIG_H
#define SUPERVISOR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "supervisor/config_consumers.h"
#include "supervisor/config_guard.h"
#include "supervisor/config_health.h"

struct config_camera;
struct config_cloudflare;
struct config_google;
struct config_notify;
struct config_recording;
struct config_whip;

/* What the configuration file says, checked; read-only. Strings are NULL only where it is said. A
 * section that need not be there, or is there more than once, has a header of its own:
 * config_camera.h, config_google.h, ... */

/* What the environment said when camrelayd started. It serves the first [google] for the keys that
 * the file leaves out. */
struct config_env {
	char *project_id; /* NULL: not set, as the next */
	char *client_id;
	bool client_secret; /* it was there; secret_take_env has it */
	bool refresh_token;
	bool credentials; /* systemd has given some; which, secret_read will see */
};

struct config {
	struct config_env env;

	/* [supervisor] */
	char *run_dir;
	char *state_dir; /* NULL: nothing is kept */
	enum log_format log_format;
	enum log_level log_level;
	char *log_file; /* NULL: main.c chooses */
	char *worker;   /* path of camrelay-worker; never NULL: left out, it was looked for */
	ms_t start_stagger_ms; /* between the first Generates of two cameras */
	ms_t kill_timeout_ms;  /* between TERM and KILL */
	ms_t respawn_first_ms; /* pause after a worker that died before READY; doubles to cap */
	ms_t respawn_cap_ms;
	ms_t failed_retry_first_ms; /* pause before the Generate after a lost stream; doubles */
	ms_t failed_retry_cap_ms;
	int degraded_after;     /* failures in a row that make a camera DEGRADED */
	ms_t degraded_retry_ms; /* pause between its Generates */
	ms_t media_stall_ms;    /* default of the cameras */
	int offline_after;      /* failed tries to connect; then: */
	ms_t offline_retry_ms;  /* pause between them */
	ms_t outage_after_ms;   /* no picture for so long: the event offline */
	int low_fps_percent;    /* of the usual: health DEGRADED */
	int high_loss_percent;  /* of the packets: likewise */
	ms_t frozen_after_ms;   /* the same picture for so long: likewise */

	char *http;       /* where HTTP is served, "none": nowhere */
	char *http_names; /* this host's names that its requests may carry; NULL: addresses only */
	char *http_cert;  /* PEM files; NULL: without TLS */
	char *http_key;

	struct config_health health;
	struct config_guard guard;

	struct config_google *googles;        /* owned; by next, in the file's order */
	struct config_cloudflare *cloudflare; /* owned; NULL: no such section */
	struct config_recording *recording;   /* owned; NULL: no such section */
	struct config_consumers consumers;
	struct config_whip *whips;      /* owned; by next, in the file's order */
	struct config_notify *notifies; /* owned; by next, in the file's order */
	struct config_camera *cameras;  /* owned; by next, in the file's order */
	size_t camera_count;
};

/* Reads and checks the file, and looks at the environment: call it before secret_take_env. Returns
 * 0 with *out yours, or -1 with every mistake as a sentence on errors: file, line, section, key,
 * value, what is allowed. */
int config_load(const char *path, struct config **out, FILE *errors);

/* The same later, of a file's text, with what the environment had said to old. path is for the
 * sentences. */
int config_parse(const char *path, const char *text, size_t len, const struct config *old,
	struct config **out, FILE *errors);

/* The [google] section of that name; NULL if there is none, or name is NULL. */
const struct config_google *config_find_google(const struct config *c, const char *name);

/* NULL is fine. */
void config_free(struct config *c);

/* The effective configuration, secrets redacted; itself a valid file, unless two of its places
 * differ in nothing else. */
void config_print(const struct config *c, FILE *out);

/* The settings as mdoc, for camrelay.conf(5). */
void config_print_manual(FILE *out);

#endif
