/* ipc.c - nanomsg sockets over unix sockets.
 * The only user of nanomsg. Owns no policy: what is said is proto's. */
#include <errno.h>
#include <libgen.h>
#include <nanomsg/nn.h>
#include <nanomsg/pair.h>
#include <nanomsg/pubsub.h>
#include <nanomsg/reqrep.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/err.h"
#include "common/ipc.h"
#include "common/xmalloc.h"

struct ipc {
	int socket;
	int rcvfd; /* owned by nanomsg */
};

static const int protocols[] = {
	[IPC_PAIR] = NN_PAIR,
	[IPC_REQ] = NN_REQ,
	[IPC_REP] = NN_REP,
	[IPC_PUB] = NN_PUB,
	[IPC_SUB] = NN_SUB,
};

/* A publisher has nothing to receive, and nanomsg no descriptor for it. */
static int
get_rcvfd(int socket, enum ipc_pattern pattern, int *fd)
{
	size_t size = sizeof(*fd);

	*fd = -1;
	if (pattern == IPC_PUB)
		return 0;
	return nn_getsockopt(socket, NN_SOL_SOCKET, NN_RCVFD, fd, &size);
}

static int
set_options(int socket, enum ipc_pattern pattern)
{
	int max = IPC_MESSAGE_MAX;

	if (nn_setsockopt(socket, NN_SOL_SOCKET, NN_RCVMAXSIZE, &max, sizeof(max)) < 0)
		return -1;
	if (pattern == IPC_SUB)
		return nn_setsockopt(socket, NN_SUB, NN_SUB_SUBSCRIBE, "", 0);
	return 0;
}

static int
open_at(enum ipc_pattern pattern, const char *path, int (*attach)(int, const char *),
	struct ipc **out)
{
	char url[sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof("ipc://")];
	int fd;

	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return ERR_RANGE;
	snprintf(url, sizeof(url), "ipc://%s", path);
	int s = nn_socket(AF_SP, protocols[pattern]);
	if (s < 0)
		return ERR_SYS;
	struct ipc *ipc = calloc(1, sizeof(*ipc));
	if (!ipc || set_options(s, pattern) < 0 || attach(s, url) < 0 ||
		get_rcvfd(s, pattern, &fd) < 0) {
		int saved = errno;
		free(ipc);
		nn_close(s);
		errno = saved;
		return ERR_SYS;
	}
	ipc->socket = s;
	ipc->rcvfd = fd;
	*out = ipc;
	return 0;
}

/* nanomsg aborts the process where it cannot remove what is in the socket's place. */
static int
check_place(const char *path)
{
	struct stat there;
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];

	if (lstat(path, &there) == 0 && !S_ISSOCK(there.st_mode)) {
		errno = EEXIST;
		return ERR_SYS;
	}
	snprintf(folder, sizeof(folder), "%s", path);
	return access(dirname(folder), W_OK | X_OK) == 0 ? 0 : ERR_SYS;
}

int
ipc_bind(enum ipc_pattern pattern, const char *path, struct ipc **out)
{
	if (check_place(path) != 0)
		return ERR_SYS;
	return open_at(pattern, path, nn_bind, out);
}

int
ipc_connect(enum ipc_pattern pattern, const char *path, struct ipc **out)
{
	return open_at(pattern, path, nn_connect, out);
}

int
ipc_fd(const struct ipc *ipc)
{
	return ipc->rcvfd;
}

int
ipc_send(struct ipc *ipc, const char *text)
{
	if (nn_send(ipc->socket, text, strlen(text), NN_DONTWAIT) >= 0)
		return 0;
	return errno == EAGAIN ? ERR_AGAIN : ERR_SYS;
}

int
ipc_recv(struct ipc *ipc, char **text, size_t *len)
{
	void *message;
	int n = nn_recv(ipc->socket, &message, NN_MSG, NN_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN ? ERR_AGAIN : ERR_SYS;
	char *copy = xmalloc((size_t)n + 1);
	memcpy(copy, message, (size_t)n);
	copy[n] = '\0';
	nn_freemsg(message);
	if (len)
		*len = (size_t)n;
	*text = copy;
	return 0;
}

int
ipc_recv_wait(struct ipc *ipc, int timeout_ms, char **text, size_t *len)
{
	struct pollfd p = { .fd = ipc->rcvfd, .events = POLLIN };
	int n = poll(&p, 1, timeout_ms);

	if (n < 0)
		return ERR_SYS;
	if (n == 0)
		return ERR_TIMEOUT;
	return ipc_recv(ipc, text, len);
}

void
ipc_close(struct ipc *ipc)
{
	if (!ipc)
		return;
	nn_close(ipc->socket);
	free(ipc);
}
