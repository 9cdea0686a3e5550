/* supervisor_listed.c - cameras that Google lists and nobody has configured become cameras.
 * Owns the words of the section that is written; which cameras is inventory.c's to say, what adding
 * one means is supervisor_change.c's. Loop thread. */
#include "supervisor/supervisor_state.h"

/* Sentences that stand in lines of their own, in one. */
static void
join_lines(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (; *text && n + 2 < size; text++) {
		if (*text == '\n')
			out[n++] = ';';
		out[n++] = *text == '\n' ? ' ' : *text;
	}
	out[n] = '\0';
}

bool
supervisor_add_listed(void *arg, const struct proposal_camera *camera, char *why, size_t why_size)
{
	const struct ini_pair pairs[] = {
		{ .key = "google", .value = camera->google },
		{ .key = "device", .value = camera->device },
		{ .key = "publish", .value = "none" },
	};
	const struct ini_section section = { .section = "camera",
		.name = camera->name,
		.pairs = pairs,
		.count = camera->publishes ? 2 : 3 };
	struct supervisor_answer answer;

	supervisor_add_alone(arg, &section, &answer);
	bool done = answer.done;
	join_lines(done ? "" : answer.text, why, why_size);
	supervisor_answer_clear(&answer);
	return done;
}
