#ifndef SUPERVISOR_CALL_TALLY_H
#define SUPERVISOR_CALL_TALLY_H

#include <stdint.h>

#include "supervisor/quota.h"
#include "supervisor/sdm_answer.h"

/* Why a call to Google came to nothing, as few words as tell an operator where to look. */
enum call_failure {
	CALL_FAILURE_RATE_LIMITED, /* 429 */
	CALL_FAILURE_CAMERA_OFF,   /* switched off or offline */
	CALL_FAILURE_SESSION_LOST, /* the stream is no more */
	CALL_FAILURE_AUTH,         /* no token, or no permission */
	CALL_FAILURE_NOT_FOUND,    /* no such device */
	CALL_FAILURE_REFUSED,      /* any other 4xx, and devices without RTSP */
	CALL_FAILURE_SERVER,       /* 5xx, and answers that are none */
	CALL_FAILURE_TIMEOUT,
	CALL_FAILURE_TRANSPORT, /* no connection */
	CALL_FAILURES
};

/* How the calls for one camera went, since start. In place; {0} has counted nothing. Pure. */
struct call_tally {
	int64_t answered[CALL_LIST]; /* by enum call_kind, in whatever way */
	int64_t failed[CALL_LIST][CALL_FAILURES];
};

/* A call was answered, or failed: error, SDM_OK if it did not. kind: a command, not CALL_LIST. */
void call_tally_add(struct call_tally *t, enum call_kind kind, enum sdm_error error);

/* What another has counted, too. */
void call_tally_merge(struct call_tally *t, const struct call_tally *other);

/* "rate_limited", "camera_off", ... */
const char *call_failure_name(enum call_failure failure);

#endif
