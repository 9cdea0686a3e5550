/* api_probe.c - drives the supervisor's clients of Google and Cloudflare from a script: one command
 * per line on stdin, one JSON object per answer or event on stdout. Its arguments are key=value. */
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "common/json.h"
#include "common/log.h"
#include "supervisor/publish.h"
#include "supervisor/sdm.h"
#include "supervisor/whip_session.h"

#define WORDS_MAX 6
#define ANSWER_MAX (64 * 1024)

static struct {
	uv_loop_t loop;
	uv_pipe_t input;
	char line[16384];
	size_t line_len;
	struct http_client *http;
	struct http_call *last; /* the call that "cancel" ends */
	char *last_tag;
	struct oauth *oauth;
	struct sdm *sdm;
	ms_t command_ms;
	struct sfu *sfu;
	struct publish *publish;
	struct whip_session *whip;
	uv_timer_t tick; /* counts the loop's turns: it must never stand still */
	ms_t last_tick_ms;
	ms_t longest_gap_ms;
} probe;

/* Names that take six seconds to be looked up, whatever the machine's DNS does: one that is not
 * found then, and one that is here. */
int
getaddrinfo(
	const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	uv_lib_t libc;

	if (name && strcmp(name, "slow.invalid") == 0) {
		sleep(6);
		return EAI_NONAME;
	}
	bool late = name && strcmp(name, "late.invalid") == 0;
	if (late)
		sleep(6);
	if (!real && (uv_dlopen("libc.so.6", &libc) != 0 ||
			     uv_dlsym(&libc, "getaddrinfo", (void **)&real) != 0))
		abort();
	return real(late ? "127.0.0.1" : name, service, hints, out);
}

/* ---- what is printed ------------------------------------------------------------------------- */

static void
print(struct json *j)
{
	char *text = json_text(j, false);

	puts(text);
	fflush(stdout);
	free(text);
	json_free(j);
}

static struct json *
event(const char *name)
{
	struct json *j = json_new_object();

	json_set_str(j, "event", name);
	return j;
}

static void
on_http(const struct http_answer *a, void *arg)
{
	struct json *j = event("http");

	json_set_str(j, "tag", arg);
	json_set_int(j, "err", a->err);
	json_set_str(j, "why", a->why);
	json_set_bool(j, "sent", a->sent);
	json_set_int(j, "status", a->status);
	json_set_str(j, "body", a->body_len < 4096 ? a->body : "(long)");
	json_set_int(j, "body_len", (int64_t)a->body_len);
	json_set_int(j, "retry_after_ms", a->retry_after_ms);
	json_set_int(j, "date_us", a->date_us);
	print(j);
	free(arg);
}

static void
on_oauth(struct oauth *o, void *arg)
{
	struct json *j = event("oauth");

	(void)arg;
	json_set_str(j, "state", oauth_state_name(oauth_state(o)));
	json_set_bool(j, "bearer", oauth_bearer(o) != NULL);
	json_set_str(j, "why", oauth_why(o));
	print(j);
}

static void
on_sdm(struct sdm_answer *a, void *arg)
{
	struct json *j = event("sdm");
	struct json *devices = json_new_array();

	(void)arg;
	json_set_str(j, "error", sdm_error_name(a->error));
	json_set_str(j, "bucket", sdm_bucket_name(a->bucket));
	json_set_int(j, "retry_after_ms", a->retry_after_ms);
	json_set_bool(j, "sent", a->sent);
	json_set_str(j, "words", a->words);
	json_set_str(j, "url", a->stream.rtsp_url);
	json_set_str(j, "token", a->stream.stream_token);
	json_set_str(j, "extension", a->stream.extension_token);
	json_set_int(j, "life_ms", a->stream.life_ms);
	for (size_t i = 0; i < a->device_count; i++)
		json_add_str(devices, a->devices[i].id);
	json_set(j, "devices", devices);
	print(j);
}

static void
on_answer(const char *session, const char *sdp, void *arg)
{
	struct json *j = event("answer");

	(void)arg;
	json_set_str(j, "session", session);
	json_set_str(j, "sdp", sdp);
	print(j);
}

static void
on_failed(const char *why, ms_t retry_ms, void *arg)
{
	struct json *j = event("failed");

	(void)arg;
	json_set_str(j, "why", why);
	json_set_int(j, "retry_ms", retry_ms);
	print(j);
}

static void
on_stopped(bool closed, void *arg)
{
	struct json *j = event("stopped");

	(void)arg;
	json_set_bool(j, "closed", closed);
	print(j);
}

/* ---- commands -------------------------------------------------------------------------------- */

/* http TAG METHOD URL TIMEOUT_MS [BODY [CA]] */
static void
do_http(char **words)
{
	struct http_request r = { .method = words[1],
		.url = words[2],
		.timeout_ms = atoi(words[3]),
		.bearer = "bearer-of-the-probe",
		.content_type = "text/plain",
		.body = words[4] && *words[4] != '-' ? words[4] : NULL,
		.ca_file = words[4] ? words[5] : NULL };

	r.body_len = r.body ? strlen(r.body) : 0;
	probe.last_tag = strdup(words[0]);
	probe.last = http_client_start(probe.http, &r, on_http, probe.last_tag);
}

static void
do_cancel(char **words)
{
	(void)words;
	http_client_cancel(probe.last);
	free(probe.last_tag);
}

static void
say_no_bearer(struct sdm_call *call)
{
	if (!call)
		print(event("no-bearer"));
}

static void
execute(enum sdm_command command, char **words)
{
	struct sdm_order order = {
		.device = words[0], .extension_token = words[1], .timeout_ms = probe.command_ms
	};

	say_no_bearer(sdm_execute(probe.sdm, command, &order, on_sdm, NULL));
}

static void
do_generate(char **words)
{
	execute(SDM_GENERATE, words);
}

static void
do_extend(char **words)
{
	execute(SDM_EXTEND, words);
}

static void
do_stop(char **words)
{
	execute(SDM_STOP, words);
}

static void
do_list(char **words)
{
	(void)words;
	say_no_bearer(sdm_list(probe.sdm, on_sdm, NULL));
}

static void
read_offer(const char *path, char *sdp, size_t size)
{
	FILE *f = fopen(path, "r");

	if (!f)
		abort();
	sdp[fread(sdp, 1, size - 1, f)] = '\0';
	fclose(f);
}

/* offer FILE */
static void
do_offer(char **words)
{
	static const struct sfu_track tracks[] = { { .mid = "0", .name = "porch-audio" },
		{ .mid = "1", .name = "porch-video" } };
	char sdp[8192];

	read_offer(words[0], sdp, sizeof(sdp));
	publish_offer(probe.publish, sdp, tracks, 2);
}

/* whip_offer FILE TRACKS */
static void
do_whip_offer(char **words)
{
	char sdp[8192];

	read_offer(words[0], sdp, sizeof(sdp));
	whip_session_offer(probe.whip, sdp, (size_t)atoi(words[1]));
}

/* whip_stop WITHIN_MS */
static void
do_whip_stop(char **words)
{
	whip_session_stop(probe.whip, atoi(words[0]), on_stopped, NULL);
}

/* unpublish WITHIN_MS */
static void
do_unpublish(char **words)
{
	publish_stop(probe.publish, atoi(words[0]), on_stopped, NULL);
}

/* The longest time that the loop did not turn, since the last gap command. */
static void
do_gap(char **words)
{
	struct json *j = event("gap");

	(void)words;
	json_set_int(j, "ms", probe.longest_gap_ms);
	probe.longest_gap_ms = 0;
	print(j);
}

static const struct {
	const char *name;
	void (*run)(char **words);
} commands[] = {
	{ .name = "http", .run = do_http },
	{ .name = "cancel", .run = do_cancel },
	{ .name = "generate", .run = do_generate },
	{ .name = "extend", .run = do_extend },
	{ .name = "stop", .run = do_stop },
	{ .name = "list", .run = do_list },
	{ .name = "offer", .run = do_offer },
	{ .name = "unpublish", .run = do_unpublish },
	{ .name = "whip_offer", .run = do_whip_offer },
	{ .name = "whip_stop", .run = do_whip_stop },
	{ .name = "gap", .run = do_gap },
};

static void
run(char *line)
{
	char *words[WORDS_MAX + 2] = { NULL };
	size_t count = 0;

	for (char *w = strtok(line, " "); w && count <= WORDS_MAX; w = strtok(NULL, " "))
		words[count++] = w;
	for (size_t i = 0; count && i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(commands[i].name, words[0]) == 0)
			commands[i].run(words + 1);
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void
close_all(void)
{
	uv_close((uv_handle_t *)&probe.input, NULL);
	uv_close((uv_handle_t *)&probe.tick, NULL);
	publish_free(probe.publish);
	whip_session_free(probe.whip);
	sdm_free(probe.sdm);
	sfu_free(probe.sfu);
	oauth_free(probe.oauth);
	http_client_free(probe.http);
}

static void
on_room_wanted(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
	(void)handle;
	(void)wanted;
	*buf = uv_buf_init(
		probe.line + probe.line_len, (unsigned)(sizeof(probe.line) - 1 - probe.line_len));
}

static void
on_input(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	(void)stream;
	(void)buf;
	if (n < 0) {
		close_all();
		return;
	}
	probe.line_len += (size_t)n;
	probe.line[probe.line_len] = '\0';
	char *end;
	while ((end = strchr(probe.line, '\n'))) {
		*end = '\0';
		run(probe.line);
		probe.line_len -= (size_t)(end + 1 - probe.line);
		memmove(probe.line, end + 1, probe.line_len + 1);
	}
}

static void
on_tick(uv_timer_t *timer)
{
	ms_t now = clock_now();
	ms_t gap = now - probe.last_tick_ms;

	(void)timer;
	probe.longest_gap_ms = gap > probe.longest_gap_ms ? gap : probe.longest_gap_ms;
	probe.last_tick_ms = now;
}

static const char *
option(char **argv, const char *key)
{
	for (; *argv; argv++)
		if (strncmp(*argv, key, strlen(key)) == 0 && (*argv)[strlen(key)] == '=')
			return *argv + strlen(key) + 1;
	return NULL;
}

static struct secret *
secret(char **argv, const char *key)
{
	struct secret *s = NULL;
	char why[256];

	if (secret_read(option(argv, key), &s, why, sizeof(why)) != 0) {
		fprintf(stderr, "%s\n", why);
		exit(78);
	}
	return s;
}

static void
open_google(char **argv)
{
	struct oauth_settings oauth = { .name = "home",
		.token_url = option(argv, "token_url"),
		.ca_file = option(argv, "ca_file"),
		.client_id = option(argv, "client_id"),
		.client_secret = secret(argv, "client_secret_file"),
		.refresh_token = secret(argv, "refresh_token_file"),
		.refresh_token_file = option(argv, "refresh_token_file"),
		.timeout_ms = atoi(option(argv, "timeout_ms")) };
	struct sdm_settings sdm = { .api_url = option(argv, "api_url"),
		.project_id = option(argv, "project"),
		.ca_file = option(argv, "ca_file"),
		.timeout_ms = atoi(option(argv, "timeout_ms")) };

	probe.command_ms = sdm.timeout_ms;
	probe.oauth = oauth_new(&probe.loop, probe.http, &oauth, on_oauth, NULL);
	probe.sdm = sdm_new(probe.http, probe.oauth, &sdm);
}

static void
open_cloudflare(char **argv)
{
	const struct publish_events events = { .on_answer = on_answer, .on_failed = on_failed };
	struct sfu_settings sfu = { .api_url = option(argv, "sfu_url"),
		.app_id = option(argv, "app_id"),
		.app_secret = secret(argv, "app_secret_file"),
		.timeout_ms = atoi(option(argv, "timeout_ms")) };

	probe.sfu = sfu_new(probe.http, &sfu);
	probe.publish = publish_new(&probe.loop, probe.sfu, "porch", &events, NULL);
}

static void
open_whip(char **argv)
{
	const struct publish_events events = { .on_answer = on_answer, .on_failed = on_failed };
	struct whip_settings settings = { .url = option(argv, "whip_url"),
		.token_file = option(argv, "token_file"),
		.ca_file = option(argv, "ca_file"),
		.bearer_anywhere = option(argv, "token_anywhere") != NULL,
		.timeout_ms = atoi(option(argv, "timeout_ms")) };

	probe.whip = whip_session_new(&probe.loop, whip_new(&probe.loop, probe.http, &settings),
		"porch", "whip:edge", &events, NULL);
}

int
main(int argc, char **argv)
{
	(void)argc;
	log_open(NULL, LOG_LOGFMT, LOG_DEBUG);
	if (uv_loop_init(&probe.loop) != 0 || uv_pipe_init(&probe.loop, &probe.input, 0) != 0 ||
		uv_timer_init(&probe.loop, &probe.tick) != 0 ||
		uv_pipe_open(&probe.input, STDIN_FILENO) != 0)
		return 71;
	probe.http = http_client_new(&probe.loop, ANSWER_MAX);
	if (option(argv, "token_url"))
		open_google(argv);
	if (option(argv, "sfu_url"))
		open_cloudflare(argv);
	if (option(argv, "whip_url"))
		open_whip(argv);
	probe.last_tick_ms = clock_now();
	uv_timer_start(&probe.tick, on_tick, 10, 10);
	uv_read_start((uv_stream_t *)&probe.input, on_room_wanted, on_input);
	uv_run(&probe.loop, UV_RUN_DEFAULT);
	return uv_loop_close(&probe.loop) == 0 ? 0 : 70;
}
