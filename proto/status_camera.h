#ifndef PROTO_STATUS_CAMERA_H
#define PROTO_STATUS_CAMERA_H

#include <stddef.h>
#include <stdint.h>

#include "proto/status_totals.h"

struct status_bucket;
struct status_count;

/* Rows of the snapshot (status.h): a camera, and where it is published. */

/* One place that a camera is published to, in the order of its `publish`. */
struct status_output {
	char *name;         /* cloudflare, whip:NAME, whip:https://host/ */
	char *kind;         /* cloudflare, whip */
	char *state;        /* of the signalling: live, pausing, given-up, ... */
	char *media;        /* as its worker says: connecting, sending, failed; NULL: nothing yet */
	char *session;      /* Cloudflare's id, or the server's origin; NULL without a session */
	char *error;        /* NULL: none */
	int64_t session_ms; /* since the far end answered the offer that it is of; 0: no session */
	int64_t ssrc;       /* of the pictures that are sent there; 0: nothing was offered yet */
};

struct status_camera {
	char *name;
	char *account;     /* NULL: a plain RTSP camera */
	char *choice;      /* google = auto: which account and why; NULL: the section says it */
	char *state;       /* camera_state_text(): starting, running, failed, degraded, stopped */
	char *health;      /* healthy, degraded, reconnecting, offline */
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
	int64_t keyframe_ms;  /* since the last key picture came, of whichever worker; -1: none */
	int64_t stored_bytes; /* of its recordings on the disk, as of the last sweep */
	int64_t stored_oldest_ms; /* wall time of the oldest of them, since 1970; 0: none */
	struct status_totals totals;
	/* Owned. */
	struct status_count
		*restarts_by; /* workers started after the first, by how the last ended */
	struct status_count *extend_failures, *generate_failures;
	struct status_bucket *buckets; /* of a camera of Google's */
	size_t restarts_by_count, extend_failure_count, generate_failure_count, bucket_count;
	int64_t extend_calls, generate_calls; /* that were answered, in whatever way */
};

#endif
