/* unit_outputs.c - what goes between a camera's worker and the places that it is published to.
 * Owns nothing; which places there are is config_publish's, what they do is outputs'. Loop thread.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "supervisor/events.h"
#include "supervisor/outputs.h"
#include "supervisor/unit_outputs.h"
#include "supervisor/worker_link.h"

/* ---- the worker's words ---------------------------------------------------------------------- */

void
unit_outputs_on_offer(struct unit *u, const struct msg *m)
{
	if (u->life == UNIT_AT_WORK)
		outputs_offer(u->outputs, &m->u.offer);
}

void
unit_outputs_on_output(struct unit *u, const struct msg *m)
{
	const struct msg_output *o = &m->u.output;

	log_info("output media", LOG_CAM(u->name), LOG_INT("output", o->output),
		LOG_STR("state", o->state), LOG_STR("reason", o->reason));
	outputs_word(u->outputs, o);
}

/* ---- the far ends' words --------------------------------------------------------------------- */

static void
on_answer(int output, int64_t offer, const char *name, const char *sdp, void *arg)
{
	struct unit *u = arg;
	struct msg m = { .type = MSG_ANSWER,
		.u.answer = { .output = output,
			.offer = offer,
			.sdp = (char *)(uintptr_t)sdp,
			.receiver = (char *)(uintptr_t)name } };

	worker_link_send(u->link, &m);
}

static void
on_refused_offer(int output, int64_t offer, const char *why, void *arg)
{
	struct unit *u = arg;
	struct msg m = { .type = MSG_PUBLISH_FAILED,
		.u.publish_failed = {
			.output = output, .offer = offer, .reason = (char *)(uintptr_t)why } };

	worker_link_send(u->link, &m);
}

static void
on_trouble(const char *name, const char *why, void *arg)
{
	struct unit *u = arg;
	char text[512];

	snprintf(text, sizeof(text), "%s: %s", name, why);
	events_publish(u->shared->events, u->name, "publish failed", text);
}

/* Cloudflare's, at most one of them. */
bool
unit_outputs_get_source(const struct unit *u, struct output_source *out)
{
	for (size_t i = 0; i < outputs_count(u->outputs); i++)
		if (output_get_source(outputs_get(u->outputs, i), out))
			return true;
	return false;
}

/* ---- which there are ------------------------------------------------------------------------- */

void
unit_outputs_make(struct unit *u)
{
	struct outputs_events events = {
		.on_answer = on_answer, .on_refused = on_refused_offer, .on_trouble = on_trouble
	};

	u->outputs = outputs_new(u->shared->loop, u->name, &events, u);
}

bool
unit_outputs_set(struct unit *u)
{
	struct config_outputs list;
	char why[256];

	/* It was checked when it was loaded. */
	if (config_outputs_read(u->shared->config, u->config, &list, why, sizeof(why)) < 0)
		abort();
	bool changed = outputs_set(u->outputs, &list, u->shared->http, u->shared->sfu);
	config_outputs_clear(&list);
	return changed;
}
