/* web_health.c - what is shown of the state by HTTP: the one snapshot, as others' dashboards want
 * it. Keeps nothing. Loop thread. */
#include <string.h>

#include "common/json.h"
#include "proto/status.h"
#include "proto/status_account.h"
#include "proto/status_camera.h"
#include "proto/status_health.h"
#include "supervisor/web.h"
#include "supervisor/web_routes.h"
#include "supervisor/web_schema.h"

static void
alive(struct web_call *c)
{
	struct json *j = json_new_object();

	json_set_str(j, "status", "ok");
	web_reply(c, 200, j);
}

/* ---- readiness ------------------------------------------------------------------------------- */

/* Without a token no call to Google is possible, whether a user or Google has to give one. */
static bool
is_usable(const struct status_account *a)
{
	return strcmp(a->state, "needs login") != 0 && strcmp(a->state, "no token yet") != 0;
}

static void
ready(struct web_call *c)
{
	struct json *j = json_new_object();
	struct json *parts = json_new_object();
	struct json *accounts = json_new_object();
	const char *store = supervisor_store_state(c->supervisor);
	bool all = strcmp(store, "failing") != 0;
	struct status s;

	supervisor_status(c->supervisor, &s);
	json_set_str(parts, "configuration", "ok");
	json_set_str(parts, "store", store);
	for (size_t i = 0; i < s.account_count; i++) {
		json_set_str(accounts, s.accounts[i].name, s.accounts[i].state);
		all = all && is_usable(&s.accounts[i]);
	}
	status_clear(&s);
	json_set(parts, "accounts", accounts);
	json_set_bool(j, "ready", all);
	json_set(j, "parts", parts);
	web_reply(c, all ? 200 : 503, j);
}

/* ---- the whole ------------------------------------------------------------------------------- */

enum wellness { HEALTHY, DEGRADED, UNHEALTHY };

static const char *const states[] = { "starting", "running", "failed", "degraded", "stopped" };
#define STATES (sizeof(states) / sizeof(states[0]))

static const char *const wellness_names[] = {
	[HEALTHY] = "healthy", [DEGRADED] = "degraded", [UNHEALTHY] = "unhealthy"
};

static struct json *
count_streams(const struct web_call *c, const struct status *s)
{
	struct json *streams = json_new_object();
	struct json *by_state = json_new_object();
	int64_t total = 0;

	for (size_t k = 0; k < STATES; k++) {
		int64_t n = 0;
		for (size_t i = 0; i < s->camera_count; i++)
			n += web_sees(c, s->cameras[i].name) &&
			     strcmp(s->cameras[i].state, states[k]) == 0;
		json_set_int(by_state, states[k], n);
		total += n;
	}
	json_set_int(streams, "total", total);
	json_set(streams, "by_state", by_state);
	return streams;
}

/* A camera is as well as it ought to be: stopped ones are. */
static bool
is_well(const struct status_camera *cam)
{
	return strcmp(cam->state, "stopped") == 0 ||
	       (strcmp(cam->state, "running") == 0 && cam->health &&
		       strcmp(cam->health, "healthy") == 0);
}

/* The worst check, as docs/health.md has the whole. */
static enum wellness
wellness_of_machine(const struct status *s)
{
	if (strcmp(s->health, "error") == 0)
		return UNHEALTHY;
	return strcmp(s->health, "ok") == 0 ? HEALTHY : DEGRADED;
}

static enum wellness
wellness_of_cameras(const struct web_call *c, const struct status *s)
{
	size_t seen = 0, well = 0;

	for (size_t i = 0; i < s->camera_count; i++)
		if (web_sees(c, s->cameras[i].name)) {
			seen++;
			well += is_well(&s->cameras[i]);
		}
	return well == seen ? HEALTHY : well > 0 ? DEGRADED : UNHEALTHY;
}

static enum wellness
overall(const struct web_call *c, const struct status *s)
{
	enum wellness cameras = wellness_of_cameras(c, s), machine = wellness_of_machine(s);

	for (size_t i = 0; i < s->account_count && web_sees(c, NULL); i++)
		if (!is_usable(&s->accounts[i]))
			return UNHEALTHY;
	return cameras > machine ? cameras : machine;
}

static struct json *
list_components(const struct web_call *c, const struct status *s)
{
	struct json *components = json_new_object();

	json_set_str(components, "supervisor", "ok");
	json_set_str(components, "store", supervisor_store_state(c->supervisor));
	if (!web_sees(c, NULL))
		return components;
	struct json *accounts = json_new_object();
	for (size_t i = 0; i < s->account_count; i++)
		json_set_str(accounts, s->accounts[i].name, s->accounts[i].state);
	json_set(components, "accounts", accounts);
	return components;
}

static int64_t
count_consumers(const struct web_call *c, const struct status *s)
{
	int64_t count = 0;

	for (size_t i = 0; i < s->camera_count; i++)
		if (web_sees(c, s->cameras[i].name))
			count += s->cameras[i].consumers;
	return count;
}

static struct json *
list_checks(const struct status *s)
{
	struct json *checks = json_new_object();

	for (size_t i = 0; i < s->check_count; i++) {
		const struct status_check *check = &s->checks[i];
		struct json *j = json_new_object();
		json_set_str(j, "status", check->status);
		json_set_str(j, "text", check->text);
		json_set_real(j, "since_seconds", (double)check->since_ms / 1000);
		json_set_real(j, "age_seconds", (double)check->age_ms / 1000);
		json_set(checks, check->name, j);
	}
	return checks;
}

static struct json *
list_limits(const struct web_call *c, const struct status *s)
{
	struct json *limits = json_new_object();

	for (size_t i = 0; i < s->limit_count; i++) {
		const struct status_limit *limit = &s->limits[i];
		if (!web_sees(c, limit->camera))
			continue;
		struct json *j = json_new_object();
		json_set_str(j, "step", limit->step);
		json_set_str(j, "why", limit->why);
		json_set(limits, limit->camera, j);
	}
	return limits;
}

static void
system_health(struct web_call *c)
{
	struct json *j = json_new_object();
	struct json *consumers = json_new_object();
	struct status s;

	supervisor_status(c->supervisor, &s);
	json_set_str(j, "status", wellness_names[overall(c, &s)]);
	json_set_str(j, "version", s.version);
	json_set_real(j, "uptime_seconds", (double)s.uptime_ms / 1000);
	json_set(j, "components", list_components(c, &s));
	json_set(j, "streams", count_streams(c, &s));
	json_set_int(consumers, "active", count_consumers(c, &s));
	json_set(j, "consumers", consumers);
	if (web_sees(c, NULL))
		json_set(j, "checks", list_checks(&s));
	json_set(j, "limits", list_limits(c, &s));
	status_clear(&s);
	web_reply(c, 200, j);
}

/* ---- one camera ------------------------------------------------------------------------------ */

static struct json *
describe_worker(const struct status_camera *cam)
{
	struct json *j = json_new_object();

	json_set_bool(j, "is_healthy",
		cam->pid > 0 && cam->health && strcmp(cam->health, "healthy") == 0);
	json_set_int(j, "pid", cam->pid);
	json_set_real(j, "cpu_percent", cam->cpu_percent);
	json_set_real(j, "memory_mb", (double)cam->memory_bytes / 1e6);
	json_set_real(j, "uptime_seconds", (double)cam->uptime_ms / 1000);
	json_set_int(j, "restarts", cam->restarts);
	return j;
}

/* The first place that it is published to. */
static struct json *
describe_producer(const struct status_camera *cam)
{
	const struct status_output *out = cam->output_count ? &cam->outputs[0] : NULL;
	struct json *j = json_new_object();

	json_set_str(j, "session", out ? out->session : NULL);
	json_set_int(j, "ssrc", out ? out->ssrc : 0);
	json_set_real(j, "uptime_seconds", out ? (double)out->session_ms / 1000 : 0);
	return j;
}

static struct json *
describe_stream(const struct status_camera *cam)
{
	struct json *j = json_new_object();

	json_set_str(j, "camera", cam->name);
	json_set_str(j, "state", cam->state);
	json_set_str(j, "health", cam->health);
	json_set_str(j, "error", cam->error);
	json_set(j, "worker", describe_worker(cam));
	json_set(j, "producer", describe_producer(cam));
	json_set_int(j, "consumers", cam->consumers);
	return j;
}

/* Answers {key: [what each makes of every camera that the caller may see]}. */
static void
reply_list(struct web_call *c, const char *key,
	void (*each)(struct json *list, const struct status_camera *cam))
{
	struct json *j = json_new_object();
	struct json *list = json_new_array();
	struct status s;

	supervisor_status(c->supervisor, &s);
	for (size_t i = 0; i < s.camera_count; i++)
		if (web_sees(c, s.cameras[i].name))
			each(list, &s.cameras[i]);
	status_clear(&s);
	json_set(j, key, list);
	web_reply(c, 200, j);
}

static void
add_stream(struct json *list, const struct status_camera *cam)
{
	json_add(list, describe_stream(cam));
}

static void
all_streams(struct web_call *c)
{
	reply_list(c, "streams", add_stream);
}

static void
one_stream(struct web_call *c)
{
	const char *name = web_value(c, "camera");
	struct json *j = NULL;
	struct status s;

	supervisor_status(c->supervisor, &s);
	for (size_t i = 0; i < s.camera_count && !j; i++)
		if (strcmp(s.cameras[i].name, name) == 0)
			j = describe_stream(&s.cameras[i]);
	status_clear(&s);
	if (j)
		web_reply(c, 200, j);
	else
		web_fail(c, 404, "there is no such camera");
}

/* ---- in and out ------------------------------------------------------------------------------ */

/* What comes of a camera. */
static void
add_ingestion(struct json *list, const struct status_camera *cam)
{
	struct json *j = json_new_object();

	json_set_str(j, "camera", cam->name);
	json_set_str(j, "account", cam->account);
	json_set_str(j, "state", cam->state);
	json_set_str(j, "health", cam->health);
	json_set_int(j, "width", cam->width);
	json_set_int(j, "height", cam->height);
	json_set_real(j, "fps", cam->fps);
	json_set_int(j, "bitrate_bps", cam->bitrate);
	json_set_real(j, "gop_seconds", (double)cam->gop_ms / 1000);
	json_set_real(j, "keyframe_age_seconds", (double)cam->keyframe_age_ms / 1000);
	json_set_real(j, "jitter_ms", cam->jitter_ms);
	json_set_int(j, "frames", cam->frames);
	json_set_int(j, "gaps", cam->gaps);
	json_set_int(j, "late", cam->late);
	json_set_int(j, "reconnects", cam->reconnects);
	json_set_bool(j, "sound", cam->sound_packets > 0);
	if (cam->expires_ms >= 0)
		json_set_real(j, "expires_in_seconds", (double)cam->expires_ms / 1000);
	json_set_int(j, "extensions", cam->extends);
	json_set_int(j, "failures", cam->failures);
	json_add(list, j);
}

static void
ingestion(struct web_call *c)
{
	reply_list(c, "ingestion", add_ingestion);
}

/* What goes to each place that a camera is published to. Packets and what the far end says of them
 * are the camera's, all its places together. */
static void
add_producers(struct json *list, const struct status_camera *cam)
{
	for (size_t i = 0; i < cam->output_count; i++) {
		const struct status_output *out = &cam->outputs[i];
		struct json *j = json_new_object();
		json_set_str(j, "camera", cam->name);
		json_set_str(j, "name", out->name);
		json_set_str(j, "kind", out->kind);
		json_set_str(j, "state", out->state);
		json_set_str(j, "media", out->media);
		json_set_str(j, "session", out->session);
		json_set_str(j, "track", out->session ? cam->track : NULL);
		json_set_real(j, "uptime_seconds", (double)out->session_ms / 1000);
		json_set_int(j, "ssrc", out->ssrc);
		json_set_str(j, "error", out->error);
		json_set_int(j, "packets", cam->packets);
		json_set_int(j, "bytes", cam->bytes);
		json_set_int(j, "nacks", cam->nacks);
		json_set_int(j, "plis", cam->plis);
		json_set_real(j, "loss_ratio", cam->loss_ratio);
		json_set_real(j, "rtt_ms", cam->rtt_ms);
		json_add(list, j);
	}
}

static void
producers(struct web_call *c)
{
	reply_list(c, "producers", add_producers);
}

/* clang-format off */
const struct http_route web_health_routes[] = {
	{ .pattern = "/healthz", .handle = alive, .summary = "Whether camrelayd is alive",
	  .response = &web_schema_alive },
	{ .pattern = "/readyz", .handle = ready,
	  .summary = "Whether it can do its work, else which part cannot", .response = &web_schema_ready },
	{ .pattern = "/v2/health/system", .role = TOKEN_VIEW, .handle = system_health,
	  .summary = "The whole", .response = &web_schema_system },
	{ .pattern = "/v2/health/streams", .role = TOKEN_VIEW, .handle = all_streams,
	  .summary = "Every camera's stream", .response = &web_schema_streams },
	{ .pattern = "/v2/health/streams/{camera}", .role = TOKEN_VIEW, .handle = one_stream,
	  .summary = "One camera's stream", .response = &web_schema_stream },
	{ .pattern = "/v2/health/ingestion", .role = TOKEN_VIEW, .handle = ingestion,
	  .summary = "What comes of every camera", .response = &web_schema_ingestion },
	{ .pattern = "/v2/health/producers", .role = TOKEN_VIEW, .handle = producers,
	  .summary = "What goes to every place that cameras are published to", .response = &web_schema_producers },
	{ .pattern = NULL },
};
/* clang-format on */
