/* events.c - the events socket. Owns its wire form, not what is worth telling. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/ipc.h"
#include "common/json.h"
#include "supervisor/events.h"

struct events {
	struct ipc *ipc;
	char *path;
};

int
events_open(const char *path, struct events **out)
{
	struct events *e = calloc(1, sizeof(*e));

	if (!e)
		abort();
	int err = ipc_bind(IPC_PUB, path, &e->ipc);
	if (err) {
		free(e);
		return err;
	}
	e->path = strdup(path);
	*out = e;
	return 0;
}

void
events_publish(struct events *e, const char *camera, const char *event, const char *text)
{
	struct json *j = json_new_object();
	char now[CLOCK_TEXT_BYTES];

	json_set_str(j, "time", clock_text(clock_wall_us(), now));
	if (camera)
		json_set_str(j, "camera", camera);
	json_set_str(j, "event", event);
	if (text)
		json_set_str(j, "text", text);
	char *line = json_text(j, false);
	ipc_send(e->ipc, line);
	free(line);
	json_free(j);
}

void
events_close(struct events *e)
{
	if (!e)
		return;
	ipc_close(e->ipc);
	unlink(e->path);
	free(e->path);
	free(e);
}
