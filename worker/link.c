/* link.c - the worker's end of the wire to its supervisor.
 * Owns the socket and watches the life pipe. Decides nothing. Loop thread. */
#include <glib-unix.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "common/ipc.h"
#include "common/log.h"
#include "proto/contract.h"
#include "worker/link.h"
#include "worker/loop.h"

/* Then back to the loop, which calls again. */
#define MESSAGES_PER_WAKEUP 16
/* The supervisor may be busy or, right after the connect, not there yet. */
#define QUEUE_MAX 64
#define RETRY_MS 20

struct link {
	struct link_config config;
	struct ipc *ipc;
	GSource *readable;
	GSource *life;
	GSource *retry; /* NULL: nothing waits */
	GQueue *unsent; /* of char *, owned */
};

static void
complete(struct link *l, struct msg *m)
{
	snprintf(m->camera, sizeof(m->camera), "%s", l->config.camera);
	m->gen = l->config.gen;
	m->pid = getpid();
}

static gboolean
on_retry(gpointer data)
{
	struct link *l = data;
	char *text;

	while ((text = g_queue_peek_head(l->unsent)) && ipc_send(l->ipc, text) == 0)
		free(g_queue_pop_head(l->unsent));
	if (text)
		return G_SOURCE_CONTINUE;
	loop_clear(&l->retry);
	return G_SOURCE_REMOVE;
}

void
link_send(struct link *l, struct msg *m)
{
	complete(l, m);
	char *text = msg_encode(m);

	/* Order is kept: nothing overtakes what waits. */
	if (g_queue_is_empty(l->unsent) && ipc_send(l->ipc, text) == 0) {
		free(text);
		return;
	}
	if (m->type == MSG_STATS || g_queue_get_length(l->unsent) >= QUEUE_MAX) {
		free(text);
		return;
	}
	g_queue_push_tail(l->unsent, text);
	if (!l->retry)
		loop_timer(l->config.loop, &l->retry, RETRY_MS, on_retry, l);
}

static void
refuse(struct link *l, char *why)
{
	struct msg m = { .type = MSG_ERROR, .u.error.reason = why };

	link_send(l, &m);
}

static void
take(struct link *l, const struct msg *m)
{
	struct msg pong = { .type = MSG_PONG, .u.pong.id = m->u.ping.id };

	if (m->gen != l->config.gen)
		log_debug("link word for another generation", LOG_CAM(l->config.camera));
	else if (m->type == MSG_PING)
		link_send(l, &pong);
	else
		l->config.on_message(l->config.arg, m);
}

static gboolean
on_readable(int fd, GIOCondition condition, gpointer data)
{
	struct link *l = data;
	struct msg m;
	char why[160];
	char *text;
	size_t len;

	(void)fd;
	(void)condition;
	for (int i = 0; i < MESSAGES_PER_WAKEUP && ipc_recv(l->ipc, &text, &len) == 0; i++) {
		if (msg_decode(text, len, MSG_BY_SUPERVISOR, &m, why, sizeof(why)) != 0) {
			refuse(l, why);
		} else {
			take(l, &m);
			msg_clear(&m);
		}
		free(text);
	}
	return G_SOURCE_CONTINUE;
}

static gboolean
on_life(int fd, GIOCondition condition, gpointer data)
{
	struct link *l = data;

	(void)fd;
	(void)condition;
	l->config.on_orphan(l->config.arg);
	return G_SOURCE_REMOVE;
}

int
link_open(const struct link_config *config, struct link **out)
{
	struct msg hello = { .type = MSG_HELLO, .u.hello.version = (char *)(uintptr_t)VERSION };
	struct link *l = g_new0(struct link, 1);

	l->config = *config;
	int err = ipc_connect(IPC_PAIR, config->socket, &l->ipc);
	if (err) {
		g_free(l);
		return err;
	}
	l->unsent = g_queue_new();
	l->readable = loop_readable(config->loop, ipc_fd(l->ipc), on_readable, l);
	l->life = loop_attach(config->loop,
		g_unix_fd_source_new(CONTRACT_LIFE_FD, G_IO_IN | G_IO_HUP),
		(GSourceFunc)(void (*)(void))on_life, l);
	*out = l;
	link_send(l, &hello);
	return 0;
}

void
link_close(struct link *l)
{
	if (!l)
		return;
	loop_clear(&l->readable);
	loop_clear(&l->life);
	loop_clear(&l->retry);
	g_queue_free_full(l->unsent, free);
	ipc_close(l->ipc);
	g_free(l);
}
