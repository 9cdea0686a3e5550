/* test_tunnel.c - worker/tunnel.h between a camera and a libavformat that are sockets of this test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/err.h"
#include "worker/tunnel.h"

#define CAMERA_URI "rtsp://cam.example/path?auth=token"

struct setup {
	struct tunnel *tunnel;
	int camera; /* the camera's end */
	int stop_fd;
};

static int
begin(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	char port[6], why[100];
	struct camera_conn *conn;
	int64_t when;

	assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	snprintf(port, sizeof(port), "%u", ntohs(a.sin_port));
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	const struct camera_conn_config config = {
		.host = "127.0.0.1", .port = port, .step_ms = 10000, .cancel_fd = s->stop_fd
	};
	assert_int_equal(camera_conn_open(&config, &conn, &when, why, sizeof(why)), 0);
	s->camera = accept(listener, NULL, NULL);
	close(listener);
	s->tunnel = tunnel_new(
		conn, &(struct tunnel_config){ .uri = CAMERA_URI, .stop_fd = s->stop_fd });
	*state = s;
	return 0;
}

static int
end(void **state)
{
	struct setup *s = *state;

	tunnel_free(s->tunnel);
	close(s->camera);
	close(s->stop_fd);
	free(s);
	return 0;
}

/* A connection to the tunnel's port. */
static int
knock(const struct setup *s)
{
	unsigned port;
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(sscanf(tunnel_address(s->tunnel), "127.0.0.1:%u/", &port), 1);
	a.sin_port = htons((in_port_t)port);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void
say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void
ask(const struct setup *s, int fd, const char *method)
{
	char text[200];

	snprintf(text, sizeof(text), "%s rtsp://%s RTSP/1.0\r\n\r\n", method,
		tunnel_address(s->tunnel));
	say(fd, text);
}

/* What has come on fd, within a second. */
static const char *
heard(int fd)
{
	static char text[1000];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = poll(&p, 1, 1000) == 1 ? recv(fd, text, sizeof(text) - 1, 0) : 0;

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Pokes until it listens to this one: on loopback a step or two. */
static int
admitted(const struct setup *s)
{
	int fd = knock(s);

	ask(s, fd, "OPTIONS");
	for (int i = 0; i < 1000 && !tunnel_awaits_answer(s->tunnel); i++)
		tunnel_poke(s->tunnel);
	assert_true(tunnel_awaits_answer(s->tunnel));
	return fd;
}

static void
requests_and_answers_pass(void **state)
{
	struct setup *s = *state;
	int local = admitted(s);

	assert_string_equal(heard(s->camera), "OPTIONS " CAMERA_URI " RTSP/1.0\r\n\r\n");
	say(s->camera, "RTSP/1.0 200 OK\r\n\r\n");
	assert_int_equal(tunnel_run(s->tunnel, clock_now() + 10000), 0);
	assert_false(tunnel_awaits_answer(s->tunnel));
	assert_string_equal(heard(local), "RTSP/1.0 200 OK\r\n\r\n");
	assert_int_equal(tunnel_outcome(s->tunnel).status, 200);
	close(local);
}

static void
another_process_is_not_served(void **state)
{
	struct setup *s = *state;
	pid_t stranger = fork();
	int status;

	if (stranger == 0) {
		int fd = knock(s);
		ask(s, fd, "OPTIONS");
		struct pollfd p = { .fd = fd, .events = POLLIN };
		char byte;
		_exit(poll(&p, 1, 10000) == 1 && recv(fd, &byte, 1, 0) <= 0 ? 0 : 1);
	}
	while (waitpid(stranger, &status, WNOHANG) == 0)
		tunnel_run(s->tunnel, clock_now() + 10);
	assert_int_equal(status, 0);
	int local = admitted(s);
	assert_string_equal(heard(s->camera), "OPTIONS " CAMERA_URI " RTSP/1.0\r\n\r\n");
	close(local);
}

static void
it_knows_what_libavformat_has_not_read_yet(void **state)
{
	struct setup *s = *state;
	int local = admitted(s);

	assert_true(tunnel_is_drained(s->tunnel));
	say(s->camera, "RTSP/1.0 200 OK\r\n\r\n");
	assert_int_equal(tunnel_run(s->tunnel, clock_now() + 10000), 0);
	assert_false(tunnel_is_drained(s->tunnel));
	heard(local);
	assert_true(tunnel_is_drained(s->tunnel));
	close(local);
}

static void
one_connection_is_served(void **state)
{
	struct setup *s = *state;
	int local = admitted(s);
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	unsigned port;
	int late = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(sscanf(tunnel_address(s->tunnel), "127.0.0.1:%u/", &port), 1);
	a.sin_port = htons((in_port_t)port);
	assert_int_equal(connect(late, (struct sockaddr *)&a, sizeof(a)), -1);
	close(late);
	close(local);
}

static void
waiting_ends_at_the_deadline_and_when_stopped(void **state)
{
	struct setup *s = *state;
	int local = admitted(s);

	assert_int_equal(tunnel_run(s->tunnel, clock_now() + 20), ERR_TIMEOUT);
	eventfd_write(s->stop_fd, 1);
	assert_int_equal(tunnel_run(s->tunnel, clock_now() + 60000), ERR_CLOSED);
	close(local);
}

static void
a_camera_that_leaves_is_an_end_of_file(void **state)
{
	struct setup *s = *state;
	int local = admitted(s);

	say(s->camera, "RTSP/1.0 200 OK\r\n\r\n");
	shutdown(s->camera, SHUT_WR);
	for (int i = 0; i < 100 && !tunnel_outcome(s->tunnel).err; i++)
		assert_int_equal(tunnel_run(s->tunnel, clock_now() + 10000), 0);
	assert_string_equal(heard(local), "RTSP/1.0 200 OK\r\n\r\n");
	assert_string_equal(heard(local), "");
	assert_int_equal(tunnel_outcome(s->tunnel).err, ERR_EOF);
	close(local);
}

static void
teardown_is_passed_on_after_the_end(void **state)
{
	struct setup *s = *state;
	int local = admitted(s);

	assert_string_equal(heard(s->camera), "OPTIONS " CAMERA_URI " RTSP/1.0\r\n\r\n");
	ask(s, local, "TEARDOWN");
	close(local);
	ms_t before = clock_now();
	tunnel_finish(s->tunnel);
	assert_true(clock_now() - before >= TUNNEL_LINGER_MS - 1);
	assert_string_equal(heard(s->camera), "TEARDOWN " CAMERA_URI " RTSP/1.0\r\n\r\n");
}

#define SDP "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
#define RTP(number) "$\0\0\xe\x80\xe0\0" number "\0\0\0\1\0\0\0\2\x41\x9a"

static void
say_bytes(int fd, const char *bytes, size_t n)
{
	assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), n);
}

#define SAY(fd, literal) say_bytes((fd), (literal), sizeof(literal) - 1)

/* Has a request answered, with what comes behind the answer. */
static void
exchange(struct setup *s, int local, const char *method, const char *answer, size_t n)
{
	ask(s, local, method);
	while (!tunnel_awaits_answer(s->tunnel))
		tunnel_poke(s->tunnel);
	say_bytes(s->camera, answer, n);
	assert_int_equal(tunnel_run(s->tunnel, clock_now() + 10000), 0);
	assert_false(tunnel_awaits_answer(s->tunnel));
	heard(local);
}

#define EXCHANGE(s, local, method, answer)                                                         \
	exchange((s), (local), (method), (answer), sizeof(answer) - 1)

/* Until the camera is asked to play. */
static int
ready_to_play(struct setup *s)
{
	int local = admitted(s);

	say(s->camera, "RTSP/1.0 200 OK\r\n\r\n");
	assert_int_equal(tunnel_run(s->tunnel, clock_now() + 10000), 0);
	EXCHANGE(s, local, "DESCRIBE", "RTSP/1.0 200 OK\r\nContent-Length: 51\r\n\r\n" SDP);
	assert_int_equal(sizeof(SDP) - 1, 51);
	EXCHANGE(s, local, "SETUP",
		"RTSP/1.0 200 OK\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n");
	return local;
}

static void
assert_next(struct setup *s, uint8_t number)
{
	struct relay_packet p;

	assert_int_equal(tunnel_read(s->tunnel, clock_now() + 10000, &p), 0);
	assert_int_equal(p.len, 14);
	assert_int_equal(p.bytes[3], number);
	assert_in_range(clock_now_us() - p.arrived_us, 0, 10000000);
}

static void
pictures_before_the_answer_are_kept(void **state)
{
	struct setup *s = *state;
	int local = ready_to_play(s);

	EXCHANGE(s, local, "PLAY", RTP("\1") RTP("\2") "RTSP/1.0 200 OK\r\n\r\n" RTP("\3"));
	SAY(s->camera, RTP("\4"));
	for (uint8_t i = 1; i <= 4; i++)
		assert_next(s, i);
	close(local);
}

static void
what_a_camera_sent_before_it_left_is_read(void **state)
{
	struct setup *s = *state;
	int local = ready_to_play(s);
	struct relay_packet p;

	EXCHANGE(s, local, "PLAY", "RTSP/1.0 200 OK\r\n\r\n");
	SAY(s->camera, RTP("\1") RTP("\2") "$\0\0\xe");
	shutdown(s->camera, SHUT_WR);
	assert_next(s, 1);
	assert_next(s, 2);
	assert_int_equal(tunnel_read(s->tunnel, clock_now() + 10000, &p), ERR_EOF);
	assert_int_equal(tunnel_outcome(s->tunnel).err, ERR_EOF);
	close(local);
}

static void
reading_ends_at_the_deadline_and_when_stopped(void **state)
{
	struct setup *s = *state;
	int local = ready_to_play(s);
	struct relay_packet p;

	EXCHANGE(s, local, "PLAY", "RTSP/1.0 200 OK\r\n\r\n");
	assert_int_equal(tunnel_read(s->tunnel, clock_now() + 20, &p), ERR_TIMEOUT);
	eventfd_write(s->stop_fd, 1);
	assert_int_equal(tunnel_read(s->tunnel, clock_now() + 60000, &p), ERR_CLOSED);
	close(local);
}

static void
a_pill_follows_what_the_camera_said(void **state)
{
	static const char wanted[] = "OPTIONS * RTSP/1.0\r\n\r\n$\0\0\xe\x80\x60";
	struct setup *s = *state;
	int local = ready_to_play(s);

	EXCHANGE(s, local, "PLAY", "RTSP/1.0 200 OK\r\n\r\n");
	SAY(s->camera, "OPTIONS * RTSP/1.0\r\n\r\n" RTP("\1"));
	assert_next(s, 1);
	assert_true(tunnel_send_pill(s->tunnel));
	assert_memory_equal(heard(local), wanted, sizeof(wanted) - 1);
	close(local);
}

/* A paused camera may want an answer. */
static void
reading_ends_when_the_camera_says_something_and_sends_nothing(void **state)
{
	struct setup *s = *state;
	int local = ready_to_play(s);
	struct relay_packet p;

	EXCHANGE(s, local, "PLAY", "RTSP/1.0 200 OK\r\n\r\n");
	SAY(s->camera, "OPTIONS * RTSP/1.0\r\n\r\n");
	assert_int_equal(tunnel_read(s->tunnel, clock_now() + 1000, &p), ERR_AGAIN);
	assert_int_equal(tunnel_read(s->tunnel, clock_now() + 20, &p), ERR_TIMEOUT);
	close(local);
}

static void
requests_pass_while_pictures_are_read(void **state)
{
	struct setup *s = *state;
	int local = ready_to_play(s);
	struct relay_packet p;

	EXCHANGE(s, local, "PLAY", "RTSP/1.0 200 OK\r\n\r\n");
	assert_non_null(strstr(heard(s->camera), "PLAY " CAMERA_URI));
	ask(s, local, "GET_PARAMETER");
	assert_int_equal(tunnel_read(s->tunnel, clock_now() + 500, &p), ERR_TIMEOUT);
	assert_string_equal(heard(s->camera), "GET_PARAMETER " CAMERA_URI " RTSP/1.0\r\n\r\n");
	close(local);
}

#define TUNNEL_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TUNNEL_TEST(requests_and_answers_pass),
		TUNNEL_TEST(another_process_is_not_served),
		TUNNEL_TEST(it_knows_what_libavformat_has_not_read_yet),
		TUNNEL_TEST(one_connection_is_served),
		TUNNEL_TEST(waiting_ends_at_the_deadline_and_when_stopped),
		TUNNEL_TEST(a_camera_that_leaves_is_an_end_of_file),
		TUNNEL_TEST(pictures_before_the_answer_are_kept),
		TUNNEL_TEST(what_a_camera_sent_before_it_left_is_read),
		TUNNEL_TEST(reading_ends_at_the_deadline_and_when_stopped),
		TUNNEL_TEST(a_pill_follows_what_the_camera_said),
		TUNNEL_TEST(reading_ends_when_the_camera_says_something_and_sends_nothing),
		TUNNEL_TEST(requests_pass_while_pictures_are_read),
		TUNNEL_TEST(teardown_is_passed_on_after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
