/* web_metrics.c - metrics by HTTP: the snapshot, in the format that is asked for. Keeps nothing.
 * Loop thread. */
#include <string.h>

#include "proto/status.h"
#include "supervisor/metrics.h"
#include "supervisor/web.h"
#include "supervisor/web_routes.h"

static void
tell(struct web_call *c)
{
	enum metrics_format format = metrics_choose(c->message->fields[HTTP_ACCEPT]);
	struct http_response r = { .status = 200, .type = metrics_content_type(format) };
	struct status s;

	supervisor_status(c->supervisor, &s);
	r.body = metrics_text(&s, format);
	r.body_len = strlen(r.body);
	status_clear(&s);
	http_response_add(&r, "Vary", "Accept");
	web_respond(c, &r);
}

/* clang-format off */
#define METRICS(path) { .pattern = path, .role = TOKEN_VIEW, .all_cameras = true, .handle = tell, \
	.summary = "What Prometheus is told, as text or OpenMetrics", .type = "text/plain" }

const struct http_route web_metrics_routes[] = {
	METRICS("/metrics"),
	METRICS("/v2/metrics"),
	{ .pattern = NULL },
};
/* clang-format on */
