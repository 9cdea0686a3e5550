/* control_config.c - camctl's commands about the configuration: reload, add, remove.
 * Owns nothing; the work is supervisor_change.c's. Loop thread. */
#include <stdio.h>

#include "common/json.h"
#include "supervisor/config_table.h"
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

/* The same section says to which host a secret goes: who may not edit the configuration could have
 * any file sent to a host of theirs that camrelayd can read. */
static bool
names_secret_file(struct request *r)
{
	const struct control_message *m = &r->message;

	for (size_t i = 0; i < m->pair_count; i++) {
		if (!config_key_is_secret_file("camera", m->pairs[i].key))
			continue;
		snprintf(r->text, sizeof(r->text),
			"%s names a file of secrets: it must be written into the configuration by "
			"hand",
			m->pairs[i].key);
		return true;
	}
	return false;
}

bool
control_add(struct request *r)
{
	const struct control_message *m = &r->message;

	if (names_secret_file(r))
		return false;
	const struct ini_section camera = {
		.section = "camera", .name = m->camera, .pairs = m->pairs, .count = m->pair_count
	};
	struct supervisor_answer a;

	supervisor_add(r->supervisor, &camera, &a);
	return conclude(r, &a);
}

bool
control_remove(struct request *r)
{
	struct supervisor_answer a;

	supervisor_remove(r->supervisor, r->message.camera, &a);
	return conclude(r, &a);
}
