#ifndef SUPERVISOR_CAMERAS_H
#define SUPERVISOR_CAMERAS_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "common/clock.h"
#include "supervisor/account.h"
#include "supervisor/config.h"
#include "supervisor/events.h"
#include "supervisor/sfu.h"

struct status_camera;

/* The camera table: each camera's state machine, worker, link and publication, and the effects of
 * the one on the others. Loop thread. */
struct cameras;

struct cameras_config {
	uv_loop_t *loop;
	const struct config *config; /* lent, as all below: must outlive the table */
	struct events *events;
	struct sfu *sfu; /* NULL: nothing is published */
	/* The account of a [google] section. */
	struct account *(*find_account)(void *arg, const struct config_google *google);
	void *arg;
};

/* A table with every camera of the configuration, all stopped. Returns 0, or -1 with a sentence in
 * why. */
int cameras_new(
	const struct cameras_config *config, struct cameras **out, char *why, size_t why_size);

/* Starts them all. */
void cameras_start(struct cameras *t);

/* What Google said about a camera's stream: the account_event of every account; arg is the table.
 */
void cameras_on_account(void *arg, int camera, enum camera_event ev, const char *why);

/* Ends every worker and closes every track within within_ms; streams are left to expire. done comes
 * once, also if not all could be ended. */
void cameras_shutdown(
	struct cameras *t, ms_t within_ms, void (*done)(void *arg, bool clean), void *arg);

/* Frees the table; its handles are freed when libuv has let go of them. NULL is fine. */
void cameras_free(struct cameras *t);

/* Number of the camera with that name, -1 if there is none. Numbers are 0 to cameras_count - 1. */
int cameras_find(const struct cameras *t, const char *name);
size_t cameras_count(const struct cameras *t);

/* An operator's wish: CAMERA_EV_START, STOP, RESTART or REGENERATE. */
void cameras_command(struct cameras *t, int camera, enum camera_event ev);

/* An operator's extension. Returns 0, or -1 with a sentence: no lease, no stream. */
int cameras_extend(struct cameras *t, int camera, char *why, size_t why_size);

/* A camera's row of the snapshot; its strings are the row's. */
void cameras_status(const struct cameras *t, int camera, ms_t now, struct status_camera *row);

/* How many are RUNNING. */
size_t cameras_running(const struct cameras *t);

#endif
