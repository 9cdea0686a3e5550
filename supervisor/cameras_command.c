/* cameras_command.c - what operators ask of one camera.
 * Owns nothing: finds the unit, and the sentences that refuse. Loop thread. */
#include <stdio.h>

#include "common/log.h"
#include "supervisor/account.h"
#include "supervisor/camera_view.h"
#include "supervisor/cameras_command.h"
#include "supervisor/cameras_state.h"
#include "supervisor/config_camera.h"
#include "supervisor/recordings.h"
#include "supervisor/unit_guard.h"
#include "supervisor/unit_record.h"

/* Whoever asks for a stream, or for another worker of one, needs an account to ask. */
static bool
lacks_account(const struct unit *u, enum camera_event ev)
{
	return u->config->google && !u->account &&
	       (ev == CAMERA_EV_RESTART || ev == CAMERA_EV_REGENERATE);
}

int
cameras_command(struct cameras *t, int camera, enum camera_event ev, char *why, size_t why_size)
{
	struct unit *u = cameras_find_number(t, camera);

	if (u->life == UNIT_STOPPING) {
		snprintf(why, why_size, "camrelayd is stopping");
		return -1;
	}
	log_info("camera command", LOG_CAM(u->name), LOG_STR("command", camera_event_text(ev)));
	if (camera_view(u->machine).state != CAMERA_STOPPED && lacks_account(u, ev)) {
		snprintf(why, why_size, "%s has no account yet: none lists its device", u->name);
		return -1;
	}
	/* What is started already is as it was asked to be. */
	if (!unit_step(u, ev, NULL) && ev != CAMERA_EV_START) {
		snprintf(why, why_size, "%s is %s: camctl start %s", u->name,
			camera_state_text(camera_view(u->machine).state), u->name);
		return -1;
	}
	unit_guard_on_command(u);
	return 0;
}

int
cameras_extend(struct cameras *t, int camera, char *why, size_t why_size)
{
	struct unit *u = cameras_find_number(t, camera);

	if (u->account && account_extend(u->account, camera) == 0)
		return 0;
	snprintf(why, why_size,
		u->config->google ? "%s has no stream to extend"
				  : "%s is a plain RTSP camera: nothing expires",
		u->name);
	return -1;
}

int
cameras_record(struct cameras *t, int camera, bool on, char *why, size_t why_size)
{
	struct unit *u = cameras_find_number(t, camera);

	log_info("camera command", LOG_CAM(u->name),
		LOG_STR("command", on ? "record on" : "record off"));
	return unit_record_ask(u, on, why, why_size);
}

int64_t
cameras_snapshot(struct cameras *t, int camera, char *why, size_t why_size)
{
	return unit_record_snapshot(cameras_find_number(t, camera), why, why_size);
}

int
cameras_snapshot_done(struct cameras *t, int camera, int64_t id, char *file, size_t file_size,
	char *why, size_t why_size)
{
	return unit_record_snapshot_done(
		cameras_find_number(t, camera), id, file, file_size, why, why_size);
}

void
cameras_snapshot_wait(struct cameras *t, int camera,
	void (*told)(void *arg, const char *file, const char *why), void *arg)
{
	unit_record_snapshot_wait(cameras_find_number(t, camera), told, arg);
}

int
cameras_protect(
	struct cameras *t, int camera, const char *hour, bool on, char *why, size_t why_size)
{
	char dir[4096];

	if (unit_record_dir(cameras_find_number(t, camera), dir, sizeof(dir)))
		return recordings_protect(dir, hour, on, why, why_size);
	snprintf(why, why_size, "there is no section [recording]");
	return -1;
}
