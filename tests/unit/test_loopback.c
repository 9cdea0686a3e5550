/* test_loopback.c - worker/loopback.h: whose connection it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/loopback.h"

static struct sockaddr_in
local_port(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
}

/* A connection to a port, from a port; 0: any. */
static int
connect_from(uint16_t from, uint16_t to)
{
	struct sockaddr_in own = local_port(from), other = local_port(to);
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&other, sizeof(other)), 0);
	return fd;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port);
}

/* As happens now and then on a machine with many connections: the kernel gives one port to two, as
 * they lead to different places. The camera's comes first, and so has the lower descriptor. */
static void
the_other_end_is_found_though_another_connection_has_its_port(void **state)
{
	uint16_t camera_port, port;
	int camera = loopback_listen(&camera_port);
	int listener = loopback_listen(&port);
	int to_camera = connect_from(0, camera_port);
	int local = connect_from(port_of(to_camera), port);
	int other_end = -1;
	int fd = loopback_accept(listener, &other_end);

	(void)state;
	assert_true(to_camera < local);
	assert_true(fd >= 0);
	assert_int_equal(other_end, local);
	assert_int_equal(send(local, "x", 1, 0), 1);
	assert_int_equal(loopback_unread(fd), 1);
	close(fd);
	close(local);
	close(to_camera);
	close(listener);
	close(camera);
}

static void
another_process_is_refused(void **state)
{
	struct pollfd p = { .events = POLLIN };
	uint16_t port;
	int listener = loopback_listen(&port);
	pid_t stranger = fork();
	int other_end, status;

	(void)state;
	if (stranger == 0) {
		char byte;
		_exit(recv(connect_from(0, port), &byte, 1, 0) <= 0 ? 0 : 1);
	}
	p.fd = listener;
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(loopback_accept(listener, &other_end), -1);
	assert_int_equal(waitpid(stranger, &status, 0), stranger);
	assert_int_equal(status, 0);
	close(listener);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_other_end_is_found_though_another_connection_has_its_port),
		cmocka_unit_test(another_process_is_refused),
	};

	return cmocka_run_group_tests_name("loopback", tests, NULL, NULL);
}
