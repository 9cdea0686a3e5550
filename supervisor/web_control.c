/* web_control.c - what operators do by HTTP: the commands of camctl, by the same code
 * (control_request.c). Keeps nothing. Loop thread. */
#include <string.h>

#include "common/err.h"
#include "common/json.h"
#include "proto/status.h"
#include "supervisor/control_request.h"
#include "supervisor/web.h"
#include "supervisor/web_routes.h"

/* Carries out fields, which it frees, and answers the call. */
static void
command(struct web_call *c, struct json *fields, int status)
{
	struct request r = { .supervisor = c->supervisor };

	if (!control_request(&r, fields)) {
		web_fail(c, r.err == ERR_NOT_FOUND ? 404 : 409, request_text(&r));
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

/* The command is the path's last word. */
static void
run_on_camera(struct web_call *c)
{
	const char *word = strrchr(c->match.route->pattern, '/') + 1;

	command(c, about_camera(word, web_value(c, "camera")), 202);
}

/* clang-format off */
#define CAMERA_COMMAND(word, says) \
	{ .method = HTTP_POST, .pattern = "/v2/cameras/{camera}/" word, .role = TOKEN_OPERATE, \
	  .handle = run_on_camera, .summary = says, .status = 202 }

const struct http_route web_control_routes[] = {
	CAMERA_COMMAND("start", "Start what was stopped"),
	CAMERA_COMMAND("stop", "End the worker, give the stream back"),
	CAMERA_COMMAND("restart", "A new worker, the same stream"),
	CAMERA_COMMAND("extend", "Extend the stream in the next slot"),
	CAMERA_COMMAND("regenerate", "Ask Google for a new stream"),
	{ .pattern = NULL },
};
/* clang-format on */
