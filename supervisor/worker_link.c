/* worker_link.c - what is said between the supervisor and one worker.
 * Owns the socket, drops words of dead generations, sends the pings. Decides nothing: what a
 * message means is for the camera table. Loop thread. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/ipc.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "proto/contract.h"
#include "supervisor/heartbeat.h"
#include "supervisor/worker_link.h"

/* One worker must not starve the rest: then back to the loop, which calls again. */
#define MESSAGES_PER_WAKEUP 16

enum state {
	NOBODY,   /* no worker */
	EXPECTED, /* started, has not said hello */
	TALKING,
	SILENT, /* reported as such */
};

struct worker_link {
	struct worker_link_events events;
	struct ipc *ipc;
	char *path;
	const char *camera;
	enum state state;
	int64_t gen, pid; /* of the worker that is expected */
	int64_t ping_id;
	struct heartbeat beat;
	unsigned bad; /* messages of this generation that were not understood */
	uv_poll_t poll;
	uv_timer_t heartbeat;
	int open_handles;
};

static bool
is_ours(struct worker_link *l, const struct msg *m)
{
	if (l->state == NOBODY || m->gen != l->gen || m->pid != l->pid) {
		log_debug("link word of a dead generation", LOG_CAM(l->camera),
			LOG_INT("gen", m->gen), LOG_INT("pid", m->pid),
			LOG_STR("type", msg_name(m->type)));
		return false;
	}
	if (l->state == EXPECTED && m->type != MSG_HELLO) {
		log_warn("link word before hello", LOG_CAM(l->camera),
			LOG_STR("type", msg_name(m->type)));
		return false;
	}
	return true;
}

static void
take(struct worker_link *l, const struct msg *m)
{
	if (!is_ours(l, m))
		return;
	heartbeat_heard(&l->beat, clock_now());
	l->state = TALKING;
	if (m->type == MSG_ERROR)
		log_warn("link worker did not understand", LOG_CAM(l->camera),
			LOG_STR("reason", m->u.error.reason));
	else if (m->type != MSG_PONG)
		l->events.on_message(l->events.arg, m);
}

static void
take_text(struct worker_link *l, const char *text, size_t len)
{
	struct msg m;
	char why[160];

	if (msg_decode(text, len, MSG_BY_WORKER, &m, why, sizeof(why)) != 0) {
		/* Once per generation: what a worker gets wrong it gets wrong again. */
		if (l->bad++ == 0)
			log_warn("link bad message", LOG_CAM(l->camera), LOG_STR("why", why));
		return;
	}
	take(l, &m);
	msg_clear(&m);
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	struct worker_link *l = poll->data;
	char *text;
	size_t len;

	(void)status;
	(void)events;
	for (int i = 0; i < MESSAGES_PER_WAKEUP && l->ipc; i++) {
		if (ipc_recv(l->ipc, &text, &len) != 0)
			return;
		take_text(l, text, len);
		free(text);
	}
}

static void
on_heartbeat(uv_timer_t *timer)
{
	struct worker_link *l = timer->data;
	struct msg ping = { .type = MSG_PING, .u.ping.id = ++l->ping_id };
	bool silent = heartbeat_is_silent(&l->beat, clock_now());

	if (l->state == NOBODY || l->state == SILENT)
		return;
	if (silent) {
		l->state = SILENT;
		l->events.on_silent(l->events.arg);
		return;
	}
	worker_link_send(l, &ping);
}

int
worker_link_open(uv_loop_t *loop, const char *path, const char *camera,
	const struct worker_link_events *events, struct worker_link **out)
{
	struct worker_link *l = xcalloc(1, sizeof(*l));

	int err = ipc_bind(IPC_PAIR, path, &l->ipc);
	if (err) {
		free(l);
		return err;
	}
	l->events = *events;
	l->camera = camera;
	l->path = xstrdup(path);
	l->poll.data = l->heartbeat.data = l;
	l->open_handles = 2;
	heartbeat_init(&l->beat, clock_now());
	uv_poll_init(loop, &l->poll, ipc_fd(l->ipc));
	uv_poll_start(&l->poll, UV_READABLE, on_readable);
	uv_timer_init(loop, &l->heartbeat);
	uv_timer_start(
		&l->heartbeat, on_heartbeat, CONTRACT_PING_INTERVAL_MS, CONTRACT_PING_INTERVAL_MS);
	*out = l;
	return 0;
}

void
worker_link_expect(struct worker_link *l, int64_t gen, int64_t pid)
{
	l->state = EXPECTED;
	l->gen = gen;
	l->pid = pid;
	l->bad = 0;
	heartbeat_heard(&l->beat, clock_now());
}

void
worker_link_forget(struct worker_link *l)
{
	l->state = NOBODY;
}

int
worker_link_send(struct worker_link *l, struct msg *m)
{
	if (l->state != TALKING)
		return ERR_AGAIN;
	snprintf(m->camera, sizeof(m->camera), "%s", l->camera);
	m->gen = l->gen;
	m->pid = getpid();
	char *text = msg_encode(m);
	int err = ipc_send(l->ipc, text);
	free(text);
	if (err)
		log_warn("link message lost", LOG_CAM(l->camera),
			LOG_STR("type", msg_name(m->type)), LOG_STR("why", err_text(err)));
	return err;
}

static void
on_closed(uv_handle_t *handle)
{
	struct worker_link *l = handle->data;

	if (--l->open_handles > 0)
		return;
	free(l->path);
	free(l);
}

void
worker_link_close(struct worker_link *l)
{
	if (!l)
		return;
	uv_poll_stop(&l->poll);
	uv_close((uv_handle_t *)&l->poll, on_closed);
	uv_close((uv_handle_t *)&l->heartbeat, on_closed);
	ipc_close(l->ipc);
	l->ipc = NULL;
	unlink(l->path);
}
