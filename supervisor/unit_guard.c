/* unit_guard.c - what the resource guard has one camera do without.
 * Owns the unit's step. Decides nothing: guard_policy.c does. Loop thread. */
#include <stdio.h>

#include "supervisor/camera_view.h"
#include "supervisor/config_camera.h"
#include "supervisor/unit_change.h"
#include "supervisor/unit_guard.h"
#include "supervisor/unit_record.h"

void
unit_guard_reading(const struct unit *u, struct guard_reading *out)
{
	*out = (struct guard_reading){ .priority = u->config->priority,
		.wanted = u->guard.paused || camera_view(u->machine).state != CAMERA_STOPPED,
		.running = camera_view(u->machine).state == CAMERA_RUNNING,
		.pid = worker_proc_pid(u->proc),
		.fps = u->stats.type == MSG_TYPES ? 0 : u->stats.u.stats.fps };
	snprintf(out->name, sizeof(out->name), "%s", u->name);
}

bool
unit_guard_records(const struct unit *u)
{
	return u->guard.step < GUARD_NO_RECORDING;
}

bool
unit_guard_takes_substream(const struct unit *u)
{
	return u->guard.step >= GUARD_SUBSTREAM && u->config->substream;
}

static void
pause_or_resume(struct unit *u)
{
	bool pause = u->guard.step == GUARD_PAUSED;

	if (pause && camera_view(u->machine).state != CAMERA_STOPPED) {
		u->guard.paused = true;
		unit_step(u, CAMERA_EV_STOP, NULL);
	} else if (!pause && u->guard.paused) {
		u->guard.paused = false;
		unit_start(u);
	}
}

void
unit_guard_on_command(struct unit *u)
{
	u->guard.paused = false;
}

static void
restart(struct unit *u)
{
	u->guard.restarts++;
	unit_step(u, CAMERA_EV_RESTART, NULL);
}

void
unit_guard_apply(struct unit *u, const struct guard_decision *d)
{
	bool small = unit_guard_takes_substream(u);
	bool records = unit_guard_records(u);
	bool was_paused = u->guard.step == GUARD_PAUSED;

	if (u->life != UNIT_AT_WORK)
		return;
	u->guard.step = d->step;
	if (unit_guard_records(u) != records)
		unit_record_tell(u);
	if (unit_guard_takes_substream(u) != small)
		unit_send_source(u);
	if ((d->step == GUARD_PAUSED) != was_paused)
		pause_or_resume(u);
	if (d->restart)
		restart(u);
}
