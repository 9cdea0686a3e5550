/* http_probe.c - the HTTP server with handlers that only tests want: echoes, late answers, files.
 *   http_probe ADDRESS DIR [CERT KEY [CONNECTIONS_PER_PEER]]
 * Says where it listens on standard output, and what happens to WebSockets; ends on SIGTERM. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "supervisor/http_exchange.h"
#include "supervisor/http_server.h"
#include "supervisor/http_socket.h"

static struct http_server *server;
static const char *dir;
static uv_loop_t loop;

/* An answer that takes its time. */
struct late {
	uv_timer_t timer;
	struct http_exchange *exchange;
};

static void
answer(struct http_exchange *x)
{
	const struct http_message *m = http_exchange_message(x);
	struct json *j = json_new_object();

	json_set_str(j, "method", http_method_name(m->method));
	json_set_str(j, "path", m->path);
	json_set_int(j, "parameters", (int64_t)m->query_count);
	json_set_int(j, "body", (int64_t)m->body_len);
	struct http_response r = http_response_json(200, j);
	http_respond(x, &r);
}

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void
on_timer(uv_timer_t *timer)
{
	struct late *l = timer->data;

	printf("%s\n", http_exchange_is_gone(l->exchange) ? "gone" : "there");
	answer(l->exchange);
	uv_close((uv_handle_t *)timer, on_closed);
}

static void
answer_late(struct http_exchange *x)
{
	struct late *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->exchange = x;
	l->timer.data = l;
	uv_timer_init(&loop, &l->timer);
	uv_timer_start(&l->timer, on_timer, 1000, 0);
}

static void
answer_large(struct http_exchange *x)
{
	struct http_response r = { .status = 200, .type = "text/plain", .body_len = 20 << 20 };

	r.body = malloc(r.body_len);
	if (!r.body)
		abort();
	for (size_t i = 0; i < r.body_len; i++)
		r.body[i] = (char)('a' + i % 23);
	http_respond(x, &r);
}

static void
on_request(void *arg, struct http_exchange *x)
{
	const char *path = http_exchange_message(x)->path;
	char file[1024];

	(void)arg;
	if (strcmp(path, "/late") == 0) {
		answer_late(x);
	} else if (strcmp(path, "/large") == 0) {
		answer_large(x);
	} else if (strncmp(path, "/files/", 7) == 0) {
		snprintf(file, sizeof(file), "%s/%s", dir, path + 7);
		http_respond_file(x, file, "application/octet-stream");
	} else {
		answer(x);
	}
}

/* ---- WebSockets ------------------------------------------------------------------------------ */

static int
say(struct http_socket *s, const char *text, size_t len)
{
	struct http_text *t = http_text_new(text, len);
	int err = http_socket_send(s, t);

	http_text_release(t);
	return err;
}

static void
on_open(void *arg, struct http_socket *s)
{
	(void)arg;
	puts("open");
	say(s, "hello", 5);
}

/* As much as the server takes. */
static void
flood(struct http_socket *s)
{
	static char text[50000];
	int sent = 0;

	memset(text, 'z', sizeof(text));
	while (say(s, text, sizeof(text)) == 0)
		sent++;
	printf("flood %d\n", sent);
}

static void
on_text(void *arg, struct http_socket *s, const char *text, size_t len)
{
	(void)arg;
	if (strcmp(text, "bye") == 0)
		http_socket_close(s, 1000);
	else if (strcmp(text, "flood") == 0)
		flood(s);
	else
		say(s, text, len);
}

static void
on_close(void *arg, struct http_socket *s)
{
	(void)arg;
	(void)s;
	puts("close");
}

static bool
on_head(void *arg, struct http_exchange *x)
{
	static const struct http_socket_handler handler = {
		.on_open = on_open, .on_text = on_text, .on_close = on_close
	};

	(void)arg;
	if (!http_exchange_is_upgrade(x))
		return true;
	if (strcmp(http_exchange_message(x)->path, "/ws") == 0) {
		http_exchange_upgrade(x, &handler);
	} else {
		struct http_response r = http_response_error(404, "no WebSocket here");
		http_respond(x, &r);
	}
	return false;
}

static void
on_term(uv_signal_t *signal, int number)
{
	struct http_server_stats stats;

	(void)number;
	http_server_stats(server, &stats);
	printf("stats %zu %zu %llu\n", stats.connections, stats.sockets,
		(unsigned long long)stats.slow_sockets);
	http_server_free(server);
	uv_close((uv_handle_t *)signal, NULL);
}

int
main(int argc, char **argv)
{
	char why[512];
	uv_signal_t term;

	if (argc != 3 && argc != 5 && argc != 6)
		return 64;
	dir = argv[2];
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	uv_loop_init(&loop);
	const struct http_server_config config = { .loop = &loop,
		.address = argv[1],
		.cert = argc > 3 ? argv[3] : NULL,
		.key = argc > 3 ? argv[4] : NULL,
		.limits = { .connections = 64,
			.connections_per_peer = argc == 6 ? strtoul(argv[5], NULL, 10) : 64,
			.requests_per_second = 1000,
			.burst = 1000 },
		.body_max = 1 << 20,
		.on_head = on_head,
		.on_request = on_request };
	if (http_server_new(&config, &server, why, sizeof(why)) < 0) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	puts(http_server_url(server));
	uv_signal_init(&loop, &term);
	uv_signal_start(&term, on_term, SIGTERM);
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop) == 0 ? 0 : 2;
}
