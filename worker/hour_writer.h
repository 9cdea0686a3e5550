#ifndef WORKER_HOUR_WRITER_H
#define WORKER_HOUR_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/hour.h"

/* Where a recording goes: the hour's folder, the file in it that is being written, the playlist.
 * What fails returns -errno, with a sentence for hour_writer_why. Blocks for the disk. Recorder
 * thread. */
struct hour_writer;

#define HOUR_WRITER_NAME_BYTES (HOUR_STEM_BYTES + sizeof(HOUR_INIT))

/* dir is the camera's, copied. min_free_percent: see hour_writer_check_space. Touches no disk.
 * Never NULL: out of memory aborts. */
struct hour_writer *hour_writer_new(const char *dir, int min_free_percent);
void hour_writer_free(struct hour_writer *w); /* an open file is removed; NULL is fine */

/* -ENOSPC if less than min_free_percent of the disk is free (0: never). */
int hour_writer_check_space(struct hour_writer *w);

/* Repairs what an earlier process left (segmenter_repair.h) in the hour of from_wall_us and later;
 * the hour of wall_us goes on, if it was begun. */
#define HOUR_WRITER_REPAIR_ALL INT64_MIN
int hour_writer_repair(struct hour_writer *w, int64_t from_wall_us, int64_t wall_us);

/* Makes the folder of the hour that wall_us falls into the one that is written to; the playlist of
 * another that was is ended. */
int hour_writer_enter(struct hour_writer *w, int64_t wall_us);
bool hour_writer_is_in(const struct hour_writer *w, int64_t wall_us);
/* Ends the playlist; into no hour. Fine if it is in none. */
int hour_writer_leave(struct hour_writer *w);

/* Opens a file of the hour, named after a moment at or after wall_us. name is what it will be
 * called once hour_writer_commit has returned 0. */
int hour_writer_open(struct hour_writer *w, int64_t wall_us, const char *suffix,
	char name[HOUR_WRITER_NAME_BYTES]);
/* Fine if no file is open: then nothing is written. */
int hour_writer_write(struct hour_writer *w, const uint8_t *bytes, size_t len);
int hour_writer_commit(struct hour_writer *w);
void hour_writer_drop(struct hour_writer *w); /* removes it; fine if none is open */

/* Puts a segment at the playlist's end. If it is the first one it is no discontinuity, and entry
 * says so afterwards. */
int hour_writer_add(struct hour_writer *w, struct playlist_entry *entry, int64_t target_s);

/* A failure that somebody else had with the file that is open, as one of ours. */
int hour_writer_failed(struct hour_writer *w, int err);

/* What failed last, for people. Lent until the next call. */
const char *hour_writer_why(const struct hour_writer *w);

#endif
