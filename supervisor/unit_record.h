#ifndef SUPERVISOR_UNIT_RECORD_H
#define SUPERVISOR_UNIT_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "supervisor/unit.h"

/* One camera's recording and snapshots, as far as the supervisor has to do with them. Loop thread.
 */

/* Takes up what an operator asked for before the restart. */
void unit_record_open(struct unit *u);

/* The configuration has the camera no more: a later one of its name is asked for anew. */
void unit_record_on_leave(struct unit *u);

/* Tells the worker what it is to do; it may know already. */
void unit_record_tell(struct unit *u);

/* An operator's camctl record on, or off. Returns 0, or -1 with a sentence: it is not for him. */
int unit_record_ask(struct unit *u, bool on, char *why, size_t why_size);

/* The worker's words. */
void unit_record_on_state(struct unit *u, const struct msg *m);
void unit_record_on_snapshot(struct unit *u, const struct msg *m);

/* The worker has died. */
void unit_record_on_death(struct unit *u);

/* Begins a snapshot. Returns its number, from 1, or -1 with a sentence: no worker. */
int64_t unit_record_snapshot(struct unit *u, char *why, size_t why_size);

/* What became of it. Returns 1 and the file's path, which is there for UNIT_SNAPSHOT_KEEP_MS from
 * now on at least; 0 while it is being made; -1 with a sentence. */
int unit_record_snapshot_done(
	struct unit *u, int64_t id, char *file, size_t file_size, char *why, size_t why_size);
#define UNIT_SNAPSHOT_KEEP_MS 5000

/* The same for one who waits: told is called once, at once or later, with the file's path, lent and
 * there for as long; or with NULL and a sentence. */
typedef void unit_snapshot_told(void *arg, const char *file, const char *why);
void unit_record_snapshot_wait(struct unit *u, unit_snapshot_told *told, void *arg);

/* Frees what the unit has of this. */
void unit_record_clear(struct unit *u);

/* The camera's folder into path; false if there is no [recording]. */
bool unit_record_dir(const struct unit *u, char *path, size_t size);

#endif
