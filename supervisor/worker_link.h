#ifndef SUPERVISOR_WORKER_LINK_H
#define SUPERVISOR_WORKER_LINK_H

#include <stdint.h>
#include <uv.h>

#include "proto/msg.h"

/* The messages to and from one camera's worker: the bound nanomsg socket, the check of generation
 * and sender, the heartbeat. Loop thread. */
struct worker_link;

struct worker_link_events {
	/* A sound message of the current generation; lent. Pongs are kept here. */
	void (*on_message)(void *arg, const struct msg *m);
	/* Pings have gone unanswered for CONTRACT_PING_TIMEOUT_MS. Once per generation. */
	void (*on_silent)(void *arg);
	void *arg;
};

/* Binds path. Returns 0, or what ipc_bind does. camera is lent. */
int worker_link_open(uv_loop_t *loop, const char *path, const char *camera,
	const struct worker_link_events *events, struct worker_link **out);

/* A worker of this generation was started as process pid: words of others are dropped from now on,
 * and pings go out from its hello on. A camera that was removed and added again counts its
 * generations anew, while its last worker may still be ending: that is told by its pid. */
void worker_link_expect(struct worker_link *l, int64_t gen, int64_t pid);

/* No worker runs: nothing is sent or accepted. */
void worker_link_forget(struct worker_link *l);

/* Completes m (camera, generation) and sends it. Before hello, and when the worker does not take
 * it, it is lost: returns 0 or ERR_AGAIN. */
int worker_link_send(struct worker_link *l, struct msg *m);

/* NULL is fine; freed when libuv has let go of its handles. */
void worker_link_close(struct worker_link *l);

#endif
