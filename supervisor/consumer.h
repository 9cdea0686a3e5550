#ifndef SUPERVISOR_CONSUMER_H
#define SUPERVISOR_CONSUMER_H

#include <stdbool.h>
#include <uv.h>

#include "common/clock.h"
#include "supervisor/output.h"
#include "supervisor/sfu.h"

struct unpublish;

/* One viewer of one camera: a session of its own at the SFU that pulls the camera's tracks. A
 * session is used for one pull; what it leaves is closed. */
struct consumer;

enum consumer_state {
	CONSUMER_IDLE,      /* nothing is pulled: its owner is to pull */
	CONSUMER_OPENING,   /* sessions/new is on its way */
	CONSUMER_PULLING,   /* tracks/new is on its way */
	CONSUMER_PAUSING,   /* back-off before a new session */
	CONSUMER_OFFERED,   /* the SFU's offer waits for the owner's answer */
	CONSUMER_ANSWERING, /* that answer is on its way */
	CONSUMER_LIVE,      /* offer and answer are exchanged */
	CONSUMER_SWAPPING,  /* likewise, and the camera's new tracks are being put in their place */
	CONSUMER_CLOSING,   /* ended, but a mutation of the session is on its way */
	CONSUMER_ENDED,
	CONSUMER_STATES
};

/* How a pull or an answer ends. */
enum consumer_verdict {
	CONSUMER_DONE,
	CONSUMER_NOT_YET, /* the camera is not published, or the SFU has nothing of it yet */
	CONSUMER_BAD_SDP, /* the SFU does not take the owner's offer or answer */
	CONSUMER_NO_SFU,  /* the SFU fails, or refuses us */
	CONSUMER_OVER,    /* the consumer was ended meanwhile */
};

struct consumer_result {
	enum consumer_verdict verdict;
	const char *sdp; /* lent: the SFU's offer or answer; NULL unless it is the end of a pull */
	const char *why; /* lent: one line for people, without secrets */
};

/* All from the loop, never from inside a function of this header but consumer_end. */
struct consumer_events {
	/* The session has tracks (consumer_tracks) that are to be closed before it is forgotten;
	 * whatever becomes of the pull, and before it is told. */
	void (*on_tracks)(void *arg);
	/* What the owner asked for has come to its end. The consumer may be ended in it, not freed.
	 */
	void (*on_result)(const struct consumer_result *result, void *arg);
	/* Where the camera is published; false: nowhere. */
	bool (*find)(struct output_source *out, void *arg);
};

struct consumer_parts {
	uv_loop_t *loop; /* lent, as all below */
	struct sfu *sfu;
	struct unpublish *unpublish;
	const char *id; /* for logs; copied, as all below */
	const char *camera;
	/* Of a viewer that makes the offer and cannot be asked for another (WHEP); NULL: the SFU
	 * offers. */
	const char *offer;
};

/* CONSUMER_IDLE. Never NULL. */
struct consumer *consumer_new(
	const struct consumer_parts *parts, const struct consumer_events *events, void *arg);

/* Drops everything; what is open at the SFU stays so unless it has ended. NULL is fine. */
void consumer_free(struct consumer *c);

/* The owner wants to see the camera: pulls it, again if it was pulled before, and tries again
 * within bounds while the SFU has nothing of it. Then on_result. False: not now, the last request
 * is still on its way, or it has ended. */
bool consumer_pull(struct consumer *c);

/* The owner's answer to the offer (copied); then on_result. False: there is no offer to answer. */
bool consumer_answer(struct consumer *c, const char *sdp);

/* To be called now and then. If the camera is published in another session by now, its tracks are
 * put in the place of the old ones for an owner that made the offer; else it is CONSUMER_IDLE. */
void consumer_check(struct consumer *c);

/* Asks the SFU whether it still has the session, since this owner sends no heartbeats: if not, it
 * will be CONSUMER_IDLE. */
void consumer_probe(struct consumer *c);

/* It is watched no more. CONSUMER_ENDED at once, or after CONSUMER_CLOSING; then it may be freed.
 */
void consumer_end(struct consumer *c);

enum consumer_state consumer_state(const struct consumer *c);
const char *consumer_state_name(enum consumer_state state);

/* An owner's request is on its way. */
bool consumer_is_asked(const struct consumer *c);
/* It is idle, and the camera can be pulled. */
bool consumer_must_pull(const struct consumer *c);
/* Its session at the SFU, "": none. Lent until the loop turns. */
const char *consumer_session(const struct consumer *c);
/* What is to be closed there, count of them. Lent likewise. */
const struct sfu_track *consumer_tracks(const struct consumer *c, size_t *count);
/* Pulls that were begun. */
int64_t consumer_pulls(const struct consumer *c);
/* Why the last pull or answer failed, or why it is idle; "": nothing. */
const char *consumer_why(const struct consumer *c);

#endif
