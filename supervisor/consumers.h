#ifndef SUPERVISOR_CONSUMERS_H
#define SUPERVISOR_CONSUMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "supervisor/consumer.h"
#include "supervisor/consumers_end.h"

struct config_consumers;
struct consumer_report;

/* Everybody who watches a camera through us: made by a request, known by an id that cannot be
 * guessed, ended when nothing is heard of them. What is known of them is in consumers_view.h. Loop
 * thread. */
struct consumers;

#define CONSUMER_ID_BYTES 33 /* 128 random bits in hex, and its NUL */
/* Ended ones that are remembered. */
#define CONSUMERS_HISTORY 100

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
	CONSUMERS_NO_ROOM,       /* the player's offer receives nothing that the camera sends */
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

/* Ends those of an owner, by consumers_open's name of it, as CONSUMERS_REVOKED: he may watch no
 * more, and whoever gets his name is to find nothing. Returns how many. */
int consumers_revoke(struct consumers *t, const char *owner);

/* Ends all. done comes once, from the loop, when their sessions are closed at the SFU or within_ms
 * are over. */
void consumers_stop(
	struct consumers *t, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg);

#endif
