/* scheduler_change.c - a scheduler whose limits and cameras the configuration changes.
 * Owns nothing. Pure. Loop thread. */
#include "supervisor/scheduler_change.h"
#include "supervisor/scheduler_state.h"

void
scheduler_set_limits(struct scheduler *s, const struct scheduler_settings *settings)
{
	s->settings.stagger_ms = settings->stagger_ms;
	s->settings.early_percent = settings->early_percent;
	s->settings.rotate_ms = settings->rotate_ms;
	quota_set_limits(s->quota, &settings->quota);
	for (int i = 0; i < s->count; i++)
		quota_device_set_limits(s->entries[i]->device, &settings->quota);
}

void
scheduler_renumber(struct scheduler *s, int camera, int number)
{
	struct entry *e = scheduler_entry(s, camera);

	if (!e)
		return;
	e->camera = number;
	e->call.camera = number;
}

bool
scheduler_is_idle(const struct scheduler *s, int camera, ms_t now)
{
	const struct entry *e = scheduler_entry(s, camera);

	return e && e->stream == STREAM_NONE && !e->wants_generate && !e->wants_extend &&
	       !e->call.kind && !quota_device_counts(e->device, now);
}
