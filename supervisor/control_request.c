/* control_request.c - the commands of operators, wherever they come from: camctl, the HTTP API.
 * Owns who runs which; each command is a few lines on the camera table. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/json.h"
#include "proto/status.h"
#include "supervisor/camera.h"
#include "supervisor/cameras.h"
#include "supervisor/cameras_command.h"
#include "supervisor/control_request.h"
#include "supervisor/metrics.h"

/* The newest events that are told. */
#define EVENTS_SHOWN 100

static bool
run_status(struct request *r)
{
	struct status s;

	supervisor_status(r->supervisor, &s);
	r->data = status_to_json(&s);
	status_clear(&s);
	return true;
}

static bool
run_health(struct request *r)
{
	r->data = supervisor_health(r->supervisor);
	return true;
}

static bool
run_queue(struct request *r)
{
	r->data = supervisor_queue(r->supervisor);
	return true;
}

static bool
run_metrics(struct request *r)
{
	struct status s;

	supervisor_status(r->supervisor, &s);
	r->long_text = metrics_text(&s, METRICS_TEXT);
	/* camctl ends what it prints with a newline, as everything else. */
	r->long_text[strlen(r->long_text) - 1] = '\0';
	status_clear(&s);
	return true;
}

static bool
run_events(struct request *r)
{
	r->data = supervisor_events(r->supervisor, r->message.camera, EVENTS_SHOWN);
	if (!r->data)
		snprintf(r->text, sizeof(r->text),
			"there is no history: [supervisor] state_dir is not set; "
			"camctl events --follow shows what happens from now on");
	return r->data != NULL;
}

static bool
command(struct request *r, enum camera_event ev, const char *done)
{
	struct cameras *t = supervisor_cameras(r->supervisor);

	if (cameras_command(t, r->camera, ev, r->text, sizeof(r->text)) < 0)
		return false;
	snprintf(r->text, sizeof(r->text), "%s", done);
	return true;
}

static bool
run_start(struct request *r)
{
	return command(r, CAMERA_EV_START, "starting");
}

static bool
run_stop(struct request *r)
{
	return command(r, CAMERA_EV_STOP, "stopping");
}

static bool
run_restart(struct request *r)
{
	return command(r, CAMERA_EV_RESTART, "restarting its worker");
}

static bool
run_regenerate(struct request *r)
{
	return command(r, CAMERA_EV_REGENERATE, "asking for a new stream");
}

static bool
run_extend(struct request *r)
{
	struct cameras *t = supervisor_cameras(r->supervisor);

	if (cameras_extend(t, r->camera, r->text, sizeof(r->text)) < 0)
		return false;
	snprintf(r->text, sizeof(r->text), "extending in the next slot");
	return true;
}

static bool
run_ping(struct request *r)
{
	snprintf(r->text, sizeof(r->text), "pong");
	return true;
}

static bool
run_version(struct request *r)
{
	snprintf(r->text, sizeof(r->text), "camrelayd %s", VERSION);
	return true;
}

/* True: done; false: refused. text says how or why. */
typedef bool runner(struct request *r);

/* clang-format off */
static runner *const runners[CONTROL_COMMANDS] = {
	[CONTROL_STATUS]        = run_status,
	[CONTROL_HEALTH]        = run_health,
	[CONTROL_QUEUE]         = run_queue,
	[CONTROL_METRICS]       = run_metrics,
	[CONTROL_EVENTS]        = run_events,
	[CONTROL_START]         = run_start,
	[CONTROL_STOP]          = run_stop,
	[CONTROL_RESTART]       = run_restart,
	[CONTROL_REGENERATE]    = run_regenerate,
	[CONTROL_EXTEND]        = run_extend,
	[CONTROL_RECORD]        = control_record,
	[CONTROL_PROTECT]       = control_protect,
	[CONTROL_UNPROTECT]     = control_unprotect,
	[CONTROL_SNAPSHOT]      = control_snapshot,
	[CONTROL_SNAPSHOT_DONE] = control_snapshot_done,
	[CONTROL_RELOAD]        = control_reload,
	[CONTROL_ADD]           = control_add,
	[CONTROL_REMOVE]        = control_remove,
	[CONTROL_DISCOVER]      = control_discover,
	[CONTROL_DEVICES]       = control_devices,
	[CONTROL_LOGIN_BEGIN]   = control_login_begin,
	[CONTROL_LOGIN_CODE]    = control_login_code,
	[CONTROL_LOGIN_STATUS]  = control_login_status,
	[CONTROL_TOKEN_ADD]     = control_token_add,
	[CONTROL_TOKEN_LIST]    = control_token_list,
	[CONTROL_TOKEN_REMOVE]  = control_token_remove,
	[CONTROL_PING]          = run_ping,
	[CONTROL_VERSION]       = run_version,
};
/* clang-format on */

/* Refused if all refuse, by the words of one of them. */
static bool
run_on_all(runner *run, struct request *r)
{
	const char *name = control_command_name(r->message.command);
	size_t n = cameras_count(supervisor_cameras(r->supervisor));
	size_t refused = 0;

	for (size_t i = 0; i < n; i++) {
		r->camera = cameras_number(supervisor_cameras(r->supervisor), i);
		refused += !run(r);
	}
	if (refused == 0)
		snprintf(r->text, sizeof(r->text), "%s: %zu cameras", name, n);
	else if (refused < n)
		snprintf(r->text, sizeof(r->text),
			"%s: %zu of %zu cameras, the others are stopped or wait for an account",
			name, n - refused, n);
	return refused < n || n == 0;
}

/* Whom the message means: every account if it names none. */
static bool
find_account(struct request *r)
{
	const char *name = r->message.google;

	r->account = name ? supervisor_account(r->supervisor, name) : NULL;
	if (!name || r->account)
		return true;
	snprintf(r->text, sizeof(r->text), "there is no section [google \"%.64s\"]", name);
	return false;
}

static bool
find_camera(struct request *r)
{
	r->camera = cameras_find(supervisor_cameras(r->supervisor), r->message.camera);
	if (r->camera >= 0)
		return true;
	snprintf(r->text, sizeof(r->text), "there is no camera %.64s", r->message.camera);
	r->err = ERR_NOT_FOUND;
	return false;
}

bool
control_request(struct request *r, const struct json *fields)
{
	if (control_message_read(fields, &r->message, r->text, sizeof(r->text)) < 0)
		return false;
	runner *run = runners[r->message.command];
	if (r->message.all)
		return run_on_all(run, r);
	return find_account(r) && (!r->message.must_exist || find_camera(r)) && run(r);
}

const char *
request_text(const struct request *r)
{
	return r->long_text ? r->long_text : r->text;
}

void
request_clear(struct request *r)
{
	free(r->long_text);
	json_free(r->data);
	control_message_clear(&r->message);
	*r = (struct request){ 0 };
}
