#ifndef CONTROL_ASK_H
#define CONTROL_ASK_H

#include <stdbool.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/ipc.h"
#include "proto/status.h"

struct json;

/* What the user of camctl wants. */
struct invocation {
	const char *run_dir;
	const char *command;
	const char *camera; /* what the command is about, a camera or a section; NULL: none given */
	const char *argument;  /* on, off, an hour; NULL: none given */
	const char *role;      /* --role; NULL: not given */
	struct json *cameras;  /* of each --camera its name; NULL: none given */
	const char *output;    /* -o; NULL: not given */
	struct json *settings; /* of add; NULL: none given */
	FILE *complaints;      /* where sentences about what fails are said: stderr */
	ms_t timeout_ms;       /* for an answer */
	bool json;
	bool wait;
	bool follow;
};

/* A sentence was said to the user, or a refusal printed. sysexits.h has the others. */
#define EXIT_REFUSED 1

/* Connects to camrelayd's socket of that name. Returns 0, or an exit code with the sentence said.
 */
int ask_connect(
	const struct invocation *in, enum ipc_pattern pattern, const char *name, struct ipc **out);

/* A request without arguments: yours to add some and to give to ask_send. */
struct json *ask_request(const char *command);

/* Sends the request, which is freed, and takes the answer, which is yours. Returns 0, or an exit
 * code with the sentence said. */
int ask_send(const struct invocation *in, struct json *request, struct json **answer);

/* The same, but a refusal is said too, and is EXIT_REFUSED. */
int ask_done(const struct invocation *in, struct json *request, struct json **answer);

/* As ask_send, with the invocation's camera as the argument, and its settings if this is the
 * command that they were given for. */
int ask(const struct invocation *in, const char *command, struct json **answer);

/* Asks for the status; *s is the caller's to clear. Returns 0, or an exit code with the sentence
 * said.
 */
int ask_status(const struct invocation *in, struct status *s);

/* Prints the sentence (or the JSON) of an answer without data. Returns the exit code. */
int ask_conclude(const struct invocation *in, struct json *answer);

void ask_print(const struct json *j); /* indented, for people */

#endif
