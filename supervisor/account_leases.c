/* account_leases.c - the cameras of one Google account: they come, they are restored, they go.
 * Owns the list of leases. Loop thread. */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/account_state.h"
#include "supervisor/config_google.h"
#include "supervisor/scheduler_change.h"

struct camera_lease *
account_find_lease(const struct account *a, int camera)
{
	for (struct camera_lease *l = a->leases; l; l = l->next)
		if (l->camera == camera)
			return l;
	return NULL;
}

static struct camera_lease *
find_device(const struct account *a, const char *device)
{
	for (struct camera_lease *l = a->leases; l; l = l->next)
		if (strcmp(l->device, device) == 0)
			return l;
	return NULL;
}

/* A stream that is being stopped, or has ended unseen, is none to go on with. */
static bool
has_stream(const struct camera_lease *l, ms_t now)
{
	return l->call.kind != CALL_STOP && stream_left_ms(&l->stream, now) > 0;
}

/* ---- coming ---------------------------------------------------------------------------------- */

static void
add_lease(struct account *a, int camera, const char *name, const char *device)
{
	struct camera_lease *l = xcalloc(1, sizeof(*l));
	struct camera_lease **end = &a->leases;

	*l = (struct camera_lease){
		.account = a, .camera = camera, .name = xstrdup(name), .device = xstrdup(device)
	};
	while (*end)
		end = &(*end)->next;
	*end = l;
	scheduler_add(a->scheduler, camera);
}

/* The device of a camera that has left: what Google counts of it and its stream are the new one's.
 */
static void
take_back(struct camera_lease *l, int camera, const char *name)
{
	ms_t now = clock_now();

	scheduler_renumber(l->account->scheduler, l->camera, camera);
	l->call.camera = camera;
	l->camera = camera;
	l->leaving = false;
	l->tally = (struct call_tally){ 0 };
	free(l->name);
	l->name = xstrdup(name);
	if (has_stream(l, now))
		keep_stream(&l->account->keep, name, l->device, &l->stream, now);
}

void
account_add(struct account *a, int camera, const char *name, const char *device)
{
	struct camera_lease *l = find_device(a, device);

	if (l && l->leaving)
		take_back(l, camera, name);
	else
		add_lease(a, camera, name, device);
}

/* ---- after a restart ------------------------------------------------------------------------- */

/* Google counts the calls of a camera that has left the configuration as well. */
static void
restore_call(void *arg, const char *device, enum call_kind kind, ms_t at)
{
	struct account *a = arg;
	struct camera_lease *l = kind == CALL_LIST ? NULL : find_device(a, device);

	if (l)
		scheduler_called(a->scheduler, l->camera, kind, at);
	else
		quota_take(scheduler_quota(a->scheduler), NULL, kind, at);
}

static void
restore_stream(
	void *arg, const char *camera, const char *device, struct stream *stream, ms_t granted_at)
{
	struct account *a = arg;
	struct camera_lease *l = find_device(a, device);

	if (!l || strcmp(l->name, camera) != 0) {
		keep_no_stream(&a->keep, camera);
		return;
	}
	l->stream = *stream;
	l->granted_at = granted_at;
	*stream = (struct stream){ 0 };
}

void
account_restore(struct account *a)
{
	ms_t now = clock_now();

	/* A former process may just have called: a slot's time passes (scheduler.h). */
	if (!keep_has_past(&a->keep))
		quota_take(scheduler_quota(a->scheduler), NULL, CALL_EXTEND, now);
	keep_each_call(&a->keep, a->config->long_window_ms, now, restore_call, a);
	keep_each_stream(&a->keep, now, restore_stream, a);
}

bool
account_resume(struct account *a, int camera)
{
	struct camera_lease *l = account_find_lease(a, camera);
	ms_t now = clock_now();

	if (!has_stream(l, now))
		return false;
	log_info("google stream resumed", LOG_CAM(l->name),
		LOG_INT("left_ms", stream_left_ms(&l->stream, now)));
	scheduler_restored(a->scheduler, camera, l->granted_at, l->stream.expires_at);
	return true;
}

/* ---- going ----------------------------------------------------------------------------------- */

void
account_remove(struct account *a, int camera)
{
	struct camera_lease *l = account_find_lease(a, camera);

	scheduler_cancel(a->scheduler, camera);
	scheduler_want_stop(a->scheduler, camera);
	keep_no_stream(&a->keep, l->name);
	l->leaving = true;
	account_kick_soon(a);
}

static void
free_lease(struct camera_lease *l)
{
	scheduler_remove(l->account->scheduler, l->camera);
	stream_clear(&l->stream);
	free(l->name);
	free(l->device);
	free(l);
}

void
account_forget_leases(struct account *a, ms_t now)
{
	struct camera_lease **at = &a->leases;

	while (*at) {
		struct camera_lease *l = *at;
		bool idle = l->leaving && scheduler_is_idle(a->scheduler, l->camera, now);
		if (!idle && now != MS_NEVER) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		free_lease(l);
	}
}
