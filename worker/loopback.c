/* loopback.c - sockets between two ends of this process. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

/* The descriptor of ours whose own address is the peer's of fd; -1 if it is another process's. */
static int
find_other_end(int fd)
{
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);

	if (getpeername(fd, (struct sockaddr *)&peer, &len))
		return -1;
	for (int i = 0; i < FD_LIMIT; i++) {
		struct sockaddr_in own = { .sin_family = AF_UNSPEC };
		len = sizeof(own);
		if (i != fd && !getsockname(i, (struct sockaddr *)&own, &len) &&
			own.sin_family == AF_INET && own.sin_port == peer.sin_port &&
			own.sin_addr.s_addr == peer.sin_addr.s_addr)
			return i;
	}
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
