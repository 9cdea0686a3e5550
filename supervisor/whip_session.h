#ifndef SUPERVISOR_WHIP_SESSION_H
#define SUPERVISOR_WHIP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "common/clock.h"
#include "supervisor/publish.h"
#include "supervisor/whip.h"

/* One camera's session at one WHIP endpoint: takes its worker's offer, brings back the server's
 * answer, and ends what it has begun. What failed is tried again with the same offer. There is
 * never more than one session: many servers let one sender in only, so the old one is ended first.
 */
struct whip_session;

enum whip_state {
	WHIP_IDLE,       /* nothing is to be sent */
	WHIP_POSTING,    /* an offer is on its way */
	WHIP_ABANDONING, /* likewise, but its answer is no longer wanted: only its session, to end
			    it */
	WHIP_UNDOING,    /* the answer was of no use: a DELETE of its session is on its way */
	WHIP_PAUSING,    /* back-off before the next */
	WHIP_LIVE,       /* the answer was handed on */
	WHIP_ENDING,     /* a DELETE is on its way or will be tried again */
	WHIP_GIVEN_UP,   /* the server does not take this offer: waits for another */
	WHIP_STATES
};

/* whip becomes the session's; camera and name (of the output, for logs) are copied. Never NULL. The
 * events are those of a publication; what on_answer calls session is the server's origin. */
struct whip_session *whip_session_new(uv_loop_t *loop, struct whip *whip, const char *camera,
	const char *name, const struct publish_events *events, void *arg);

/* Drops everything without ending the session or calling back. NULL is fine. */
void whip_session_free(struct whip_session *s);

/* A worker's offer, copied, with so many tracks. It waits for the end of the session before, and of
 * a pause. */
void whip_session_offer(struct whip_session *s, const char *sdp, size_t tracks);

/* Nothing is to be sent any more: ends the session. done (may be NULL) comes when it has ended or
 * within_ms are over, whichever is first; closed says which. An offer may follow at any time; done
 * then comes all the same. A second stop replaces the first one's done. */
void whip_session_stop(
	struct whip_session *s, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg);

enum whip_state whip_session_state(const struct whip_session *s);
const char *whip_state_name(enum whip_state state);

/* Where the session is while WHIP_LIVE, without what may be secret: "https://host:443/"; else NULL.
 */
const char *whip_session_where(const struct whip_session *s);

/* What the last try failed of, or "". Lent until the loop turns. */
const char *whip_session_why(const struct whip_session *s);

#endif
