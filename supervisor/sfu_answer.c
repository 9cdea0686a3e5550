/* sfu_answer.c - what Cloudflare's Realtime SFU says, read into structs. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "supervisor/sfu_answer.h"
#include "common/xmalloc.h"
#include "supervisor/words.h"

/* A real answer has about 1,500 bytes; 64 tracks would have 40,000. */
#define SDP_BYTES_MAX 65536

#define ON_NEW (1u << SFU_SESSION_NEW)
#define ON_PULL (1u << SFU_TRACKS_PULL | 1u << SFU_TRACKS_TAKE | 1u << SFU_TRACKS_UPDATE)
#define ON_SESSION                                                                                 \
	(1u << SFU_TRACKS_NEW | ON_PULL | 1u << SFU_RENEGOTIATE | 1u << SFU_TRACKS_CLOSE |         \
		1u << SFU_SESSION_GET)
#define ON_CLOSE (1u << SFU_TRACKS_CLOSE)
#define ON_TRACKS (ON_PULL | 1u << SFU_SESSION_GET)
#define ON_ANY (ON_NEW | ON_SESSION)

/* What a status means, first match wins: with its errorCode (NULL: any) and for which requests. A
 * 404 on a session may mean the app or the session; a new session tells which. */
/* clang-format off */
static const struct {
	int status;
	const char *code;
	unsigned requests;
	enum sfu_error error;
} errors[] = {
	{ .status = 410, .code = NULL,            .requests = ON_CLOSE,   .error = SFU_OK },
	{ .status = 404, .code = NULL,            .requests = ON_CLOSE,   .error = SFU_OK },
	{ .status = 404, .code = NULL,            .requests = ON_SESSION, .error = SFU_GONE },
	{ .status = 400, .code = "session_error", .requests = ON_SESSION, .error = SFU_GONE },
	{ .status = 400, .code = NULL,            .requests = ON_ANY,     .error = SFU_INVALID },
	{ .status = 401, .code = NULL,            .requests = ON_ANY,     .error = SFU_UNAUTHORIZED },
	{ .status = 403, .code = NULL,            .requests = ON_ANY,     .error = SFU_UNAUTHORIZED },
	{ .status = 404, .code = NULL,            .requests = ON_ANY,     .error = SFU_NO_APP },
	{ .status = 406, .code = NULL,            .requests = ON_ANY,     .error = SFU_INVALID },
	{ .status = 410, .code = NULL,            .requests = ON_ANY,     .error = SFU_GONE },
	{ .status = 425, .code = NULL,            .requests = ON_ANY,     .error = SFU_NOT_CONNECTED },
	{ .status = 429, .code = NULL,            .requests = ON_ANY,     .error = SFU_BUSY },
	{ .status = 503, .code = "transport_unavailable_error",
						  .requests = ON_PULL,    .error = SFU_NOT_YET },
};
/* clang-format on */

static const char *const error_names[SFU_ERRORS] = {
	[SFU_OK] = "ok",
	[SFU_UNAUTHORIZED] = "unauthorized",
	[SFU_NO_APP] = "no-app",
	[SFU_INVALID] = "invalid",
	[SFU_GONE] = "gone",
	[SFU_NOT_CONNECTED] = "not-connected",
	[SFU_BUSY] = "busy",
	[SFU_SERVER] = "server-error",
	[SFU_TRACK] = "track-error",
	[SFU_NOT_YET] = "not-yet",
	[SFU_REFUSED] = "refused",
	[SFU_TIMEOUT] = "timeout",
	[SFU_TRANSPORT] = "transport",
	[SFU_MALFORMED] = "malformed",
};

static enum sfu_error
error_of(enum sfu_request request, int status, const char *code)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i].status == status && errors[i].requests & 1u << request &&
			(!errors[i].code || strcmp(code, errors[i].code) == 0))
			return errors[i].error;
	return status >= 500 ? SFU_SERVER : SFU_REFUSED;
}

/* "errorCode: errorDescription" of an answer or of one of its tracks. */
static void
quote(struct sfu_answer *out, const char *whose, const struct json *j)
{
	const char *code = json_str(j, "errorCode");
	const char *description = json_str(j, "errorDescription");
	char words[2][96];

	snprintf(out->words, sizeof(out->words), "%s%s: %s", whose,
		words_copy(words[0], sizeof(words[0]) / 2, code ? code : "no errorCode"),
		words_copy(words[1], sizeof(words[1]), description ? description : ""));
}

static void
parse_error(enum sfu_request request, int status, const struct json *j, struct sfu_answer *out)
{
	const char *code = json_str(j, "errorCode");
	char whose[16];

	out->error = error_of(request, status, code ? code : "");
	snprintf(whose, sizeof(whose), "%d ", status);
	if (out->error != SFU_OK)
		quote(out, whose, j);
}

/* Something in front of the SFU answered. Its 404 and 410 are about no session of ours. */
static void
parse_page(int status, const char *body, size_t len, struct sfu_answer *out)
{
	char words[160];

	if (status == 401 || status == 403)
		out->error = SFU_UNAUTHORIZED;
	else if (status == 429)
		out->error = SFU_BUSY;
	else if (status >= 500)
		out->error = SFU_SERVER;
	else
		out->error = SFU_MALFORMED;
	snprintf(out->words, sizeof(out->words), "%d %s", status,
		words_of_page(words, sizeof(words), status, body, len));
}

static void
malformed(struct sfu_answer *out, const char *why)
{
	out->error = SFU_MALFORMED;
	snprintf(out->words, sizeof(out->words), "%s", why);
}

/* What Cloudflare's own client takes for an id; it becomes part of a URL. */
static bool
take_id(char out[SFU_ID_CHARS_MAX + 1], const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._:-";
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len > SFU_ID_CHARS_MAX || strspn(text, allowed) != len || text[0] == '.')
		return false;
	memcpy(out, text, len + 1);
	return true;
}

static void
parse_session(const struct json *j, struct sfu_answer *out)
{
	if (!take_id(out->session_id, json_str(j, "sessionId")))
		malformed(out, "sessionId is missing or holds what it may not");
}

/* What a pull that comes before the media is told. */
static bool
is_not_yet(enum sfu_request request, const char *code)
{
	return ON_PULL & 1u << request && (strcmp(code, "not_found_track_error") == 0 ||
						  strcmp(code, "empty_track_error") == 0);
}

/* The first track that failed; an item that is closed already is what a close wants. */
static void
find_track_error(enum sfu_request request, const struct json *j, struct sfu_answer *out)
{
	const struct json *tracks = json_get(j, "tracks");
	char whose[64], name[40];

	for (size_t i = 0; i < json_len(tracks); i++) {
		const struct json *t = json_at(tracks, i);
		const char *code = json_str(t, "errorCode");
		const char *of = json_str(t, request == SFU_TRACKS_CLOSE ? "mid" : "trackName");
		if (!code || !*code)
			continue;
		if (request == SFU_TRACKS_CLOSE && strcmp(code, "close_track_error") == 0)
			continue;
		out->error = is_not_yet(request, code) ? SFU_NOT_YET : SFU_TRACK;
		words_copy(name, sizeof(name), of ? of : "?");
		snprintf(whose, sizeof(whose), "track %s: ", name);
		quote(out, whose, t);
		return;
	}
}

static void
parse_sdp(const struct json *j, const char *wanted, struct sfu_answer *out)
{
	const char *sdp = json_str(j, "sessionDescription.sdp");
	const char *type = json_str(j, "sessionDescription.type");
	size_t len = sdp ? strlen(sdp) : 0;

	if (len == 0 || len > SDP_BYTES_MAX || !type || strcmp(type, wanted) != 0) {
		out->error = SFU_MALFORMED;
		snprintf(out->words, sizeof(out->words), "sessionDescription is missing or no %s",
			wanted);
		return;
	}
	out->sdp = xstrdup(sdp);
}

static void
parse_tracks(const struct json *j, struct sfu_answer *out)
{
	const struct json *tracks = json_get(j, "tracks");

	for (size_t i = 0; i < json_len(tracks) && out->track_count < SFU_TRACKS_MAX; i++) {
		const struct json *t = json_at(tracks, i);
		const char *status = json_str(t, "status");
		struct sfu_track *to = &out->tracks[out->track_count];
		to->active = status && strcmp(status, "active") == 0;
		if (take_id(to->mid, json_str(t, "mid")) &&
			take_id(to->name, json_str(t, "trackName")))
			out->track_count++;
	}
}

static void
parse_success(enum sfu_request request, const struct json *j, struct sfu_answer *out)
{
	const char *code = json_str(j, "errorCode");

	if (code && *code) {
		out->error = SFU_REFUSED;
		quote(out, "", j);
		return;
	}
	find_track_error(request, j, out);
	if (ON_TRACKS & 1u << request)
		parse_tracks(j, out);
	if (out->error != SFU_OK)
		return;
	if (request == SFU_SESSION_NEW)
		parse_session(j, out);
	else if (request == SFU_TRACKS_PULL)
		parse_sdp(j, "offer", out);
	else if (request == SFU_TRACKS_NEW || request == SFU_TRACKS_TAKE)
		parse_sdp(j, "answer", out);
}

void
sfu_answer_parse(
	enum sfu_request request, int status, const char *body, size_t len, struct sfu_answer *out)
{
	char why[128];
	struct json *j = json_parse(body, len, why, sizeof(why));

	*out = (struct sfu_answer){ .error = SFU_OK, .retry_after_ms = -1 };
	if (!json_is_object(j))
		parse_page(status, body, len, out);
	else if (status >= 200 && status < 300)
		parse_success(request, j, out);
	else
		parse_error(request, status, j, out);
	json_free(j);
}

void
sfu_answer_clear(struct sfu_answer *a)
{
	free(a->sdp);
	*a = (struct sfu_answer){ .retry_after_ms = -1 };
}

const char *
sfu_error_name(enum sfu_error error)
{
	return error_names[error];
}
