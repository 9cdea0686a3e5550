/* sdm_answer.c - what Google's Smart Device Management API says, read into structs. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/wipe.h"
#include "common/xmalloc.h"
#include "supervisor/naming.h"
#include "supervisor/sdm_answer.h"
#include "supervisor/timestamp.h"
#include "supervisor/words.h"

/* Our clock agrees with Google's if its Date, which is cut to seconds, is no further off. */
#define CLOCK_SKEW_US 2000000
/* More cameras than any project has; bounds what a broken answer makes us allocate. */
#define DEVICES_MAX 1000
/* What people call a camera, cut. */
#define NAME_BYTES_MAX 100
/* A device's id in the configuration is a SET_TOKEN of that many bytes (config.c). */
#define ID_BYTES_MAX 256
/* Nest's URLs have about 1,000 characters, its tokens about 700. */
#define TEXT_BYTES_MAX 8192

#define ON_GENERATE (1u << SDM_GENERATE)
#define ON_EXTEND (1u << SDM_EXTEND)
#define ON_STOP (1u << SDM_STOP)
#define ON_ANY (ON_GENERATE | ON_EXTEND | ON_STOP | 1u << SDM_LIST)

/* What an error means, first match wins: the HTTP status, a piece of error.message (NULL: any), and
 * the commands. gRPC's status word would do as well as the number, but front ends answer without.
 * An Extend that fails for any other reason of its own means that the stream is gone. */
/* clang-format off */
static const struct {
	int status;
	const char *words;
	unsigned commands;
	enum sdm_error error;
} errors[] = {
	{ .status = 400, .words = "not available for streaming", .commands = ON_ANY,      .error = SDM_CAMERA_OFF },
	{ .status = 400, .words = "not supporting RTSP",         .commands = ON_ANY,      .error = SDM_NOT_RTSP },
	{ .status = 400, .words = "ommand not supported",        .commands = ON_ANY,      .error = SDM_NOT_RTSP },
	{ .status = 400, .words = NULL,                          .commands = ON_EXTEND,   .error = SDM_SESSION_LOST },
	{ .status = 400, .words = NULL,                          .commands = ON_STOP,     .error = SDM_SESSION_LOST },
	{ .status = 401, .words = NULL,                          .commands = ON_ANY,      .error = SDM_UNAUTHENTICATED },
	{ .status = 403, .words = NULL,                          .commands = ON_ANY,      .error = SDM_PERMISSION_DENIED },
	{ .status = 404, .words = "evice ",                      .commands = ON_ANY,      .error = SDM_NOT_FOUND },
	{ .status = 404, .words = "nterprise ",                  .commands = ON_ANY,      .error = SDM_NOT_FOUND },
	{ .status = 404, .words = NULL,                          .commands = ON_EXTEND,   .error = SDM_SESSION_LOST },
	{ .status = 404, .words = NULL,                          .commands = ON_STOP,     .error = SDM_SESSION_LOST },
	{ .status = 404, .words = NULL,                          .commands = ON_ANY,      .error = SDM_NOT_FOUND },
	/* A front end that did not wait for the API, and CANCELLED: neither is about the stream. */
	{ .status = 408, .words = NULL,                          .commands = ON_ANY,      .error = SDM_SERVER },
	{ .status = 409, .words = NULL,                          .commands = ON_ANY,      .error = SDM_CONFLICT },
	{ .status = 429, .words = NULL,                          .commands = ON_ANY,      .error = SDM_RATE_LIMITED },
	{ .status = 499, .words = NULL,                          .commands = ON_ANY,      .error = SDM_SERVER },
};

/* "Rate limited for the ExecuteDeviceCommand API for the user.", "... for the GenerateRtspStream
 * command for the user.", "... for the Camera." (docs/sources.md, Google: limits). What is not known to
 * be about one camera is about all. */
static const struct {
	const char *words;
	enum sdm_bucket bucket;
} buckets[] = {
	{ .words = "ExecuteDeviceCommand", .bucket = SDM_BUCKET_USER },
	{ .words = "RtspStream ",          .bucket = SDM_BUCKET_COMMAND },
	{ .words = "WebRtcStream ",        .bucket = SDM_BUCKET_COMMAND },
	{ .words = "for the Camera.",      .bucket = SDM_BUCKET_DEVICE },
	{ .words = "for the Doorbell.",    .bucket = SDM_BUCKET_DEVICE },
	{ .words = "for the Display.",     .bucket = SDM_BUCKET_DEVICE },
	{ .words = "for the Thermostat.",  .bucket = SDM_BUCKET_DEVICE },
};
/* clang-format on */

static const char *const error_names[SDM_ERRORS] = {
	[SDM_OK] = "ok",
	[SDM_RATE_LIMITED] = "rate-limited",
	[SDM_CAMERA_OFF] = "camera-off",
	[SDM_SESSION_LOST] = "session-lost",
	[SDM_NOT_RTSP] = "not-rtsp",
	[SDM_UNAUTHENTICATED] = "unauthenticated",
	[SDM_NOT_AUTHORIZED] = "not-authorized",
	[SDM_PERMISSION_DENIED] = "permission-denied",
	[SDM_NOT_FOUND] = "not-found",
	[SDM_CONFLICT] = "conflict",
	[SDM_REFUSED] = "refused",
	[SDM_SERVER] = "server-error",
	[SDM_TIMEOUT] = "timeout",
	[SDM_TRANSPORT] = "transport",
	[SDM_MALFORMED] = "malformed",
};

static const char *const bucket_names[] = {
	[SDM_BUCKET_UNKNOWN] = "unknown",
	[SDM_BUCKET_USER] = "user",
	[SDM_BUCKET_COMMAND] = "command",
	[SDM_BUCKET_DEVICE] = "device",
	[SDM_BUCKET_LIST] = "list",
};

/* ---- errors ---------------------------------------------------------------------------------- */

static enum sdm_error
error_of(enum sdm_command command, int status, const char *message)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i].status == status && errors[i].commands & 1u << command &&
			(!errors[i].words || strstr(message, errors[i].words)))
			return errors[i].error;
	return status >= 500 ? SDM_SERVER : SDM_REFUSED;
}

static enum sdm_bucket
bucket_of(enum sdm_command command, const char *message)
{
	if (command == SDM_LIST)
		return SDM_BUCKET_LIST;
	for (size_t i = 0; i < sizeof(buckets) / sizeof(*buckets); i++)
		if (strstr(message, buckets[i].words))
			return buckets[i].bucket;
	return SDM_BUCKET_UNKNOWN;
}

/* A page instead of JSON comes from something in front of the API. Its number says when to try
 * again, but nothing about devices and streams: a 404 of a front end must not end a living stream.
 */
static void
parse_page(
	enum sdm_command command, int status, const char *body, size_t len, struct sdm_answer *out)
{
	char words[160];

	if (status == 401)
		out->error = SDM_UNAUTHENTICATED;
	else if (status == 429)
		out->error = SDM_RATE_LIMITED;
	else if (status >= 500 || status == 408)
		out->error = SDM_SERVER;
	else
		out->error = SDM_MALFORMED;
	out->bucket = bucket_of(command, "");
	snprintf(out->words, sizeof(out->words), "%d %s", status,
		words_of_page(words, sizeof(words), status, body, len));
}

static void
parse_error(enum sdm_command command, int status, const struct json *j, struct sdm_answer *out)
{
	const char *message = json_str(j, "error.message");
	const char *status_word = json_str(j, "error.status");
	char words[160], code[33];

	out->error = error_of(command, status, message ? message : "");
	out->bucket = bucket_of(command, message ? message : "");
	words_copy(words, sizeof(words), message ? message : "no message");
	words_copy(code, sizeof(code), status_word ? status_word : "");
	if (*code)
		snprintf(out->words, sizeof(out->words), "%s: %s", code, words);
	else
		snprintf(out->words, sizeof(out->words), "%d: %s", status, words);
}

/* ---- streams --------------------------------------------------------------------------------- */

static void
name_missing(struct sdm_answer *out, const struct json *j, const char *path)
{
	if (json_str(j, path))
		snprintf(out->words, sizeof(out->words), "%s holds what it may not", path);
	else
		json_why_not(j, path, "string", out->words, sizeof(out->words));
}

static void
malformed(struct sdm_answer *out, const struct json *j, const char *path)
{
	sdm_answer_clear(out);
	out->error = SDM_MALFORMED;
	name_missing(out, j, path);
}

/* What goes into URLs and requests of ours: printable ASCII without blanks. */
static char *
take(const struct json *j, const char *path)
{
	const char *text = json_str(j, path);
	size_t len = text ? strlen(text) : 0;

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return NULL;
	return len > 0 && len <= TEXT_BYTES_MAX ? xstrdup(text) : NULL;
}

static ms_t
life_ms(int64_t expires_at_us, int64_t date_us, int64_t wall_us)
{
	int64_t off_us = date_us - wall_us;
	bool ours_will_do = date_us == 0 || (off_us < CLOCK_SKEW_US && off_us > -CLOCK_SKEW_US);

	/* Up to a second has passed that a Date does not show. */
	return (expires_at_us - (ours_will_do ? wall_us : date_us + 1000000)) / 1000;
}

static void
parse_stream(enum sdm_command command, const struct json *j, int64_t date_us, int64_t wall_us,
	struct sdm_answer *out)
{
	static const char url[] = "results.streamUrls.rtspUrl";
	static const char token[] = "results.streamToken";
	static const char extension[] = "results.streamExtensionToken";
	static const char expires[] = "results.expiresAt";
	struct sdm_stream *s = &out->stream;

	s->stream_token = take(j, token);
	s->extension_token = take(j, extension);
	s->rtsp_url = command == SDM_GENERATE ? take(j, url) : NULL;
	bool dated = timestamp_rfc3339(json_str(j, expires), &s->expires_at_us) == 0;
	if (dated)
		s->life_ms = life_ms(s->expires_at_us, date_us, wall_us);
	const char *missing = !s->extension_token ? extension : !dated ? expires : NULL;
	/* Either of them shows that it was extended. */
	if (missing && command == SDM_EXTEND && (s->extension_token || dated))
		name_missing(out, j, missing);
	else if (missing)
		malformed(out, j, missing);
	else if (command == SDM_GENERATE && !s->rtsp_url)
		malformed(out, j, url);
	else if (command == SDM_GENERATE && !s->stream_token)
		malformed(out, j, token);
}

/* ---- devices --------------------------------------------------------------------------------- */

static bool
speaks(const struct json *protocols, const char *name)
{
	for (size_t i = 0; i < json_len(protocols); i++) {
		const char *p = json_str(json_at(protocols, i), "");
		if (p && strcmp(p, name) == 0)
			return true;
	}
	return false;
}

/* Keys of traits hold dots, which json_get takes for steps. */
struct trait {
	const char *name;
	const struct json *value;
};

static void
match_trait(const char *key, struct json *value, void *arg)
{
	struct trait *t = arg;

	if (strcmp(key, t->name) == 0)
		t->value = value;
}

static const struct json *
trait(const struct json *device, const char *name)
{
	struct trait t = { .name = name };

	json_each(json_get(device, "traits"), match_trait, &t);
	return t.value;
}

/* An id that could not stand in the configuration is of no use to anybody. */
static bool
is_id(const char *text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(text);

	return len > 0 && len <= ID_BYTES_MAX && strspn(text, plain) == len;
}

static bool
parse_device(const struct json *j, struct sdm_device *out)
{
	const char *name = json_str(j, "name");
	const char *slash = name ? strrchr(name, '/') : NULL;
	const char *type = json_str(j, "type");
	const char *custom = json_str(trait(j, "sdm.devices.traits.Info"), "customName");
	const char *room = json_str(json_at(json_get(j, "parentRelations"), 0), "displayName");
	const struct json *live = trait(j, "sdm.devices.traits.CameraLiveStream");
	const struct json *protocols = json_get(live, "supportedProtocols");
	char label[NAME_BYTES_MAX];

	if (!slash || !is_id(slash + 1))
		return false;
	naming_clean(label, sizeof(label), custom ? custom : "");
	if (!*label)
		naming_clean(label, sizeof(label), room ? room : "");
	*out = (struct sdm_device){
		.id = xstrdup(slash + 1),
		.name = xstrdup(label),
		.type = xstrdup(type ? type : ""),
		.rtsp = live && (!protocols || speaks(protocols, "RTSP")),
		.webrtc = speaks(protocols, "WEB_RTC"),
	};
	return true;
}

static void
parse_devices(const struct json *j, struct sdm_answer *out)
{
	/* No devices, no key. */
	const struct json *list = json_get(j, "devices");
	size_t n = json_len(list);

	if (list && !json_is_array(list)) {
		out->error = SDM_MALFORMED;
		json_why_not(j, "devices", "array", out->words, sizeof(out->words));
		return;
	}
	if (n > DEVICES_MAX)
		n = DEVICES_MAX;
	out->devices = xcalloc(n + 1, sizeof(*out->devices));
	for (size_t i = 0; i < n; i++)
		if (parse_device(json_at(list, i), &out->devices[out->device_count]))
			out->device_count++;
}

/* ---- the whole ------------------------------------------------------------------------------- */

void
sdm_answer_parse(enum sdm_command command, int status, const char *body, size_t len,
	int64_t date_us, int64_t wall_us, struct sdm_answer *out)
{
	char why[128];

	*out = (struct sdm_answer){ .error = SDM_OK, .retry_after_ms = -1 };
	/* It has nothing to say. */
	if (command == SDM_STOP && status / 100 == 2)
		return;
	struct json *j = json_parse(body, len, why, sizeof(why));
	if (!json_is_object(j) || (status != 200 && !json_is_object(json_get(j, "error"))))
		parse_page(command, status, body, len, out);
	else if (status != 200)
		parse_error(command, status, j, out);
	else if (command == SDM_LIST)
		parse_devices(j, out);
	else
		parse_stream(command, j, date_us, wall_us, out);
	json_free(j);
}

void
sdm_stream_clear(struct sdm_stream *s)
{
	wipe_free(s->rtsp_url);
	wipe_free(s->stream_token);
	wipe_free(s->extension_token);
	*s = (struct sdm_stream){ 0 };
}

void
sdm_answer_clear(struct sdm_answer *a)
{
	sdm_stream_clear(&a->stream);
	for (size_t i = 0; i < a->device_count; i++) {
		free(a->devices[i].id);
		free(a->devices[i].name);
		free(a->devices[i].type);
	}
	free(a->devices);
	*a = (struct sdm_answer){ .retry_after_ms = -1 };
}

char *
sdm_url_with_token(const char *url, const char *token)
{
	return xasprintf("%.*s?auth=%s", (int)strcspn(url, "?#"), url, token);
}

const char *
sdm_error_name(enum sdm_error error)
{
	return error_names[error];
}

const char *
sdm_bucket_name(enum sdm_bucket bucket)
{
	return bucket_names[bucket];
}
