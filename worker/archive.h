#ifndef WORKER_ARCHIVE_H
#define WORKER_ARCHIVE_H

#include "proto/msg.h"
#include "worker/tap.h"

typedef struct _GMainContext GMainContext;

struct link;

/* What of the stream stays on this machine: the recording and snapshots, as the supervisor's
 * messages ask, and what it is told of them. Loop thread, but for the tap. */
struct archive;

/* camera and link are lent. Never NULL: out of memory aborts. */
struct archive *archive_new(GMainContext *loop, const char *camera, struct link *link);

/* What media is to call, on the media thread. */
struct tap archive_tap(struct archive *a);

/* The supervisor's messages; copied. */
void archive_on_record(struct archive *a, const struct msg_record *m);
void archive_on_snapshot(struct archive *a, const struct msg_snapshot *m);

/* Once a second: tells what has become of the recording, if it is anything new. */
void archive_tick(struct archive *a);

/* Ends the recording, waiting for the disk. After media_free. NULL is fine. */
void archive_free(struct archive *a);

#endif
