/* verdict.c - from Google's answers to the scheduler's results. Owns the table between them. Pure.
 */
#include "supervisor/verdict.h"

/* clang-format off */
/* An Extend that is refused for whatever reason of the camera's means that its stream is lost
 * (docs/sources.md, Google: streams). */
static const struct {
	enum call_result generate;
	enum call_result extend;
} results[SDM_ERRORS] = {
	[SDM_OK]                = { .generate = CALL_OK,           .extend = CALL_OK },
	[SDM_RATE_LIMITED]      = { .generate = CALL_RATE_LIMITED, .extend = CALL_RATE_LIMITED },
	[SDM_CAMERA_OFF]        = { .generate = CALL_REFUSED,      .extend = CALL_STREAM_GONE },
	[SDM_SESSION_LOST]      = { .generate = CALL_REFUSED,      .extend = CALL_STREAM_GONE },
	[SDM_NOT_RTSP]          = { .generate = CALL_REFUSED,      .extend = CALL_STREAM_GONE },
	[SDM_UNAUTHENTICATED]   = { .generate = CALL_ACCOUNT,      .extend = CALL_ACCOUNT },
	/* It may be over soon, so an Extend is tried again while its stream lives. */
	[SDM_NOT_AUTHORIZED]    = { .generate = CALL_REFUSED,      .extend = CALL_REFUSED },
	[SDM_PERMISSION_DENIED] = { .generate = CALL_REFUSED,      .extend = CALL_STREAM_GONE },
	[SDM_NOT_FOUND]         = { .generate = CALL_REFUSED,      .extend = CALL_STREAM_GONE },
	[SDM_CONFLICT]          = { .generate = CALL_REFUSED,      .extend = CALL_STREAM_GONE },
	[SDM_REFUSED]           = { .generate = CALL_REFUSED,      .extend = CALL_STREAM_GONE },
	[SDM_SERVER]            = { .generate = CALL_FAILED,       .extend = CALL_FAILED },
	[SDM_TIMEOUT]           = { .generate = CALL_FAILED,       .extend = CALL_FAILED },
	[SDM_TRANSPORT]         = { .generate = CALL_FAILED,       .extend = CALL_FAILED },
	[SDM_MALFORMED]         = { .generate = CALL_FAILED,       .extend = CALL_FAILED },
};

static const enum quota_bucket buckets[] = {
	[SDM_BUCKET_UNKNOWN] = QUOTA_EXECUTE,
	[SDM_BUCKET_USER]    = QUOTA_EXECUTE,
	[SDM_BUCKET_COMMAND] = QUOTA_COMMAND,
	[SDM_BUCKET_DEVICE]  = QUOTA_DEVICE_MINUTE,
	[SDM_BUCKET_LIST]    = QUOTA_LIST,
};

static const char *const call_names[] = {
	[CALL_NONE] = "none", [CALL_EXTEND] = "extend", [CALL_GENERATE] = "generate",
	[CALL_STOP] = "stop", [CALL_LIST] = "list",
};
static const char *const verdict_names[] = {
	[VERDICT_DONE] = "done", [VERDICT_KEPT] = "retried", [VERDICT_FAILED] = "failed",
	[VERDICT_LOST] = "stream lost", [VERDICT_STALE] = "stale",
};
/* clang-format on */

struct call_answer
verdict_of_answer(const struct sdm_answer *answer, enum call_kind kind, ms_t now)
{
	bool extend = kind == CALL_EXTEND || kind == CALL_STOP;

	return (struct call_answer){
		.result = extend ? results[answer->error].extend : results[answer->error].generate,
		.expires_at = now + answer->stream.life_ms,
		.bucket = buckets[answer->bucket],
		.retry_after_ms = answer->retry_after_ms > 0 ? answer->retry_after_ms : 0,
	};
}

bool
verdict_is_hopeless(const struct sdm_answer *answer)
{
	return answer->error == SDM_NOT_RTSP || answer->error == SDM_NOT_FOUND;
}

const char *
verdict_call_name(enum call_kind kind)
{
	return call_names[kind];
}

const char *
verdict_name(enum call_verdict verdict)
{
	return verdict_names[verdict];
}
