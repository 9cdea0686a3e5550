/* test_sender.c - packets go out encrypted, in order, and in as few batches as GSO allows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include "common/err.h"
#include "worker/sender.h"
#include "worker/srtp.h"
#include "worker/udp_path.h"

#define PACKETS_MAX 200

struct test {
	int fd; /* sends and receives */
	struct udp_path *path;
	struct srtp *srtp; /* both ends' keys are equal */
	struct sender *sender;
	unsigned first;
	uint8_t bytes[PACKETS_MAX][PEER_PACKET_MAX];
	struct peer_packet packets[PACKETS_MAX];
	size_t count;
	uint16_t seq;
};

static void
on_first(void *arg)
{
	((struct test *)arg)->first++;
}

static int
setup(void **state)
{
	static struct test storage;
	struct test *t = &storage;
	struct sockaddr_in own = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(own);
	const struct srtp_keys keys = { .ours = { 1 }, .theirs = { 1 } };

	*t = (struct test){ .seq = 65000 };
	t->fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(t->fd, (struct sockaddr *)&own, len), 0);
	assert_int_equal(getsockname(t->fd, (struct sockaddr *)&own, &len), 0);
	t->path = udp_path_new();
	assert_int_equal(udp_path_set(t->path, t->fd, (struct sockaddr *)&own, len), 0);
	assert_int_equal(srtp_new(&t->srtp, &keys), 0);
	t->sender = sender_new(t->path, on_first, t);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	sender_free(t->sender);
	srtp_free(t->srtp);
	udp_path_free(t->path);
	close(t->fd);
	return 0;
}

static void
add(struct test *t, size_t len)
{
	uint8_t *p = t->bytes[t->count];

	memset(p, (int)t->count, len);
	memcpy(p, (uint8_t[12]){ 0x80, 96, (uint8_t)(t->seq >> 8), (uint8_t)t->seq }, 12);
	t->seq++;
	t->packets[t->count++] = (struct peer_packet){ .data = p, .len = len };
}

static void
expect_all(struct test *t)
{
	for (size_t i = 0; i < t->count; i++) {
		uint8_t got[2048];
		size_t len = (size_t)recv(t->fd, got, sizeof(got), MSG_DONTWAIT);

		assert_int_equal(srtp_open_rtp(t->srtp, got, &len), 0);
		assert_int_equal(len, t->packets[i].len);
		assert_memory_equal(got, t->packets[i].data, len);
	}
}

static struct peer_stats
send_all(struct test *t)
{
	struct peer_stats stats;

	assert_int_equal(sender_send(t->sender, t->packets, t->count), t->count);
	sender_stats(t->sender, &stats);
	assert_int_equal(stats.packets, t->count);
	assert_int_equal(stats.dropped, 0);
	return stats;
}

static void
the_fragments_of_a_picture_are_one_batch(void **state)
{
	struct test *t = *state;
	struct peer_stats stats;

	sender_open(t->sender, t->srtp);
	for (int i = 0; i < 6; i++)
		add(t, 1200);
	add(t, 700);
	stats = send_all(t);
	assert_int_equal(stats.batches, 1);
	assert_int_equal(stats.bytes, 6 * 1200 + 700 + 7 * 16);
	expect_all(t);
}

static void
any_mix_of_sizes_arrives_in_order(void **state)
{
	/* Batches: 20 | 1200 1200 30 | 1200 | 1201 1201 | 1202 40 | 50 50 */
	const size_t sizes[] = { 20, 1200, 1200, 30, 1200, 1201, 1201, 1202, 40, 50, 50 };
	struct test *t = *state;

	sender_open(t->sender, t->srtp);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		add(t, sizes[i]);
	assert_int_equal(send_all(t).batches, 6);
	expect_all(t);
}

static void
a_key_frame_is_split_where_gso_ends(void **state)
{
	struct test *t = *state;

	sender_open(t->sender, t->srtp);
	for (int i = 0; i < 100; i++)
		add(t, 1200);
	assert_int_equal(send_all(t).batches, 2); /* 53 packets fill 64 KiB */
	expect_all(t);
}

static void
small_packets_are_split_at_64(void **state)
{
	struct test *t = *state;

	sender_open(t->sender, t->srtp);
	for (int i = 0; i < 130; i++)
		add(t, 100);
	assert_int_equal(send_all(t).batches, 3);
	expect_all(t);
}

static void
a_packet_that_cannot_be_sealed_is_dropped_alone(void **state)
{
	struct test *t = *state;
	struct peer_stats stats;
	uint8_t old[100];

	sender_open(t->sender, t->srtp);
	add(t, 100);
	add(t, 100);
	add(t, 100);
	/* Far behind the first: beyond the window of resends. */
	memcpy(old, t->packets[1].data, 100);
	old[2] = 0xd0;
	t->packets[1].data = old;
	assert_int_equal(sender_send(t->sender, t->packets, 3), 2);
	sender_stats(t->sender, &stats);
	assert_int_equal(stats.dropped, 1);
	t->packets[1] = t->packets[2];
	t->count = 2;
	expect_all(t);
}

static void
the_first_packet_is_announced_once(void **state)
{
	struct test *t = *state;

	sender_open(t->sender, t->srtp);
	add(t, 100);
	assert_int_equal(t->first, 0);
	sender_send(t->sender, t->packets, 1);
	sender_send(t->sender, t->packets, 1);
	assert_int_equal(t->first, 1);
}

static void
rtcp_is_sealed_too(void **state)
{
	const uint8_t rr[8] = { 0x80, 201, 0, 1, 0, 0, 0, 9 };
	struct test *t = *state;
	uint8_t got[100];
	size_t len;

	sender_open(t->sender, t->srtp);
	assert_int_equal(sender_send_rtcp(t->sender, rr, sizeof(rr)), 0);
	len = (size_t)recv(t->fd, got, sizeof(got), MSG_DONTWAIT);
	assert_int_equal(len, 8 + 16 + 4);
	assert_int_equal(srtp_open_rtcp(t->srtp, got, &len), 0);
	assert_memory_equal(got, rr, sizeof(rr));
	assert_int_equal(t->first, 0);
}

static void
it_sends_only_between_open_and_close(void **state)
{
	struct test *t = *state;

	add(t, 100);
	assert_int_equal(sender_send(t->sender, t->packets, 1), ERR_AGAIN);
	assert_int_equal(sender_send_rtcp(t->sender, t->bytes[0], 100), ERR_AGAIN);
	sender_open(t->sender, t->srtp);
	assert_int_equal(sender_send(t->sender, t->packets, 1), 1);
	sender_close(t->sender);
	assert_int_equal(sender_send(t->sender, t->packets, 1), ERR_CLOSED);
	assert_int_equal(sender_send_rtcp(t->sender, t->bytes[0], 100), ERR_CLOSED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_fragments_of_a_picture_are_one_batch),
		TEST(any_mix_of_sizes_arrives_in_order),
		TEST(a_key_frame_is_split_where_gso_ends),
		TEST(small_packets_are_split_at_64),
		TEST(a_packet_that_cannot_be_sealed_is_dropped_alone),
		TEST(the_first_packet_is_announced_once),
		TEST(rtcp_is_sealed_too),
		TEST(it_sends_only_between_open_and_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
