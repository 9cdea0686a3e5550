/* http_route.c - paths against patterns. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/http_route.h"

/* Fills match's values. */
static bool
matches(const char *pattern, const char *path, struct http_route_match *match)
{
	match->count = 0;
	for (;;) {
		size_t p = strcspn(pattern, "/"), n = strcspn(path, "/");
		if (*pattern == '{') {
			if (n == 0 || n >= HTTP_ROUTE_VALUE_MAX ||
				match->count == HTTP_ROUTE_PARAMETERS_MAX)
				return false;
			memcpy(match->values[match->count], path, n);
			match->values[match->count++][n] = '\0';
		} else if (p != n || strncmp(pattern, path, n) != 0) {
			return false;
		}
		pattern += p;
		path += n;
		if (*pattern != *path)
			return false;
		if (*pattern == '\0')
			return true;
		pattern++;
		path++;
	}
}

static void
allow(struct http_route_match *match, const char *method)
{
	size_t n = strlen(match->allow);

	if (!strstr(match->allow, method))
		snprintf(match->allow + n, sizeof(match->allow) - n, "%s%s", n ? ", " : "", method);
}

void
http_route_find(const struct http_route *table, enum http_method method, const char *path,
	struct http_route_match *match)
{
	enum http_method wanted = method == HTTP_HEAD ? HTTP_GET : method;

	if (match->route)
		return;
	for (const struct http_route *r = table; r->pattern; r++) {
		if (!matches(r->pattern, path, match))
			continue;
		match->known = true;
		allow(match, http_method_name(r->method));
		if (r->method == HTTP_GET && !r->websocket)
			allow(match, "HEAD");
		if (r->method == wanted) {
			match->route = r;
			return;
		}
	}
}

const char *
http_route_value(const struct http_route_match *match, const char *name)
{
	const char *p = match->route->pattern;
	size_t len = strlen(name);

	for (size_t i = 0; (p = strchr(p, '{')); i++, p++)
		if (strncmp(p + 1, name, len) == 0 && p[1 + len] == '}')
			return match->values[i];
	return NULL;
}

/* Digits that cannot overflow, however many a client sends. */
static bool
is_whole_number(const char *value, int max)
{
	size_t digits = strspn(value, "0123456789");

	return digits > 0 && digits <= 9 && !value[digits] && strtol(value, NULL, 10) <= max;
}

static const struct http_route_parameter *
find_parameter(const struct http_route *route, const char *name)
{
	for (const struct http_route_parameter *p = route->query; p && p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

int
http_route_check_query(
	const struct http_route *route, const struct http_message *m, char *why, size_t why_size)
{
	for (size_t i = 0; i < m->query_count; i++) {
		const char *value = m->query[i].value;
		const struct http_route_parameter *p = find_parameter(route, m->query[i].name);
		if (!p)
			snprintf(why, why_size, "there is no parameter %.40s here",
				m->query[i].name);
		else if (p->max > 0 && !is_whole_number(value, p->max))
			snprintf(why, why_size, "%s must be a whole number from 0 to %d", p->name,
				p->max);
		else
			continue;
		return -1;
	}
	for (const struct http_route_parameter *p = route->query; p && p->name; p++)
		if (p->required && !http_message_parameter(m, p->name)) {
			snprintf(why, why_size, "the parameter %s is missing", p->name);
			return -1;
		}
	return 0;
}
