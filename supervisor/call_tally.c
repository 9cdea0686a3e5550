/* call_tally.c - how the calls for one camera went. Owns the words for failures. Pure. Loop thread.
 */
#include "supervisor/call_tally.h"

/* clang-format off */
static const enum call_failure failures[SDM_ERRORS] = {
	[SDM_RATE_LIMITED]      = CALL_FAILURE_RATE_LIMITED,
	[SDM_CAMERA_OFF]        = CALL_FAILURE_CAMERA_OFF,
	[SDM_SESSION_LOST]      = CALL_FAILURE_SESSION_LOST,
	[SDM_NOT_RTSP]          = CALL_FAILURE_REFUSED,
	[SDM_UNAUTHENTICATED]   = CALL_FAILURE_AUTH,
	[SDM_NOT_AUTHORIZED]    = CALL_FAILURE_AUTH,
	[SDM_PERMISSION_DENIED] = CALL_FAILURE_AUTH,
	[SDM_NOT_FOUND]         = CALL_FAILURE_NOT_FOUND,
	[SDM_CONFLICT]          = CALL_FAILURE_REFUSED,
	[SDM_REFUSED]           = CALL_FAILURE_REFUSED,
	[SDM_SERVER]            = CALL_FAILURE_SERVER,
	[SDM_TIMEOUT]           = CALL_FAILURE_TIMEOUT,
	[SDM_TRANSPORT]         = CALL_FAILURE_TRANSPORT,
	[SDM_MALFORMED]         = CALL_FAILURE_SERVER,
};

static const char *const names[CALL_FAILURES] = {
	[CALL_FAILURE_RATE_LIMITED] = "rate_limited",
	[CALL_FAILURE_CAMERA_OFF]   = "camera_off",
	[CALL_FAILURE_SESSION_LOST] = "session_lost",
	[CALL_FAILURE_AUTH]         = "auth",
	[CALL_FAILURE_NOT_FOUND]    = "not_found",
	[CALL_FAILURE_REFUSED]      = "refused",
	[CALL_FAILURE_SERVER]       = "server",
	[CALL_FAILURE_TIMEOUT]      = "timeout",
	[CALL_FAILURE_TRANSPORT]    = "transport",
};
/* clang-format on */

void
call_tally_add(struct call_tally *t, enum call_kind kind, enum sdm_error error)
{
	t->answered[kind]++;
	if (error != SDM_OK)
		t->failed[kind][failures[error]]++;
}

void
call_tally_merge(struct call_tally *t, const struct call_tally *other)
{
	for (int kind = 0; kind < CALL_LIST; kind++) {
		t->answered[kind] += other->answered[kind];
		for (int i = 0; i < CALL_FAILURES; i++)
			t->failed[kind][i] += other->failed[kind][i];
	}
}

const char *
call_failure_name(enum call_failure failure)
{
	return names[failure];
}
