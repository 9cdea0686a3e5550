#ifndef PROTO_STATUS_H
#define PROTO_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/fields.h"

struct json;

/* What camrelayd is, at one moment: the one truth that camctl, HTTP and metrics render. Strings are
 * owned by the row. Members of a row are what its table in status.c lists. */

/* One place that a camera is published to, in the order of its `publish`. */
struct status_output {
	char *name;    /* cloudflare, whip:NAME, whip:https://host/ */
	char *kind;    /* cloudflare, whip */
	char *state;   /* of the signalling: live, pausing, given-up, ... */
	char *media;   /* as its worker says: connecting, sending, failed; NULL: nothing yet */
	char *session; /* Cloudflare's id, or the server's origin; NULL without a session */
	char *error;   /* NULL: none */
	int64_t ssrc;  /* of the pictures that are sent there; 0: nothing was offered yet */
};

struct status_camera {
	char *name;
	char *account;     /* NULL: a plain RTSP camera */
	char *choice;      /* google = auto: which account and why; NULL: the section says it */
	char *state;       /* DESIGN 4: STARTING, RUNNING, FAILED, DEGRADED, STOPPED */
	char *health;      /* as its worker says: HEALTHY, DEGRADED, OFFLINE, RECONNECTING */
	char *phase;       /* the worker's, "-" without one */
	char *url;         /* which of several is in use, and where it is; NULL: there is but one */
	char *error;       /* the last error, NULL if none since it last ran well */
	char *notice;      /* what else people should know: Google no longer lists it, ... */
	char *publication; /* none, or the state of its first output */
	char *session;     /* Cloudflare's session id, NULL without one */
	char *track;       /* the video track's name there */
	char *recording;   /* recorder_state_text(); NULL: record = no */
	char *recording_why; /* why it does not record, NULL: it does, or should not */
	int64_t recorded_bytes, recorded_segments, recording_gaps, recording_dropped;
	int64_t consumers; /* that watch */
	int64_t state_ms;  /* since when in this state */
	int64_t pid;       /* 0: no worker */
	int64_t gen;
	int64_t uptime_ms;    /* the worker's */
	double cpu_percent;   /* the worker's, of one processor, lately */
	int64_t memory_bytes; /* the worker's, resident */
	int64_t expires_ms;   /* stream's time left; -1 without a stream, or for one that has no end
			       */
	int64_t next_try_ms;  /* until the next Generate is asked for; -1: none planned */
	int64_t generates;
	int64_t extends;
	int64_t ever_generated, ever_extended, ever_lost, ever_workers; /* over restarts */
	int64_t failures;                                               /* in a row */
	int64_t restarts; /* workers started after the first */
	int64_t width, height;
	double fps;
	int64_t bitrate;
	int64_t gop_ms, keyframe_age_ms;
	double jitter_ms;
	int64_t frames, gaps, late, packets, bytes, dropped;
	int64_t nacks, resent, plis, firs, replays, reconnects;
	double path_loss, path_queue_ms; /* by transport-wide feedback, of the last second */
	int64_t path_bitrate;            /* bit/s that arrived there; 0: no such feedback */
	int64_t frozen_ms;               /* the camera repeats one picture for so long */
	int64_t b_frames;                /* slices of B pictures: viewers stutter */
	int64_t b_dropped;               /* of these: left out */
	int64_t sound_packets, sound_silence_ms;
	double sound_level; /* dBFS of the last second; 0: the camera sends no sound */
	double sound_drift; /* ppm */
	double loss_ratio, rtt_ms;
	int64_t rtsp_ms, offer_ms, answer_ms, ice_ms, dtls_ms, first_packet_ms;
	struct status_output *outputs; /* owned */
	size_t output_count;
};

struct status_account {
	char *name;
	char *state; /* ok, refreshing, needs login (invalid_grant), ... */
	char *error;
	int64_t streams; /* living */
	int64_t qpm;
	int64_t used;                   /* commands in the last window */
	int64_t waiting;                /* Generates that wait for a slot */
	int64_t turned_away;            /* of these, those for whom none can be spared */
	int64_t unconfigured;           /* RTSP cameras at Google that no section is for */
	int64_t calls, refused, failed; /* commands since start; of these 429; failed otherwise */
};

struct status {
	char *version;
	char *http; /* where it is served, "http://127.0.0.1:8080"; NULL: nowhere */
	int64_t pid;
	int64_t uptime_ms;
	struct status_account *accounts;
	size_t account_count;
	struct status_camera *cameras;
	size_t camera_count;
};

/* The snapshot as JSON, and back (the rows are the caller's to clear). status_from_json returns 0
 * or ERR_PARSE with a sentence; unknown members are ignored, absent ones are 0. */
struct json *status_to_json(const struct status *s);
int status_from_json(const struct json *j, struct status *s, char *why, size_t why_size);

/* The fields of a camera's row, n of them: name and type for who describes the snapshot. */
const struct field *status_camera_fields(size_t *n);

/* Frees everything inside s. */
void status_clear(struct status *s);

#endif
