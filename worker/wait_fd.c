/* wait_fd.c - waiting for a descriptor, but not for ever and not against the caller's will. */
#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "common/err.h"
#include "worker/wait_fd.h"

int
wait_fd(int fd, short events, ms_t deadline, int cancel_fd)
{
	struct pollfd p[] = { { .fd = fd, .events = events },
		{ .fd = cancel_fd, .events = POLLIN } };

	for (;;) {
		ms_t left = deadline - clock_now();
		if (left < 0)
			return ERR_TIMEOUT;
		int n = poll(p, 2, left < INT_MAX ? (int)left : INT_MAX);
		if (n < 0 && errno != EINTR)
			return ERR_SYS;
		if (n > 0 && p[1].revents)
			return ERR_CLOSED;
		if (n > 0 && p[0].revents)
			return 0;
	}
}
