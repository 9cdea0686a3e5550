#ifndef SUPERVISOR_CONTROL_MESSAGE_H
#define SUPERVISOR_CONTROL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ini_edit.h"
#include "supervisor/token.h"

struct json;

/* What an operator asks (docs/protocol.md, Control requests), read to its end before anything of it
 * is done. Pure. */
enum control_command {
	CONTROL_STATUS,
	CONTROL_HEALTH,
	CONTROL_QUEUE,
	CONTROL_METRICS,
	CONTROL_EVENTS,
	CONTROL_START,
	CONTROL_STOP,
	CONTROL_RESTART,
	CONTROL_REGENERATE,
	CONTROL_EXTEND,
	CONTROL_RECORD,
	CONTROL_PROTECT,
	CONTROL_UNPROTECT,
	CONTROL_SNAPSHOT,
	CONTROL_SNAPSHOT_DONE,
	CONTROL_RELOAD,
	CONTROL_ADD,
	CONTROL_REMOVE,
	CONTROL_DISCOVER,
	CONTROL_DEVICES,
	CONTROL_LOGIN_BEGIN,
	CONTROL_LOGIN_CODE,
	CONTROL_LOGIN_STATUS,
	CONTROL_TOKEN_ADD,
	CONTROL_TOKEN_LIST,
	CONTROL_TOKEN_REMOVE,
	CONTROL_PING,
	CONTROL_VERSION,
	CONTROL_COMMANDS
};

/* Strings are lent by the JSON. What the command does not take is NULL, "" or 0. */
struct control_message {
	enum control_command command;
	const char *camera; /* its name */
	bool must_exist;    /* the camera is to be one that there is, */
	bool all;           /* or all of them are meant */
	const char *google; /* the name of a section; NULL: every account */
	bool on;            /* record */
	const char *hour;   /* protect, unprotect; "": none was named */
	int64_t id;         /* snapshot_done */
	const char *state;  /* login_code, as the next; "": none */
	const char *code;
	const char *name;       /* token_remove; "": none */
	struct ini_pair *pairs; /* add; owned */
	size_t pair_count;
	struct token token; /* token_add: name ("": none that fits), role and cameras */
};

/* Reads fields, {"command":"restart","camera":"porch"}. Returns 0 with *out to be cleared, or -1
 * with a sentence in why and nothing to clear: a command that there is not, or without what it
 * needs. */
int control_message_read(
	const struct json *fields, struct control_message *out, char *why, size_t why_size);

/* Frees what is its own, the pairs; the rest is the JSON's. */
void control_message_clear(struct control_message *m);

/* "restart", ... */
const char *control_command_name(enum control_command command);

#endif
