#ifndef SUPERVISOR_RECORDINGS_H
#define SUPERVISOR_RECORDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/name.h"
#include "supervisor/retention.h"

/* The recordings that are on the disk (proto/hour.h). Blocks for the disk: not on the loop's
 * thread, but for recordings_protect, which is one small file. */
struct recordings;

/* Looks through the folder [recording] dir, of one camera only unless camera is NULL: hours as a
 * whole, the segments of those that may still be written at now_us (wall time). What is not ours is
 * not looked at. Never NULL; empty if there is no such folder. */
struct recordings *recordings_scan(const char *dir, const char *camera, int64_t now_us);
void recordings_free(struct recordings *r); /* NULL is fine */

/* The recordings' items, for retention_plan. */
struct retention_item *recordings_items(struct recordings *r, size_t *count);

/* What is there of each camera. */
struct recordings_stored {
	char name[NAME_BYTES];
	int64_t bytes;
	int64_t oldest_us; /* wall time; 0: there is nothing */
};

/* Counts what is not doomed. Returns the rows, yours to free. */
struct recordings_stored *recordings_sum(const struct recordings *r, size_t *count);

/* The name of an item's camera, lent. */
const char *recordings_camera(const struct recordings *r, int camera);

/* Deletes those that are doomed. Returns the bytes, and in *count how many, which may be NULL. Who
 * plays one meanwhile gets an error for what is gone; playlists never name it. */
int64_t recordings_delete(struct recordings *r, size_t *count);

/* Whether the disk of dir has room: bytes that are free, and all. Returns 0 or -errno. */
int recordings_space(const char *dir, int64_t *free_bytes, int64_t *bytes);

/* Protects an hour of a camera's recording from deletion, or no longer. hour is "2026-11-21T06", of
 * UTC. camera_dir is the camera's folder. Returns 0, or -1 with a sentence. */
int recordings_protect(
	const char *camera_dir, const char *hour, bool on, char *why, size_t why_size);

#endif
