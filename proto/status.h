#ifndef PROTO_STATUS_H
#define PROTO_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/fields.h"

struct json;

/* What camrelayd is, at one moment: the one truth that camctl, HTTP and metrics render. Strings are
 * owned by the row. Members of a row are what its table in status.c lists. */

/* How often something came to be for that reason; every reason that there is has a row. */
struct status_count {
	char *name; /* of the reason: hung, rate_limited, ... */
	int64_t count;
};

/* One of Google's quotas. */
struct status_bucket {
	char *name;      /* commands, lists; of a camera: extend, generate, stop, minute, hour */
	int64_t limit;   /* calls in a window, 0: none */
	int64_t used;    /* in the last window */
	int64_t held_ms; /* so long a 429 still holds it */
	int64_t slow_ms; /* so long it still runs below its limit */
};

/* A camera's counters since camrelayd began: over the deaths of its workers, as all that is media
 * is counted by them from 0. */
struct status_totals {
	int64_t frames, keyframes, bytes_in, packets_in, gaps, late, b_frames, b_dropped;
	int64_t packets, bytes, dropped, nacks, resent, plis, firs, replays, reconnects;
	int64_t sound_packets, sound_silence_ms;
	int64_t recorded_bytes, recorded_segments, recording_gaps, recording_dropped;
	int64_t cpu_ms; /* of the workers */
};

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
	int64_t expired;                /* streams that no Extend saved */
	int64_t waits, waited_ms;       /* Generates that left, and what they waited for a slot */
	int64_t longest_wait_ms;        /* of those that wait now */
	struct status_bucket *buckets;  /* owned */
	size_t bucket_count;
};

/* camrelayd itself. */
struct status_process {
	int64_t started_ms; /* wall time since 1970 */
	int64_t cpu_ms;
	int64_t memory_bytes, virtual_bytes;
	int64_t open_fds, max_fds;
	int64_t logged_debug, logged_info, logged_warn, logged_error; /* lines */
};

/* What camrelayd keeps on disks. */
struct status_disk {
	int64_t recording_free_bytes;         /* of the recordings' disk; -1: there are none */
	int64_t recording_bytes;              /* how large that is */
	int64_t deleted_bytes;                /* of recordings, since start */
	int64_t store_bytes;                  /* -1: there is no store, as the next two */
	int64_t store_writes, store_failures; /* since start */
};

/* What its HTTP server did since start. */
struct status_http {
	int64_t connections, sockets; /* now; of these, WebSockets */
	int64_t accepted, refused;    /* connections; of these, over a limit */
	int64_t code_1xx, code_2xx, code_3xx, code_4xx, code_5xx; /* answers by their status */
	int64_t bytes_out;                                        /* of bodies */
	int64_t slow_sockets; /* WebSockets closed because they did not keep up */
};

/* A [notify] section. Counts are since the start of camrelayd but for queued. */
struct status_webhook {
	char *name;
	char *url;   /* its origin */
	char *state; /* idle, waiting, sending, gone */
	char *error; /* of the last try; NULL: it was well */
	int64_t queued, delivered;
	int64_t refused;     /* by the receiver, for good */
	int64_t dropped;     /* too many, too old, or the receiver is gone */
	int64_t failures;    /* tries in a row that failed */
	int64_t failed;      /* tries that failed */
	int64_t next_try_ms; /* -1: none is planned */
};

/* One check of the machine. */
struct status_check {
	char *name;   /* disk state, memory, cpu, network HOST:PORT, permissions, clock */
	char *status; /* ok, warn, error */
	char *text;
	double value;     /* percent, ms of the clock; of the others 0, 1, 2 as the status */
	int64_t since_ms; /* so long with this status */
	int64_t age_ms;   /* of the last reading */
};

/* What a camera does without by the resource guard, as of its last look. */
struct status_limit {
	char *camera;
	char *step; /* none, warn, recording off, substream, paused; the latter ones include the
		       others */
	char *own;  /* what of this is for the camera's own load */
	char *why;  /* what of it is over which limit; NULL: nothing */
	int64_t priority;
	int64_t memory_bytes; /* resident */
	double cpu_percent;   /* of one core */
	double fps;
	int64_t restarts; /* of its worker, for its memory */
};

struct status {
	char *version;
	char *health;        /* the worst status of the checks */
	int64_t limit_level; /* of all cameras: 1 to 3 as the steps; above, so many are paused */
	char *limit_why;     /* NULL: all together are within their limits */
	char *http;          /* where it is served, "http://127.0.0.1:8080"; NULL: nowhere */
	int64_t pid;
	int64_t uptime_ms;
	int64_t at_ms; /* wall time of the snapshot, since 1970 */
	struct status_process process;
	struct status_disk disk;
	struct status_http web; /* all 0 if http is NULL */
	struct status_account *accounts;
	size_t account_count;
	struct status_camera *cameras;
	size_t camera_count;
	struct status_check *checks; /* of an older camrelayd: none, as what follows */
	size_t check_count;
	struct status_limit *limits;
	size_t limit_count;
	struct status_webhook *webhooks;
	size_t webhook_count;
	struct status_count *consumer_ends; /* viewers that ended, by how */
	size_t consumer_end_count;
	int64_t consumer_pulls; /* that were begun for viewers */
};

/* The snapshot as JSON, and back (the rows are the caller's to clear). status_from_json returns 0
 * or ERR_PARSE with a sentence; unknown members are ignored, absent ones are 0. */
struct json *status_to_json(const struct status *s);
int status_from_json(const struct json *j, struct status *s, char *why, size_t why_size);

/* Only what is about camrelayd itself: the lists from checks on, and health. */
struct json *status_health_to_json(const struct status *s);

/* The fields of a camera's row, n of them: name and type for who describes the snapshot. */
const struct field *status_camera_fields(size_t *n);

/* The i-th list in such a row: its key, and the n fields of its own rows. False: there are no more.
 */
bool status_camera_list(size_t i, const char **key, const struct field **fields, size_t *n);

/* Frees everything inside s. */
void status_clear(struct status *s);

#endif
