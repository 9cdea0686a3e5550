#ifndef SUPERVISOR_API_CALL_H
#define SUPERVISOR_API_CALL_H

#include "supervisor/quota.h"

/* A call that the scheduler gives out, what the API says to it, and what the scheduler makes of
 * that. */
struct api_call {
	enum call_kind kind; /* CALL_NONE: nothing to call */
	int camera;
	unsigned number;  /* comes back with the answer */
	ms_t patience_ms; /* so long the answer is waited for */
};

enum call_result {
	CALL_OK,
	CALL_FAILED,  /* transport, time-out, 5xx, a body that is not understood: the API's fault */
	CALL_REFUSED, /* the API works and said no for this camera (FAILED_PRECONDITION, ...); of an
		       * Extend: not for ever */
	CALL_STREAM_GONE,  /* Extend or Stop: 404, or the session is no longer known */
	CALL_RATE_LIMITED, /* 429 */
	CALL_ACCOUNT,      /* no access token, or it was rejected: not the camera's fault */
};

struct call_answer {
	enum call_result result;
	ms_t expires_at;          /* CALL_OK of Generate and Extend */
	enum quota_bucket bucket; /* CALL_RATE_LIMITED: which one the message names */
	ms_t retry_after_ms;      /* CALL_RATE_LIMITED: 0 or less if not said */
};

enum call_verdict {
	VERDICT_DONE,   /* worked */
	VERDICT_KEPT,   /* the scheduler itself tries again: nothing to do */
	VERDICT_FAILED, /* a Generate failed: the camera decides when to ask again */
	VERDICT_LOST,   /* the stream is gone */
	VERDICT_STALE,  /* the camera was removed or stopped meanwhile: forget the answer */
};

#endif
