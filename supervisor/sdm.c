/* sdm.c - Google's Smart Device Management API for one project and user: its URLs and requests.
 * Owns the calls in flight. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/err.h"
#include "common/json.h"
#include "supervisor/sdm.h"
#include "common/xmalloc.h"

#define COMMAND_PREFIX "sdm.devices.commands.CameraLiveStream."

struct sdm_call {
	struct sdm *sdm;
	struct http_call *http;
	enum sdm_command command;
	char *device; /* "": of none */
	char *bearer; /* what it was sent with: a 401 is about this token and no newer one */
	sdm_done *done;
	void *arg;
	LIST_ENTRY(sdm_call) link;
};

struct sdm {
	struct http_client *http; /* lent */
	struct oauth *oauth;      /* lent */
	char *project_url;        /* "<api_url>/enterprises/<project>" */
	char *ca_file;
	ms_t timeout_ms;
	LIST_HEAD(, sdm_call) calls; /* owned */
};

static const char *const command_names[] = {
	[SDM_GENERATE] = COMMAND_PREFIX "GenerateRtspStream",
	[SDM_EXTEND] = COMMAND_PREFIX "ExtendRtspStream",
	[SDM_STOP] = COMMAND_PREFIX "StopRtspStream",
};

static void
call_free(struct sdm_call *call)
{
	LIST_REMOVE(call, link);
	explicit_bzero(call->bearer, strlen(call->bearer));
	free(call->bearer);
	free(call->device);
	free(call);
}

static void
fill_from_error(struct sdm_answer *out, const struct http_answer *a)
{
	*out = (struct sdm_answer){ .retry_after_ms = -1 };
	out->error = a->err == ERR_TIMEOUT ? SDM_TIMEOUT : SDM_TRANSPORT;
	snprintf(out->words, sizeof(out->words), "%s: %s", err_text(a->err), a->why);
}

static void
on_answer(const struct http_answer *a, void *arg)
{
	struct sdm_call *call = arg;
	struct sdm_answer answer;

	if (a->err == 0)
		sdm_answer_parse(call->command, a->status, a->body, a->body_len, a->date_us,
			clock_wall_us(), &answer);
	else
		fill_from_error(&answer, a);
	answer.retry_after_ms = a->retry_after_ms;
	answer.sent = a->sent;
	if (answer.error == SDM_OK)
		oauth_accept(call->sdm->oauth, call->bearer);
	if (answer.error == SDM_UNAUTHENTICATED &&
		!oauth_reject(call->sdm->oauth, call->bearer, call->device))
		answer.error = SDM_NOT_AUTHORIZED;
	sdm_done *done = call->done;
	void *done_arg = call->arg;
	call_free(call);
	done(&answer, done_arg);
	sdm_answer_clear(&answer);
}

static struct sdm_call *
start(struct sdm *s, enum sdm_command command, const char *device, struct http_request *request,
	sdm_done *done, void *arg)
{
	struct sdm_call *call = xcalloc(1, sizeof(*call));

	*call = (struct sdm_call){ .sdm = s, .command = command, .done = done, .arg = arg };
	call->device = xstrdup(device);
	call->bearer = xstrdup(request->bearer);
	request->ca_file = s->ca_file;
	call->http = http_client_start(s->http, request, on_answer, call);
	LIST_INSERT_HEAD(&s->calls, call, link);
	return call;
}

/* {"command":"sdm.devices.commands...","params":{"streamExtensionToken":"..."}} */
static char *
command_body(enum sdm_command command, const char *extension_token)
{
	struct json *body = json_new_object();
	struct json *params = json_new_object();

	json_set_str(body, "command", command_names[command]);
	if (extension_token)
		json_set_str(params, "streamExtensionToken", extension_token);
	json_set(body, "params", params);
	char *text = json_text(body, false);
	json_free(body);
	return text;
}

struct sdm_call *
sdm_execute(struct sdm *s, enum sdm_command command, const struct sdm_order *order, sdm_done *done,
	void *arg)
{
	const char *bearer = oauth_bearer(s->oauth);
	char *url;

	if (!bearer)
		return NULL;
	url = xasprintf("%s/devices/%s:executeCommand", s->project_url, order->device);
	char *body = command_body(command, order->extension_token);
	struct http_request request = {
		.method = "POST",
		.url = url,
		.bearer = bearer,
		.content_type = "application/json",
		.body = body,
		.body_len = strlen(body),
		.timeout_ms = order->timeout_ms,
	};
	struct sdm_call *call = start(s, command, order->device, &request, done, arg);
	free(body);
	free(url);
	return call;
}

struct sdm_call *
sdm_list(struct sdm *s, sdm_done *done, void *arg)
{
	const char *bearer = oauth_bearer(s->oauth);
	char *url;

	if (!bearer)
		return NULL;
	url = xasprintf("%s/devices", s->project_url);
	struct http_request request = {
		.method = "GET", .url = url, .bearer = bearer, .timeout_ms = s->timeout_ms
	};
	struct sdm_call *call = start(s, SDM_LIST, "", &request, done, arg);
	free(url);
	return call;
}

void
sdm_cancel(struct sdm_call *call)
{
	http_client_cancel(call->http);
	call_free(call);
}

struct sdm *
sdm_new(struct http_client *http, struct oauth *oauth, const struct sdm_settings *settings)
{
	struct sdm *s = xcalloc(1, sizeof(*s));

	s->project_url = xasprintf("%s/enterprises/%s", settings->api_url, settings->project_id);
	s->http = http;
	s->oauth = oauth;
	s->ca_file = xstrdup(settings->ca_file);
	s->timeout_ms = settings->timeout_ms;
	return s;
}

void
sdm_free(struct sdm *s)
{
	if (!s)
		return;
	while (!LIST_EMPTY(&s->calls))
		sdm_cancel(LIST_FIRST(&s->calls));
	free(s->project_url);
	free(s->ca_file);
	free(s);
}
