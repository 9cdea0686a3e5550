/* sfu.c - sessions and tracks of one Cloudflare Realtime app: its URLs and requests.
 * Owns the app's secret and the calls in flight. Loop thread. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/err.h"
#include "common/json.h"
#include "supervisor/sfu.h"
#include "common/xmalloc.h"

struct sfu_call {
	struct http_call *http;
	enum sfu_request request;
	sfu_done *done;
	void *arg;
	LIST_ENTRY(sfu_call) link;
};

struct sfu {
	struct http_client *http; /* lent */
	char *app_url;            /* "<api_url>/apps/<app>" */
	char *ca_file;
	struct secret *secret; /* owned */
	ms_t timeout_ms;
	LIST_HEAD(, sfu_call) calls; /* owned */
};

/* path is below /sessions/, with the session's id in front where there is one. */
static const struct {
	const char *method;
	const char *path;
} requests[] = {
	[SFU_SESSION_NEW] = { .method = "POST", .path = "new" },
	[SFU_TRACKS_NEW] = { .method = "POST", .path = "/tracks/new" },
	[SFU_TRACKS_PULL] = { .method = "POST", .path = "/tracks/new" },
	[SFU_TRACKS_TAKE] = { .method = "POST", .path = "/tracks/new" },
	[SFU_RENEGOTIATE] = { .method = "PUT", .path = "/renegotiate" },
	[SFU_TRACKS_UPDATE] = { .method = "PUT", .path = "/tracks/update" },
	[SFU_TRACKS_CLOSE] = { .method = "PUT", .path = "/tracks/close" },
	[SFU_SESSION_GET] = { .method = "GET", .path = "" },
};

static void
call_free(struct sfu_call *call)
{
	LIST_REMOVE(call, link);
	free(call);
}

static void
on_answer(const struct http_answer *a, void *arg)
{
	struct sfu_call *call = arg;
	struct sfu_answer answer = { 0 };
	sfu_done *done = call->done;
	void *done_arg = call->arg;

	if (a->err == 0) {
		sfu_answer_parse(call->request, a->status, a->body, a->body_len, &answer);
	} else {
		answer.error = a->err == ERR_TIMEOUT ? SFU_TIMEOUT : SFU_TRANSPORT;
		snprintf(answer.words, sizeof(answer.words), "%s: %s", err_text(a->err), a->why);
	}
	answer.retry_after_ms = a->retry_after_ms;
	answer.sent = a->sent;
	call_free(call);
	done(&answer, done_arg);
	sfu_answer_clear(&answer);
}

/* Frees body. */
static struct sfu_call *
start(struct sfu *s, enum sfu_request request, const char *session, struct json *body,
	sfu_done *done, void *arg)
{
	struct sfu_call *call = xcalloc(1, sizeof(*call));
	char *text = body ? json_text(body, false) : NULL;
	char *url = xasprintf("%s/sessions/%s%s", s->app_url, session, requests[request].path);

	struct http_request r = {
		.method = requests[request].method,
		.url = url,
		.bearer = secret_text(s->secret),
		.content_type = text ? "application/json" : NULL,
		.body = text,
		.body_len = text ? strlen(text) : 0,
		.ca_file = s->ca_file,
		.timeout_ms = s->timeout_ms,
	};
	*call = (struct sfu_call){ .request = request, .done = done, .arg = arg };
	call->http = http_client_start(s->http, &r, on_answer, call);
	LIST_INSERT_HEAD(&s->calls, call, link);
	free(url);
	free(text);
	json_free(body);
	return call;
}

struct sfu_call *
sfu_session_new(struct sfu *s, sfu_done *done, void *arg)
{
	return start(s, SFU_SESSION_NEW, "", NULL, done, arg);
}

struct sfu_call *
sfu_session_get(struct sfu *s, const char *session, sfu_done *done, void *arg)
{
	return start(s, SFU_SESSION_GET, session, NULL, done, arg);
}

static void
set_description(struct json *body, const char *type, const char *sdp)
{
	struct json *description = json_new_object();

	json_set_str(description, "type", type);
	json_set_str(description, "sdp", sdp);
	json_set(body, "sessionDescription", description);
}

struct sfu_call *
sfu_tracks_new(struct sfu *s, const char *session, const char *offer,
	const struct sfu_track *tracks, size_t count, sfu_done *done, void *arg)
{
	struct json *body = json_new_object();
	struct json *list = json_new_array();

	set_description(body, "offer", offer);
	for (size_t i = 0; i < count; i++) {
		struct json *track = json_new_object();
		json_set_str(track, "location", "local");
		json_set_str(track, "mid", tracks[i].mid);
		json_set_str(track, "trackName", tracks[i].name);
		json_add(list, track);
	}
	json_set(body, "tracks", list);
	return start(s, SFU_TRACKS_NEW, session, body, done, arg);
}

/* A publisher's tracks by their names; with_mids: for the m-sections that those tell. */
static struct json *
remote_tracks(const char *publisher, const struct sfu_track *tracks, size_t count, bool with_mids)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < count; i++) {
		struct json *track = json_new_object();
		json_set_str(track, "location", "remote");
		json_set_str(track, "sessionId", publisher);
		json_set_str(track, "trackName", tracks[i].name);
		if (with_mids)
			json_set_str(track, "mid", tracks[i].mid);
		json_add(list, track);
	}
	return list;
}

struct sfu_call *
sfu_tracks_pull(struct sfu *s, const char *session, const char *offer, const char *publisher,
	const struct sfu_track *tracks, size_t count, sfu_done *done, void *arg)
{
	struct json *body = json_new_object();

	if (offer)
		set_description(body, "offer", offer);
	json_set(body, "tracks", remote_tracks(publisher, tracks, count, false));
	return start(s, offer ? SFU_TRACKS_TAKE : SFU_TRACKS_PULL, session, body, done, arg);
}

struct sfu_call *
sfu_tracks_update(struct sfu *s, const char *session, const char *publisher,
	const struct sfu_track *tracks, size_t count, sfu_done *done, void *arg)
{
	struct json *body = json_new_object();

	json_set(body, "tracks", remote_tracks(publisher, tracks, count, true));
	return start(s, SFU_TRACKS_UPDATE, session, body, done, arg);
}

struct sfu_call *
sfu_renegotiate(struct sfu *s, const char *session, const char *answer, sfu_done *done, void *arg)
{
	struct json *body = json_new_object();

	set_description(body, "answer", answer);
	return start(s, SFU_RENEGOTIATE, session, body, done, arg);
}

struct sfu_call *
sfu_tracks_close(struct sfu *s, const char *session, const struct sfu_track *tracks, size_t count,
	sfu_done *done, void *arg)
{
	struct json *body = json_new_object();
	struct json *list = json_new_array();

	for (size_t i = 0; i < count; i++) {
		struct json *track = json_new_object();
		json_set_str(track, "mid", tracks[i].mid);
		json_add(list, track);
	}
	json_set(body, "tracks", list);
	json_set_bool(body, "force", true);
	return start(s, SFU_TRACKS_CLOSE, session, body, done, arg);
}

void
sfu_cancel(struct sfu_call *call)
{
	http_client_cancel(call->http);
	call_free(call);
}

struct sfu *
sfu_new(struct http_client *http, const struct sfu_settings *settings)
{
	struct sfu *s = xcalloc(1, sizeof(*s));

	s->app_url = xasprintf("%s/apps/%s", settings->api_url, settings->app_id);
	s->http = http;
	s->ca_file = xstrdup(settings->ca_file);
	s->secret = settings->app_secret;
	s->timeout_ms = settings->timeout_ms ? settings->timeout_ms : SFU_TIMEOUT_MS;
	return s;
}

bool
sfu_set_secret(struct sfu *s, struct secret *app_secret)
{
	bool same = strcmp(secret_text(s->secret), secret_text(app_secret)) == 0;

	secret_free(same ? app_secret : s->secret);
	if (!same)
		s->secret = app_secret;
	return !same;
}

void
sfu_free(struct sfu *s)
{
	if (!s)
		return;
	while (!LIST_EMPTY(&s->calls))
		sfu_cancel(LIST_FIRST(&s->calls));
	secret_free(s->secret);
	free(s->app_url);
	free(s->ca_file);
	free(s);
}
