/* ask.c - one request of camctl's, and its answer. Keeps nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/err.h"
#include "common/json.h"
#include "control/ask.h"
#include "proto/msg.h"

/* camrelayd takes a request within a turn of its loop; more is no supervisor. */
#define SEND_TIMEOUT_MS 3000

static int
no_supervisor(const char *path, const char *why)
{
	fprintf(stderr, "camctl: no camrelayd at %s: %s\n", path, why);
	return EX_UNAVAILABLE;
}

/* nanomsg connects in the background for ever; a missing socket can be told at once. */
int
ask_connect(
	const struct invocation *in, enum ipc_pattern pattern, const char *name, struct ipc **out)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", in->run_dir, name);
	if (access(path, R_OK | W_OK) < 0)
		return no_supervisor(path, strerror(errno));
	int err = ipc_connect(pattern, path, out);
	return err ? no_supervisor(path, err_text(err)) : 0;
}

static struct json *
copy(const struct json *j)
{
	char why[80];
	char *text = json_text(j, false);
	struct json *out = json_parse(text, strlen(text), why, sizeof(why));

	free(text);
	return out;
}

static char *
make_request(const struct invocation *in, const char *command)
{
	struct json *j = json_new_object();

	json_set_int(j, "v", MSG_VERSION);
	json_set_str(j, "command", command);
	if (in->camera)
		json_set_str(j, "camera", in->camera);
	if (in->settings && strcmp(command, in->command) == 0)
		json_set(j, "settings", copy(in->settings));
	char *text = json_text(j, false);
	json_free(j);
	return text;
}

/* The request is taken once the connection stands: a moment after the connect. */
static int
send_request(struct ipc *ipc, const char *text)
{
	ms_t deadline = clock_now() + SEND_TIMEOUT_MS;
	int err;

	while ((err = ipc_send(ipc, text)) == ERR_AGAIN && clock_now() < deadline)
		usleep(1000);
	return err;
}

int
ask(const struct invocation *in, const char *command, struct json **answer)
{
	struct ipc *ipc;
	char why[160];
	char *text = NULL;
	size_t len = 0;

	int code = ask_connect(in, IPC_REQ, "control.ipc", &ipc);
	if (code)
		return code;
	char *request = make_request(in, command);
	int err = send_request(ipc, request);
	if (!err)
		err = ipc_recv_wait(ipc, (int)in->timeout_ms, &text, &len);
	free(request);
	ipc_close(ipc);
	if (err)
		return no_supervisor(in->run_dir, err_text(err));
	*answer = json_parse(text, len, why, sizeof(why));
	free(text);
	if (*answer)
		return 0;
	fprintf(stderr, "camctl: the answer is not understood: %s\n", why);
	return EXIT_REFUSED;
}
