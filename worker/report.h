#ifndef WORKER_REPORT_H
#define WORKER_REPORT_H

#include <stdint.h>

#include "worker/health.h"
#include "worker/link.h"
#include "worker/media.h"
#include "worker/session.h"
#include "worker/upstream.h"

/* What a worker shows of itself: the process title, the log, health, and the state and statistics
 * messages. Says what changed, when it changed. Loop thread. */
struct report;

/* What is looked at; all lent for the call. */
struct report_view {
	const struct session *session;
	const struct media_stats *stats;
	int url_number;                  /* as origin_number */
	int64_t rtsp_ms;                 /* how long the camera took to play */
	const struct upstream *upstream; /* that stands for all; NULL: nothing is published */
	const char *reason;              /* why it does not run, "" while it does */
	const char *source_reason;       /* the same of the camera alone */
};

/* camera is lent for as long as the report lives. Never NULL: out of memory aborts. */
struct report *report_new(const char *camera);
void report_free(struct report *r);

/* Brings the title up to date, and tells the log and the supervisor if phase, health or tries
 * changed. */
void report_state(struct report *r, struct link *link, const struct report_view *view);

/* What counts as trouble from now on. */
void report_set_watch(struct report *r, const struct health_watch *watch);

/* The second's statistics; health is judged by them. */
void report_stats(struct report *r, struct link *link, const struct media_stats *stats);

/* An event, when the path to the receiver no longer carries the stream or does so again. */
void report_path(struct report *r, struct link *link, const struct path_state *path);

/* The one line with the length of each phase, when the first packet has left. */
void report_start(const struct report *r, const struct upstream *u, int64_t rtsp_ms);

#endif
