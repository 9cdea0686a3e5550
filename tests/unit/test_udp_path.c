/* test_udp_path.c - what one call sends is what separate datagrams arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <unistd.h>

#include "common/err.h"
#include "worker/udp_path.h"

struct ends {
	int from;
	int to;
	struct sockaddr_in address; /* of to */
	struct udp_path *path;
};

static int
socket_new(struct sockaddr_in *own)
{
	socklen_t len = sizeof(*own);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	*own = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(fd, (struct sockaddr *)own, sizeof(*own)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)own, &len), 0);
	return fd;
}

static void
set(struct ends *e)
{
	assert_int_equal(
		udp_path_set(e->path, e->from, (struct sockaddr *)&e->address, sizeof(e->address)),
		0);
}

static struct ends
ends_new(void)
{
	struct sockaddr_in own;
	struct ends e = { .from = socket_new(&own), .path = udp_path_new() };

	e.to = socket_new(&e.address);
	set(&e);
	return e;
}

static void
ends_free(struct ends *e)
{
	udp_path_free(e->path);
	close(e->from);
	close(e->to);
}

/* The next datagram must be these bytes. Loopback delivers before sendmsg returns. */
static void
expect(struct ends *e, const uint8_t *bytes, size_t len)
{
	uint8_t got[2048];

	assert_int_equal(recv(e->to, got, sizeof(got), MSG_DONTWAIT), len);
	assert_memory_equal(got, bytes, len);
}

static void
expect_batch(struct ends *e)
{
	uint8_t bytes[4 * 1000 + 300];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i / 7);
	assert_int_equal(udp_path_send(e->path, bytes, sizeof(bytes), 1000), 5);
	for (size_t i = 0; i < 4; i++)
		expect(e, bytes + 1000 * i, 1000);
	expect(e, bytes + 4000, 300);
	assert_int_equal(recv(e->to, bytes, sizeof(bytes), MSG_DONTWAIT), -1);
}

static void
a_batch_arrives_as_datagrams(void **state)
{
	struct ends e = ends_new();

	(void)state;
	expect_batch(&e);
	ends_free(&e);
}

static void
a_full_batch_is_taken(void **state)
{
	static const uint8_t bytes[UDP_BATCH_SEGMENTS * 1000];
	struct ends e = ends_new();

	(void)state;
	assert_int_equal(udp_path_send(e.path, bytes, sizeof(bytes), 1000), UDP_BATCH_SEGMENTS);
	ends_free(&e);
}

static void
where_the_kernel_refuses_gso_each_datagram_is_sent_by_itself(void **state)
{
	struct ends e = ends_new();
	const int one = 1;

	(void)state;
	/* udp_send_skb: no GSO without checksums. */
	assert_int_equal(setsockopt(e.from, SOL_SOCKET, SO_NO_CHECK, &one, sizeof(one)), 0);
	expect_batch(&e);
	expect_batch(&e);
	ends_free(&e);
}

static void
the_owner_may_close_its_socket(void **state)
{
	struct ends e = ends_new();

	(void)state;
	close(e.from);
	expect_batch(&e);
	e.from = dup(e.to); /* for ends_free */
	ends_free(&e);
}

static void
nothing_can_be_sent_before_it_is_set(void **state)
{
	struct udp_path *p = udp_path_new();
	const uint8_t byte = 0;

	(void)state;
	assert_int_equal(udp_path_send(p, &byte, 1, 1), ERR_AGAIN);
	udp_path_free(p);
}

static atomic_bool stop;

static void *
send_for_ever(void *arg)
{
	const uint8_t bytes[2500] = { 0 };

	while (!atomic_load(&stop))
		udp_path_send(arg, bytes, sizeof(bytes), 1000);
	return NULL;
}

static void
the_path_may_change_under_a_sender(void **state)
{
	struct ends e = ends_new();
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, send_for_ever, e.path), 0);
	for (int i = 0; i < 1000; i++)
		set(&e);
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	ends_free(&e);
}

static void
only_what_the_peer_sends_is_taken(void **state)
{
	struct sockaddr_in own, stranger_address;
	socklen_t len = sizeof(own);
	uint8_t bytes[8];
	struct ends e = ends_new();
	struct sockaddr_in namesake_address = e.address; /* of the same port */
	const int stranger = socket_new(&stranger_address);
	const int namesake = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	assert_int_equal(udp_path_receive(e.path, bytes, sizeof(bytes)), ERR_AGAIN);
	assert_int_equal(getsockname(e.from, (struct sockaddr *)&own, &len), 0);
	assert_int_equal(sendto(stranger, "no", 2, 0, (struct sockaddr *)&own, len), 2);
	assert_int_equal(udp_path_receive(e.path, bytes, sizeof(bytes)), ERR_AGAIN);
	namesake_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	assert_int_equal(bind(namesake, (void *)&namesake_address, len), 0);
	assert_int_equal(sendto(namesake, "no", 2, 0, (struct sockaddr *)&own, len), 2);
	assert_int_equal(udp_path_receive(e.path, bytes, sizeof(bytes)), ERR_AGAIN);
	assert_int_equal(sendto(e.to, "yes", 3, 0, (struct sockaddr *)&own, len), 3);
	assert_int_equal(udp_path_receive(e.path, bytes, sizeof(bytes)), 3);
	assert_memory_equal(bytes, "yes", 3);
	close(stranger);
	close(namesake);
	ends_free(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_the_peer_sends_is_taken),
		cmocka_unit_test(a_batch_arrives_as_datagrams),
		cmocka_unit_test(a_full_batch_is_taken),
		cmocka_unit_test(where_the_kernel_refuses_gso_each_datagram_is_sent_by_itself),
		cmocka_unit_test(the_owner_may_close_its_socket),
		cmocka_unit_test(nothing_can_be_sent_before_it_is_set),
		cmocka_unit_test(the_path_may_change_under_a_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
