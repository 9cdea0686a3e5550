#ifndef COMMON_IPC_H
#define COMMON_IPC_H

#include <stddef.h>

/* A nanomsg socket over a unix socket. Message-based, never blocks. One thread at a time.
 * nanomsg does not say that a peer died: to send gives ERR_AGAIN then, as for a full buffer. Life
 * and death are known from elsewhere (proto/contract.h). */
struct ipc;

enum ipc_pattern {
	IPC_PAIR, /* one supervisor, one worker */
	IPC_REQ,  /* asks, then waits for the answer */
	IPC_REP,  /* every message received must be answered before the next is */
	IPC_PUB,
	IPC_SUB, /* subscribed to everything */
};

/* The longest message taken: an SDP with its candidates is some 10 kB, a status of 50 cameras
 * 100 kB. Longer ones are dropped by nanomsg with their connection. */
#define IPC_MESSAGE_MAX (1024 * 1024)

/* Binds (or connects) to the unix socket at path. A stale socket file is replaced. Returns 0 and
 * the socket, ERR_RANGE if path is too long for a unix socket, else ERR_SYS with errno set. */
int ipc_bind(enum ipc_pattern pattern, const char *path, struct ipc **out);
int ipc_connect(enum ipc_pattern pattern, const char *path, struct ipc **out);

/* A descriptor that is readable while a message waits; poll it, never read it. */
int ipc_fd(const struct ipc *ipc);

/* Sends text (without its NUL) as one message. Returns 0, ERR_AGAIN (no peer, or its buffer is
 * full: the message was not taken), or ERR_SYS. */
int ipc_send(struct ipc *ipc, const char *text);

/* Receives one message as a NUL-terminated text; free it with free(). len may be NULL. Returns 0,
 * ERR_AGAIN when none waits, ERR_SYS. */
int ipc_recv(struct ipc *ipc, char **text, size_t *len);

/* As ipc_recv, but waits up to timeout_ms, -1: for ever. For camctl, which has nothing else to do.
 * Returns also ERR_TIMEOUT. */
int ipc_recv_wait(struct ipc *ipc, int timeout_ms, char **text, size_t *len);

/* NULL is fine. What is still unsent is lost. */
void ipc_close(struct ipc *ipc);

#endif
