#ifndef CONTROL_ASK_H
#define CONTROL_ASK_H

#include <stdbool.h>

#include "common/clock.h"
#include "common/ipc.h"

struct json;

#define EXIT_REFUSED 1

/* What camctl was told to do. */
struct invocation {
	const char *run_dir;
	const char *command;
	const char *camera;    /* NULL: none given */
	struct json *settings; /* of add; NULL: none given */
	ms_t timeout_ms;       /* for an answer */
	bool json;
	bool wait;
	bool follow;
};

/* Connects to a socket of camrelayd. Returns 0, or the exit code with the sentence said. */
int ask_connect(
	const struct invocation *in, enum ipc_pattern pattern, const char *name, struct ipc **out);

/* Asks and parses the answer, which is yours. Returns as above. */
int ask(const struct invocation *in, const char *command, struct json **answer);

#endif
