#ifndef SUPERVISOR_PUBLISH_H
#define SUPERVISOR_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "common/clock.h"
#include "supervisor/sfu.h"

/* One camera's publication at the SFU: takes its worker's offer, brings back the SFU's answer, and
 * closes what it leaves behind. What failed is tried again in a new session with the same offer:
 * nothing of it was applied yet, so the worker need not know. */
struct publish;

enum publish_state {
	PUBLISH_IDLE,     /* nothing is to be published */
	PUBLISH_OPENING,  /* sessions/new is on its way */
	PUBLISH_PUSHING,  /* tracks/new is on its way */
	PUBLISH_WAITING,  /* the session is not ready (425): the same again, shortly */
	PUBLISH_PAUSING,  /* back-off before a new session */
	PUBLISH_LIVE,     /* the answer was handed on */
	PUBLISH_GIVEN_UP, /* the SFU does not take this offer: waits for another */
	PUBLISH_STATES
};

/* All from the loop, never from inside a function of this header. */
struct publish_events {
	/* The SFU's answer (lent) to the last offer: for the worker. session is for viewers, once
	 * media flows. */
	void (*on_answer)(const char *session, const char *sdp, void *arg);
	/* A try failed; why is the SFU's own words. The next comes by itself in retry_ms; -1: it
	 * does not, the SFU refuses this offer and a new one must be made. */
	void (*on_failed)(const char *why, ms_t retry_ms, void *arg);
};

/* sfu is lent and must outlive it; camera is copied, for logs. Never NULL. */
struct publish *publish_new(uv_loop_t *loop, struct sfu *sfu, const char *camera,
	const struct publish_events *events, void *arg);

/* Drops everything without closing tracks or calling back. Its timers are closed when the loop has
 * run once more. */
void publish_free(struct publish *p);

/* A worker's offer and the names of its m-sections (both copied, 1 to SFU_TRACKS_MAX tracks). An
 * older publication is closed in the background and never delays this one. An offer that comes
 * during a pause waits for its end, so that a worker in a hurry makes no storm. */
void publish_offer(
	struct publish *p, const char *sdp, const struct sfu_track *tracks, size_t count);

/* Nothing is to be published any more: closes the tracks. done (may be NULL) comes when the SFU has
 * closed them all or within_ms are over, whichever is first; closed says which. An offer may follow
 * at any time; done then comes all the same. A second stop replaces the first one's done. */
void publish_stop(
	struct publish *p, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg);

enum publish_state publish_state(const struct publish *p);
const char *publish_state_name(enum publish_state state);

/* The session of PUBLISH_LIVE, else NULL. */
const char *publish_session(const struct publish *p);

/* What the last try failed of, or "". Lent until the loop turns. */
const char *publish_why(const struct publish *p);

#endif
