/* control_config.c - camctl's commands about the configuration: reload, add, remove.
 * Owns nothing; the work is supervisor_change.c's. Loop thread. */
#include <stdio.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/xmalloc.h"
#include "supervisor/control_request.h"

/* Takes what is in a. */
static bool
conclude(struct request *r, struct supervisor_answer *a)
{
	r->long_text = a->text;
	a->text = NULL;
	if (a->changes) {
		r->data = json_new_object();
		json_set(r->data, "changes", a->changes);
		a->changes = NULL;
	}
	bool done = a->done;
	supervisor_answer_clear(a);
	return done;
}

bool
control_reload(struct request *r)
{
	struct supervisor_answer a;

	supervisor_reload(r->supervisor, &a);
	return conclude(r, &a);
}

/* NULL with a sentence. */
static const char *
asked_name(struct request *r)
{
	const char *name = json_str(r->fields, "camera");

	if (!name)
		snprintf(r->text, sizeof(r->text), "which camera?");
	return name;
}

/* The pairs of "settings", whose strings are lent by the request; count of them, NULL with a
 * sentence if one is not what it must be. To be freed. */
static struct ini_pair *
asked_pairs(struct request *r, size_t *count)
{
	const struct json *settings = json_get(r->fields, "settings");

	*count = json_len(settings);
	struct ini_pair *pairs = xcalloc(*count + 1, sizeof(*pairs));
	for (size_t i = 0; i < *count; i++) {
		pairs[i].key = json_str(json_at(settings, i), "key");
		pairs[i].value = json_str(json_at(settings, i), "value");
		if (pairs[i].key && pairs[i].value)
			continue;
		snprintf(r->text, sizeof(r->text), "each of settings needs a key and a value");
		free(pairs);
		return NULL;
	}
	return pairs;
}

bool
control_add(struct request *r)
{
	struct ini_section camera = { .section = "camera", .name = asked_name(r) };
	struct supervisor_answer a;

	struct ini_pair *pairs = camera.name ? asked_pairs(r, &camera.count) : NULL;
	if (!pairs)
		return false;
	camera.pairs = pairs;
	supervisor_add(r->supervisor, &camera, &a);
	free(pairs);
	return conclude(r, &a);
}

bool
control_remove(struct request *r)
{
	const char *name = asked_name(r);
	struct supervisor_answer a;

	if (!name)
		return false;
	supervisor_remove(r->supervisor, name, &a);
	return conclude(r, &a);
}
