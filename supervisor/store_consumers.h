#ifndef SUPERVISOR_STORE_CONSUMERS_H
#define SUPERVISOR_STORE_CONSUMERS_H

#include <stdint.h>

/* What the store keeps of those who watch: consumers, and the sessions at the SFU that are still to
 * be closed. Returned errors, when a row is written, and times as in store.h. Loop thread. */
struct store;

/* One that watches, or did. */
struct store_consumer {
	const char *id;
	const char *camera;
	const char *owner; /* NULL: nobody in particular */
	const char *kind;
	const char *session; /* at the SFU, the last; NULL: none */
	int64_t pulls;
	int64_t since_us;
	int64_t heard_us; /* the last that was heard of it */
	int64_t ended_us; /* 0: it watches */
	const char *end;  /* how; NULL: it watches */
	const char *why;
	const char *stats; /* JSON */
};

/* The consumer of that id from now on; its camera, owner, kind and beginning stay as they were. */
int store_put_consumer(struct store *s, const struct store_consumer *consumer);

/* Those that watch have ended so, then. */
int store_end_consumers(struct store *s, int64_t ended_us, const char *end);

/* No more than that many that ended, the last, are kept. */
int store_prune_consumers(struct store *s, int keep);

/* Those that ended, the last first. row must not write consumers. */
typedef void store_consumer_row(void *arg, const struct store_consumer *consumer);
int store_each_consumer(struct store *s, store_consumer_row *row, void *arg);

/* A session at the SFU whose tracks of those mids, separated by blanks, are to be closed before it
 * is forgotten; and its end. Not having it is fine. */
int store_put_session(struct store *s, const char *session, const char *camera, const char *mids);
int store_drop_session(struct store *s, const char *session);

/* Every one of them. row may write to the store. */
typedef void store_session_row(
	void *arg, const char *session, const char *camera, const char *mids);
int store_each_session(struct store *s, store_session_row *row, void *arg);

#endif
