#ifndef SUPERVISOR_CONFIG_H
#define SUPERVISOR_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "supervisor/config_consumers.h"
#include "supervisor/config_google.h"
#include "supervisor/config_guard.h"
#include "supervisor/config_health.h"
#include "supervisor/config_notify.h"
#include "supervisor/config_whip.h"

/* What the configuration file says, checked; read-only. Strings are NULL only where it is said. */

/* [cloudflare]: the SFU application that cameras are published to. */
struct config_cloudflare {
	char *app_id;
	char *app_secret_file; /* NULL: $CREDENTIALS_DIRECTORY/cloudflare.app_secret_file */
	char *api_url;
	char *ca_file; /* NULL: the system's */
	ms_t call_timeout_ms;
};

/* [recording]: where recordings are and how long. */
struct config_recording {
	char *dir;
	ms_t max_age_ms;
	int64_t max_bytes;            /* of all cameras; 0: no limit */
	int64_t max_bytes_per_camera; /* 0: no limit */
	int min_free_percent;         /* of the disk */
};

enum config_record { CONFIG_RECORD_NO, CONFIG_RECORD_YES, CONFIG_RECORD_EVENTS };

/* By which a camera sends RTP. */
enum config_transport { CONFIG_TRANSPORT_AUTO, CONFIG_TRANSPORT_TCP, CONFIG_TRANSPORT_UDP };

/* "auto", ... */
const char *config_transport_text(enum config_transport transport);

/* Whether a viewer who comes in mid-GOP is shown it at once. */
enum config_replay { CONFIG_REPLAY_AUTO, CONFIG_REPLAY_ON, CONFIG_REPLAY_OFF };

/* "auto", ... */
const char *config_replay_text(enum config_replay replay);

/* What becomes of B pictures. */
enum config_bframes { CONFIG_BFRAMES_PASS, CONFIG_BFRAMES_DROP, CONFIG_BFRAMES_REFUSE };

/* "pass", ... */
const char *config_bframes_text(enum config_bframes bframes);

/* [camera "NAME"]: google and device, or url. */
struct config_camera {
	struct config_camera *next;
	char *name;
	char *google;                        /* NULL if the camera is a URL */
	const struct config_google *account; /* lent: the section that google names */
	char *device;                        /* NULL if the camera is a URL */
	char *url;                /* NULL if the camera is Google's; may hold a password */
	char *url2, *url3, *url4; /* tried in turn when it fails; NULL: no more */
	char *substream;          /* taken while the path does not carry the stream; NULL: none */
	ms_t url_return_ms;       /* how often url is asked for meanwhile; 0: never */
	char *publish;            /* a list, which config_publish.h reads */
	char *whip_token_file;    /* of the whip:URL in it; NULL: no bearer */
	bool audio;
	enum config_replay gop_replay;
	enum config_bframes bframes;
	enum config_transport transport;
	enum config_record record;
	bool tls_verify;
	char *ca_file;       /* NULL: the system's */
	int priority;        /* higher: paused later when all together take too much */
	ms_t media_stall_ms; /* no packet so long: reconnect; [supervisor]'s unless set here */
};

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
	char *log_file;        /* NULL: stderr */
	char *worker;          /* path of camrelay-worker */
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

/* What google is for a camera that takes whichever account sees it. */
#define CONFIG_GOOGLE_AUTO "auto"
bool config_is_auto(const struct config_camera *cam);

/* The [google] section of that name; NULL if there is none, or name is NULL. */
const struct config_google *config_find_google(const struct config *c, const char *name);

/* NULL is fine. */
void config_free(struct config *c);

/* One camera's section for itself: without next and account. NULL is fine to free. */
struct config_camera *config_camera_copy(const struct config_camera *cam);
void config_camera_free(struct config_camera *cam);

/* The same of a [notify] section; and whether two are not the same. */
struct config_notify *config_notify_copy(const struct config_notify *n);
void config_notify_free(struct config_notify *n);
bool config_notify_differs(const struct config_notify *a, const struct config_notify *b);

/* The effective configuration, secrets redacted; itself a valid file, unless two of its places
 * differ in nothing else. */
void config_print(const struct config *c, FILE *out);

/* The settings as mdoc, for camrelay.conf(5). */
void config_print_manual(FILE *out);

#endif
