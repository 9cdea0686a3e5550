/* supervisor_consumers.c - what those who watch need to know of the cameras, and who hears of them.
 * Owns nothing. Loop thread. */
#include "supervisor/cameras.h"
#include "supervisor/config.h"
#include "supervisor/consumers.h"
#include "supervisor/supervisor_state.h"

static bool
has_camera(const char *camera, void *arg)
{
	struct supervisor *s = arg;

	return cameras_find(s->cameras, camera) >= 0;
}

static bool
find_source(const char *camera, struct output_source *out, void *arg)
{
	struct supervisor *s = arg;

	return cameras_get_source(s->cameras, camera, out);
}

static void
on_must_pull(const char *id, const char *camera, void *arg)
{
	struct supervisor *s = arg;

	events_publish(s->events, camera, "consumer must pull", id);
}

void
supervisor_make_consumers(struct supervisor *s)
{
	struct consumers_config c = { .loop = s->loop,
		.store = s->store,
		.limits = &s->config->consumers,
		.exists = has_camera,
		.find = find_source,
		.on_must_pull = on_must_pull,
		.arg = s };

	s->consumers = consumers_new(&c);
	consumers_set_sfu(s->consumers, s->sfu);
}

struct consumers *
supervisor_consumers(struct supervisor *s)
{
	return s->consumers;
}
