#ifndef PROTO_STATUS_ACCOUNT_H
#define PROTO_STATUS_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

/* Rows of the snapshot (status.h): one of Google's accounts, and its quotas. */

/* One of Google's quotas. */
struct status_bucket {
	char *name;      /* commands, lists; of a camera: extend, generate, stop, minute, hour */
	int64_t limit;   /* calls in a window, 0: none */
	int64_t used;    /* in the last window */
	int64_t held_ms; /* so long a 429 still holds it */
	int64_t slow_ms; /* so long it still runs at half its pace */
};

struct status_account {
	char *name;
	char *state; /* account_state(): ok, needs login, no token yet, api down, ... */
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

#endif
