/* web_control.c - what operators do by HTTP: the commands of camctl, by the same code
 * (control_request.c). Keeps nothing. Loop thread. */
#include <string.h>

#include "common/err.h"
#include "common/json.h"
#include "proto/status.h"
#include "supervisor/cameras.h"
#include "supervisor/control_request.h"
#include "supervisor/web.h"
#include "supervisor/web_body.h"
#include "supervisor/web_routes.h"
#include "supervisor/web_schema.h"

/* Carries out fields, which it frees, and answers the call: with status when it was done, with
 * refused when not. */
static void
command(struct web_call *c, struct json *fields, int status, int refused)
{
	struct request r = { .supervisor = c->supervisor };

	if (!control_request(&r, fields)) {
		web_fail(c, r.err == ERR_NOT_FOUND ? 404 : refused, request_text(&r));
	} else {
		struct json *j = json_new_object();
		json_set_bool(j, "ok", true);
		json_set_str(j, "text", request_text(&r));
		if (r.data)
			json_set(j, "data", r.data);
		r.data = NULL;
		web_reply(c, status, j);
	}
	request_clear(&r);
	json_free(fields);
}

static struct json *
about_camera(const char *name, const char *camera)
{
	struct json *j = json_new_object();

	json_set_str(j, "command", name);
	json_set_str(j, "camera", camera);
	return j;
}

static bool
is_camera(const struct web_call *c, const char *name)
{
	return cameras_find(supervisor_cameras(c->supervisor), name) >= 0;
}

/* The command is the path's last word. What camctl calls "all" is not one camera, which is what the
 * token was held against. */
static void
run_on_camera(struct web_call *c)
{
	const char *word = strrchr(c->match.route->pattern, '/') + 1;
	const char *name = web_value(c, "camera");

	if (is_camera(c, name))
		command(c, about_camera(word, name), 202, 409);
	else
		web_fail(c, 404, "there is no such camera");
}

/* ---- cameras --------------------------------------------------------------------------------- */

/* The rows of the snapshot as camctl shows them; only: of that camera. */
static struct json *
rows(const struct web_call *c, const char *only)
{
	struct json *list = json_new_array();
	struct status s;

	supervisor_status(c->supervisor, &s);
	struct json *all = status_to_json(&s);
	status_clear(&s);
	struct json *cameras = json_get(all, "cameras");
	for (size_t i = 0; i < json_len(cameras); i++) {
		struct json *row = json_at(cameras, i);
		const char *name = json_str(row, "name");
		if (web_sees(c, name) && (!only || strcmp(only, name) == 0))
			json_add(list, json_copy(row));
	}
	json_free(all);
	return list;
}

static void
list_cameras(struct web_call *c)
{
	struct json *j = json_new_object();

	json_set(j, "cameras", rows(c, NULL));
	web_reply(c, 200, j);
}

static void
show_camera(struct web_call *c)
{
	const char *name = web_value(c, "camera");

	if (!is_camera(c, name)) {
		web_fail(c, 404, "there is no such camera");
		return;
	}
	struct json *list = rows(c, name);
	web_reply(c, 200, json_copy(json_at(list, 0)));
	json_free(list);
}

static void
add_camera(struct web_call *c)
{
	char why[128];
	struct json *fields = web_body_add(c->body, why, sizeof(why));
	const char *name = json_str(c->body, "name");

	if (!fields) {
		web_fail(c, 400, why);
		return;
	}
	if (!web_sees(c, name)) {
		json_free(fields);
		web_fail(c, 403, "the token is for other cameras");
		return;
	}
	command(c, fields, 201, is_camera(c, name) ? 409 : 422);
}

static void
remove_camera(struct web_call *c)
{
	const char *name = web_value(c, "camera");

	command(c, about_camera("remove", name), 200, is_camera(c, name) ? 409 : 404);
}

/* clang-format off */
#define CAMERA_COMMAND(word, says) \
	{ .method = HTTP_POST, .pattern = "/v2/cameras/{camera}/" word, .role = TOKEN_OPERATE, \
	  .handle = run_on_camera, .summary = says, .status = 202, .response = &web_schema_done }

const struct http_route web_control_routes[] = {
	{ .pattern = "/v2/cameras", .role = TOKEN_VIEW, .handle = list_cameras,
	  .summary = "All that is known of every camera", .response = &web_schema_cameras },
	{ .method = HTTP_POST, .pattern = "/v2/cameras", .role = TOKEN_ADMIN, .handle = add_camera,
	  .summary = "Add a camera to the configuration, and start it", .request = &web_schema_new_camera,
	  .response = &web_schema_done, .status = 201 },
	{ .pattern = "/v2/cameras/{camera}", .role = TOKEN_VIEW, .handle = show_camera,
	  .summary = "All that is known of one camera", .response = &web_schema_camera },
	{ .method = HTTP_DELETE, .pattern = "/v2/cameras/{camera}", .role = TOKEN_ADMIN, .handle = remove_camera,
	  .summary = "Take a camera out of the configuration", .response = &web_schema_done },
	CAMERA_COMMAND("start", "Start what was stopped"),
	CAMERA_COMMAND("stop", "End the worker, give the stream back"),
	CAMERA_COMMAND("restart", "A new worker, the same stream"),
	CAMERA_COMMAND("extend", "Extend the stream in the next slot"),
	CAMERA_COMMAND("regenerate", "Ask Google for a new stream"),
	{ .pattern = NULL },
};
/* clang-format on */
