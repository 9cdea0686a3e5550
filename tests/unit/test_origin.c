/* test_origin.c - worker/origin.h: what is to be opened. Nobody is asked and nothing is told; that
 * they are is in tests/integration/test_urls.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/origin.h"
#include "worker/prober.h"

#define TCP "rtsp://cam.example/main"
#define TLS "rtsps://cam.example/main"
#define SMALL_TCP "rtsp://cam.example/small"
#define SMALL_TLS "rtsps://cam.example/small"

/* ---- what it speaks to ----------------------------------------------------------------------- */

struct prober *
prober_new(GMainContext *loop, void (*on_answer)(void *arg, bool good), void *arg)
{
	(void)loop, (void)on_answer, (void)arg;
	return NULL;
}

void
prober_ask(struct prober *p, const struct source_config *source)
{
	(void)p, (void)source;
}

void
prober_cancel(struct prober *p)
{
	(void)p;
}

void
prober_free(struct prober *p)
{
	(void)p;
}

void
link_send(struct link *l, struct msg *m)
{
	(void)l, (void)m;
}

static void
on_other(void *arg)
{
	++*(int *)arg;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static struct origin *
origin_of(const char *url, const char *small, const char *transport, int *others)
{
	const struct origin_config config = {
		.camera = "cam", .on_other = on_other, .arg = others
	};
	struct msg_source s = { .url = (char *)(uintptr_t)url,
		.substream = (char *)(uintptr_t)small,
		.transport = (char *)(uintptr_t)transport };
	struct origin *o = origin_new(&config);

	origin_set(o, &s);
	return o;
}

/* Which transport the main stream is asked for by, and the smaller one then. */
static void
assert_udp(const char *url, const char *small, const char *transport, bool main_udp, bool small_udp)
{
	int others = 0;
	struct origin *o = origin_of(url, small, transport, &others);

	assert_string_equal(origin_source(o).url, url);
	assert_int_equal(origin_source(o).udp, main_udp);
	origin_tick(o, true);
	assert_int_equal(others, 1);
	assert_string_equal(origin_source(o).url, small);
	assert_int_equal(origin_source(o).udp, small_udp);
	origin_free(o);
}

static void
the_smaller_stream_goes_as_its_own_url_allows(void **state)
{
	(void)state;
	assert_udp(TCP, SMALL_TCP, "udp", true, true);
	assert_udp(TCP, SMALL_TLS, "udp", true, false);
	assert_udp(TLS, SMALL_TCP, "udp", false, true);
	assert_udp(TLS, SMALL_TLS, "udp", false, false);
	assert_udp(TCP, SMALL_TCP, "tcp", false, false);
	assert_udp(TCP, SMALL_TCP, "auto", false, false);
}

static void
without_a_smaller_stream_the_main_one_stays(void **state)
{
	int others = 0;
	struct origin *o = origin_of(TCP, NULL, "udp", &others);

	(void)state;
	origin_tick(o, true);
	assert_int_equal(others, 0);
	assert_string_equal(origin_source(o).url, TCP);
	origin_free(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smaller_stream_goes_as_its_own_url_allows),
		cmocka_unit_test(without_a_smaller_stream_the_main_one_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
