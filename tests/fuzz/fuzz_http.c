/* fuzz_http.c - any bytes as what HTTP clients say: a head, path, query, Host, Origin, Range, JSON
 * body, and as the file of tokens. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "supervisor/http_head_check.h"
#include "supervisor/http_route.h"
#include "supervisor/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct http_route_parameter query[] = {
	{ .name = "retention_days", .max = 36500 },
	{ .name = NULL },
};

static const struct http_route table[] = {
	{ .pattern = "/v2/cameras/{camera}/restart", .query = query },
	{ .method = HTTP_POST,
		.pattern = "/v2/health/recordings/{camera}/cleanup",
		.query = query },
	{ .pattern = "/{a}/{b}/{c}/{d}", .query = query },
	{ .pattern = NULL },
};

/* What is said of a head does not change by what comes after, and a fine one is whole. */
static void
check_head(const char *bytes, size_t len)
{
	struct http_fault fault, later;
	size_t n = 0;

	while (n < len && !http_head_check(bytes, n, &fault))
		n++;
	bool decided = http_head_check(bytes, n, &fault);
	assert(decided || n <= HTTP_HEAD_MAX);
	if (!decided)
		return;
	assert(fault.status == 0 ? n > 0 && n <= HTTP_HEAD_MAX && bytes[n - 1] == '\n'
				 : fault.why != NULL);
	assert(http_head_check(bytes, len, &later) && later.status == fault.status);
}

static void
check_path(const char *text)
{
	struct http_route_match match = { 0 };

	for (int method = 0; method < HTTP_METHODS; method++)
		http_route_find(table, (enum http_method)method, text, &match);
	assert(memchr(match.allow, '\0', sizeof(match.allow)));
	for (size_t i = 0; match.route && i < match.count; i++)
		assert(memchr(match.values[i], '\0', HTTP_ROUTE_VALUE_MAX) &&
			!strchr(match.values[i], '/'));
}

static void
check_query(char *text)
{
	struct http_message m = { 0 };
	char why[80];
	char *one;

	while ((one = strsep(&text, "&")) && http_message_add_parameter(&m, one) == 0)
		;
	int err = http_route_check_query(&table[0], &m, why, sizeof(why));
	const char *days = http_message_parameter(&m, "retention_days");
	assert(err < 0 || !days || strtoll(days, NULL, 10) <= 36500);
	http_message_clear(&m);
}

static void
check_headers(char *text)
{
	struct http_message m = { .fields[HTTP_HOST] = text,
		.fields[HTTP_ORIGIN] = text,
		.fields[HTTP_CONTENT_TYPE] = text };
	int64_t at, end;

	http_message_host_is_ours(&m, "relay.lan,cam");
	http_message_host_is_ours(&m, text);
	http_message_is_foreign(&m);
	http_message_is(&m, "application/json");
	if (http_range_parse(text, 1000, &at, &end) == 1)
		assert(at >= 0 && at < end && end <= 1000);
}

static void
check_tokens(const char *text)
{
	struct tokens *t = tokens_new();
	char why[200];

	if (tokens_parse(t, text, why, sizeof(why)) == 0) {
		char *again = tokens_text(t);
		assert(tokens_parse(t, again, why, sizeof(why)) == 0);
		free(again);
	}
	tokens_free(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[100];
	char *text = malloc(len + 1);

	if (!text)
		abort();
	memcpy(text, data, len);
	text[len] = '\0';
	json_free(json_parse(text, len, why, sizeof(why)));
	check_head(text, len);
	check_path(text);
	check_headers(text);
	check_tokens(text);
	check_query(text);
	free(text);
	return 0;
}
