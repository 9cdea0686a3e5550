/* policy.c - camrelayd's scheduler as a policy of the simulator. Owns nothing: each function is one
 * call. Tests only. */
#include <string.h>

#include "tests/sim/scheduler/policy.h"

static void *
deadline_new(const struct scheduler_settings *settings)
{
	return scheduler_new(settings);
}

static void
deadline_free(void *p)
{
	scheduler_free(p);
}

static int
deadline_add(void *p, int camera)
{
	return scheduler_add(p, camera);
}

static void
deadline_want_generate(void *p, int camera, enum generate_reason reason, ms_t from)
{
	scheduler_want_generate(p, camera, reason, from);
}

static void
deadline_cancel(void *p, int camera)
{
	scheduler_cancel(p, camera);
}

static void
deadline_want_stop(void *p, int camera)
{
	scheduler_want_stop(p, camera);
}

static void
deadline_called(void *p, int camera, enum call_kind kind, ms_t at)
{
	scheduler_called(p, camera, kind, at);
}

static void
deadline_restored(void *p, int camera, ms_t granted_at, ms_t expires_at)
{
	scheduler_restored(p, camera, granted_at, expires_at);
}

static void
deadline_lost(void *p, int camera)
{
	scheduler_lost(p, camera);
}

static enum call_verdict
deadline_answered(void *p, const struct api_call *call, const struct call_answer *answer, ms_t now)
{
	return scheduler_answered(p, call, answer, now);
}

static ms_t
deadline_step(void *p, ms_t now, struct api_call *out)
{
	return scheduler_step(p, now, out);
}

static bool
deadline_event(void *p, struct scheduler_event *out)
{
	return scheduler_event(p, out);
}

const struct policy policy_deadline = {
	.name = "deadline",
	.new = deadline_new,
	.free = deadline_free,
	.add = deadline_add,
	.want_generate = deadline_want_generate,
	.cancel = deadline_cancel,
	.want_stop = deadline_want_stop,
	.called = deadline_called,
	.restored = deadline_restored,
	.lost = deadline_lost,
	.answered = deadline_answered,
	.step = deadline_step,
	.event = deadline_event,
};

const struct policy *
policy_find(const char *name)
{
	static const struct policy *const all[] = { &policy_deadline, &policy_fixed60,
		&policy_fixed60_guarded };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(name, all[i]->name) == 0)
			return all[i];
	}
	return NULL;
}
