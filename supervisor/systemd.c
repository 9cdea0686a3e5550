/* systemd.c - sd_notify(3)'s protocol, without libsystemd.
 * Reads $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID at each call; keeps nothing. Any thread.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/err.h"
#include "supervisor/systemd.h"

#define STATE_BYTES_MAX 1024

/* Fills sa from $NOTIFY_SOCKET. Returns its length, 0 if it is not an address. */
static socklen_t
address(const char *name, struct sockaddr_un *sa)
{
	size_t n = strlen(name);

	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if ((*name != '/' && *name != '@') || n < 2 || n >= sizeof(sa->sun_path))
		return 0;
	memcpy(sa->sun_path, name, n);
	/* An abstract address begins with a zero byte and has no other end than its length. */
	if (*name == '@')
		sa->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (*name == '/'));
}

int
systemd_notify(const char *state)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un sa;

	if (!name)
		return 0;
	socklen_t len = address(name, &sa);
	if (len == 0)
		return ERR_RANGE;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ERR_SYS;
	ssize_t n = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&sa, len);
	int saved = errno;
	close(fd);
	errno = saved;
	return n < 0 ? ERR_SYS : 1;
}

int
systemd_notifyf(const char *fmt, ...)
{
	char state[STATE_BYTES_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(state, sizeof(state), fmt, ap);
	va_end(ap);
	return systemd_notify(state);
}

/* A whole number above 0, or 0. */
static long long
env_number(const char *name)
{
	const char *text = getenv(name);
	char *end;

	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' ? n : 0;
}

ms_t
systemd_watchdog_interval(void)
{
	long long us = env_number("WATCHDOG_USEC");

	/* The variables are inherited by children that nobody watches. */
	if (getenv("WATCHDOG_PID") && env_number("WATCHDOG_PID") != getpid())
		return MS_NEVER;
	if (us <= 0)
		return MS_NEVER;
	ms_t half_ms = us / 2000;
	return half_ms > 0 ? half_ms : 1;
}
