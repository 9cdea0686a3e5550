#ifndef PROTO_STATUS_WEBHOOK_H
#define PROTO_STATUS_WEBHOOK_H

#include <stdint.h>

/* A row of the snapshot (status.h). A [notify] section. Counts are since the start of camrelayd but
 * for queued. */
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

#endif
