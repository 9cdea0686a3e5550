#ifndef WORKER_SESSION_H
#define WORKER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

/* What a worker wants of its camera at every moment: its reconnect ladder. Pure: events and
 * the time go in, effects come out; the worker performs them. It never stops trying. */
struct session;

/* 404 is tried twice more: Nest's servers say it now and then of a URL that works. */
#define SESSION_NOT_FOUND_TRIES 2
#define SESSION_NOT_FOUND_PAUSE_MS 2000
/* 401 and 403: the newest token once. The pause lets an extension that is on its way arrive. */
#define SESSION_DENIED_TRIES 1
#define SESSION_DENIED_PAUSE_MS 500

/* The ladder's pauses are used up by then: about two minutes of trying. */
#define SESSION_PROBE_AFTER 8
#define SESSION_PROBE_MS 60000

enum session_event {
	SESSION_SOURCE,    /* the supervisor named a stream, the first or another one */
	SESSION_OPENED,    /* RTSP plays */
	SESSION_PICTURES,  /* and pictures flow that a viewer could begin with */
	SESSION_LOST,      /* closed, reset, timed out, stalled */
	SESSION_NOT_FOUND, /* RTSP 404 */
	SESSION_DENIED,    /* RTSP 401, 403 */
	SESSION_ELSEWHERE, /* any of these, but another URL has not been tried yet */
	SESSION_UNUSABLE,  /* certificate, codec, not RTSP: trying at once would not help */
	SESSION_CLOSED,    /* ended because SESSION_DO_CLOSE asked for it */
	SESSION_TIMER,     /* session_due has come */
	SESSION_EVENTS
};

enum session_effect {
	SESSION_DO_OPEN = 1 << 0,    /* open the newest URL */
	SESSION_DO_CLOSE = 1 << 1,   /* end the connection; SESSION_CLOSED follows */
	SESSION_DO_REFUSED = 1 << 2, /* tell the supervisor that the stream is no longer accepted */
};

struct session *session_new(void); /* never NULL: out of memory aborts */
void session_free(struct session *s);

/* One event at now; random is any 32 uniformly drawn bits, for jitter. Returns the effects. */
unsigned session_step(struct session *s, enum session_event ev, ms_t now, uint32_t random);

/* After so many failed tries in a row the camera is tried every probe_ms, for ever; so is what was
 * refused, should nobody name another stream. At first SESSION_PROBE_AFTER and SESSION_PROBE_MS. */
void session_set_probe(struct session *s, int64_t after, ms_t probe_ms);

/* When to send SESSION_TIMER; MS_NEVER if nothing waits. */
ms_t session_due(const struct session *s);

/* "idle", "opening", "running", "reconnecting", "refused": for people. */
const char *session_phase(const struct session *s);

/* Whether pictures flow from the camera. */
bool session_is_playing(const struct session *s);

/* Tries since the source last was sound; 0 while it is. */
unsigned session_tries(const struct session *s);

/* Reconnects of the source since the start. */
int64_t session_reconnects(const struct session *s);

/* "playing", "pausing" ...: the state, for the log. */
const char *session_source_state(const struct session *s);

#endif
