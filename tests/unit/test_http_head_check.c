/* test_http_head_check.c - which heads of requests libwebsockets may see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/http_head_check.h"

#define HOST "\r\nHost: x\r\n"

/* The status that the whole of text gets; -1: more must come. */
static int
status_of(const char *text, size_t len)
{
	struct http_fault fault;

	if (!http_head_check(text, len, &fault))
		return -1;
	assert_true(fault.status == 0 || fault.why);
	return fault.status;
}

static void
expect(const char *text, int status)
{
	int is = status_of(text, strlen(text));

	if (is != status)
		fail_msg("%d, not %d: %s", is, status, text);
}

static void
requests_that_libwebsockets_may_see(void **state)
{
	(void)state;
	expect("GET / HTTP/1.1\r\n\r\n", 0);
	expect("GET / HTTP/1.0\n\n", 0);
	expect("PATCH /a%20b?c=d&e=%ff;f HTTP/1.1" HOST "\r\nbody", 0);
	expect("GET /gr\xc3\xbc\xc3\x9f"
	       "e HTTP/1.1" HOST "\r\n",
		0);
	expect("GET /ws HTTP/1.1" HOST "Upgrade: websocket\r\nupgrade: foo/1\tbar\r\n\r\n", 400);
	expect("GET /ws HTTP/1.1" HOST "Upgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n", 0);
	expect("GET / HTTP/1.1" HOST "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n\r\n", 0);
	expect("GET / HTTP/1.1" HOST "Upgrade-Insecure-Requests: 1\r\nEmpty:\r\n\r\n", 0);
}

static void
requests_that_it_would_answer_itself(void **state)
{
	(void)state;
	expect("GET http://x/ HTTP/1.1" HOST "\r\n", 400);
	expect("OPTIONS * HTTP/1.1" HOST "\r\n", 400);
	expect("GET /% HTTP/1.1" HOST "\r\n", 400);
	expect("GET /%4 HTTP/1.1" HOST "\r\n", 400);
	expect("GET /a%00 HTTP/1.1" HOST "\r\n", 400);
	expect("GET /?a=%zz HTTP/1.1" HOST "\r\n", 400);
	expect("GET /a b HTTP/1.1" HOST "\r\n", 400);
	expect("GET / HTTP/1.1" HOST "Upgrade: TLS/1.0\r\n\r\n", 400);
	expect("GET / HTTP/1.1" HOST "Upgrade: h2c, websocket\r\n\r\n", 400);
	expect("GET / HTTP/1.1" HOST "Upgrade:\r\n\r\n", 400);
	expect("CONNECT x:443 HTTP/1.1" HOST "\r\n", 501);
	expect("BREW / HTTP/1.1" HOST "\r\n", 501);
	expect("get / HTTP/1.1" HOST "\r\n", 501);
	expect("GET /?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17 HTTP/1.1" HOST "\r\n", 400);
}

static void
what_is_no_http(void **state)
{
	(void)state;
	expect("GET /\r\n", 400);
	expect("GET\r\n", 400);
	expect("GET / HTTP/2.0\r\n", 400);
	expect("GET / HTTP/1.\r\n", 400);
	expect("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400);
	expect("\r\nGET / HTTP/1.1\r\n\r\n", 400);
	expect("GET / HTTP/1.1\r\nno header\r\n\r\n", 400);
	expect("GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400);
	expect("GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400);
	expect("GET / HTTP/1.1\r\n:method: GET\r\n\r\n", 400);
	expect("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400);
	expect("SSH-2.0-OpenSSH_9.2\r\n", 400);
	assert_int_equal(status_of("\x16\x03\x01", 3), 400);
	assert_int_equal(status_of("\0", 1), 400);
	assert_int_equal(status_of("GET / HTTP/1.1\r\nA: \0\r\n", 22), 400);
}

static void
every_part_of_a_head_waits_for_more(void **state)
{
	static const char text[] =
		"DELETE /v2/session?a=1 HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n";

	(void)state;
	for (size_t n = 0; n + 1 < sizeof(text) - 1; n++)
		assert_int_equal(status_of(text, n), -1);
	assert_int_equal(status_of(text, sizeof(text) - 1), 0);
	assert_int_equal(status_of(text, sizeof(text) - 2), -1);
}

/* begin, then count times piece, then end. */
static char *
text_of(const char *begin, const char *piece, size_t count, const char *end)
{
	char *text = calloc(1, strlen(begin) + count * strlen(piece) + strlen(end) + 1);

	assert_non_null(text);
	char *at = stpcpy(text, begin);
	for (size_t i = 0; i < count; i++)
		at = stpcpy(at, piece);
	strcpy(at, end);
	return text;
}

static void
limits_are_said_as_soon_as_they_are_passed(void **state)
{
	static const struct {
		const char *begin, *piece;
		size_t count;
		const char *end;
		int status;
	} cases[] = {
		{ "GET /", "a", HTTP_TARGET_MAX - 1, " HTTP/1.1" HOST "\r\n", 0 },
		{ "GET /", "a", HTTP_TARGET_MAX, " HTTP/1.1\r\n", 414 },
		{ "GET /", "a", HTTP_HEAD_MAX, "", 414 },
		{ "GET / HTTP/1.1\r\n", "A: b\r\n", HTTP_HEAD_LINES_MAX, "\r\n", 0 },
		{ "GET / HTTP/1.1\r\n", "A: b\r\n", HTTP_HEAD_LINES_MAX + 1, "\r\n", 431 },
		{ "GET / HTTP/1.1\r\nA:", "b", HTTP_HEAD_MAX - 22, "\r\n\r\n", 0 },
		{ "GET / HTTP/1.1\r\nA:", "b", HTTP_HEAD_MAX - 21, "\r\n\r\n", 431 },
		{ "GET / HTTP/1.1\r\nA:", "b", HTTP_HEAD_MAX, "", 431 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = text_of(cases[i].begin, cases[i].piece, cases[i].count, cases[i].end);
		if (status_of(text, strlen(text)) != cases[i].status)
			fail_msg("case %zu: %d, not %d", i, status_of(text, strlen(text)),
				cases[i].status);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_that_libwebsockets_may_see),
		cmocka_unit_test(requests_that_it_would_answer_itself),
		cmocka_unit_test(what_is_no_http),
		cmocka_unit_test(every_part_of_a_head_waits_for_more),
		cmocka_unit_test(limits_are_said_as_soon_as_they_are_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
