/* fields.c - structs to JSON and back by a table. Pure but for common/json. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/json.h"
#include "proto/fields.h"
#include "common/xmalloc.h"

static const char *const type_names[] = {
	[FIELD_STR] = "string",
	[FIELD_INT] = "int",
	[FIELD_REAL] = "number",
	[FIELD_BOOL] = "boolean",
};

static void
encode_one(struct json *j, const struct field *f, const void *at)
{
	const char *s;

	switch (f->type) {
	case FIELD_STR:
		s = *(char *const *)at;
		if (s)
			json_set_str(j, f->name, s);
		break;
	case FIELD_INT:
		json_set_int(j, f->name, *(const int64_t *)at);
		break;
	case FIELD_REAL:
		json_set_real(j, f->name, *(const double *)at);
		break;
	case FIELD_BOOL:
		json_set_bool(j, f->name, *(const bool *)at);
		break;
	}
}

void
fields_encode(struct json *j, const struct field *fields, size_t n, const void *object)
{
	for (size_t i = 0; i < n; i++)
		encode_one(j, &fields[i], (const char *)object + fields[i].offset);
}

static void
take_str(const struct json *j, const char *name, char **at)
{
	const char *s = json_str(j, name);

	if (!s)
		return;
	*at = xstrdup(s);
}

/* Whether the member is there with its type. Two fallbacks that differ tell a value from none. */
static bool
has(const struct json *j, const struct field *f)
{
	switch (f->type) {
	case FIELD_STR:
		return json_str(j, f->name) != NULL;
	case FIELD_INT:
		return json_int(j, f->name, 0) == json_int(j, f->name, 1);
	case FIELD_REAL:
		return json_real(j, f->name, 0) - json_real(j, f->name, 1) == 0;
	case FIELD_BOOL:
		return json_truth(j, f->name, false) == json_truth(j, f->name, true);
	}
	return false;
}

static void
decode_one(const struct json *j, const struct field *f, void *at)
{
	switch (f->type) {
	case FIELD_STR:
		take_str(j, f->name, at);
		break;
	case FIELD_INT:
		*(int64_t *)at = json_int(j, f->name, 0);
		break;
	case FIELD_REAL:
		*(double *)at = json_real(j, f->name, 0);
		break;
	case FIELD_BOOL:
		*(bool *)at = json_truth(j, f->name, false);
		break;
	}
}

int
fields_decode(const struct json *j, const struct field *fields, size_t n, void *object, char *why,
	size_t why_size)
{
	for (size_t i = 0; i < n; i++) {
		const struct field *f = &fields[i];
		if (has(j, f)) {
			decode_one(j, f, (char *)object + f->offset);
		} else if (f->required || json_get(j, f->name)) {
			json_why_not(j, f->name, type_names[f->type], why, why_size);
			return ERR_PARSE;
		}
	}
	return 0;
}

void
fields_clear(const struct field *fields, size_t n, void *object)
{
	for (size_t i = 0; i < n; i++) {
		char **at = (char **)(void *)((char *)object + fields[i].offset);
		if (fields[i].type != FIELD_STR)
			continue;
		free(*at);
		*at = NULL;
	}
}
