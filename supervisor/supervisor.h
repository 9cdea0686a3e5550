#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "common/ini_edit.h"

struct account;
struct cameras;
struct config;
struct consumers;
struct json;
struct status;
struct tokens;
struct web;

/* Everything that camrelayd is, on one libuv loop: made in main, ended by supervisor_stop. */
struct supervisor;

/* Opens sockets and accounts; nothing is started yet. config becomes the supervisor's. Returns 0,
 * or with a sentence in why how camrelayd ends, of sysexits: EX_CONFIG if somebody has to change a
 * setting or a secret, EX_TEMPFAIL if the system is the cause, which may pass: a file, a lock, an
 * address. */
int supervisor_new(uv_loop_t *loop, const char *config_path, struct config *config,
	struct supervisor **out, char *why, size_t why_size);

/* Starts the cameras. */
void supervisor_start(struct supervisor *s);

/* Graceful stop: workers end, the SFU's tracks are closed, Google's answers to calls on their way
 * are taken, streams are left to expire; within CONTRACT_STOP_TIMEOUT_MS. done comes once.
 * Idempotent. */
void supervisor_stop(struct supervisor *s, void (*done)(void *arg), void *arg);

/* What became of a command about the configuration; to be cleared. */
struct supervisor_answer {
	bool done;            /* false: nothing was changed, text says why */
	char *text;           /* sentences or changes, one per line; without secrets */
	struct json *changes; /* an array of what was applied, NULL unless done */
};
void supervisor_answer_clear(struct supervisor_answer *a);

/* Reads the configuration again, checks all of it, and applies what is different: what is the same
 * is not touched. Secrets are read again from their files. Logged. */
void supervisor_reload(struct supervisor *s, struct supervisor_answer *out);

/* The same, after a camera's section was put into the file or taken out of it. The file is written
 * once it is certain that the result can be applied, and stays as it is otherwise. */
void supervisor_add(
	struct supervisor *s, const struct ini_section *camera, struct supervisor_answer *out);
void supervisor_remove(struct supervisor *s, const char *camera, struct supervisor_answer *out);

/* Frees everything; its handles when libuv has let go of them. NULL is fine. */
void supervisor_free(struct supervisor *s);

/* Its parts, lent. */
struct cameras *supervisor_cameras(struct supervisor *s);
struct consumers *supervisor_consumers(struct supervisor *s);

/* The snapshot, the caller's to clear. */
void supervisor_status(struct supervisor *s, struct status *out);

/* "ok"; "failing": the last that was to be kept was not; or "none": no state_dir, nothing is kept.
 */
const char *supervisor_store_state(const struct supervisor *s);

uv_loop_t *supervisor_loop(struct supervisor *s);

/* The one in force, lent until the loop goes on. */
const struct config *supervisor_config(const struct supervisor *s);

/* Those who may use the HTTP API; and the file that they are kept in, NULL: nothing is kept. */
struct tokens *supervisor_tokens(struct supervisor *s);
const char *supervisor_token_path(const struct supervisor *s);

/* What is served by HTTP; NULL: nothing. */
struct web *supervisor_web(struct supervisor *s);

/* What of the snapshot is about camrelayd itself: status_health_to_json's,
 * and "history", health_history's. */
struct json *supervisor_health(struct supervisor *s);

/* The planned calls of every account, an array. */
struct json *supervisor_queue(struct supervisor *s);

/* The planned calls of the account of that section, as in its queue; NULL if there is none. */
struct json *supervisor_calls(struct supervisor *s, const char *google);

/* The newest events, see events_history. */
struct json *supervisor_events(struct supervisor *s, const char *camera, int limit);

/* The account of the section of that name; NULL if there is none. */
struct account *supervisor_account(struct supervisor *s, const char *google);

/* The devices that Google lists, one element for each account, or only for that one. ask: Google is
 * asked anew where its quota allows that, and the answer will be seen by a later call. */
struct json *supervisor_devices(struct supervisor *s, const struct account *only, bool ask);

#endif
