/* web_playback.c - recordings by HTTP, to be looked at: what there is by days and hours, the files
 * that players want, and MP4 files to be kept. Owns one job per request, whose disk part a thread
 * of libuv's pool does. Loop thread; work: a thread of the pool. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/value.h"
#include "common/xmalloc.h"
#include "proto/hour.h"
#include "supervisor/cameras.h"
#include "supervisor/config.h"
#include "supervisor/config_recording.h"
#include "supervisor/http_exchange.h"
#include "supervisor/recording_day.h"
#include "supervisor/web.h"
#include "supervisor/web_routes.h"
#include "supervisor/web_schema.h"

#define ROOT "/v2/recordings"

struct job {
	uv_work_t request;
	struct web_call *call;
	bool configured; /* the camera, as it was asked: there may be no supervisor at the end */
	void (*work)(struct job *job);
	void (*answer)(struct job *job);
	char *path; /* of the camera's folder, or an hour's */
	char *day;
	struct recording_day *days;
	size_t day_count;
	struct recording_hours hours;
	int part;
	struct recording_file *files; /* owned */
	size_t file_count;
};

static void
on_work(uv_work_t *request)
{
	struct job *job = request->data;

	job->work(job);
}

static void
on_done(uv_work_t *request, int status)
{
	struct job *job = request->data;

	if (status < 0)
		web_fail(job->call, 503, "camrelayd is stopping");
	else
		job->answer(job);
	recording_hours_clear(&job->hours);
	free(job->days);
	free(job->files);
	free(job->path);
	free(job->day);
	free(job);
}

static void
queue(struct web_call *c, char *path, struct job with)
{
	struct job *job = xmalloc(sizeof(*job));

	*job = with;
	job->request.data = job;
	job->call = c;
	job->configured =
		cameras_find(supervisor_cameras(c->supervisor), web_value(c, "camera")) >= 0;
	job->path = path;
	uv_queue_work(supervisor_loop(c->supervisor), &job->request, on_work, on_done);
}

/* ---- which folder ---------------------------------------------------------------------------- */

/* Whether the call names what can be one. */
static bool
names_hour(const struct web_call *c)
{
	char text[64];

	int n = snprintf(text, sizeof(text), "%s/%s", web_value(c, "day"), web_value(c, "hour"));
	return n == HOUR_NAME_BYTES - 1 && hour_parse(text) >= 0;
}

static bool
names_day(const struct web_call *c)
{
	char text[64];

	int n = snprintf(text, sizeof(text), "%s/00", web_value(c, "day"));
	return n == HOUR_NAME_BYTES - 1 && hour_parse(text) >= 0;
}

/* The camera's folder, to be freed; NULL with an answer given. */
static char *
camera_folder(struct web_call *c)
{
	const struct config_recording *config = supervisor_config(c->supervisor)->recording;
	const char *camera = web_value(c, "camera");

	if (!config) {
		web_fail(c, 404, "nothing is recorded: there is no section [recording]");
		return NULL;
	}
	if (!value_is_name(camera)) {
		web_fail(c, 404, "there is no such camera, and no recording of one");
		return NULL;
	}
	return xasprintf("%s/%s", config->dir, camera);
}

static char *
hour_folder(struct web_call *c)
{
	if (!names_hour(c)) {
		web_fail(c, 404, "that is no hour: they are like 2026-11-21/06, in UTC");
		return NULL;
	}
	char *camera = camera_folder(c);
	if (!camera)
		return NULL;
	char *path = xasprintf("%s/%s/%s", camera, web_value(c, "day"), web_value(c, "hour"));
	free(camera);
	return path;
}

/* A camera of which there is nothing is one only if it is configured. Else answers. */
static bool
is_known(const struct job *job, bool recorded)
{
	if (recorded || job->configured)
		return true;
	web_fail(job->call, 404, "there is no such camera, and no recording of one");
	return false;
}

/* ---- days ------------------------------------------------------------------------------------ */

static void
find_days(struct job *job)
{
	job->days = recording_days(job->path, &job->day_count);
}

static void
answer_days(struct job *job)
{
	if (!is_known(job, job->day_count > 0))
		return;
	struct json *j = json_new_object();
	struct json *list = json_new_array();

	for (size_t i = 0; i < job->day_count; i++) {
		struct json *day = json_new_object();
		json_set_str(day, "day", job->days[i].name);
		json_set_int(day, "hours", job->days[i].hours);
		json_set_int(day, "protected_hours", job->days[i].protected_hours);
		json_add(list, day);
	}
	json_set_str(j, "camera", web_value(job->call, "camera"));
	json_set(j, "days", list);
	web_reply(job->call, 200, j);
}

static void
list_days(struct web_call *c)
{
	char *path = camera_folder(c);

	if (path)
		queue(c, path, (struct job){ .work = find_days, .answer = answer_days });
}

/* ---- one day --------------------------------------------------------------------------------- */

static void
find_hours(struct job *job)
{
	recording_hours_read(job->path, job->day, &job->hours);
}

static struct json *
describe_spans(const struct recording_hours *h)
{
	struct json *list = json_new_array();
	char time[CLOCK_TEXT_BYTES];

	for (size_t i = 0; i < h->span_count; i++) {
		struct json *span = json_new_object();
		json_set_str(span, "start", clock_text(h->spans[i].start_us, time));
		json_set_str(span, "end", clock_text(h->spans[i].end_us, time));
		json_add(list, span);
	}
	return list;
}

static struct json *
describe_hour(const struct job *job, const struct recording_hour *hour)
{
	struct json *j = json_new_object();
	struct json *downloads = json_new_array();
	char path[256];

	int n = snprintf(path, sizeof(path), ROOT "/%s/%s/%s/", web_value(job->call, "camera"),
		job->day, hour->name);
	for (int i = 0; i < hour->parts; i++) {
		snprintf(path + n, sizeof(path) - (size_t)n, "part-%d.mp4", i);
		json_add_str(downloads, path);
	}
	snprintf(path + n, sizeof(path) - (size_t)n, HOUR_PLAYLIST);
	json_set_str(j, "hour", hour->name);
	json_set_real(j, "size_mb", (double)hour->bytes / 1e6);
	json_set_bool(j, "protected", hour->is_protected);
	json_set_bool(j, "ended", hour->ended);
	json_set_str(j, "playlist", path);
	json_set(j, "downloads", downloads);
	return j;
}

static void
answer_hours(struct job *job)
{
	if (!is_known(job, job->hours.hour_count > 0))
		return;
	struct json *j = json_new_object();
	struct json *list = json_new_array();

	for (size_t i = 0; i < job->hours.hour_count; i++)
		json_add(list, describe_hour(job, &job->hours.hours[i]));
	json_set_str(j, "camera", web_value(job->call, "camera"));
	json_set_str(j, "day", job->day);
	json_set(j, "spans", describe_spans(&job->hours));
	json_set(j, "hours", list);
	web_reply(job->call, 200, j);
}

static void
list_hours(struct web_call *c)
{
	if (!names_day(c)) {
		web_fail(c, 404, "that is no day: they are like 2026-11-21, of UTC");
		return;
	}
	char *path = camera_folder(c);
	if (path)
		queue(c, path,
			(struct job){ .day = xstrdup(web_value(c, "day")),
				.work = find_hours,
				.answer = answer_hours });
}

/* ---- files ----------------------------------------------------------------------------------- */

static void
find_part(struct job *job)
{
	job->files = recording_part(job->path, job->part, &job->file_count);
}

static void
answer_part(struct job *job)
{
	struct web_call *c = job->call;
	char disposition[256];

	if (!job->files) {
		web_fail(c, 404, "there is no such part of that hour");
		return;
	}
	struct http_part *parts = xcalloc(job->file_count, sizeof(*parts));
	for (size_t i = 0; i < job->file_count; i++)
		parts[i] = (struct http_part){ .path = job->files[i].path,
			.bytes = job->files[i].bytes,
			.written_ns = job->files[i].written_ns };
	snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s-%sT%s-%d.mp4\"",
		web_value(c, "camera"), web_value(c, "day"), web_value(c, "hour"), job->part);
	web_files(c, parts, job->file_count, "video/mp4", disposition);
	free(parts);
}

/* "part-3.mp4": 3; -1 if name is none. */
static int
parse_part(const char *name)
{
	int part, end = 0;

	if (sscanf(name, "part-%4d.mp4%n", &part, &end) != 1 || end == 0 || name[end] || part < 0)
		return -1;
	return part;
}

static const char *
type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (dot && strcmp(dot, ".m3u8") == 0)
		return "application/vnd.apple.mpegurl"; /* RFC 8216 4 */
	return dot && strcmp(dot, HOUR_SEGMENT) == 0 ? "video/iso.segment" : "video/mp4";
}

static void
send_file(struct web_call *c)
{
	const char *name = web_value(c, "file");
	int part = parse_part(name);

	if (part < 0 && !recording_is_file(name)) {
		web_fail(c, 404, "a recording has no such file");
		return;
	}
	char *folder = hour_folder(c);
	if (!folder)
		return;
	if (part >= 0) {
		queue(c, folder,
			(struct job){ .part = part, .work = find_part, .answer = answer_part });
		return;
	}
	char *path = xasprintf("%s/%s", folder, name);
	web_file(c, path, type_of(name));
	free(path);
	free(folder);
}

/* clang-format off */
const struct http_route web_playback_routes[] = {
	{ .pattern = ROOT "/{camera}", .role = TOKEN_VIEW, .handle = list_days,
	  .summary = "The days of which there is a recording", .response = &web_schema_recording_days },
	{ .pattern = ROOT "/{camera}/{day}", .role = TOKEN_VIEW, .handle = list_hours,
	  .summary = "What there is of a day of UTC, with its gaps", .response = &web_schema_recording_day },
	{ .pattern = ROOT "/{camera}/{day}/{hour}/{file}", .role = TOKEN_VIEW, .handle = send_file,
	  .summary = "An HLS playlist, what it names, or a whole part-N.mp4", .type = "*/*" },
	{ .pattern = NULL },
};
/* clang-format on */
