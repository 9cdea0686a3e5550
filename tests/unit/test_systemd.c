/* test_systemd.c - systemd hears what we say, whatever kind of address it gave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/err.h"
#include "supervisor/systemd.h"

/* A socket as systemd would have it, at path or, if that begins with @, an abstract address. */
static int
listen_at(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	memcpy(sa.sun_path, path, n);
	if (*path == '@')
		sa.sun_path[0] = '\0';
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (*path != '@'));
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static void
assert_heard(int fd, const char *expected)
{
	char text[2048];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void
without_systemd_nothing_is_sent(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(systemd_notify("READY=1"), 0);
}

static void
a_path_is_sent_to(void **state)
{
	char dir[] = "/tmp/test_systemd.XXXXXX";
	char path[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/notify", dir);
	int fd = listen_at(path);
	assert_int_equal(systemd_notify("READY=1\nSTATUS=ok"), 1);
	assert_heard(fd, "READY=1\nSTATUS=ok");
	assert_int_equal(systemd_notifyf("STATUS=%d of %d cameras running", 2, 3), 1);
	assert_heard(fd, "STATUS=2 of 3 cameras running");
	close(fd);
	/* It is gone: an error, and no signal. */
	assert_int_equal(systemd_notify("READY=1"), ERR_SYS);
	unlink(path);
	rmdir(dir);
}

static void
an_abstract_address_is_sent_to(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "@camrelay/test_systemd/%d", (int)getpid());
	int fd = listen_at(name);
	assert_int_equal(systemd_notify("WATCHDOG=1"), 1);
	assert_heard(fd, "WATCHDOG=1");
	close(fd);
}

static void
a_full_socket_does_not_block(void **state)
{
	char name[64];
	int err = 1;

	(void)state;
	snprintf(name, sizeof(name), "@camrelay/test_systemd/full/%d", (int)getpid());
	int fd = listen_at(name);
	for (int i = 0; i < 100000 && err == 1; i++)
		err = systemd_notify("WATCHDOG=1");
	assert_int_equal(err, ERR_SYS);
	close(fd);
}

static void
what_is_no_address_is_refused(void **state)
{
	char path[200] = "/";

	(void)state;
	setenv("NOTIFY_SOCKET", "vsock:2:1234", 1);
	assert_int_equal(systemd_notify("READY=1"), ERR_RANGE);
	setenv("NOTIFY_SOCKET", "", 1);
	assert_int_equal(systemd_notify("READY=1"), ERR_RANGE);
	memset(path + 1, 'x', sizeof(path) - 2);
	setenv("NOTIFY_SOCKET", path, 1);
	assert_int_equal(systemd_notify("READY=1"), ERR_RANGE);
}

static void
the_watchdog_is_fed_at_half_its_time(void **state)
{
	char pid[16];

	(void)state;
	unsetenv("WATCHDOG_PID");
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(systemd_watchdog_interval(), 15000);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(systemd_watchdog_interval(), 15000);
	setenv("WATCHDOG_USEC", "1", 1);
	assert_int_equal(systemd_watchdog_interval(), 1);
}

static void
a_watchdog_that_is_not_ours_is_not_fed(void **state)
{
	static const char *const bad[] = { "", "0", "-5", "30s", "99999999999999999999" };

	(void)state;
	setenv("WATCHDOG_USEC", "30000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(systemd_watchdog_interval(), MS_NEVER);
	unsetenv("WATCHDOG_PID");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setenv("WATCHDOG_USEC", bad[i], 1);
		assert_int_equal(systemd_watchdog_interval(), MS_NEVER);
	}
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(systemd_watchdog_interval(), MS_NEVER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_systemd_nothing_is_sent),
		cmocka_unit_test(a_path_is_sent_to),
		cmocka_unit_test(an_abstract_address_is_sent_to),
		cmocka_unit_test(a_full_socket_does_not_block),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(the_watchdog_is_fed_at_half_its_time),
		cmocka_unit_test(a_watchdog_that_is_not_ours_is_not_fed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
