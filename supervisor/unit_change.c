/* unit_change.c - a camera whose section of the configuration has changed.
 * Owns nothing; what a change asks for is config_diff's, and it is done by as little as possible: a
 * worker that can stay stays. Loop thread. */
#include <stdio.h>

#include "common/log.h"
#include "supervisor/account.h"
#include "supervisor/camera_view.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_diff.h"
#include "supervisor/outputs.h"
#include "supervisor/scheduler.h"
#include "supervisor/unit_change.h"
#include "supervisor/unit_counts.h"
#include "supervisor/unit_outputs.h"

static struct account *
find_account(struct unit *u)
{
	const struct cameras_config *shared = u->shared;

	if (!config_is_auto(u->config))
		return shared->find_account(shared->arg, u->config->google);
	struct account *a = shared->find_kept(shared->arg, u->config);
	if (a)
		snprintf(u->choice, sizeof(u->choice), "%.63s had its stream before the restart",
			account_name(a));
	else
		snprintf(u->choice, sizeof(u->choice), "none yet: no account lists the device");
	return a;
}

void
unit_attach(struct unit *u, int number)
{
	u->number = number;
	u->choice[0] = '\0';
	u->account = u->config->google ? find_account(u) : NULL;
	if (u->account)
		account_add(u->account, number, u->name, u->config->device);
}

void
unit_detach(struct unit *u)
{
	unit_counts_on_detach(u);
	if (u->account)
		account_remove(u->account, u->number);
	u->account = NULL;
}

/* Its account may have a living stream of the device: from the store, or of a camera that had it
 * before. */
static void
resume(struct unit *u)
{
	bool starting = camera_view(u->machine).state == CAMERA_STARTING;

	if (u->account && starting && account_resume(u->account, u->number))
		unit_step(u, CAMERA_EV_RESTORED, NULL);
}

/* Whatever it does: it has, or is to have, another stream. */
static void
replace_stream(struct unit *u)
{
	unit_step(u, CAMERA_EV_REPLACED, NULL);
	resume(u);
}

/* A start that had nobody to ask yet is one all the same: it is staggered. */
void
unit_assign(struct unit *u, struct account *account, int number)
{
	bool first = !u->account && camera_view(u->machine).state == CAMERA_STARTING;

	unit_detach(u);
	u->account = account;
	u->number = number;
	account_add(account, number, u->name, u->config->device);
	if (!first) {
		replace_stream(u);
		return;
	}
	account_generate(account, number, GENERATE_START, clock_now());
	resume(u);
}

void
unit_start(struct unit *u)
{
	unit_outputs_set(u);
	unit_step(u, CAMERA_EV_START, NULL);
	resume(u);
}

void
unit_return(struct unit *u, const struct config_camera *config)
{
	u->life = UNIT_AT_WORK;
	u->guard.step = GUARD_NONE;
	u->guard.paused = false;
	unit_set_config(u, config);
}

/* A worker has its outputs for life: only one that has none yet can be given some. */
static void
republish(struct unit *u, size_t had)
{
	if (had > 0)
		unit_step(u, CAMERA_EV_RESTART, NULL);
	else
		unit_send_source(u);
}

void
unit_change(struct unit *u, const struct config_change *change, int number)
{
	size_t had = outputs_count(u->outputs);
	bool republished = unit_set_config(u, change->is);

	switch (change->effect) {
	case CONFIG_CAMERA_NOTHING:
		break;
	case CONFIG_CAMERA_SOURCE:
		unit_send_source(u);
		break;
	case CONFIG_CAMERA_PUBLISH:
		/* It may be another way to write the same. */
		if (republished)
			republish(u, had);
		else
			unit_send_source(u);
		break;
	case CONFIG_CAMERA_STREAM:
		unit_attach(u, number);
		replace_stream(u);
		if (republished && had > 0)
			unit_step(u, CAMERA_EV_RESTART, NULL);
		break;
	}
}
