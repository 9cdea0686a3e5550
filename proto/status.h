#ifndef PROTO_STATUS_H
#define PROTO_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct field;
struct json;
struct status_account;
struct status_camera;
struct status_check;
struct status_count;
struct status_limit;
struct status_webhook;

/* What camrelayd is, at one moment: the one truth that camctl, HTTP and metrics render. Strings are
 * owned by the row. Members of a row are what its table in status.c lists. The rows of its lists
 * have headers of their own: status_camera.h, ... */

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
	int64_t recording_min_free_bytes;     /* what retention keeps free of it */
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
