/* unit_record.c - one camera's recording and snapshots.
 * Owns what an operator asked for, also over a restart, and how long a snapshot's file stays. What
 * is on the disk is the worker's, and retention's. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xmalloc.h"
#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_recording.h"
#include "supervisor/kept.h"
#include "supervisor/store.h"
#include "supervisor/timer.h"
#include "supervisor/unit_guard.h"
#include "supervisor/unit_record.h"
#include "supervisor/worker_link.h"

/* In the store: 1 while an operator has it recorded. */
#define ASKED "record"

/* ---- recording ------------------------------------------------------------------------------- */

void
unit_record_open(struct unit *u)
{
	int64_t asked = 0;

	if (u->shared->store)
		store_get_counter(u->shared->store, u->name, ASKED, &asked);
	u->record.asked = asked > 0;
}

static void
set_asked(struct unit *u, bool asked)
{
	if (u->shared->store && asked != u->record.asked)
		store_set_counter(u->shared->store, u->name, ASKED, asked);
	u->record.asked = asked;
}

void
unit_record_on_leave(struct unit *u)
{
	set_asked(u, false);
}

bool
unit_record_dir(const struct unit *u, char *path, size_t size)
{
	const struct config_recording *c = u->shared->config->recording;

	if (!c)
		return false;
	snprintf(path, size, "%s/%s", c->dir, u->name);
	return true;
}

static bool
is_wanted(const struct unit *u)
{
	return u->config->record == CONFIG_RECORD_YES ||
	       (u->config->record == CONFIG_RECORD_EVENTS && u->record.asked);
}

void
unit_record_tell(struct unit *u)
{
	const struct config_recording *c = u->shared->config->recording;
	char dir[4096];
	struct msg m = { .type = MSG_RECORD };

	/* Retention has the disk from min_free on. Where it cannot, since all is protected or
	 * somebody else fills the disk, recording stops at half of that. */
	if (is_wanted(u) && unit_guard_records(u) && unit_record_dir(u, dir, sizeof(dir))) {
		m.u.record.dir = dir;
		m.u.record.min_free_percent = c->min_free_percent / 2;
	}
	worker_link_send(u->link, &m);
}

int
unit_record_ask(struct unit *u, bool on, char *why, size_t why_size)
{
	if (u->config->record != CONFIG_RECORD_EVENTS) {
		snprintf(why, why_size, "%s has record = %s; it must be events to be switched",
			u->name, u->config->record == CONFIG_RECORD_YES ? "yes" : "no");
		return -1;
	}
	set_asked(u, on);
	unit_record_tell(u);
	return 0;
}

void
unit_record_on_state(struct unit *u, const struct msg *m)
{
	kept_set(&u->record.state, m);
	totals_on_recording(&u->counts.totals, &m->u.recording);
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static void
file_of(const struct unit *u, int64_t id, char *path, size_t size)
{
	snprintf(path, size, "%s/worker/%s.%lld.jpg", u->shared->config->run_dir, u->name,
		(long long)id);
}

static void
remove_file(void *arg)
{
	struct unit *u = arg;
	char path[512];

	if (u->record.picture == 0)
		return;
	file_of(u, u->record.picture, path, sizeof(path));
	unlink(path);
	u->record.picture = 0;
}

int64_t
unit_record_snapshot(struct unit *u, char *why, size_t why_size)
{
	char path[512];
	struct msg m = { .type = MSG_SNAPSHOT, .u.snapshot = { .file = path } };

	m.u.snapshot.id = u->record.snapshots + 1;
	file_of(u, m.u.snapshot.id, path, sizeof(path));
	if (worker_link_send(u->link, &m) != 0) {
		snprintf(why, why_size, "%s has no picture: no worker runs", u->name);
		return -1;
	}
	return ++u->record.snapshots;
}

int
unit_record_snapshot_done(
	struct unit *u, int64_t id, char *file, size_t file_size, char *why, size_t why_size)
{
	const struct msg_snapshot_done *done = &u->record.done.u.snapshot_done;

	bool waits = u->record.done.type == MSG_TYPES || done->id < id;
	if (waits && id <= u->record.lost) {
		snprintf(why, why_size, "%s has no picture: its worker has ended", u->name);
		return -1;
	}
	if (waits)
		return 0;
	/* A later one will do. */
	if (done->error) {
		snprintf(why, why_size, "%s: %s", u->name, done->error);
		return -1;
	}
	file_of(u, done->id, file, file_size);
	if (u->record.picture == done->id)
		timer_start(u->record.removal, UNIT_SNAPSHOT_KEEP_MS);
	return 1;
}

/* One who is to be told of a snapshot. */
struct snapshot_wait {
	struct snapshot_wait *next;
	int64_t id;
	unit_snapshot_told *told;
	void *arg;
};

/* Tells those whose snapshot is there or will not come. */
static void
tell_waiting(struct unit *u)
{
	struct snapshot_wait **at = &u->record.waits;
	char file[512], why[256];

	while (*at) {
		struct snapshot_wait *w = *at;
		int done =
			unit_record_snapshot_done(u, w->id, file, sizeof(file), why, sizeof(why));
		if (done == 0) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->told(w->arg, done > 0 ? file : NULL, why);
		free(w);
	}
}

void
unit_record_snapshot_wait(struct unit *u, unit_snapshot_told *told, void *arg)
{
	char why[256];
	int64_t id = unit_record_snapshot(u, why, sizeof(why));

	if (id < 0) {
		told(arg, NULL, why);
		return;
	}
	struct snapshot_wait *w = xmalloc(sizeof(*w));
	*w = (struct snapshot_wait){ .next = u->record.waits, .id = id, .told = told, .arg = arg };
	u->record.waits = w;
}

void
unit_record_on_snapshot(struct unit *u, const struct msg *m)
{
	remove_file(u);
	kept_set(&u->record.done, m);
	if (!m->u.snapshot_done.error) {
		u->record.picture = m->u.snapshot_done.id;
		if (!u->record.removal)
			u->record.removal = timer_new(u->shared->loop, remove_file, u);
		timer_start(u->record.removal, UNIT_SNAPSHOT_KEEP_MS);
	}
	tell_waiting(u);
}

void
unit_record_on_death(struct unit *u)
{
	kept_forget(&u->record.state);
	u->record.lost = u->record.snapshots;
	tell_waiting(u);
}

void
unit_record_clear(struct unit *u)
{
	u->record.lost = u->record.snapshots;
	tell_waiting(u);
	remove_file(u);
	timer_free(u->record.removal);
	kept_forget(&u->record.state);
	kept_forget(&u->record.done);
}
