/* control_message.c - what an operator asks, from JSON to a struct.
 * Owns the table of commands and what each takes. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/xmalloc.h"
#include "supervisor/control_message.h"

/* What a command reads of its own. Returns 0, or -1 with a sentence. */
typedef int reader(
	const struct json *fields, struct control_message *out, char *why, size_t why_size);

static const char *
text_or_empty(const struct json *fields, const char *key)
{
	const char *text = json_str(fields, key);

	return text ? text : "";
}

static int
read_record(const struct json *fields, struct control_message *out, char *why, size_t why_size)
{
	const char *word = text_or_empty(fields, "argument");

	out->on = strcmp(word, "on") == 0;
	if (out->on || strcmp(word, "off") == 0)
		return 0;
	snprintf(why, why_size, "record takes on or off");
	return -1;
}

static int
read_hour(const struct json *fields, struct control_message *out, char *why, size_t why_size)
{
	(void)why;
	(void)why_size;
	out->hour = text_or_empty(fields, "argument");
	return 0;
}

static int
read_id(const struct json *fields, struct control_message *out, char *why, size_t why_size)
{
	(void)why;
	(void)why_size;
	out->id = json_int(fields, "id", 0);
	return 0;
}

static int
read_code(const struct json *fields, struct control_message *out, char *why, size_t why_size)
{
	(void)why;
	(void)why_size;
	out->state = text_or_empty(fields, "state");
	out->code = text_or_empty(fields, "code");
	return 0;
}

/* ---- the configuration ----------------------------------------------------------------------- */

/* A camera that need not be there. */
static int
read_named(const struct json *fields, struct control_message *out, char *why, size_t why_size)
{
	(void)fields;
	if (out->camera)
		return 0;
	snprintf(why, why_size, "which camera?");
	return -1;
}

static int
read_section(const struct json *fields, struct control_message *out, char *why, size_t why_size)
{
	const struct json *settings = json_get(fields, "settings");

	if (read_named(fields, out, why, why_size) < 0)
		return -1;
	out->pair_count = json_len(settings);
	out->pairs = xcalloc(out->pair_count + 1, sizeof(*out->pairs));
	for (size_t i = 0; i < out->pair_count; i++) {
		out->pairs[i].key = json_str(json_at(settings, i), "key");
		out->pairs[i].value = json_str(json_at(settings, i), "value");
		if (out->pairs[i].key && out->pairs[i].value)
			continue;
		snprintf(why, why_size, "each of settings needs a key and a value");
		return -1;
	}
	return 0;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

/* The cameras that it is for. They need not be configured yet. */
static int
read_token_cameras(const struct json *list, struct token *token, char *why, size_t why_size)
{
	size_t n = json_len(list);

	if (n > TOKEN_CAMERAS_MAX) {
		snprintf(why, why_size, "a token has at most %d cameras", TOKEN_CAMERAS_MAX);
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		token->cameras[i] = (char *)text_or_empty(json_at(list, i), "name");
		if (strcmp(token->cameras[i], "all") != 0)
			continue;
		snprintf(why, why_size,
			"no camera is called all: a token that names none is for every camera");
		return -1;
	}
	token->camera_count = n;
	return 0;
}

static int
read_token(const struct json *fields, struct control_message *out, char *why, size_t why_size)
{
	struct token *token = &out->token;
	const char *name = text_or_empty(fields, "name");

	token->role = token_role_parse(text_or_empty(fields, "role"));
	if (strlen(name) < sizeof(token->name))
		snprintf(token->name, sizeof(token->name), "%s", name);
	if (token->role != TOKEN_NOBODY)
		return read_token_cameras(json_get(fields, "cameras"), token, why, why_size);
	snprintf(why, why_size, "a token's role must be view, operate or admin");
	return -1;
}

static int
read_name(const struct json *fields, struct control_message *out, char *why, size_t why_size)
{
	(void)why;
	(void)why_size;
	out->name = text_or_empty(fields, "name");
	return 0;
}

/* ---- the commands ---------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *name;
	bool camera;   /* names one that there is, */
	bool all;      /* or "all" */
	bool google;   /* may name a section [google "name"] */
	reader *read;  /* NULL: nothing else */
} commands[CONTROL_COMMANDS] = {
	[CONTROL_STATUS]        = { .name = "status" },
	[CONTROL_HEALTH]        = { .name = "health" },
	[CONTROL_QUEUE]         = { .name = "queue" },
	[CONTROL_METRICS]       = { .name = "metrics" },
	[CONTROL_EVENTS]        = { .name = "events" },
	[CONTROL_START]         = { .name = "start",         .camera = true, .all = true },
	[CONTROL_STOP]          = { .name = "stop",          .camera = true, .all = true },
	[CONTROL_RESTART]       = { .name = "restart",       .camera = true, .all = true },
	[CONTROL_REGENERATE]    = { .name = "regenerate",    .camera = true },
	[CONTROL_EXTEND]        = { .name = "extend",        .camera = true },
	[CONTROL_RECORD]        = { .name = "record",        .camera = true, .read = read_record },
	[CONTROL_PROTECT]       = { .name = "protect",       .camera = true, .read = read_hour },
	[CONTROL_UNPROTECT]     = { .name = "unprotect",     .camera = true, .read = read_hour },
	[CONTROL_SNAPSHOT]      = { .name = "snapshot",      .camera = true },
	[CONTROL_SNAPSHOT_DONE] = { .name = "snapshot_done", .camera = true, .read = read_id },
	[CONTROL_RELOAD]        = { .name = "reload" },
	[CONTROL_ADD]           = { .name = "add",           .read = read_section },
	[CONTROL_REMOVE]        = { .name = "remove",        .read = read_named },
	[CONTROL_DISCOVER]      = { .name = "discover",      .google = true },
	[CONTROL_DEVICES]       = { .name = "devices",       .google = true },
	[CONTROL_LOGIN_BEGIN]   = { .name = "login_begin",   .google = true },
	[CONTROL_LOGIN_CODE]    = { .name = "login_code",    .google = true, .read = read_code },
	[CONTROL_LOGIN_STATUS]  = { .name = "login_status",  .google = true },
	[CONTROL_TOKEN_ADD]     = { .name = "token_add",     .read = read_token },
	[CONTROL_TOKEN_LIST]    = { .name = "token_list" },
	[CONTROL_TOKEN_REMOVE]  = { .name = "token_remove",  .read = read_name },
	[CONTROL_PING]          = { .name = "ping" },
	[CONTROL_VERSION]       = { .name = "version" },
};
/* clang-format on */

static int
find_command(const char *name, enum control_command *out, char *why, size_t why_size)
{
	for (int i = 0; i < CONTROL_COMMANDS; i++) {
		if (!name || strcmp(commands[i].name, name) != 0)
			continue;
		*out = (enum control_command)i;
		return 0;
	}
	snprintf(why, why_size, "unknown command %.40s", name ? name : "(none)");
	return -1;
}

int
control_message_read(
	const struct json *fields, struct control_message *out, char *why, size_t why_size)
{
	struct control_message m = { .camera = json_str(fields, "camera"),
		.google = json_str(fields, "google") };

	if (find_command(json_str(fields, "command"), &m.command, why, why_size) < 0)
		return -1;
	m.must_exist = commands[m.command].camera;
	if (m.must_exist && !m.camera) {
		snprintf(why, why_size, "%s needs a camera's name", commands[m.command].name);
		return -1;
	}
	m.all = commands[m.command].all && strcmp(m.camera, "all") == 0;
	if (!commands[m.command].google)
		m.google = NULL;
	reader *read = commands[m.command].read;
	if (read && read(fields, &m, why, why_size) < 0) {
		control_message_clear(&m);
		return -1;
	}
	*out = m;
	return 0;
}

void
control_message_clear(struct control_message *m)
{
	free(m->pairs);
	*m = (struct control_message){ 0 };
}

const char *
control_command_name(enum control_command command)
{
	return commands[command].name;
}
