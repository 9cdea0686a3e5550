#ifndef SUPERVISOR_SDM_ANSWER_H
#define SUPERVISOR_SDM_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"

/* What Google's Smart Device Management API says, read into structs. Pure.
 * Sources of the texts and codes: docs/sources.md. */

enum sdm_command { SDM_GENERATE, SDM_EXTEND, SDM_STOP, SDM_LIST };

enum sdm_error {
	SDM_OK,
	SDM_RATE_LIMITED,      /* 429; which bucket: see bucket */
	SDM_CAMERA_OFF,        /* switched off or offline: "not available for streaming" */
	SDM_SESSION_LOST,      /* the stream that was to be extended is no more: generate anew */
	SDM_NOT_RTSP,          /* the camera speaks only WebRTC (now) */
	SDM_UNAUTHENTICATED,   /* 401; oauth was told */
	SDM_NOT_AUTHORIZED,    /* 401 of this call alone, by oauth's word: its token is good */
	SDM_PERMISSION_DENIED, /* 403: the user took it back, or the API is not enabled */
	SDM_NOT_FOUND,         /* no such device or project */
	SDM_CONFLICT,          /* 409 */
	SDM_REFUSED,           /* any other 4xx that says why */
	SDM_SERVER,            /* 5xx */
	SDM_TIMEOUT,           /* no answer in time */
	SDM_TRANSPORT,         /* no connection, broken connection, untrusted certificate */
	SDM_MALFORMED, /* an answer that is none: HTML, broken JSON, fields missing. That of an
			* Extend which tells all but expiresAt brings its tokens: the
			* former are void (docs/sources.md) */
	SDM_ERRORS
};

enum sdm_bucket {
	SDM_BUCKET_UNKNOWN,
	SDM_BUCKET_USER,    /* all executeCommands of a project and user */
	SDM_BUCKET_COMMAND, /* one command on one device */
	SDM_BUCKET_DEVICE,  /* all commands on one device, of all projects */
	SDM_BUCKET_LIST,    /* devices.list */
};

struct sdm_stream {
	char *rtsp_url;        /* of a Generate; NULL in the answer to an Extend */
	char *stream_token;    /* what auth= must be from now on; NULL if an Extend omits it */
	char *extension_token; /* for the next Extend or Stop; NULL if an Extend omits it */
	int64_t expires_at_us; /* Google's wall clock, since 1970; 0 if an Extend omits it (but
				* never both) */
	ms_t life_ms;          /* what was left of it when the answer came: add to clock_now().
				* Below 0 if it was over by then */
};

struct sdm_device {
	char *id;   /* "AVPHwE...", the last part of its name */
	char *name; /* Info.customName, or the room, or "": one line of UTF-8 (naming.h) */
	char *type; /* "sdm.devices.types.CAMERA" */
	bool rtsp;  /* streams by RTSP (an answer that does not say counts as yes) */
	bool webrtc;
};

struct sdm_answer {
	enum sdm_error error;
	enum sdm_bucket bucket; /* of SDM_RATE_LIMITED */
	ms_t retry_after_ms;    /* -1: not said */
	bool sent;              /* Google may have counted the call */
	char words[200]; /* Google's own: "FAILED_PRECONDITION: The camera is ...", one line; or
			  * what is missing in an answer that is good all the same */
	struct sdm_stream stream;
	struct sdm_device *devices;
	size_t device_count;
};

/* Reads the answer to a command. status and body as they came, date_us from its Date header (0:
 * none), wall_us our own clock at that moment; a Date that disagrees with it by more than two
 * seconds wins, since expiresAt is by Google's clock. *out is filled whatever comes; clear it.
 * retry_after_ms and sent are the caller's to set. */
void sdm_answer_parse(enum sdm_command command, int status, const char *body, size_t len,
	int64_t date_us, int64_t wall_us, struct sdm_answer *out);

/* Frees what is inside and was not taken out. */
void sdm_answer_clear(struct sdm_answer *a);

/* Frees a stream's strings, those taken out of an answer too. */
void sdm_stream_clear(struct sdm_stream *s);

/* The stream's URL with a newer token: scheme, host and path of url, "?auth=" and token. Yours to
 * free. */
char *sdm_url_with_token(const char *url, const char *token);

/* "rate-limited", "camera-off", ... */
const char *sdm_error_name(enum sdm_error error);
const char *sdm_bucket_name(enum sdm_bucket bucket);

#endif
