/* control_config.c - camctl's commands about the configuration: reload, add, remove.
 * Owns nothing; the work is supervisor_change.c's. Loop thread. */
#include "common/json.h"
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

bool
control_add(struct request *r)
{
	const struct control_message *m = &r->message;
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
