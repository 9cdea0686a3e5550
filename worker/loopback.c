/* loopback.c - sockets between two ends of this process. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "worker/loopback.h"

int
loopback_listen(char *address, size_t size)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	unsigned long long secret[2];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&a, len) || listen(fd, 8) ||
		getsockname(fd, (struct sockaddr *)&a, &len) ||
		getrandom(secret, sizeof(secret), 0) != sizeof(secret)) {
		close(fd);
		return -1;
	}
	snprintf(address, size, "127.0.0.1:%u/%016llx%016llx", ntohs(a.sin_port), secret[0],
		secret[1]);
	return fd;
}

int
loopback_accept(int listen_fd)
{
	int on = 1;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
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
