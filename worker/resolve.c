/* resolve.c - names to addresses, without ever being stuck in it.
 * getaddrinfo blocks for as long as resolv.conf says and cannot be interrupted, so it runs on a
 * thread of its own, which is left alone when nobody waits any more and then cleans up after
 * itself. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/err.h"
#include "worker/resolve.h"
#include "common/xmalloc.h"
#include "worker/wait_fd.h"

/* One lookup; freed by whoever of the two threads is done last. */
struct lookup {
	atomic_int owners;
	int done_fd;      /* readable when result is there */
	atomic_bool done; /* and this is true: poll(2) alone orders no memory */
	char *host;
	char *port;
	int result; /* of getaddrinfo */
	struct addrinfo *addresses;
};

static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };

static void
lookup_drop(struct lookup *l)
{
	if (atomic_fetch_sub(&l->owners, 1) > 1)
		return;
	if (l->addresses)
		freeaddrinfo(l->addresses);
	close(l->done_fd);
	free(l->host);
	free(l->port);
	free(l);
}

static struct lookup *
lookup_new(const char *host, const char *port)
{
	struct lookup *l = xcalloc(1, sizeof(*l));

	atomic_init(&l->owners, 2);
	l->host = xstrdup(host);
	l->port = xstrdup(port);
	l->done_fd = eventfd(0, EFD_CLOEXEC);
	if (l->done_fd < 0)
		abort();
	return l;
}

static void *
lookup_run(void *arg)
{
	struct lookup *l = arg;

	l->result = getaddrinfo(l->host, l->port, &hints, &l->addresses);
	atomic_store(&l->done, true);
	eventfd_write(l->done_fd, 1);
	lookup_drop(l);
	return NULL;
}

/* Signals are for the threads that expect them. */
static int
start_thread(struct lookup *l)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&thread, &attr, lookup_run, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return failed ? ERR_SYS : 0;
}

static int
take(int result, struct addrinfo *found, struct addrinfo **out, const char **why)
{
	if (result) {
		*why = gai_strerror(result);
		return ERR_UNREACHABLE;
	}
	*out = found;
	return 0;
}

static bool
is_literal(const char *host, const char *port, struct addrinfo **found)
{
	struct addrinfo literal = hints;

	literal.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	return !getaddrinfo(host, port, &literal, found);
}

int
resolve(const char *host, const char *port, ms_t deadline, int cancel_fd, struct addrinfo **out,
	const char **why)
{
	struct addrinfo *literal;

	if (is_literal(host, port, &literal))
		return take(0, literal, out, why);

	struct lookup *l = lookup_new(host, port);
	int err = start_thread(l);
	if (err) {
		atomic_store(&l->owners, 1);
		lookup_drop(l);
		return err;
	}
	err = wait_fd(l->done_fd, POLLIN, deadline, cancel_fd);
	if (!err && atomic_load(&l->done)) {
		err = take(l->result, l->addresses, out, why);
		l->addresses = NULL;
	}
	lookup_drop(l);
	return err;
}
