#ifndef SUPERVISOR_SFU_ANSWER_H
#define SUPERVISOR_SFU_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"

/* What Cloudflare's Realtime SFU says, read into structs. Pure.
 * Sources of the codes: docs/sources.md. */

/* Cloudflare's own client accepts ids, mids and track names of 1 to 128 of [a-zA-Z0-9._:-]. */
#define SFU_ID_CHARS_MAX 128
/* A camera publishes one audio and one video; 64 is the SFU's limit per call. */
#define SFU_TRACKS_MAX 4

enum sfu_request {
	SFU_SESSION_NEW,
	SFU_TRACKS_NEW, /* publishes */
	SFU_TRACKS_CLOSE,
	SFU_SESSION_GET,
	SFU_TRACKS_PULL,   /* pulls: the SFU offers */
	SFU_TRACKS_TAKE,   /* pulls: the SFU answers the viewer's offer */
	SFU_RENEGOTIATE,   /* brings the viewer's answer */
	SFU_TRACKS_UPDATE, /* pulls other tracks in the place of those pulled */
};

enum sfu_error {
	SFU_OK,
	SFU_UNAUTHORIZED, /* 401: wrong secret for this app */
	SFU_NO_APP,       /* 404 not_found: app id unknown, or not propagated yet */
	SFU_INVALID, /* 400, 406: the request is wrong: bad SDP, bad field, overlapping calls */
	SFU_GONE,    /* 410, or 404 of a session: it is no more */
	SFU_NOT_CONNECTED, /* 425: the session's transport is not up yet */
	SFU_BUSY,          /* 429 */
	SFU_SERVER,        /* 5xx */
	SFU_TRACK,         /* 200, but a track in it failed */
	SFU_NOT_YET,       /* a pull: the publisher is not there, or not sending yet */
	SFU_REFUSED,       /* any other 4xx */
	SFU_TIMEOUT,       /* no answer in time: whether it was carried out is unknown */
	SFU_TRANSPORT,     /* no or broken connection: unknown too if the request was sent */
	SFU_MALFORMED,     /* an answer that is none */
	SFU_ERRORS
};

/* One m-section of the offer and its name for viewers. */
struct sfu_track {
	char mid[SFU_ID_CHARS_MAX + 1];
	char name[SFU_ID_CHARS_MAX + 1];
	bool active; /* SFU_SESSION_GET: "status" is "active" */
	bool audio;  /* of a camera's own: not its pictures */
};

struct sfu_answer {
	enum sfu_error error;
	ms_t retry_after_ms; /* -1: not said */
	bool sent;
	char words[200];                       /* "session_error: ...", one line, "" when SFU_OK */
	char session_id[SFU_ID_CHARS_MAX + 1]; /* SFU_SESSION_NEW */
	char *sdp; /* SFU_TRACKS_NEW, _TAKE: the SFU's answer; _PULL: its offer */
	/* SFU_SESSION_GET; SFU_TRACKS_PULL, _TAKE: those that were taken, also if others
	 * failed */
	struct sfu_track tracks[SFU_TRACKS_MAX];
	size_t track_count;
};

/* Reads the answer to a request. For SFU_TRACKS_CLOSE, a track that is closed already and a session
 * that is gone are SFU_OK: what was wanted is so. *out is filled whatever comes; clear it.
 * retry_after_ms and sent are the caller's to set. */
void sfu_answer_parse(
	enum sfu_request request, int status, const char *body, size_t len, struct sfu_answer *out);

void sfu_answer_clear(struct sfu_answer *a);

/* "unauthorized", "gone", ... */
const char *sfu_error_name(enum sfu_error error);

#endif
