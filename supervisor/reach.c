/* reach.c - whether a TCP service can be reached. Keeps nothing. A thread of the pool. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervisor/reach.h"

/* For all addresses of a name together: a SYN that is lost is sent again after 1 and 3 s. */
#define CONNECT_TIMEOUT_MS 5000

/* The address of a URL's host as getaddrinfo takes it: without brackets. */
static void
strip(const char *host, char *out, size_t size)
{
	size_t len = strlen(host);
	bool v6 = *host == '[' && len > 2;

	snprintf(out, size, "%.*s", (int)(v6 ? len - 2 : len), v6 ? host + 1 : host);
}

/* Returns 0 or an errno. */
static int
wait_connected(int fd, ms_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	ms_t left = deadline - clock_now();
	int error = 0;
	socklen_t size = sizeof(error);

	if (left <= 0 || poll(&p, 1, (int)left) <= 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

static int
try_address(const struct addrinfo *a, ms_t deadline)
{
	int fd =
		socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);

	if (fd < 0)
		return errno;
	int error = connect(fd, a->ai_addr, a->ai_addrlen) == 0 ? 0 : errno;
	if (error == EINPROGRESS)
		error = wait_connected(fd, deadline);
	close(fd);
	return error;
}

ms_t
reach(const char *host, int port, char *why, size_t why_size)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	char name[256], service[16];
	ms_t start = clock_now();

	strip(host, name, sizeof(name));
	snprintf(service, sizeof(service), "%d", port);
	int error = getaddrinfo(name, service, &hints, &list);
	if (error) {
		snprintf(why, why_size, "its name is not resolved: %s", gai_strerror(error));
		return -1;
	}
	ms_t deadline = clock_now() + CONNECT_TIMEOUT_MS;
	error = EHOSTUNREACH;
	for (const struct addrinfo *a = list; a && error; a = a->ai_next)
		error = try_address(a, deadline);
	freeaddrinfo(list);
	if (!error)
		return clock_now() - start;
	snprintf(why, why_size, "it is not reached: %s", strerror(error));
	return -1;
}
