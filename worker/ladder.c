/* ladder.c - pauses that grow from failure to failure. Pure. */
#include "worker/ladder.h"

static const struct backoff fresh = {
	.first_ms = LADDER_FIRST_MS, .cap_ms = LADDER_CAP_MS, .jitter_percent = 20
};

struct ladder
ladder_new(void)
{
	return (struct ladder){ .backoff = fresh, .due = MS_NEVER };
}

void
ladder_forget(struct ladder *l)
{
	l->backoff = fresh;
	l->again = false;
}

ms_t
ladder_pause(struct ladder *l, ms_t now, bool was_up, uint32_t random)
{
	if (was_up && now - l->since >= LADDER_STABLE_MS)
		ladder_forget(l);
	if (!l->again) {
		l->again = true;
		return 0;
	}
	return backoff_next(&l->backoff, random);
}
