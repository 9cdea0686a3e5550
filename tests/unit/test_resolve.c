/* test_resolve.c - worker/resolve.h, with a resolver that answers when the test lets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/err.h"
#include "worker/resolve.h"

static sem_t may_answer, was_freed;
static struct sockaddr_in somewhere = { .sin_family = AF_INET };

/* Instead of the C library's: literal addresses at once, "absent" fails, others when it may. */
int
getaddrinfo(const char *restrict host, const char *restrict port,
	const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
	(void)port;
	if (hints->ai_flags & AI_NUMERICHOST && strcmp(host, "10.0.0.1"))
		return EAI_NONAME;
	if (!strcmp(host, "absent"))
		return EAI_NONAME;
	if (!strcmp(host, "slow"))
		sem_wait(&may_answer);
	*out = calloc(1, sizeof(**out));
	(*out)->ai_addr = (struct sockaddr *)&somewhere;
	return 0;
}

void
freeaddrinfo(struct addrinfo *list)
{
	free(list);
	sem_post(&was_freed);
}

static int
look_up(const char *host, ms_t wait_ms, int cancel_fd, const char **why)
{
	struct addrinfo *found = NULL;
	int err = resolve(host, "554", clock_now() + wait_ms, cancel_fd, &found, why);

	if (!err)
		freeaddrinfo(found);
	return err;
}

static void
names_and_addresses_are_found(void **state)
{
	const char *why;

	(void)state;
	assert_int_equal(look_up("10.0.0.1", 10000, -1, &why), 0);
	assert_int_equal(look_up("known", 10000, -1, &why), 0);
}

static void
a_name_that_is_not_there_has_a_reason(void **state)
{
	const char *why = NULL;

	(void)state;
	assert_int_equal(look_up("absent", 10000, -1, &why), ERR_UNREACHABLE);
	assert_non_null(why);
}

static void
a_silent_resolver_is_left_at_the_deadline(void **state)
{
	const char *why;

	(void)state;
	while (sem_trywait(&was_freed) == 0)
		;
	assert_int_equal(look_up("slow", 20, -1, &why), ERR_TIMEOUT);
	sem_post(&may_answer);
	sem_wait(&was_freed); /* the thread that was left alone cleans up */
}

static void
a_silent_resolver_is_left_when_cancelled(void **state)
{
	int fd = eventfd(1, EFD_CLOEXEC);
	const char *why;

	(void)state;
	ms_t before = clock_now();
	assert_int_equal(look_up("slow", 60000, fd, &why), ERR_CLOSED);
	assert_true(clock_now() - before < 30000);
	sem_post(&may_answer);
	sem_wait(&was_freed);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_addresses_are_found),
		cmocka_unit_test(a_name_that_is_not_there_has_a_reason),
		cmocka_unit_test(a_silent_resolver_is_left_at_the_deadline),
		cmocka_unit_test(a_silent_resolver_is_left_when_cancelled),
	};

	sem_init(&may_answer, 0, 0);
	sem_init(&was_freed, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
