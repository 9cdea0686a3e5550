#ifndef SUPERVISOR_CAMERA_TABLE_H
#define SUPERVISOR_CAMERA_TABLE_H

#include "supervisor/camera.h"

/* The transitions of a camera and its worker as data, for camera.c alone. */

enum worker_state {
	WORKER_NONE,
	WORKER_SPAWNED, /* not yet ready */
	WORKER_READY,
	WORKER_PAUSED, /* died before it was ready: the timer spawns it again */
	WORKER_ENDING,
	WORKER_RESTARTING, /* ending, to be spawned again */
};

enum worker_event {
	WORKER_EV_NONE,
	WORKER_EV_WANTED,
	WORKER_EV_UNWANTED,
	WORKER_EV_RESTART,
	WORKER_EV_READY,
	WORKER_EV_DIED,
	WORKER_EV_GONE, /* died, and is not missed */
	WORKER_EV_TIMER,
};

/* When a stream is tried for, as far as that is the camera's to say. */
enum next_try {
	TRY_NOT,
	TRY_FIRST,   /* now, but first streams are staggered */
	TRY_ASKED,   /* now, for the operator */
	TRY_BACKOFF, /* after 10, 20, 40, ... s */
	TRY_SLOWLY,  /* after 5 min */
};

/* Which cameras a row is for. */
enum kind { LEASED = 1, URL = 2, ANY = LEASED | URL };

/* A transition of the stream. */
struct camera_row {
	enum camera_state in;
	enum camera_event on;
	enum kind kind;
	enum camera_state to;
	enum next_try next;
	enum worker_event worker;
	unsigned effects; /* enum camera_effect */
};

/* A transition of the worker. */
struct worker_row {
	enum worker_state in;
	enum worker_event on;
	enum worker_state to;
	unsigned effects;
};

/* The row for this pair, or NULL: then the event means nothing there. */
const struct camera_row *camera_table_stream(
	enum camera_state in, enum camera_event on, enum kind kind);
const struct worker_row *camera_table_worker(enum worker_state in, enum worker_event on);

#endif
