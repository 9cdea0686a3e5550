/* control_request.c - the commands of operators, wherever they come from: camctl, the HTTP API.
 * Owns the table; each command is a few lines on the camera table. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/json.h"
#include "proto/status.h"
#include "supervisor/control_request.h"
#include "supervisor/metrics.h"

/* The newest events that are told. */
#define EVENTS_SHOWN 100

struct command {
	const char *name;
	bool camera;                    /* names one, */
	bool all;                       /* or "all" */
	bool google;                    /* may name a section [google "name"] */
	bool (*run)(struct request *r); /* true: done; false: refused. text says how or why */
};

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
	r->data = supervisor_events(r->supervisor, json_str(r->fields, "camera"), EVENTS_SHOWN);
	if (!r->data)
		snprintf(r->text, sizeof(r->text),
			"there is no history: [supervisor] state_dir is not set; "
			"camctl events --follow shows what happens from now on");
	return r->data != NULL;
}

static bool
command(struct request *r, enum camera_event ev, const char *done)
{
	cameras_command(supervisor_cameras(r->supervisor), r->camera, ev);
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

/* clang-format off */
static const struct command commands[] = {
	{ .name = "status",        .run = run_status },
	{ .name = "health",        .run = run_health },
	{ .name = "queue",         .run = run_queue },
	{ .name = "metrics",       .run = run_metrics },
	{ .name = "events",        .run = run_events },
	{ .name = "start",         .run = run_start,            .camera = true, .all = true },
	{ .name = "stop",          .run = run_stop,             .camera = true, .all = true },
	{ .name = "restart",       .run = run_restart,          .camera = true, .all = true },
	{ .name = "regenerate",    .run = run_regenerate,       .camera = true },
	{ .name = "extend",        .run = run_extend,           .camera = true },
	{ .name = "record",        .run = control_record,       .camera = true },
	{ .name = "protect",       .run = control_protect,      .camera = true },
	{ .name = "unprotect",     .run = control_unprotect,    .camera = true },
	{ .name = "snapshot",      .run = control_snapshot,     .camera = true },
	{ .name = "snapshot_done", .run = control_snapshot_done, .camera = true },
	{ .name = "reload",        .run = control_reload },
	{ .name = "add",           .run = control_add },
	{ .name = "remove",        .run = control_remove },
	{ .name = "discover",      .run = control_discover,     .google = true },
	{ .name = "devices",       .run = control_devices,      .google = true },
	{ .name = "login_begin",   .run = control_login_begin,  .google = true },
	{ .name = "login_code",    .run = control_login_code,   .google = true },
	{ .name = "login_status",  .run = control_login_status, .google = true },
	{ .name = "token_add",     .run = control_token_add },
	{ .name = "token_list",    .run = control_token_list },
	{ .name = "token_remove",  .run = control_token_remove },
	{ .name = "ping",          .run = run_ping },
	{ .name = "version",       .run = run_version },
};
/* clang-format on */

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static bool
run_on_all(const struct command *c, struct request *r)
{
	size_t n = cameras_count(supervisor_cameras(r->supervisor));

	for (size_t i = 0; i < n; i++) {
		r->camera = cameras_number(supervisor_cameras(r->supervisor), i);
		c->run(r);
	}
	snprintf(r->text, sizeof(r->text), "%s: %zu cameras", c->name, n);
	return true;
}

/* Whom the request means: every account if it names none. */
static bool
run_on_google(const struct command *c, const char *google, struct request *r)
{
	r->account = google ? supervisor_account(r->supervisor, google) : NULL;
	if (!google || r->account)
		return c->run(r);
	snprintf(r->text, sizeof(r->text), "there is no section [google \"%.64s\"]", google);
	return false;
}

static bool
run(const struct command *c, const char *camera, struct request *r)
{
	if (c->google)
		return run_on_google(c, json_str(r->fields, "google"), r);
	if (!c->camera)
		return c->run(r);
	if (!camera) {
		snprintf(r->text, sizeof(r->text), "%s needs a camera's name", c->name);
		return false;
	}
	if (c->all && strcmp(camera, "all") == 0)
		return run_on_all(c, r);
	r->camera = cameras_find(supervisor_cameras(r->supervisor), camera);
	if (r->camera >= 0)
		return c->run(r);
	snprintf(r->text, sizeof(r->text), "there is no camera %.64s", camera);
	r->err = ERR_NOT_FOUND;
	return false;
}

bool
control_request(struct request *r, const struct json *fields)
{
	const char *name = json_str(fields, "command");
	const struct command *c = name ? find_command(name) : NULL;

	r->fields = fields;
	if (c)
		return run(c, json_str(fields, "camera"), r);
	snprintf(r->text, sizeof(r->text), "unknown command %.40s", name ? name : "(none)");
	return false;
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
	*r = (struct request){ 0 };
}
