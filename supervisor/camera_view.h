#ifndef SUPERVISOR_CAMERA_VIEW_H
#define SUPERVISOR_CAMERA_VIEW_H

#include "supervisor/camera.h"

/* What people see of a camera's machine. */

struct camera_view {
	enum camera_state state;
	ms_t since; /* in that state */
	enum camera_media media;
	ms_t media_since;
	int failures;      /* in a row */
	unsigned streams;  /* generated so far */
	unsigned extended; /* Extends of this stream */
	unsigned respawns; /* worker deaths so far that nobody asked for */
	bool worker;       /* one is there, or being started or ended */
	bool worker_ready;
	const char *why; /* last error, lent until the next step; "" if none */
};
struct camera_view camera_view(const struct camera *c);

/* "starting", "healthy", "stream lost", ...: never NULL. */
const char *camera_state_text(enum camera_state state);
const char *camera_media_text(enum camera_media media);
const char *camera_event_text(enum camera_event ev);

#endif
