#ifndef WORKER_SESSION_H
#define WORKER_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

/* What a worker wants at every moment: two small machines, one for the camera's connection (the
 * reconnect ladder of DESIGN 4) and one for the connection to the SFU. Pure: events and the time go
 * in, effects come out; the worker performs them. */
struct session;

/* A playing source for so long is sound: the next loss is the first again. */
#define SESSION_STABLE_MS 10000
/* DESIGN 4: 404 is tried twice more, seconds apart. */
#define SESSION_NOT_FOUND_TRIES 2
#define SESSION_NOT_FOUND_PAUSE_MS 2000
/* 401 and 403: the newest token once. The pause lets an extension that is on its way arrive. */
#define SESSION_DENIED_TRIES 1
#define SESSION_DENIED_PAUSE_MS 500
/* Reconnects: at once, then 1, 2, 4 ... 60 s. */
#define SESSION_PAUSE_FIRST_MS 1000
#define SESSION_PAUSE_CAP_MS 60000
/* The SFU forgets a track without media after 30 s (facts/cloudflare-sfu.md 1.8), and a track that
 * was forgotten is not to be revived: after this much silence a new session is made. */
#define SESSION_TRACK_IDLE_MS 25000

enum session_event {
	/* The camera's side. */
	SESSION_SOURCE,    /* the supervisor named a stream, the first or another one */
	SESSION_OPENED,    /* RTSP plays */
	SESSION_LOST,      /* closed, reset, timed out, stalled */
	SESSION_NOT_FOUND, /* RTSP 404 */
	SESSION_DENIED,    /* RTSP 401, 403 */
	SESSION_UNUSABLE,  /* certificate, no H.264, not RTSP: trying at once would not help */
	SESSION_CLOSED,    /* ended because SESSION_DO_CLOSE asked for it */
	/* The SFU's side. */
	SESSION_MEDIA,     /* pictures flow and say what they are */
	SESSION_ANSWERED,  /* the answer to our offer was applied */
	SESSION_CONNECTED, /* DTLS is done: media may go */
	SESSION_PEER_LOST, /* the connection or the offer failed */
	/* Both. */
	SESSION_TIMER, /* session_due has come */
	SESSION_EVENTS
};

enum session_effect {
	SESSION_DO_OPEN = 1 << 0,    /* open the newest URL */
	SESSION_DO_CLOSE = 1 << 1,   /* end the connection; SESSION_CLOSED follows */
	SESSION_DO_REFUSED = 1 << 2, /* tell the supervisor that the stream is no longer accepted */
	SESSION_DO_OFFER = 1 << 3,   /* drop the peer, make another and offer */
	SESSION_DO_SEND = 1 << 4,    /* let media go to the peer */
	SESSION_DO_DROP = 1 << 5,    /* drop the peer */
};

struct session *session_new(void); /* never NULL: out of memory aborts */
void session_free(struct session *s);

/* One event at now; random is any 32 uniformly drawn bits, for jitter. Returns the effects, to be
 * performed in the order of their values. publish: whether an SFU is wanted at all. */
unsigned session_step(struct session *s, enum session_event ev, ms_t now, uint32_t random);

/* Without an SFU nothing is offered. Before the first event. */
void session_set_publish(struct session *s, bool publish);

/* When to send SESSION_TIMER; MS_NEVER if nothing waits. */
ms_t session_due(const struct session *s);

/* "idle", "opening", "publishing", "running", "reconnecting", "refused": for people. */
const char *session_phase(const struct session *s);

/* Whether pictures flow from the camera. */
bool session_is_playing(const struct session *s);

/* Tries since the source last was sound; 0 while it is. */
unsigned session_tries(const struct session *s);

/* Reconnects of the source since the start. */
int64_t session_reconnects(const struct session *s);

/* "playing", "connecting" ...: the two states, for the log. */
const char *session_source_state(const struct session *s);
const char *session_peer_state(const struct session *s);

#endif
