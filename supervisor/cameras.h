#ifndef SUPERVISOR_CAMERAS_H
#define SUPERVISOR_CAMERAS_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "common/clock.h"
#include "supervisor/camera.h"

struct account;
struct config;
struct config_camera;
struct events;
struct guard_decision;
struct guard_reading;
struct http_client;
struct output_source;
struct sfu;
struct status_camera;
struct store;

/* The camera table: each camera's state machine, worker, link and publication, and the effects of
 * the one on the others. What operators ask of a camera is in cameras_command.h, another
 * configuration in cameras_change.h. Loop thread. */
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
void cameras_guard_reading(const struct cameras *t, size_t i, struct guard_reading *out);
void cameras_guard(struct cameras *t, size_t i, const struct guard_decision *d);

/* Where viewers find the camera of that name; false: nowhere, or there is none. */
bool cameras_get_source(const struct cameras *t, const char *name, struct output_source *out);

/* The i-th camera's row of the snapshot; its strings are the row's. */
void cameras_status(const struct cameras *t, size_t i, ms_t now, struct status_camera *row);

/* How many are RUNNING. */
size_t cameras_running(const struct cameras *t);

#endif
