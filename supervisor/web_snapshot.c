/* web_snapshot.c - a camera's newest key picture by HTTP. Keeps nothing: the camera does. Loop
 * thread. */
#include "supervisor/cameras.h"
#include "supervisor/cameras_command.h"
#include "supervisor/web.h"
#include "supervisor/web_routes.h"

static void
on_made(void *arg, const char *file, const char *why)
{
	struct web_call *c = arg;

	if (file)
		web_file(c, file, "image/jpeg");
	else
		web_fail(c, 503, why);
}

static void
take(struct web_call *c)
{
	struct cameras *cameras = supervisor_cameras(c->supervisor);
	int camera = cameras_find(cameras, web_value(c, "camera"));

	if (camera < 0)
		web_fail(c, 404, "there is no such camera");
	else
		cameras_snapshot_wait(cameras, camera, on_made, c);
}

/* clang-format off */
const struct http_route web_snapshot_routes[] = {
	{ .pattern = "/v2/cameras/{camera}/snapshot", .role = TOKEN_VIEW, .handle = take,
	  .summary = "The newest key picture, as a JPEG", .type = "image/jpeg" },
	{ .pattern = NULL },
};
/* clang-format on */
