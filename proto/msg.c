/* msg.c - messages between supervisor and workers, to JSON and back.
 * Every table here is made from MSG_LIST. Pure but for common/json. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/json.h"
#include "proto/fields.h"
#include "proto/msg.h"

/* clang-format off */
#define REQUIRED true
#define OPTIONAL false

#define ROW(in, t, n, need) \
	{ .name = #n, .type = FIELD_##t, .offset = offsetof(struct msg_##in, n), .required = need },
#define TABLE(upper, lower, by) \
	static const struct field lower##_fields[] = { MSG_FIELDS_##lower(ROW, lower) { .name = NULL } };
MSG_LIST(TABLE)

#define TYPE(upper, lower, by) \
	[MSG_##upper] = { .name = #lower, .sender = by, .fields = lower##_fields, \
		.count = sizeof(lower##_fields) / sizeof(lower##_fields[0]) - 1 },
static const struct {
	const char *name;
	enum msg_sender sender;
	const struct field *fields;
	size_t count;
} types[MSG_TYPES] = { MSG_LIST(TYPE) };
/* clang-format on */

const char *
msg_name(enum msg_type type)
{
	return type < MSG_TYPES ? types[type].name : "?";
}

int
msg_source_outputs(const struct msg_source *source)
{
	if (source->outputs > MSG_OUTPUTS_MAX)
		return MSG_OUTPUTS_MAX;
	if (source->outputs > 0)
		return (int)source->outputs;
	return source->publish ? 1 : 0;
}

char *
msg_encode(const struct msg *m)
{
	struct json *j = json_new_object();

	json_set_int(j, "v", MSG_VERSION);
	json_set_str(j, "type", types[m->type].name);
	json_set_str(j, "camera", m->camera);
	json_set_int(j, "gen", m->gen);
	json_set_int(j, "pid", m->pid);
	fields_encode(j, types[m->type].fields, types[m->type].count, &m->u);
	char *text = json_text(j, false);
	json_free(j);
	return text;
}

static int
find_type(const char *name, enum msg_type *type)
{
	for (int i = 0; i < MSG_TYPES; i++) {
		if (strcmp(types[i].name, name) != 0)
			continue;
		*type = (enum msg_type)i;
		return 0;
	}
	return ERR_UNSUPPORTED;
}

static int
decode_head(const struct json *j, struct msg *m, char *why, size_t why_size)
{
	const char *camera = json_str(j, "camera");
	const char *type = json_str(j, "type");
	int64_t version = json_int(j, "v", -1);

	if (version != MSG_VERSION) {
		snprintf(why, why_size, "version %lld, not %d", (long long)version, MSG_VERSION);
		return ERR_UNSUPPORTED;
	}
	if (!type || !camera || strlen(camera) >= sizeof(m->camera)) {
		json_why_not(j, type ? "camera" : "type", "name", why, why_size);
		return ERR_PARSE;
	}
	snprintf(m->camera, sizeof(m->camera), "%s", camera);
	m->gen = json_int(j, "gen", -1);
	m->pid = json_int(j, "pid", -1);
	if (find_type(type, &m->type) != 0) {
		snprintf(why, why_size, "unknown type %.40s", type);
		return ERR_UNSUPPORTED;
	}
	return 0;
}

static int
decode(const struct json *j, enum msg_sender sender, struct msg *m, char *why, size_t why_size)
{
	int err = decode_head(j, m, why, why_size);

	if (err)
		return err;
	if (types[m->type].sender != sender) {
		snprintf(why, why_size, "%s is not this side's to say", types[m->type].name);
		return ERR_REFUSED;
	}
	err = fields_decode(j, types[m->type].fields, types[m->type].count, &m->u, why, why_size);
	if (err)
		msg_clear(m);
	return err;
}

int
msg_decode(const char *text, size_t len, enum msg_sender sender, struct msg *m, char *why,
	size_t why_size)
{
	struct json *j = json_parse(text, len, why, why_size);

	memset(m, 0, sizeof(*m));
	if (!j)
		return ERR_PARSE;
	int err = decode(j, sender, m, why, why_size);
	json_free(j);
	return err;
}

void
msg_clear(struct msg *m)
{
	fields_clear(types[m->type].fields, types[m->type].count, &m->u);
}
