#ifndef PROTO_HOUR_H
#define PROTO_HOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/playlist.h"

/* An hour of a camera's recording: a folder with a playlist, its segments and their init segments,
 *     [recording] dir / CAMERA / 2026-11-21 / 06 / 20261121T060000.123Z.m4s
 * days and hours of UTC. The worker that records adds to it and the supervisor takes from it: who
 * changes the playlist holds the folder's lock meanwhile. Errors are negative errno. */

#define HOUR_PLAYLIST "index.m3u8"
/* A file of this name: retention leaves the hour alone. */
#define HOUR_PROTECTED "protected"
#define HOUR_SEGMENT ".m4s"
#define HOUR_INIT ".init.mp4"
/* What is still being written has this behind its name. */
#define HOUR_PART ".part"

#define HOUR_US (INT64_C(3600) * 1000000)

/* "2026-11-21/06" and its NUL. */
#define HOUR_NAME_BYTES 14
/* Of the hour that this moment of wall time falls into. Returns out. */
char *hour_name(int64_t wall_us, char out[HOUR_NAME_BYTES]);
/* The hour's first moment; -1 if name (which may go on behind) is none. Takes "2026-11-21T06", as
 * people write it, too. */
int64_t hour_parse(const char *name);

/* "20261121T060000.123Z" and its NUL: what the names of its files begin with. */
#define HOUR_STEM_BYTES 21
char *hour_stem(int64_t wall_us, char out[HOUR_STEM_BYTES]);

/* Makes the folder camera_dir/NAME with what is missing above it. Returns 0 or -errno. */
int hour_make(const char *camera_dir, const char *name);

/* Opens the folder and waits for its lock. Returns a descriptor, for hour_unlock, or -errno. */
int hour_lock(const char *path);
void hour_unlock(int folder);

/* The playlist of a locked folder. One that is not there is empty. Returns 0 with *out yours, or
 * -errno. */
int hour_load(int folder, struct playlist **out);

/* Whether its playlist ended, without reading it all: the folders of years are looked at. */
bool hour_is_ended(int folder);

/* Replaces it, in one step: who reads sees the old one or the new one. Returns 0 or -errno. */
int hour_store(int folder, const struct playlist *p);

#endif
