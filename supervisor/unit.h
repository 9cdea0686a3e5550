#ifndef SUPERVISOR_UNIT_H
#define SUPERVISOR_UNIT_H

#include "proto/msg.h"
#include "supervisor/cameras.h"
#include "supervisor/publish.h"
#include "supervisor/worker_link.h"
#include "supervisor/worker_proc.h"

/* Longest path of a worker's socket: that of a unix socket, config_check.c has checked it. */
#define UNIT_SOCKET_MAX 108

/* One camera at work: an element of the camera table. For cameras.c, unit.c and unit_status.c. Loop
 * thread. */
struct unit {
	const struct cameras_config *shared; /* lent: the table's */
	const struct config_camera *config;
	int number;
	struct account *account; /* NULL: a plain RTSP camera */
	struct camera *machine;
	struct worker_proc *proc;
	struct worker_link *link;
	struct publish *publish; /* NULL: not published */
	uv_timer_t timer;        /* camera_due */
	char socket[UNIT_SOCKET_MAX];
	int64_t offer;    /* the number of the worker's newest, 0: none */
	struct msg state; /* the worker's last of its kind; type MSG_TYPES: none yet */
	struct msg stats;
	/* At shutdown: nothing is started any more, on_ended is told what has ended. */
	bool stopping;
	bool tracks_closed;
	void (*on_ended)(void *arg);
	void *arg;
};

/* A camera that does nothing yet. config and shared are lent. */
void unit_init(struct unit *u, const struct cameras_config *shared,
	const struct config_camera *config, int number);

/* Binds its socket and makes its parts. Returns 0, or -1 with a sentence in why. */
int unit_open(struct unit *u, char *why, size_t why_size);

/* Something happened to it: its machine is asked, the effects are performed. why may be NULL. */
void unit_step(struct unit *u, enum camera_event ev, const char *why);

/* Ends the worker and closes the tracks, for good. on_ended comes once both are done, which
 * unit_is_ended tells too; it may be so from the start. */
void unit_stop(struct unit *u, ms_t within_ms, void (*on_ended)(void *arg), void *arg);
bool unit_is_ended(const struct unit *u);

/* Frees its parts; on_closed comes, with arg as the handle's data, when libuv has let go of the
 * unit's own memory. Also of a unit whose unit_open failed or was not called. */
void unit_free(struct unit *u, uv_close_cb on_closed, void *arg);

/* Its row of the snapshot; the strings are the row's. */
void unit_status(const struct unit *u, ms_t now, struct status_camera *row);

#endif
