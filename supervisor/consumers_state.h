#ifndef SUPERVISOR_CONSUMERS_STATE_H
#define SUPERVISOR_CONSUMERS_STATE_H

#include <sys/queue.h>

#include "common/name.h"
#include "supervisor/consumer_report.h"
#include "supervisor/consumers.h"

/* What the table of those who watch consists of. For consumers*.c. */

struct timer;

struct viewer {
	struct consumers *table;
	char id[CONSUMER_ID_BYTES];
	char camera[NAME_BYTES];
	char owner[NAME_BYTES]; /* "": nobody in particular */
	bool whep;
	struct consumer *consumer; /* owned; NULL: remembered only */
	enum consumers_end end;
	char why[256]; /* it ended */
	int64_t pulls;
	bool served; /* a request of its owner's was successful */
	bool told;   /* on_must_pull, for this time */
	int64_t since_us;
	ms_t since_ms, heartbeat_ms, probed_ms, ended_ms;
	struct consumer_report report;
	consumers_done *done; /* of the owner's last request; NULL: none waits */
	void *done_arg;
	TAILQ_ENTRY(viewer) link;
};

TAILQ_HEAD(viewers, viewer);

struct consumers {
	struct consumers_config config;
	struct sfu *sfu;             /* lent; NULL: no [cloudflare] */
	struct unpublish *unpublish; /* owned; NULL likewise */
	struct timer *timer;         /* owned; runs while there are viewers */
	struct viewers viewers;      /* owned, the newest first */
	struct viewers ended;        /* owned, likewise */
	size_t ended_count;          /* in that list */
	int64_t ends[CONSUMERS_ENDS];
	int64_t pulls;
	struct {
		void (*done)(bool closed, void *arg); /* NULL: nobody waits */
		void *arg;
		ms_t deadline_ms; /* 0: not stopping */
	} stop;
};

/* NULL: there is none of that id in the list. */
struct viewer *consumers_find_in(const struct viewers *list, const char *id);

/* What outlives the process; consumers_keep.c. The viewer as it is now, and its session's tracks,
 * to the store. */
void consumers_keep(const struct viewer *v);
void consumers_keep_tracks(const struct viewer *v);

/* Back: the ended ones of the last process, t has none yet. */
void consumers_restore(struct consumers *t);
/* What is still to be closed goes to t's unpublish, and is forgotten when it is closed. */
void consumers_restore_sessions(struct consumers *t);

#endif
