/* web_history.c - the last hour of every camera by HTTP. Owns the samples and their timer: one of
 * struct web. Loop thread. */
#include <stdlib.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/xmalloc.h"
#include "proto/status.h"
#include "proto/status_camera.h"
#include "supervisor/samples.h"
#include "supervisor/timer.h"
#include "supervisor/web.h"
#include "supervisor/web_history.h"
#include "supervisor/web_routes.h"
#include "supervisor/web_schema.h"

struct web_history {
	struct supervisor *supervisor;
	struct samples *samples;
	struct timer *timer;
	int64_t end_us; /* wall time of the last step's end */
};

static void
on_step(void *arg)
{
	struct web_history *h = arg;
	ms_t now = clock_now();
	struct status s;

	timer_start(h->timer, SAMPLES_STEP_MS);
	supervisor_status(h->supervisor, &s);
	for (size_t i = 0; i < s.camera_count; i++)
		samples_take(h->samples, s.cameras[i].name, s.cameras[i].totals.frames,
			s.cameras[i].totals.bytes_in, now);
	samples_forget(h->samples, now);
	h->end_us = clock_wall_us();
	status_clear(&s);
}

struct web_history *
web_history_new(uv_loop_t *loop, struct supervisor *supervisor)
{
	struct web_history *h = xcalloc(1, sizeof(*h));

	h->supervisor = supervisor;
	h->samples = samples_new();
	h->end_us = clock_wall_us();
	h->timer = timer_new(loop, on_step, h);
	timer_start(h->timer, 0);
	return h;
}

void
web_history_free(struct web_history *h)
{
	if (!h)
		return;
	timer_free(h->timer);
	samples_free(h->samples);
	free(h);
}

static void
add_number(struct json *list, double number)
{
	if (number < 0)
		json_add_null(list);
	else
		json_add_real(list, number);
}

static struct json *
describe(const struct web_history *h, const char *camera)
{
	struct json *j = json_new_object();
	struct json *fps = json_new_array();
	struct json *bitrate = json_new_array();
	struct sample steps[SAMPLES_COUNT];

	size_t n = samples_get(h->samples, camera, steps);
	for (size_t i = 0; i < n; i++) {
		add_number(fps, steps[i].fps);
		add_number(bitrate, steps[i].bitrate);
	}
	json_set_str(j, "camera", camera);
	json_set(j, "fps", fps);
	json_set(j, "bitrate", bitrate);
	return j;
}

static void
show(struct web_call *c)
{
	const struct web_history *h = web_get_history(c->web);
	struct json *j = json_new_object();
	struct json *list = json_new_array();
	char time[CLOCK_TEXT_BYTES];
	struct status s;

	supervisor_status(c->supervisor, &s);
	for (size_t i = 0; i < s.camera_count; i++)
		if (web_sees(c, s.cameras[i].name))
			json_add(list, describe(h, s.cameras[i].name));
	status_clear(&s);
	json_set_int(j, "step_seconds", SAMPLES_STEP_MS / 1000);
	json_set_str(j, "end", clock_text(h->end_us, time));
	json_set(j, "cameras", list);
	web_reply(c, 200, j);
}

/* clang-format off */
const struct http_route web_history_routes[] = {
	{ .pattern = "/v2/history", .role = TOKEN_VIEW, .handle = show,
	  .summary = "Frame rate and bit rate of every camera over the last hour", .response = &web_schema_history },
	{ .pattern = NULL },
};
/* clang-format on */
