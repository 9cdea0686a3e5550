#ifndef SUPERVISOR_CAMERAS_H
#define SUPERVISOR_CAMERAS_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "common/clock.h"
#include "supervisor/account.h"
#include "supervisor/config.h"
#include "supervisor/events.h"
#include "supervisor/http_client.h"
#include "supervisor/output.h"
#include "supervisor/sfu.h"

struct status_camera;
struct store;

/* The camera table: each camera's state machine, worker, link and publication, and the effects of
 * the one on the others. Loop thread. */
struct cameras;

struct cameras_config {
	uv_loop_t *loop;
	const struct config *config; /* lent, as all below; cameras_apply brings another */
	struct events *events;
	struct http_client *http;
	struct sfu *sfu;     /* NULL: no [cloudflare] */
	struct store *store; /* NULL: nothing is kept */
	/* The account of the [google] section of that name. */
	struct account *(*find_account)(void *arg, const char *google);
	/* The account that has a stream of the camera from a former process; NULL: none. */
	struct account *(*find_kept)(void *arg, const struct config_camera *camera);
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

/* A configuration that differs from the one in force, in two steps. What a change does not name is
 * not touched. cameras_prepare makes what may fail, for the cameras that are new; returns 0, or -1
 * with a sentence in why and nothing prepared. Then cameras_apply, which cannot fail, or
 * cameras_give_up, within the same turn of the loop. */
struct config_diff;
int cameras_prepare(struct cameras *t, const struct config_diff *diff, char *why, size_t why_size);
void cameras_give_up(struct cameras *t);
/* config and sfu are lent as those before; the accounts are to be those of config by now. */
void cameras_apply(struct cameras *t, const struct config_diff *diff, const struct config *config,
	struct sfu *sfu);

/* Gives cameras with google = auto an account, or another where theirs will not do. To be called
 * now and then: lists, tokens and logins all bear on it. */
void cameras_choose(struct cameras *t);

/* Number of the camera with that name, -1 if there is none. It is valid until a configuration is
 * applied, or cameras_choose was called. */
int cameras_find(const struct cameras *t, const char *name);
/* The name of the account that the camera of that name has now; NULL: none, or no such camera. */
const char *cameras_account(const struct cameras *t, const char *name);
size_t cameras_count(const struct cameras *t);
/* Number of the i-th in the configuration's order, i below cameras_count. */
int cameras_number(const struct cameras *t, size_t i);

/* What the resource guard looks at of the i-th camera, all but memory and CPU; and what it has it
 * do. */
struct guard_reading;
struct guard_decision;
void cameras_guard_reading(const struct cameras *t, size_t i, struct guard_reading *out);
void cameras_guard(struct cameras *t, size_t i, const struct guard_decision *d);

/* An operator's wish: CAMERA_EV_START, STOP, RESTART or REGENERATE. */
void cameras_command(struct cameras *t, int camera, enum camera_event ev);

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

/* Where viewers find the camera of that name; false: nowhere, or there is none. */
bool cameras_get_source(const struct cameras *t, const char *name, struct output_source *out);

/* The i-th camera's row of the snapshot; its strings are the row's. */
void cameras_status(const struct cameras *t, size_t i, ms_t now, struct status_camera *row);

/* How many are RUNNING. */
size_t cameras_running(const struct cameras *t);

#endif
