#ifndef SUPERVISOR_SCHEDULER_H
#define SUPERVISOR_SCHEDULER_H

#include <stdbool.h>

#include "supervisor/api_call.h"
#include "supervisor/quota.h"

/* Which camera may call Google next, and when. One per account. Cameras are known by a number of
 * the caller's, at least 0. The policy is docs/scheduling.md. What people see of it is in
 * scheduler_view.h. */
struct scheduler_settings {
	struct quota_settings quota;
	int early_percent;    /* of its life lived, an idle slot extends a stream: 60 */
	ms_t stagger_ms;      /* between two first Generates: 12000 */
	ms_t margin_ms;       /* a call leaves this long before the end, or is in vain: 500 */
	ms_t probe_cap_ms;    /* longest pause between probes of an API that is down: 30000 */
	ms_t assumed_life_ms; /* of a stream, until the first was granted: 300000 */
	ms_t patience_ms;     /* for an answer: 30000, less where a stream ends soon */
	ms_t rotate_ms;       /* under overload, who lived this long makes room; 0: nobody does */
};

/* The values above, every time scaled from minute_ms (60000, or less where tests compress). */
struct scheduler_settings scheduler_settings_default(int qpm, ms_t minute_ms);

struct scheduler;
struct scheduler *scheduler_new(const struct scheduler_settings *settings);
void scheduler_free(struct scheduler *s);

/* The buckets, for devices.list and status. Lent; NULL if there is no such camera. */
struct quota *scheduler_quota(struct scheduler *s);
struct quota_device *scheduler_quota_device(struct scheduler *s, int camera);

/* ---- what cameras want ---------------------------------------------------------------------- */

/* -1 if there is one of that number. A removed camera's answers are ignored. */
int scheduler_add(struct scheduler *s, int camera);
void scheduler_remove(struct scheduler *s, int camera);

enum generate_reason {
	GENERATE_START,    /* first stream: starts are staggered */
	GENERATE_RECOVER,  /* the stream was lost */
	GENERATE_OPERATOR, /* head of the class; a living stream is kept until it worked */
};

/* A Generate is wanted from this moment on. A second wish keeps the place of the first, and makes
 * it sooner or the operator's, never later: else one repeated often enough would put it off for
 * ever. Cancels a Stop that was wanted. */
void scheduler_want_generate(
	struct scheduler *s, int camera, enum generate_reason reason, ms_t from);

/* Takes back what was wanted (not what is in flight). */
void scheduler_cancel(struct scheduler *s, int camera);

/* No longer extended; a Stop is sent if a slot is idle before the stream ends by itself. */
void scheduler_want_stop(struct scheduler *s, int camera);

/* Operator: extend at the head of the class. -1 if it has no stream. */
int scheduler_want_extend(struct scheduler *s, int camera);

/* ---- what happened -------------------------------------------------------------------------- */

/* A stream is there that no call of ours has just brought: from the store. */
void scheduler_restored(struct scheduler *s, int camera, ms_t granted_at, ms_t expires_at);

/* A call that a former process made, from the store: Google still counts it. To be told in the
 * order of their moments (which may be before 0) and before the first step: those of the last
 * minute for the account's bucket, of the last hour for the cameras'. Whoever kept none must let a
 * slot's time pass after a restart. */
void scheduler_called(struct scheduler *s, int camera, enum call_kind kind, ms_t at);

/* The stream is gone, by the word of the worker. */
void scheduler_lost(struct scheduler *s, int camera);

/* The account cannot be used (no token, invalid_grant): nothing is called until it can, and
 * nothing is forgotten. */
void scheduler_hold(struct scheduler *s, bool held);

/* The answer to a call that scheduler_step gave out, or its time-out. Every call is answered
 * exactly once; until then its camera is not called again. */
enum call_verdict scheduler_answered(struct scheduler *s, const struct api_call *call,
	const struct call_answer *answer, ms_t now);

/* ---- what is to be done --------------------------------------------------------------------- */

/* Writes the call to make now, or CALL_NONE, and returns when to look again at the latest. Call it
 * then and after each of the functions above, until it gives none. */
ms_t scheduler_step(struct scheduler *s, ms_t now, struct api_call *out);

enum scheduler_event_kind {
	SCHEDULER_GIVEN_UP, /* camera: not all streams can be saved, this one is passed over */
	SCHEDULER_EXPIRED,  /* camera: its stream ended, tell the camera it is lost */
	SCHEDULER_ENDED,    /* camera: its stream, which was to be stopped, ended by itself */
	SCHEDULER_WAITING,  /* camera: no slots can be spared for a stream of its own */
	SCHEDULER_API_DOWN, /* the API as a whole fails: probes only */
	SCHEDULER_API_BACK,
};

struct scheduler_event {
	enum scheduler_event_kind kind;
	int camera;   /* -1 where it is not about one */
	int failures; /* SCHEDULER_EXPIRED: Extends that failed; 0: there was no slot */
};

/* Takes the next event; false if there is none. To be emptied after each step. */
bool scheduler_event(struct scheduler *s, struct scheduler_event *out);

#endif
