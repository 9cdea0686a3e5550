/* consumer_report.c - what a viewer says of what it has received. Pure. */
#include <stdio.h>

#include "common/json.h"
#include "supervisor/consumer_report.h"

/* ECMA-262 20.1.2.6: the last integer that a JavaScript number tells from its neighbours. */
#define NUMBER_MAX ((1LL << 53) - 1)

static const struct {
	const char *name;
	size_t at;
} members[] = {
	{ .name = "frames", .at = offsetof(struct consumer_report, frames) },
	{ .name = "bytes", .at = offsetof(struct consumer_report, bytes) },
	{ .name = "packets", .at = offsetof(struct consumer_report, packets) },
	{ .name = "lost", .at = offsetof(struct consumer_report, lost) },
	{ .name = "freezes", .at = offsetof(struct consumer_report, freezes) },
	{ .name = "width", .at = offsetof(struct consumer_report, width) },
	{ .name = "height", .at = offsetof(struct consumer_report, height) },
};
#define MEMBERS (sizeof(members) / sizeof(*members))

static int64_t *
member(struct consumer_report *r, size_t i)
{
	return (int64_t *)((char *)r + members[i].at);
}

struct consumer_report
consumer_report_none(void)
{
	struct consumer_report r;

	for (size_t i = 0; i < MEMBERS; i++)
		*member(&r, i) = -1;
	return r;
}

int
consumer_report_read(struct consumer_report *r, const struct json *body, char *why, size_t why_size)
{
	struct consumer_report read = *r;

	if (body && !json_is_object(body)) {
		snprintf(why, why_size, "the body must be an object");
		return -1;
	}
	for (size_t i = 0; i < MEMBERS; i++) {
		if (!json_get(body, members[i].name))
			continue;
		int64_t value = json_int(body, members[i].name, -1);
		if (value < 0 || value > NUMBER_MAX) {
			snprintf(why, why_size, "%s must be an integer from 0 to 2^53 - 1",
				members[i].name);
			return -1;
		}
		*member(&read, i) = value;
	}
	*r = read;
	return 0;
}

struct json *
consumer_report_json(const struct consumer_report *r)
{
	struct consumer_report copy = *r;
	struct json *j = json_new_object();

	for (size_t i = 0; i < MEMBERS; i++)
		if (*member(&copy, i) >= 0)
			json_set_int(j, members[i].name, *member(&copy, i));
	return j;
}
