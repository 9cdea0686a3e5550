#ifndef SUPERVISOR_CAMERAS_COMMAND_H
#define SUPERVISOR_CAMERAS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supervisor/camera.h"

struct cameras;

/* What operators ask of one camera, by its number (cameras_find). Loop thread. */

/* An operator's wish: CAMERA_EV_START, STOP, RESTART or REGENERATE. Returns 0 if it is done or was
 * so already, or -1 with a sentence: a stopped camera has nothing to restart, one that has no
 * account nobody to ask. */
int cameras_command(
	struct cameras *t, int camera, enum camera_event ev, char *why, size_t why_size);

/* An operator's extension. Returns 0, or -1 with a sentence: no lease, no stream. */
int cameras_extend(struct cameras *t, int camera, char *why, size_t why_size);

/* camctl record CAMERA on, off. Returns 0, or -1 with a sentence. */
int cameras_record(struct cameras *t, int camera, bool on, char *why, size_t why_size);

/* Begins a snapshot: its number from 1, or -1 with a sentence; and what became of it: 1 with the
 * file's path, 0: not yet, -1 with a sentence. See unit_record.h. */
int64_t cameras_snapshot(struct cameras *t, int camera, char *why, size_t why_size);
int cameras_snapshot_done(struct cameras *t, int camera, int64_t id, char *file, size_t file_size,
	char *why, size_t why_size);

/* Makes one for somebody who waits: told is called once, see unit_record.h. */
void cameras_snapshot_wait(struct cameras *t, int camera,
	void (*told)(void *arg, const char *file, const char *why), void *arg);

/* Protects an hour of its recording ("2026-11-21T06"), or no longer. Returns 0, or -1 with a
 * sentence. */
int cameras_protect(
	struct cameras *t, int camera, const char *hour, bool on, char *why, size_t why_size);

#endif
