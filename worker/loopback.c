/* loopback.c - sockets between two ends of this process. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "worker/loopback.h"

/* The worker has some dozen descriptors open. */
#define FD_LIMIT 1024

int
loopback_listen(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&a, len) || listen(fd, 8) ||
		getsockname(fd, (struct sockaddr *)&a, &len)) {
		close(fd);
		return -1;
	}
	*port = ntohs(a.sin_port);
	return fd;
}

static bool
is_same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_family == AF_INET && b->sin_family == AF_INET && a->sin_port == b->sin_port &&
	       a->sin_addr.s_addr == b->sin_addr.s_addr;
}

/* Both addresses of a connected socket; false if it is none. */
static bool
find_ends(int fd, struct sockaddr_in *own, struct sockaddr_in *other)
{
	socklen_t own_len = sizeof(*own), other_len = sizeof(*other);

	/* A socket of another family may fill less than this. */
	*own = (struct sockaddr_in){ 0 };
	*other = (struct sockaddr_in){ 0 };
	return !getsockname(fd, (struct sockaddr *)own, &own_len) &&
	       !getpeername(fd, (struct sockaddr *)other, &other_len);
}

/* The descriptor of ours at the other end of fd's connection; -1 if it is another process's. One
 * address does not tell: the kernel gives one local port to several connections if they lead to
 * different places. */
static int
find_other_end(int fd)
{
	struct sockaddr_in near, far, own, other;

	if (!find_ends(fd, &near, &far))
		return -1;
	for (int i = 0; i < FD_LIMIT; i++)
		if (find_ends(i, &own, &other) && is_same(&own, &far) && is_same(&other, &near))
			return i;
	return -1;
}

int
loopback_accept(int listen_fd, int *other_end)
{
	int on = 1;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -1;
	*other_end = find_other_end(fd);
	if (*other_end < 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

size_t
loopback_unread(int fd)
{
	int n = 0;

	return ioctl(fd, FIONREAD, &n) || n < 0 ? 0 : (size_t)n;
}

int
loopback_receive(int fd, struct fifo *f)
{
	ssize_t n = recv(fd, fifo_back(f), fifo_room(f), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return ERR_AGAIN;
	if (n <= 0)
		return ERR_EOF;
	fifo_add(f, (size_t)n);
	return 0;
}
