/* control.c - camctl's socket.
 * Owns it; what is asked there is carried out by control_request.c. A bad request costs an answer
 * that says so. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/ipc.h"
#include "common/json.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "proto/msg.h"
#include "supervisor/control.h"
#include "supervisor/control_request.h"

/* Then back to the loop, which calls again. */
#define REQUESTS_PER_WAKEUP 8

struct control {
	struct supervisor *supervisor;
	struct ipc *ipc;
	char *path;
	uv_poll_t poll;
};

static bool
handle(const struct json *j, struct request *r)
{
	if (json_int(j, "v", -1) == MSG_VERSION)
		return control_request(r, j);
	snprintf(
		r->text, sizeof(r->text), "this camrelayd speaks protocol version %d", MSG_VERSION);
	return false;
}

static char *
answer(struct control *c, const char *text, size_t len)
{
	struct request r = { .supervisor = c->supervisor };
	struct json *j = json_parse(text, len, r.text, sizeof(r.text));
	struct json *out = json_new_object();

	bool ok = j && handle(j, &r);
	json_set_int(out, "v", MSG_VERSION);
	json_set_bool(out, "ok", ok);
	json_set_str(out, "text", request_text(&r));
	if (r.data)
		json_set(out, "data", r.data);
	char *answer_text = json_text(out, false);
	r.data = NULL;
	request_clear(&r);
	json_free(out);
	json_free(j);
	return answer_text;
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	struct control *c = poll->data;
	char *text;
	size_t len;

	(void)status;
	(void)events;
	for (int i = 0; i < REQUESTS_PER_WAKEUP && ipc_recv(c->ipc, &text, &len) == 0; i++) {
		char *reply = answer(c, text, len);
		if (ipc_send(c->ipc, reply) != 0)
			log_debug("control answer lost", LOG_STR("why", "camctl is gone"));
		free(reply);
		free(text);
	}
}

int
control_open(uv_loop_t *loop, const char *path, struct supervisor *supervisor, struct control **out)
{
	struct control *c = xcalloc(1, sizeof(*c));

	int err = ipc_bind(IPC_REP, path, &c->ipc);
	if (err) {
		free(c);
		return err;
	}
	c->supervisor = supervisor;
	c->path = xstrdup(path);
	c->poll.data = c;
	uv_poll_init(loop, &c->poll, ipc_fd(c->ipc));
	uv_poll_start(&c->poll, UV_READABLE, on_readable);
	*out = c;
	return 0;
}

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
control_close(struct control *c)
{
	if (!c)
		return;
	uv_poll_stop(&c->poll);
	uv_close((uv_handle_t *)&c->poll, on_closed);
	ipc_close(c->ipc);
	unlink(c->path);
	free(c->path);
}
