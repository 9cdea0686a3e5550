/* web_recordings.c - recordings by HTTP: what is on the disk, and deleting what is old.
 * Owns one job per request, whose disk part a thread of libuv's pool does. Loop thread; work: a
 * thread of the pool. */
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
#include "supervisor/recordings.h"
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
	int64_t segments, gaps; /* of this worker */
	int64_t items, kept;    /* hours and segments on the disk; of these protected */
	int64_t bytes;
	int64_t oldest_us, newest_us; /* 0: there is nothing */
};

struct job {
	uv_work_t request;
	struct web_call *call;
	void (*answer)(struct job *job);
	char *dir;
	char *only;     /* that camera; NULL: every one */
	bool strangers; /* cameras too that are not configured */
	int64_t now_us;
	int64_t cutoff_us; /* what ended before goes; 0: nothing does */
	struct row *rows;
	size_t count;
	int64_t free_bytes, disk_bytes; /* -1: no disk */
	size_t deleted;
	int64_t deleted_bytes;
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
	free(job->dir);
	free(job->only);
	free(job);
}

/* ---- the pool's thread ----------------------------------------------------------------------- */

static struct row *
add_row(struct job *job, const char *camera)
{
	assert(camera);
	job->rows = xrealloc(job->rows, (job->count + 1) * sizeof(*job->rows));
	job->rows[job->count] = (struct row){ .camera = xstrdup(camera) };
	return &job->rows[job->count++];
}

static struct row *
find_row(struct job *job, const char *camera)
{
	for (size_t i = 0; i < job->count; i++)
		if (strcmp(job->rows[i].camera, camera) == 0)
			return &job->rows[i];
	if (!job->strangers || (job->only && strcmp(job->only, camera) != 0))
		return NULL;
	return add_row(job, camera);
}

static void
count_item(struct row *row, const struct retention_item *item)
{
	row->items++;
	row->kept += item->is_protected;
	row->bytes += item->bytes;
	if (row->oldest_us == 0 || item->start_us < row->oldest_us)
		row->oldest_us = item->start_us;
	if (item->end_us > row->newest_us)
		row->newest_us = item->end_us;
}

static void
on_work(uv_work_t *request)
{
	struct job *job = request->data;
	struct recordings *r = recordings_scan(job->dir, job->now_us);
	size_t count;
	struct retention_item *items = recordings_items(r, &count);

	for (size_t i = 0; i < count; i++) {
		struct row *row = find_row(job, recordings_camera(r, items[i].camera));
		items[i].doomed =
			row && !items[i].is_protected && items[i].end_us <= job->cutoff_us;
		if (row && !items[i].doomed)
			count_item(row, &items[i]);
	}
	job->deleted_bytes = recordings_delete(r, &job->deleted);
	if (recordings_space(job->dir, &job->free_bytes, &job->disk_bytes) != 0)
		job->free_bytes = job->disk_bytes = -1;
	recordings_free(r);
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
	json_set_int(j, "count", row->items);
	json_set_int(j, "protected_count", row->kept);
	json_set_real(j, "size_mb", mb(row->bytes));
	set_time(j, "oldest_time", row->oldest_us);
	set_time(j, "newest_time", row->newest_us);
	return j;
}

static struct json *
describe_disk(const struct job *job)
{
	struct json *j = json_new_object();

	json_set_real(j, "free_mb", mb(job->free_bytes));
	json_set_real(j, "total_mb", mb(job->disk_bytes));
	return j;
}

static void
answer_all(struct job *job)
{
	struct json *j = json_new_object();
	struct json *list = json_new_array();
	int64_t bytes = 0;

	for (size_t i = 0; i < job->count; i++) {
		bytes += job->rows[i].bytes;
		json_add(list, describe(&job->rows[i]));
	}
	json_set_real(j, "total_size_mb", mb(bytes));
	if (job->disk_bytes >= 0)
		json_set(j, "disk", describe_disk(job));
	json_set(j, "recordings", list);
	web_reply(job->call, 200, j);
}

static void
answer_one(struct job *job)
{
	if (job->count == 1)
		web_reply(job->call, 200, describe(&job->rows[0]));
	else
		web_fail(job->call, 404, "there is no such camera, and no recording of one");
}

static void
answer_cleanup(struct job *job)
{
	struct json *j = json_new_object();

	if (job->only && job->count == 0) {
		json_free(j);
		web_fail(job->call, 404, "there is no such camera, and no recording of one");
		return;
	}
	json_set_int(j, "deleted_count", (int64_t)job->deleted);
	json_set_real(j, "deleted_size_mb", mb(job->deleted_bytes));
	set_time(j, "cutoff_time", job->cutoff_us);
	log_info("recordings deleted", LOG_STR("camera", job->only ? job->only : "all"),
		LOG_INT("count", job->deleted), LOG_INT("bytes", job->deleted_bytes));
	web_reply(job->call, 200, j);
}

static void
on_done(uv_work_t *request, int status)
{
	struct job *job = request->data;

	if (status < 0)
		web_fail(job->call, 503, "camrelayd is stopping");
	else
		job->answer(job);
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

/* NULL with an answer given. */
static struct job *
make_job(struct web_call *c, void (*answer)(struct job *job))
{
	const struct config_recording *config = supervisor_config(c->supervisor)->recording;

	if (!config) {
		web_fail(c, 404, "nothing is recorded: there is no section [recording]");
		return NULL;
	}
	struct job *job = xcalloc(1, sizeof(*job));
	job->request.data = job;
	job->call = c;
	job->answer = answer;
	job->dir = xstrdup(config->dir);
	job->only = xstrdup(web_value(c, "camera"));
	job->strangers = web_sees(c, job->only);
	job->now_us = clock_wall_us();
	add_cameras(job);
	return job;
}

static void
queue(struct job *job)
{
	uv_queue_work(supervisor_loop(job->call->supervisor), &job->request, on_work, on_done);
}

static void
show_all(struct web_call *c)
{
	struct job *job = make_job(c, answer_all);

	if (job)
		queue(job);
}

static void
show_one(struct web_call *c)
{
	struct job *job = make_job(c, answer_one);

	if (job)
		queue(job);
}

/* Without retention_days it is what max_age deletes anyhow, but now. */
static void
clean_up(struct web_call *c)
{
	const char *days = http_message_parameter(c->message, "retention_days");
	struct job *job = make_job(c, answer_cleanup);

	if (!job)
		return;
	job->cutoff_us = job->now_us -
			 (days ? strtoll(days, NULL, 10) * US_PER_DAY
			       : supervisor_config(c->supervisor)->recording->max_age_ms * 1000);
	if (job->cutoff_us <= 0)
		job->cutoff_us = 1;
	queue(job);
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
