/* ask.c - camctl's questions: one request over camrelayd's control socket, one answer.
 * Owns the wire form of both and the sentences about a camrelayd that is not there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/json.h"
#include "control/ask.h"
#include "proto/msg.h"

/* camrelayd takes a request within a turn of its loop; more is no supervisor. Nobody who waits less
 * for the answer waits longer for that. */
#define SEND_TIMEOUT_MS 3000

static int
no_supervisor(const struct invocation *in, const char *path, const char *why)
{
	fprintf(in->complaints, "camctl: no camrelayd at %s: %s\n", path, why);
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
		return no_supervisor(in, path, strerror(errno));
	int err = ipc_connect(pattern, path, out);
	return err ? no_supervisor(in, path, err_text(err)) : 0;
}

struct json *
ask_request(const char *command)
{
	struct json *j = json_new_object();

	json_set_int(j, "v", MSG_VERSION);
	json_set_str(j, "command", command);
	return j;
}

/* The request is taken once the connection stands: a moment after the connect. */
static int
send_request(struct ipc *ipc, const char *text, ms_t timeout_ms)
{
	ms_t deadline = clock_now() + (timeout_ms < SEND_TIMEOUT_MS ? timeout_ms : SEND_TIMEOUT_MS);
	int err;

	while ((err = ipc_send(ipc, text)) == ERR_AGAIN && clock_now() < deadline)
		usleep(1000);
	return err;
}

/* The answer's text, or an exit code with the sentence said. */
static int
exchange(const struct invocation *in, const char *request, char **text, size_t *len)
{
	struct ipc *ipc;

	int code = ask_connect(in, IPC_REQ, "control.ipc", &ipc);
	if (code)
		return code;
	int err = send_request(ipc, request, in->timeout_ms);
	if (!err)
		err = ipc_recv_wait(ipc, (int)in->timeout_ms, text, len);
	ipc_close(ipc);
	return err ? no_supervisor(in, in->run_dir, err_text(err)) : 0;
}

int
ask_send(const struct invocation *in, struct json *request, struct json **answer)
{
	char why[160];
	char *text = NULL;
	size_t len = 0;

	char *request_text = json_text(request, false);
	json_free(request);
	int code = exchange(in, request_text, &text, &len);
	explicit_bzero(request_text, strlen(request_text));
	free(request_text);
	if (code)
		return code;
	*answer = json_parse(text, len, why, sizeof(why));
	free(text);
	if (*answer)
		return 0;
	fprintf(in->complaints, "camctl: the answer is not understood: %s\n", why);
	return EXIT_REFUSED;
}

int
ask_done(const struct invocation *in, struct json *request, struct json **answer)
{
	int code = ask_send(in, request, answer);

	if (code || json_truth(*answer, "ok", false))
		return code;
	const char *text = json_str(*answer, "text");
	fprintf(in->complaints, "camctl: %s\n", text ? text : "refused without a word");
	json_free(*answer);
	*answer = NULL;
	return EXIT_REFUSED;
}

int
ask(const struct invocation *in, const char *command, struct json **answer)
{
	struct json *request = ask_request(command);

	if (in->camera)
		json_set_str(request, "camera", in->camera);
	if (in->argument)
		json_set_str(request, "argument", in->argument);
	if (in->settings && strcmp(command, in->command) == 0)
		json_set(request, "settings", json_copy(in->settings));
	return ask_send(in, request, answer);
}

int
ask_status(const struct invocation *in, struct status *s)
{
	struct json *answer;
	char why[160];

	int code = ask(in, "status", &answer);
	if (code)
		return code;
	if (status_from_json(json_get(answer, "data"), s, why, sizeof(why)) != 0) {
		fprintf(in->complaints, "camctl: the status is not understood: %s\n", why);
		code = EXIT_REFUSED;
	}
	json_free(answer);
	return code;
}

void
ask_print(const struct json *j)
{
	char *text = json_text(j, true);

	puts(text);
	free(text);
}

int
ask_conclude(const struct invocation *in, struct json *answer)
{
	bool ok = json_truth(answer, "ok", false);
	const char *text = json_str(answer, "text");

	if (in->json)
		ask_print(answer);
	else if (text && *text)
		fprintf(ok ? stdout : in->complaints, "%s%s\n", ok ? "" : "camctl: ", text);
	return ok ? 0 : EXIT_REFUSED;
}
