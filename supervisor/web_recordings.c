/* web_recordings.c - recordings by HTTP: what is on the disk, and deleting what is old.
 * Owns one job per request; survey.c looks through the disk. Loop thread. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "proto/status.h"
#include "proto/status_camera.h"
#include "supervisor/config.h"
#include "supervisor/config_recording.h"
#include "supervisor/survey.h"
#include "supervisor/web.h"
#include "supervisor/web_routes.h"
#include "supervisor/web_schema.h"

#define US_PER_S INT64_C(1000000)
#define US_PER_DAY (86400 * US_PER_S)
/* A hundred years: nothing is older, and the microseconds of it fit an int64_t. */
#define RETENTION_DAYS_MAX 36500

/* One camera's, as configured and as on the disk. */
struct row {
	char *camera;
	char *state; /* recording, waiting, ...; NULL: record = no, or not configured any more */
	char *why;   /* why it does not record; NULL: it does, or should not */
	int64_t segments, gaps;   /* of this worker */
	struct survey_row stored; /* but for the name; zeros: nothing */
};

struct job {
	struct web_call *call;
	void (*answer)(struct job *job, const struct survey_result *found);
	const char *only;  /* that camera, the call's; NULL: every one */
	int64_t cutoff_us; /* what ended before goes; 0: nothing does */
	struct row *rows;
	size_t count;
};

static void
job_free(struct job *job)
{
	for (size_t i = 0; i < job->count; i++) {
		free(job->rows[i].camera);
		free(job->rows[i].state);
		free(job->rows[i].why);
	}
	free(job->rows);
	free(job);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static struct row *
add_row(struct job *job, const char *camera)
{
	assert(camera);
	job->rows = xrealloc(job->rows, (job->count + 1) * sizeof(*job->rows));
	job->rows[job->count] = (struct row){ .camera = xstrdup(camera) };
	return &job->rows[job->count++];
}

static void
add_stored(struct job *job, const struct survey_row *stored)
{
	struct row *row = NULL;

	for (size_t i = 0; i < job->count && !row; i++)
		if (strcmp(job->rows[i].camera, stored->camera) == 0)
			row = &job->rows[i];
	/* Of cameras that are not configured, who sees all is told too. */
	if (!row && web_sees(job->call, job->only))
		row = add_row(job, stored->camera);
	if (row)
		row->stored = *stored;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void
set_time(struct json *j, const char *key, int64_t us)
{
	char text[CLOCK_TEXT_BYTES];

	json_set_str(j, key, us ? clock_text(us, text) : NULL);
}

static double
mb(int64_t bytes)
{
	return (double)bytes / 1e6;
}

static struct json *
describe(const struct row *row)
{
	struct json *j = json_new_object();

	json_set_str(j, "camera", row->camera);
	json_set_str(j, "state", row->state);
	json_set_str(j, "why", row->why);
	json_set_int(j, "segments", row->segments);
	json_set_int(j, "gaps", row->gaps);
	json_set_int(j, "count", row->stored.items);
	json_set_int(j, "protected_count", row->stored.kept);
	json_set_real(j, "size_mb", mb(row->stored.bytes));
	set_time(j, "oldest_time", row->stored.oldest_us);
	set_time(j, "newest_time", row->stored.newest_us);
	return j;
}

static struct json *
describe_disk(const struct survey_result *found)
{
	struct json *j = json_new_object();

	json_set_real(j, "free_mb", mb(found->free_bytes));
	json_set_real(j, "total_mb", mb(found->disk_bytes));
	return j;
}

static void
answer_all(struct job *job, const struct survey_result *found)
{
	struct json *j = json_new_object();
	struct json *list = json_new_array();
	int64_t bytes = 0;

	for (size_t i = 0; i < job->count; i++) {
		bytes += job->rows[i].stored.bytes;
		json_add(list, describe(&job->rows[i]));
	}
	json_set_real(j, "total_size_mb", mb(bytes));
	if (found->disk_bytes >= 0)
		json_set(j, "disk", describe_disk(found));
	json_set(j, "recordings", list);
	web_reply(job->call, 200, j);
}

static void
answer_one(struct job *job, const struct survey_result *found)
{
	(void)found;
	if (job->count == 1)
		web_reply(job->call, 200, describe(&job->rows[0]));
	else
		web_fail(job->call, 404, "there is no such camera, and no recording of one");
}

static void
answer_cleanup(struct job *job, const struct survey_result *found)
{
	struct json *j = json_new_object();

	if (job->only && job->count == 0) {
		json_free(j);
		web_fail(job->call, 404, "there is no such camera, and no recording of one");
		return;
	}
	json_set_int(j, "deleted_count", (int64_t)found->deleted);
	json_set_real(j, "deleted_size_mb", mb(found->deleted_bytes));
	set_time(j, "cutoff_time", job->cutoff_us);
	log_info("recordings deleted", LOG_STR("camera", job->only ? job->only : "all"),
		LOG_INT("count", found->deleted), LOG_INT("bytes", found->deleted_bytes));
	web_reply(job->call, 200, j);
}

static void
on_surveyed(const struct survey_result *found, void *arg)
{
	struct job *job = arg;

	for (size_t i = 0; found && i < found->count; i++)
		add_stored(job, &found->rows[i]);
	if (found)
		job->answer(job, found);
	else
		web_fail(job->call, 503, "camrelayd is stopping");
	job_free(job);
}

/* ---- requests -------------------------------------------------------------------------------- */

/* The cameras that the caller may see, and what is known of them without the disk. */
static void
add_cameras(struct job *job)
{
	struct status s;

	supervisor_status(job->call->supervisor, &s);
	for (size_t i = 0; i < s.camera_count; i++) {
		const struct status_camera *cam = &s.cameras[i];
		if (!web_sees(job->call, cam->name) ||
			(job->only && strcmp(job->only, cam->name) != 0))
			continue;
		struct row *row = add_row(job, cam->name);
		row->state = xstrdup(cam->recording);
		row->why = xstrdup(cam->recording_why);
		row->segments = cam->recorded_segments;
		row->gaps = cam->recording_gaps;
	}
	status_clear(&s);
}

static void
look(struct web_call *c, int64_t cutoff_us,
	void (*answer)(struct job *job, const struct survey_result *found))
{
	const struct config_recording *config = supervisor_config(c->supervisor)->recording;

	if (!config) {
		web_fail(c, 404, "nothing is recorded: there is no section [recording]");
		return;
	}
	struct job *job = xcalloc(1, sizeof(*job));
	job->call = c;
	job->answer = answer;
	job->only = web_value(c, "camera");
	job->cutoff_us = cutoff_us;
	add_cameras(job);
	const struct survey_question question = { .dir = config->dir,
		.camera = job->only,
		.cutoff_us = cutoff_us,
		.done = on_surveyed,
		.arg = job };
	survey_ask(web_survey(c->web), &question);
}

static void
show_all(struct web_call *c)
{
	look(c, 0, answer_all);
}

static void
show_one(struct web_call *c)
{
	look(c, 0, answer_one);
}

/* Without retention_days it is what max_age deletes anyhow, but now. */
static void
clean_up(struct web_call *c)
{
	const struct config_recording *config = supervisor_config(c->supervisor)->recording;
	const char *days = http_message_parameter(c->message, "retention_days");
	int64_t age_us = days     ? strtoll(days, NULL, 10) * US_PER_DAY
			 : config ? config->max_age_ms * 1000
				  : 0;
	int64_t cutoff_us = clock_wall_us() - age_us;

	look(c, cutoff_us > 0 ? cutoff_us : 1, answer_cleanup);
}

static const struct http_route_parameter days[] = {
	{ .name = "retention_days",
		.max = RETENTION_DAYS_MAX,
		.help = "What ended so many days ago goes; left out: max_age of [recording]" },
	{ .name = NULL },
};

/* clang-format off */
const struct http_route web_recordings_routes[] = {
	{ .pattern = "/v2/health/recordings", .role = TOKEN_VIEW, .handle = show_all,
	  .summary = "What is recorded of every camera, and the disk", .response = &web_schema_recordings },
	{ .method = HTTP_POST, .pattern = "/v2/health/recordings/cleanup", .role = TOKEN_OPERATE, .all_cameras = true,
	  .handle = clean_up, .query = days, .summary = "Delete old recordings of every camera, but protected ones",
	  .response = &web_schema_cleanup },
	{ .pattern = "/v2/health/recordings/{camera}", .role = TOKEN_VIEW, .handle = show_one,
	  .summary = "What is recorded of one camera", .response = &web_schema_recording },
	{ .method = HTTP_POST, .pattern = "/v2/health/recordings/{camera}/cleanup", .role = TOKEN_OPERATE,
	  .handle = clean_up, .query = days, .summary = "Delete old recordings of one camera, but protected ones",
	  .response = &web_schema_cleanup },
	{ .pattern = NULL },
};
/* clang-format on */
