#ifndef WORKER_ORIGIN_H
#define WORKER_ORIGIN_H

#include <glib.h>
#include <stdbool.h>

#include "proto/msg.h"
#include "worker/link.h"
#include "worker/session.h"
#include "worker/source.h"

/* Where a worker's pictures come from: the stream as the supervisor named it, and which of its URLs
 * is in use. It is the worker that goes from URL to URL: its tries are what tells good from bad,
 * they cost no command of Google's, and the way to the SFU stays open. Says each change in an
 * event. Loop thread. */
struct origin;

struct origin_config {
	GMainContext *loop;
	const char *camera; /* lent */
	struct link *link;
	void (*on_other)(void *arg); /* another URL was chosen: connect */
	void *arg;
};

/* Never NULL; NULL is fine for free. */
struct origin *origin_new(const struct origin_config *config);
void origin_free(struct origin *o);

/* Another stream, which is copied: from its first URL on. Returns true if sound is wanted where it
 * was not, or the other way round. */
bool origin_set(struct origin *o, const struct msg_source *s);

/* A newer token of the first URL's. */
void origin_extend(struct origin *o, const char *url);

/* What to open; lent until the next call here. */
struct source_config origin_source(const struct origin *o);

/* Pictures come. */
void origin_on_pictures(struct origin *o);

/* The connection ended, or could not be had: which event that is for the session. */
enum session_event origin_on_ended(struct origin *o, const struct source_error *error);

/* Once a second: asks for the first URL if it is time. overloaded: the path to the receiver does
 * not carry the stream, for which there may be a smaller one. */
void origin_tick(struct origin *o, bool overloaded);

/* 1: url, 2: url2 ...; ORIGIN_SUBSTREAM; 0: no stream was named. */
#define ORIGIN_SUBSTREAM 5
int origin_number(const struct origin *o);

#endif
