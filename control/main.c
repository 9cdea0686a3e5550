/* main.c - camctl: asks camrelayd by its control socket and shows the answer.
 * Owns the command line, --wait and the exit codes; the asking is ask.c's. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/ipc.h"
#include "common/json.h"
#include "control/ask.h"
#include "control/discover.h"
#include "control/login.h"
#include "control/paint.h"
#include "control/pairs.h"
#include "control/render.h"
#include "control/snapshot.h"
#include "control/token.h"
#include "control/top.h"
#include "proto/status_camera.h"

/* camrelayd answers within a turn of its loop; more is no supervisor. A command that makes it write
 * a file waits for the disk. */
#define ANSWER_TIMEOUT_MS 3000
#define SLOW_ANSWER_TIMEOUT_MS 30000
/* --wait looks this often, and at the longest: a worker starts within seconds, a Generate may wait
 * for slots. */
#define POLL_MS 200
#define WAIT_TIMEOUT_MS 60000

struct command {
	const char *name;
	const char *args;
	const char *help;
	bool camera;   /* takes a name */
	bool optional; /* which may be left out */
	bool settings; /* and key=value after it */
	bool argument; /* and a word after it */
	bool output;   /* and -o FILE */
	bool slow;     /* its answer may wait for a disk */
	int (*run)(const struct invocation *in);
};

static int run_simple(const struct invocation *in);
static int run_status(const struct invocation *in);
static int run_show(const struct invocation *in);
static int run_list(const struct invocation *in);
static int run_queue(const struct invocation *in);
static int run_health(const struct invocation *in);
static int run_events(const struct invocation *in);

/* clang-format off */
static const struct command commands[] = {
	{ .name = "status", .args = "", .help = "accounts and cameras", .run = run_status },
	{ .name = "top", .args = "", .help = "the same, drawn anew each second", .run = top_run },
	{ .name = "show", .args = "CAMERA", .help = "all of one camera", .camera = true, .run = run_show },
	{ .name = "health", .args = "", .help = "camrelayd itself: checks, limits, webhooks", .run = run_health },
	{ .name = "list", .args = "[cameras|accounts]", .help = "their names, one a line", .camera = true, .optional = true, .run = run_list },
	{ .name = "queue", .args = "", .help = "the next calls to Google", .run = run_queue },
	{ .name = "discover", .args = "[GOOGLE]", .help = "the cameras that Google lists, asked for now if its quota allows", .camera = true, .optional = true, .run = discover_run },
	{ .name = "login", .args = "GOOGLE", .help = "let a user grant the cameras of his Google account", .camera = true, .run = login_run },
	{ .name = "extend", .args = "CAMERA", .help = "extend its stream in the next slot", .camera = true, .run = run_simple },
	{ .name = "regenerate", .args = "CAMERA", .help = "ask Google for a new stream", .camera = true, .run = run_simple },
	{ .name = "restart", .args = "CAMERA|all", .help = "a new worker, the same stream", .camera = true, .run = run_simple },
	{ .name = "start", .args = "CAMERA|all", .help = "start what was stopped", .camera = true, .run = run_simple },
	{ .name = "stop", .args = "CAMERA|all", .help = "end the worker, give the stream back", .camera = true, .run = run_simple },
	{ .name = "snapshot", .args = "CAMERA -o FILE", .help = "its newest picture as a JPEG; -: to stdout", .camera = true, .output = true, .run = snapshot_run },
	{ .name = "record", .args = "CAMERA on|off", .help = "where record = events: record, or no longer", .camera = true, .argument = true, .run = run_simple },
	{ .name = "protect", .args = "CAMERA HOUR", .help = "never delete that hour, as 2026-11-21T06 (UTC)", .camera = true, .argument = true, .run = run_simple },
	{ .name = "unprotect", .args = "CAMERA HOUR", .help = "let it be deleted when its time comes", .camera = true, .argument = true, .run = run_simple },
	{ .name = "reload", .args = "", .help = "apply what is different in the configuration", .slow = true, .run = run_simple },
	{ .name = "add", .args = "CAMERA KEY=VALUE...", .help = "add a camera to the configuration; a VALUE of - is a line of stdin", .camera = true, .settings = true, .slow = true, .run = run_simple },
	{ .name = "remove", .args = "CAMERA", .help = "take it out of the configuration", .camera = true, .slow = true, .run = run_simple },
	{ .name = "token", .args = "add|list|remove NAME", .help = "who may use the HTTP API; add needs --role", .camera = true, .optional = true, .argument = true, .run = token_run },
	{ .name = "events", .args = "[CAMERA]", .help = "what happened; --follow: what happens", .run = run_events, .camera = true, .optional = true },
	{ .name = "metrics", .args = "", .help = "what Prometheus is told", .run = run_simple },
	{ .name = "ping", .args = "", .help = "is it there", .run = run_simple },
	{ .name = "version", .args = "", .help = "its version", .run = run_simple },
};
/* clang-format on */
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
print_usage(FILE *out)
{
	fprintf(out, "usage: camctl [OPTION...] COMMAND [ARGUMENT...]\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %-20s %s\n", commands[i].name, commands[i].args,
			commands[i].help);
	fprintf(out,
		"Options:\n"
		"  -r RUN_DIR     camrelayd's run_dir (/run/camrelay, or $CAMRELAY_RUN_DIR)\n"
		"  -o FILE        where snapshot writes the picture\n"
		"  --json         the answer as JSON\n"
		"  --wait         until it is so: running after add, start, restart and\n"
		"                 regenerate, extended after extend, stopped after stop\n"
		"  --follow       events as they happen\n"
		"  --role ROLE    what token add allows: view, operate or admin\n"
		"  --camera NAME  of which camera, again for each; left out: of all\n"
		"  -V, --version  camctl's version; camctl version asks camrelayd for its own\n"
		"  -h, --help     this\n"
		"A URL with a password would be visible in ps: camctl add NAME url=- <FILE\n"
		"Exit: 0 done, 1 refused or failed, 64 usage, 69 no supervisor.\n");
}

/* ---- waiting --------------------------------------------------------------------------------- */

static const struct status_camera *
find_camera(const struct status *s, const char *name)
{
	for (size_t i = 0; i < s->camera_count; i++)
		if (strcmp(s->cameras[i].name, name) == 0)
			return &s->cameras[i];
	return NULL;
}

/* Whether the command has come to its end; old is the camera's row before it was given. */
static bool
is_done(const char *command, const struct status_camera *c, const struct status_camera *old)
{
	if (strcmp(command, "stop") == 0)
		return c->pid == 0;
	/* One of all that has nothing to restart. */
	if (strcmp(command, "restart") == 0 && strcmp(old->state, "stopped") == 0)
		return true;
	if (strcmp(command, "restart") == 0 && c->gen <= old->gen)
		return false;
	if (strcmp(command, "regenerate") == 0 && c->generates <= old->generates)
		return false;
	if (strcmp(command, "extend") == 0)
		return c->extends > old->extends;
	return c->phase && strcmp(c->phase, "running") == 0;
}

static bool
all_done(const struct invocation *in, const struct status *now, const struct status *before)
{
	for (size_t i = 0; i < now->camera_count; i++) {
		const struct status_camera *c = &now->cameras[i];
		const struct status_camera *old = find_camera(before, c->name);
		bool meant = strcmp(in->camera, "all") == 0 || strcmp(in->camera, c->name) == 0;
		/* What was added was not there before. */
		bool new = !old &&strcmp(in->command, "add") == 0;
		if (meant && (old || new) && !is_done(in->command, c, new ? c : old))
			return false;
	}
	return true;
}

static int
wait_until_done(const struct invocation *in, const struct status *before)
{
	ms_t deadline = clock_now() + WAIT_TIMEOUT_MS;
	struct status now;

	while (clock_now() < deadline) {
		int code = ask_status(in, &now);
		if (code)
			return code;
		bool done = all_done(in, &now, before);
		status_clear(&now);
		if (done)
			return 0;
		usleep(POLL_MS * 1000);
	}
	fprintf(stderr, "camctl: not done after %d s: see camctl show\n", WAIT_TIMEOUT_MS / 1000);
	return EXIT_REFUSED;
}

/* ---- commands -------------------------------------------------------------------------------- */

static int
run_simple(const struct invocation *in)
{
	struct status before = { 0 };
	struct json *answer;
	bool wait = in->wait && in->camera;

	int code = wait ? ask_status(in, &before) : 0;
	if (!code)
		code = ask(in, in->command, &answer);
	if (!code) {
		code = ask_conclude(in, answer);
		json_free(answer);
	}
	if (!code && wait)
		code = wait_until_done(in, &before);
	status_clear(&before);
	return code;
}

static int
run_status(const struct invocation *in)
{
	struct status s;
	struct json *answer;

	if (in->json) {
		int code = ask(in, "status", &answer);
		if (code)
			return code;
		ask_print(json_get(answer, "data"));
		json_free(answer);
		return 0;
	}
	int code = ask_status(in, &s);
	if (code)
		return code;
	render_status(&s, stdout, paint_wanted(stdout));
	status_clear(&s);
	return 0;
}

/* The camera's row of the answer, as it came. */
static const struct json *
find_row(const struct json *answer, const char *camera)
{
	const struct json *rows = json_get(answer, "data.cameras");

	for (size_t i = 0; i < json_len(rows); i++) {
		const char *name = json_str(json_at(rows, i), "name");
		if (name && strcmp(name, camera) == 0)
			return json_at(rows, i);
	}
	return NULL;
}

static int
show_json(const struct invocation *in)
{
	struct json *answer;

	int code = ask(in, "status", &answer);
	if (code)
		return code;
	const struct json *row = find_row(answer, in->camera);
	if (row)
		ask_print(row);
	else
		fprintf(stderr, "camctl: there is no camera %s\n", in->camera);
	json_free(answer);
	return row ? 0 : EXIT_REFUSED;
}

static int
run_show(const struct invocation *in)
{
	struct status s;

	if (in->json)
		return show_json(in);
	int code = ask_status(in, &s);
	if (code)
		return code;
	if (render_camera(&s, in->camera, stdout) < 0) {
		fprintf(stderr, "camctl: there is no camera %s\n", in->camera);
		code = EXIT_REFUSED;
	}
	status_clear(&s);
	return code;
}

/* Names alone: for scripts, and for the shell's completion. */
static int
run_list(const struct invocation *in)
{
	struct json *answer;
	const char *what = in->camera ? in->camera : "cameras";

	if (strcmp(what, "cameras") != 0 && strcmp(what, "accounts") != 0) {
		fprintf(stderr, "camctl: list %s: must be cameras or accounts\n", what);
		return EX_USAGE;
	}
	int code = ask_send(in, ask_request("status"), &answer);
	if (code)
		return code;
	const struct json *rows = json_get(json_get(answer, "data"), what);
	struct json *names = json_new_array();
	for (size_t i = 0; i < json_len(rows); i++) {
		const char *name = json_str(json_at(rows, i), "name");
		json_add_str(names, name ? name : "-");
		if (!in->json)
			puts(name ? name : "-");
	}
	if (in->json)
		ask_print(names);
	json_free(names);
	json_free(answer);
	return 0;
}

static int
show(const struct invocation *in, void (*render)(const struct json *data, FILE *out))
{
	struct json *answer;

	int code = ask(in, in->command, &answer);
	if (code)
		return code;
	if (in->json)
		ask_print(json_get(answer, "data"));
	else
		render(json_get(answer, "data"), stdout);
	json_free(answer);
	return 0;
}

static int
run_queue(const struct invocation *in)
{
	return show(in, render_queue);
}

static int
run_health(const struct invocation *in)
{
	return show(in, render_health);
}

/* An event, unless it is of another camera than the user asked for. */
static void
print_event(const struct invocation *in, const struct json *event)
{
	const char *camera = json_str(event, "camera");
	const char *detail = json_str(event, "text");

	if (in->camera && (!camera || strcmp(camera, in->camera) != 0))
		return;
	if (in->json) {
		char *text = json_text(event, false);
		puts(text);
		free(text);
	} else {
		printf("%s %s %s%s%s\n", json_str(event, "time"), camera ? camera : "-",
			json_str(event, "event"), detail ? ": " : "", detail ? detail : "");
	}
	fflush(stdout);
}

static int
follow_events(const struct invocation *in)
{
	struct ipc *ipc;
	char *text, why[80];
	size_t len;

	int code = ask_connect(in, IPC_SUB, "events.ipc", &ipc);
	if (code)
		return code;
	while (ipc_recv_wait(ipc, -1, &text, &len) == 0) {
		struct json *event = json_parse(text, len, why, sizeof(why));
		if (event)
			print_event(in, event);
		json_free(event);
		free(text);
	}
	ipc_close(ipc);
	return EXIT_REFUSED;
}

/* The history: an event a line, the newest last. */
static int
run_events(const struct invocation *in)
{
	struct json *answer;

	if (in->follow)
		return follow_events(in);
	int code = ask(in, "events", &answer);
	if (code)
		return code;
	const struct json *list = json_get(answer, "data");
	if (!list)
		return ask_conclude(in, answer);
	for (size_t i = 0; i < json_len(list); i++)
		print_event(in, json_at(list, i));
	json_free(answer);
	return 0;
}

/* ---- the command line ------------------------------------------------------------------------ */

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static bool
takes(const struct command *c, int args)
{
	int least = (c->settings || c->argument ? 2 : c->camera ? 1 : 0) - c->optional;
	int most = c->settings ? INT_MAX : c->argument ? 2 : c->camera ? 1 : 0;

	return args >= least && args <= most;
}

static int
usage_error(void)
{
	print_usage(stderr);
	return EX_USAGE;
}

static int
parse_options(int argc, char **argv, struct invocation *in)
{
	static const struct option options[] = {
		{ .name = "json", .val = 'j' },
		{ .name = "wait", .val = 'w' },
		{ .name = "follow", .val = 'f' },
		{ .name = "role", .has_arg = required_argument, .val = 'R' },
		{ .name = "camera", .has_arg = required_argument, .val = 'C' },
		{ .name = "help", .val = 'h' },
		{ .name = "version", .val = 'V' },
		{ .name = NULL },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "r:o:jwfhV", options, NULL)) != -1) {
		switch (opt) {
		case 'r':
			in->run_dir = optarg;
			break;
		case 'o':
			in->output = optarg;
			break;
		case 'R':
			in->role = optarg;
			break;
		case 'C':
			token_add_camera(in, optarg);
			break;
		case 'j':
			in->json = true;
			break;
		case 'w':
			in->wait = true;
			break;
		case 'f':
			in->follow = true;
			break;
		case 'h':
			print_usage(stdout);
			exit(0);
		case 'V':
			printf("camctl %s\n", VERSION);
			exit(0);
		default:
			return -1;
		}
	}
	return 0;
}

int
main(int argc, char **argv)
{
	const char *dir = getenv("CAMRELAY_RUN_DIR");
	struct invocation in = { .run_dir = dir ? dir : "/run/camrelay", .complaints = stderr };
	char why[160];

	if (parse_options(argc, argv, &in) < 0 || optind == argc)
		return usage_error();
	in.command = argv[optind];
	in.camera = argv[optind + 1];
	const struct command *c = find_command(in.command);
	int args = argc - optind - 1;
	if (!c || !takes(c, args) || c->output != (in.output != NULL))
		return usage_error();
	in.argument = c->argument && args > 1 ? argv[optind + 2] : NULL;
	in.timeout_ms = c->slow ? SLOW_ANSWER_TIMEOUT_MS : ANSWER_TIMEOUT_MS;
	if (c->settings)
		in.settings = pairs_parse(argv + optind + 2, args - 1, stdin, why, sizeof(why));
	if (c->settings && !in.settings) {
		fprintf(stderr, "camctl: %s\n", why);
		return EX_USAGE;
	}
	int code = c->run(&in);
	json_free(in.settings);
	json_free(in.cameras);
	return code;
}
