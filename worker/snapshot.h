#ifndef WORKER_SNAPSHOT_H
#define WORKER_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream_nal;

typedef struct _GMainContext GMainContext;

/* The newest picture that can be decoded by itself, as a JPEG file when somebody asks. The work is
 * done on a thread of its own. */
struct snapshot;

struct snapshot_result {
	int64_t id;
	int width, height;
	int64_t age_us;    /* of the picture, when it was asked for */
	const char *error; /* a sentence, lent; NULL: the file is there */
};

struct snapshot_events {
	void (*on_done)(void *arg, const struct snapshot_result *result); /* on the loop's thread */
	void *arg;
};

/* Never NULL: out of memory aborts. */
struct snapshot *snapshot_new(GMainContext *loop, const struct snapshot_events *events);

/* A NAL unit of the stream, as for recorder_video; copied. Media thread. */
void snapshot_video(struct snapshot *s, const struct stream_nal *nal, int64_t at_us);

/* Writes the newest picture to a file, which is there only when it is whole. on_done follows, not
 * from inside. Loop thread. */
void snapshot_take(struct snapshot *s, int64_t id, const char *file);

/* Waits for what is being written; what was not told yet is not told. NULL is fine. */
void snapshot_free(struct snapshot *s);

#endif
