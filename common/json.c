/* json.c - JSON values, with getters that are typed and say what is wrong.
 * The only user of json-c; struct json is its json_object by another name. Any thread, one value
 * by one thread at a time. */
#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/wipe.h"
#include "common/xmalloc.h"

#define DEPTH_MAX 32
/* Above this a double has no three digits behind the point. */
#define FIXED_MAX 1e12

static struct json *
wrap(json_object *o)
{
	return (struct json *)(void *)o;
}

static json_object *
unwrap(const struct json *j)
{
	return (json_object *)(uintptr_t)(const void *)j;
}

static void *
made(void *p)
{
	if (!p)
		abort();
	return p;
}

static size_t
skip_blanks(const char *text, size_t len, size_t at)
{
	while (at < len &&
		(text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n'))
		at++;
	return at;
}

/* One value of the len bytes. *end is where it ends, or where it is wrong. */
static enum json_tokener_error
parse_value(struct json_tokener *tok, const char *text, int len, json_object **o, size_t *end)
{
	*o = json_tokener_parse_ex(tok, text, len);
	*end = json_tokener_get_parse_end(tok);
	if (json_tokener_get_error(tok) != json_tokener_continue)
		return json_tokener_get_error(tok);
	/* A bare number ends only at a byte that cannot belong to it: give it a NUL. */
	*o = json_tokener_parse_ex(tok, "", 1);
	return json_tokener_get_error(tok);
}

struct json *
json_parse(const char *text, size_t len, char *why, size_t why_size)
{
	json_tokener *tok = made(json_tokener_new_ex(DEPTH_MAX));
	json_object *o = NULL;
	size_t end = 0;
	enum json_tokener_error e = json_tokener_error_size;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (len <= INT_MAX)
		e = parse_value(tok, text, (int)len, &o, &end);
	json_tokener_free(tok);
	if (e != json_tokener_success)
		snprintf(why, why_size, "%s at byte %zu", json_tokener_error_desc(e), end);
	else if (skip_blanks(text, len, end) < len)
		snprintf(why, why_size, "text after the value at byte %zu", end);
	else if (!o)
		snprintf(why, why_size, "nothing but null");
	else
		return wrap(o);
	json_object_put(o);
	return NULL;
}

struct json *
json_new_object(void)
{
	return wrap(made(json_object_new_object()));
}

struct json *
json_new_array(void)
{
	return wrap(made(json_object_new_array()));
}

void
json_free(struct json *root)
{
	json_object_put(unwrap(root));
}

char *
json_text(const struct json *v, bool pretty)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
	flags |=
		pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : JSON_C_TO_STRING_PLAIN;
	return xstrdup(json_object_to_json_string_ext(unwrap(v), flags));
}

struct json *
json_copy(const struct json *v)
{
	char why[80];
	char *text = json_text(v, false);
	struct json *out = json_parse(text, strlen(text), why, sizeof(why));

	wipe_free(text);
	return out;
}

struct json *
json_get(const struct json *j, const char *path)
{
	json_object *o = unwrap(j);
	char key[64];

	while (*path) {
		size_t n = strcspn(path, ".");
		if (n >= sizeof(key) || !json_object_is_type(o, json_type_object))
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		if (!json_object_object_get_ex(o, key, &o))
			return NULL;
		path += n + (path[n] == '.');
	}
	return wrap(o);
}

struct json *
json_get_key(const struct json *j, const char *key)
{
	json_object *value = NULL;

	if (json_is_object(j))
		json_object_object_get_ex(unwrap(j), key, &value);
	return wrap(value);
}

const char *
json_str(const struct json *j, const char *path)
{
	json_object *o = unwrap(json_get(j, path));

	return json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;
}

int64_t
json_int(const struct json *j, const char *path, int64_t fallback)
{
	json_object *o = unwrap(json_get(j, path));

	/* json-c keeps what is above INT64_MAX as uint64_t, and would bend it here. */
	if (!json_object_is_type(o, json_type_int) || json_object_get_uint64(o) > INT64_MAX)
		return fallback;
	return json_object_get_int64(o);
}

double
json_real(const struct json *j, const char *path, double fallback)
{
	json_object *o = unwrap(json_get(j, path));
	bool number =
		json_object_is_type(o, json_type_int) || json_object_is_type(o, json_type_double);
	double v = number ? json_object_get_double(o) : fallback;

	/* json-c reads NaN and Infinity, strict or not. */
	return isfinite(v) ? v : fallback;
}

bool
json_truth(const struct json *j, const char *path, bool fallback)
{
	json_object *o = unwrap(json_get(j, path));

	return json_object_is_type(o, json_type_boolean) ? json_object_get_boolean(o) : fallback;
}

const char *
json_why_not(const struct json *j, const char *path, const char *wanted, char *why, size_t why_size)
{
	json_object *o = unwrap(json_get(j, path));

	if (!o)
		snprintf(why, why_size, "%s is missing", path);
	else
		snprintf(why, why_size, "%s is of type %s, not %s", path,
			json_type_to_name(json_object_get_type(o)), wanted);
	return why;
}

bool
json_is_object(const struct json *j)
{
	return json_object_is_type(unwrap(j), json_type_object);
}

bool
json_is_array(const struct json *j)
{
	return json_object_is_type(unwrap(j), json_type_array);
}

bool
json_is_string(const struct json *j)
{
	return json_object_is_type(unwrap(j), json_type_string);
}

size_t
json_len(const struct json *j)
{
	return json_is_array(j) ? json_object_array_length(unwrap(j)) : 0;
}

struct json *
json_at(const struct json *j, size_t i)
{
	return json_is_array(j) ? wrap(json_object_array_get_idx(unwrap(j), i)) : NULL;
}

void
json_each(const struct json *j, void (*cb)(const char *, struct json *, void *), void *arg)
{
	if (!json_is_object(j))
		return;
	json_object_object_foreach(unwrap(j), key, value)
	{
		cb(key, wrap(value), arg);
	}
}

static void
set(struct json *j, const char *key, json_object *v)
{
	if (json_object_object_add(unwrap(j), key, v) != 0)
		abort();
}

void
json_set_str(struct json *j, const char *key, const char *s)
{
	set(j, key, s ? made(json_object_new_string(s)) : NULL);
}

void
json_set_int(struct json *j, const char *key, int64_t v)
{
	set(j, key, made(json_object_new_int64(v)));
}

static json_object *
new_real(double v)
{
	char text[32];

	/* JSON has no word for infinity and what is not a number. */
	if (!isfinite(v))
		return NULL;
	/* Three digits are what people and graphs need; the shortest double would print seventeen.
	 */
	snprintf(text, sizeof(text), fabs(v) < FIXED_MAX ? "%.3f" : "%.17g", v);
	return made(json_object_new_double_s(v, text));
}

void
json_set_real(struct json *j, const char *key, double v)
{
	set(j, key, new_real(v));
}

void
json_set_bool(struct json *j, const char *key, bool v)
{
	set(j, key, made(json_object_new_boolean(v)));
}

void
json_set(struct json *j, const char *key, struct json *v)
{
	set(j, key, unwrap(v));
}

void
json_add(struct json *array, struct json *v)
{
	if (json_object_array_add(unwrap(array), unwrap(v)) != 0)
		abort();
}

void
json_add_str(struct json *array, const char *s)
{
	json_add(array, wrap(made(json_object_new_string(s))));
}

void
json_add_real(struct json *array, double v)
{
	json_add(array, wrap(new_real(v)));
}

void
json_add_null(struct json *array)
{
	json_add(array, NULL);
}
