/* store_probe - a supervisor's store without a supervisor.
 *   store_probe DIR write    says what it found, then writes and says so until it is killed:
 *                            "found CAMERA N", "event N", "ready", then "put CAMERA N", "event N"
 *   store_probe DIR bench    how long things take, one line each
 * Driven by test_store_kill.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "supervisor/store.h"

#define CAMERAS 48
#define BENCH_WRITES 20000

static struct store *
must_open(const char *dir)
{
	struct store *s = NULL;
	char why[1024];
	int err = store_open(dir, &s, why, sizeof(why));

	if (!err)
		return s;
	fprintf(stderr, "not opened: %s (%s)\n", why, err_text(err));
	exit(1);
}

static void
check(int err)
{
	if (!err)
		return;
	fprintf(stderr, "not written: %s\n", err_text(err));
	exit(1);
}

/* ---- write ----------------------------------------------------------------------------------- */

/* A number per camera, and one of the events. */
struct counts {
	unsigned extends[CAMERAS];
	int64_t event;
};

/* With what it says it was written: one write(2), as soon as it is so. */
static void
say(const char *what, int camera, int64_t n)
{
	char line[64];
	int len = camera < 0 ? snprintf(line, sizeof(line), "%s %lld\n", what, (long long)n)
			     : snprintf(line, sizeof(line), "%s %d %lld\n", what, camera,
				       (long long)n);

	if (write(STDOUT_FILENO, line, (size_t)len) != len)
		exit(1);
}

/* Google's are as long: a row that is torn would show. */
static void
make_url(char *out, size_t size, unsigned n)
{
	int len = snprintf(out, size, "rtsps://example/%u/", n);

	memset(out + len, 'a' + (int)(n % 26), size - (size_t)len - 1);
	out[size - 1] = '\0';
}

static int
put(struct store *s, int camera, unsigned n, int64_t now_us)
{
	char name[32], token[32], url[1000];

	snprintf(name, sizeof(name), "camera-%d", camera);
	snprintf(token, sizeof(token), "token-%u", n);
	make_url(url, sizeof(url), n);
	struct store_stream stream = { .camera = name,
		.account = "home",
		.device = "AVPHwE",
		.rtsp_url = url,
		.stream_token = token,
		.extension_token = token,
		.granted_us = now_us,
		.expires_us = now_us + 300000000,
		.extends = n };
	return store_put_stream(s, &stream);
}

static void
on_stream(void *arg, const struct store_stream *stream)
{
	struct counts *counts = arg;
	int camera = atoi(stream->camera + strlen("camera-"));
	char token[32], url[1000];

	snprintf(token, sizeof(token), "token-%u", stream->extends);
	make_url(url, sizeof(url), stream->extends);
	if (strcmp(stream->stream_token, token) != 0 || strcmp(stream->rtsp_url, url) != 0) {
		fprintf(stderr, "%s is torn\n", stream->camera);
		exit(1);
	}
	counts->extends[camera] = stream->extends;
	say("found", camera, stream->extends);
}

static void
on_event(void *arg, const struct store_event *event)
{
	struct counts *counts = arg;

	counts->event = event->at_us;
	say("event", -1, event->at_us);
}

static void
write_until_killed(struct store *s)
{
	struct counts counts = { 0 };

	check(store_each_stream(s, on_stream, &counts));
	check(store_each_event(s, 1, NULL, on_event, &counts));
	say("ready", -1, 0);
	for (int i = 0;; i++) {
		int camera = i % CAMERAS;
		struct store_event event = { .at_us = counts.event + 1, .event = "extended" };
		struct store_call call = {
			.at_us = event.at_us, .account = "home", .kind = "extend"
		};
		check(store_add_call(s, &call));
		check(put(s, camera, ++counts.extends[camera], event.at_us));
		say("put", camera, counts.extends[camera]);
		check(store_add_event(s, &event));
		say("event", -1, ++counts.event);
		check(store_set_counter(s, NULL, "extends", counts.event));
	}
}

/* ---- bench ----------------------------------------------------------------------------------- */

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int
write_one(struct store *s, const char *what, int i)
{
	int64_t now_us = clock_wall_us();
	struct store_event event = { .at_us = now_us,
		.camera = "front-door",
		.event = "state",
		.text = "running -> failed: the stream expired before it could be extended" };
	struct store_call call = {
		.at_us = now_us, .account = "home", .device = "AVPHwE", .kind = "extend"
	};

	if (strcmp(what, "put_stream") == 0)
		return put(s, i % CAMERAS, (unsigned)i, now_us);
	if (strcmp(what, "add_event") == 0)
		return store_add_event(s, &event);
	if (strcmp(what, "add_call") == 0)
		return store_add_call(s, &call);
	return store_set_counter(s, "front-door", "extends", i);
}

static void
bench_writes(struct store *s, const char *what)
{
	static int64_t took_us[BENCH_WRITES];

	for (int i = 0; i < BENCH_WRITES; i++) {
		int64_t from = clock_now_us();
		check(write_one(s, what, i));
		took_us[i] = clock_now_us() - from;
	}
	qsort(took_us, BENCH_WRITES, sizeof(took_us[0]), by_size);
	printf("%s median_us=%lld p99_us=%lld p999_us=%lld max_us=%lld\n", what,
		(long long)took_us[BENCH_WRITES / 2], (long long)took_us[BENCH_WRITES / 100 * 99],
		(long long)took_us[BENCH_WRITES / 1000 * 999],
		(long long)took_us[BENCH_WRITES - 1]);
}

static void
bench(const char *dir)
{
	static const char *const writes[] = { "put_stream", "add_event", "add_call",
		"set_counter" };
	struct store *s = must_open(dir);

	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		bench_writes(s, writes[i]);
	for (int i = 0; i < STORE_EVENTS_MAX; i++)
		check(write_one(s, "add_event", i));
	int64_t from = clock_now_us();
	store_close(s);
	int64_t closed = clock_now_us();
	s = must_open(dir);
	printf("close ms=%lld\nopen events=%d ms=%lld\n", (long long)(closed - from) / 1000,
		STORE_EVENTS_MAX, (long long)(clock_now_us() - closed) / 1000);
	store_close(s);
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		return 64;
	if (strcmp(argv[2], "bench") == 0)
		bench(argv[1]);
	else
		write_until_killed(must_open(argv[1]));
	return 0;
}
