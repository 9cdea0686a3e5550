#ifndef WORKER_LINK_H
#define WORKER_LINK_H

#include <stdint.h>

#include "proto/msg.h"

typedef struct _GMainContext GMainContext;

/* The worker's end of the messages (proto/msg.h), and the life pipe (proto/contract.h). Loop
 * thread. */
struct link;

struct link_config {
	GMainContext *loop;
	const char *socket; /* path of the supervisor's PAIR socket */
	const char *camera; /* lent */
	int64_t gen;
	void (*on_message)(void *arg, const struct msg *m); /* lent; pings are answered here */
	void (*on_orphan)(void *arg);                       /* the supervisor is gone; once */
	void *arg;
};

/* Connects and says hello. Returns 0 or what ipc_connect does. */
int link_open(const struct link_config *config, struct link **out);

/* Completes m (camera, generation, pid) and sends it. What the supervisor has no room for waits in
 * a queue of a few messages; beyond that the oldest statistics are lost. */
void link_send(struct link *l, struct msg *m);

void link_close(struct link *l); /* NULL is fine */

#endif
