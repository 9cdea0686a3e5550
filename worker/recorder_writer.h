#ifndef WORKER_RECORDER_WRITER_H
#define WORKER_RECORDER_WRITER_H

#include "worker/recorder.h"
#include "worker/recorder_queue.h"

/* What the recorder's thread does with what it is given: orders, pictures and sound go to the disk,
 * and trouble with it is told and outlived. Trouble lasts until a segment is whole on the disk: one
 * that takes names and no bytes is no better. Blocks for the disk. Recorder thread. */
struct recorder_writer;

/* Not recording. camera is for the log, lent. on_stats hears what has come of it, `dropped` aside,
 * from within the calls below. Never NULL: out of memory aborts. */
struct recorder_writer *recorder_writer_new(const char *camera,
	void (*on_stats)(void *arg, const struct recorder_stats *stats), void *arg);

/* One unit; it stays the caller's. */
void recorder_writer_take(struct recorder_writer *w, const struct recorder_unit *u);

/* Nothing has come for a while: what there is of a segment is given its name. */
void recorder_writer_idle(struct recorder_writer *w);

/* Ends what is being recorded, frees. */
void recorder_writer_free(struct recorder_writer *w);

#endif
