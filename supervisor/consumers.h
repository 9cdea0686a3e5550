#ifndef SUPERVISOR_CONSUMERS_H
#define SUPERVISOR_CONSUMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "supervisor/config_consumers.h"
#include "supervisor/consumer.h"
#include "supervisor/consumer_report.h"

/* Everybody who watches a camera through us: made by a request, known by an id that cannot be
 * guessed, ended when nothing is heard of them. Loop thread. */
struct consumers;

#define CONSUMER_ID_BYTES 33 /* 128 random bits in hex, and its NUL */
/* Ended ones that are remembered. */
#define CONSUMERS_HISTORY 100

enum consumers_end {
	CONSUMERS_WATCHING,    /* not ended */
	CONSUMERS_CLOSED,      /* by its owner */
	CONSUMERS_LAPSED,      /* no heartbeat */
	CONSUMERS_FAILED,      /* its first pull, or that of a player that cannot pull again */
	CONSUMERS_LEFT,        /* nobody waited for its first offer any more */
	CONSUMERS_NO_CAMERA,   /* the camera is configured no more */
	CONSUMERS_STOPPED,     /* camrelayd was */
	CONSUMERS_INTERRUPTED, /* camrelayd ended without a chance to end it: told at the next start
				*/
	CONSUMERS_ENDS
};

/* "closed", ...; consumers_end_parse: CONSUMERS_ENDS for any other word. */
const char *consumers_end_name(enum consumers_end end);
enum consumers_end consumers_end_parse(const char *word);

struct consumers_config {
	uv_loop_t *loop;
	struct store *store;                   /* lent; NULL: nothing outlives the process */
	const struct config_consumers *limits; /* lent; consumers_configure brings another */
	/* Whether there is such a camera; and where it is published, false: nowhere. */
	bool (*exists)(const char *camera, void *arg);
	bool (*find)(const char *camera, struct output_source *out, void *arg);
	/* The camera is published in another session than that consumer has pulled: its owner is
	 * to pull. Once for each time. */
	void (*on_must_pull)(const char *id, const char *camera, void *arg);
	void *arg;
};

/* Nobody watches at first, and nobody is let in before consumers_set_sfu. Who watched when the last
 * process was killed has ended, as those that are remembered of it. Never NULL. */
struct consumers *consumers_new(const struct consumers_config *config);

/* Drops everything. NULL is fine. */
void consumers_free(struct consumers *t);

/* sfu is lent and must outlive it; once set it stays. NULL is fine. Closes there what the last
 * process had no chance to. */
void consumers_set_sfu(struct consumers *t, struct sfu *sfu);
void consumers_configure(struct consumers *t, const struct config_consumers *limits);

enum consumers_refusal {
	CONSUMERS_TAKEN,         /* done will come */
	CONSUMERS_NOT_PUBLISHED, /* the camera sends nothing to the SFU now: later, perhaps */
	CONSUMERS_FULL,          /* too many in all */
	CONSUMERS_CAMERA_FULL,   /* too many of that camera */
	CONSUMERS_UNKNOWN,       /* there is no such consumer, or it has ended */
	CONSUMERS_BUSY,          /* its last request is not answered yet */
	CONSUMERS_NOT_ASKED,     /* an answer without an offer, or a pull by who made the offer */
};

/* What a request has come to, once, from the loop. */
typedef void consumers_done(const char *id, const struct consumer_result *result, void *arg);

/* A viewer more of a camera that exists, and its first pull. offer is a WHEP player's, NULL: the
 * SFU makes it. owner may be NULL. Strings are copied. The id is written unless it is refused. */
enum consumers_refusal consumers_open(struct consumers *t, const char *camera, const char *owner,
	const char *offer, consumers_done *done, void *arg, char id[CONSUMER_ID_BYTES]);

/* The owner's pull, after a republication; and its answer to the SFU's offer. */
enum consumers_refusal consumers_pull(
	struct consumers *t, const char *id, consumers_done *done, void *arg);
enum consumers_refusal consumers_answer(
	struct consumers *t, const char *id, const char *sdp, consumers_done *done, void *arg);

/* It is there still. False: there is no such consumer, or it has ended. */
bool consumers_heartbeat(struct consumers *t, const char *id, const struct consumer_report *report);

/* Ends it; its session is closed in the background. False as above. */
bool consumers_close(struct consumers *t, const char *id, enum consumers_end end);

/* Ends all. done comes once, from the loop, when their sessions are closed at the SFU or within_ms
 * are over. */
void consumers_stop(
	struct consumers *t, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg);

/* What is known of one, lent until the loop turns. */
struct consumer_row {
	const char *id;
	const char *camera;
	const char *owner; /* NULL: nobody in particular */
	bool whep;
	const char *state;
	enum consumers_end end;
	const char *why;     /* it is not live; "": nothing is wrong */
	const char *session; /* at the SFU, for its owner only; "": none */
	bool must_pull;
	int64_t pulls;
	int64_t since_us;      /* wall time */
	ms_t lasted_ms;        /* until now, or its end */
	ms_t heartbeat_age_ms; /* likewise */
	struct consumer_report report;
};

/* False: no such consumer, among those that ended neither. */
bool consumers_get(const struct consumers *t, const char *id, struct consumer_row *out);
/* Those that watch, the newest first; then those that ended, likewise. */
void consumers_each(const struct consumers *t,
	void (*on_row)(const struct consumer_row *row, void *arg), void *arg);
/* How many watch, camera NULL: in all. */
size_t consumers_count(const struct consumers *t, const char *camera);
/* How many have ended so since the start. */
int64_t consumers_ended(const struct consumers *t, enum consumers_end end);
/* Pulls that were begun since the start, each viewer's first among them. */
int64_t consumers_pulls(const struct consumers *t);
const struct config_consumers *consumers_limits(const struct consumers *t);

#endif
