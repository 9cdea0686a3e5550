/* control_record.c - camctl's commands about recordings and snapshots.
 * Owns nothing; a snapshot is begun by one request and looked at by others. Loop thread. */
#include <stdio.h>

#include "common/json.h"
#include "supervisor/cameras_command.h"
#include "supervisor/control_request.h"

static struct cameras *
table(struct request *r)
{
	return supervisor_cameras(r->supervisor);
}

bool
control_record(struct request *r)
{
	bool on = r->message.on;

	if (cameras_record(table(r), r->camera, on, r->text, sizeof(r->text)) < 0)
		return false;
	snprintf(r->text, sizeof(r->text), on ? "recording" : "no longer recording");
	return true;
}

static bool
protect(struct request *r, bool on)
{
	if (cameras_protect(table(r), r->camera, r->message.hour, on, r->text, sizeof(r->text)) < 0)
		return false;
	snprintf(r->text, sizeof(r->text), on ? "protected" : "no longer protected");
	return true;
}

bool
control_protect(struct request *r)
{
	return protect(r, true);
}

bool
control_unprotect(struct request *r)
{
	return protect(r, false);
}

bool
control_snapshot(struct request *r)
{
	int64_t id = cameras_snapshot(table(r), r->camera, r->text, sizeof(r->text));

	if (id < 0)
		return false;
	r->data = json_new_object();
	json_set_int(r->data, "id", id);
	return true;
}

bool
control_snapshot_done(struct request *r)
{
	char file[512] = "";
	int done = cameras_snapshot_done(
		table(r), r->camera, r->message.id, file, sizeof(file), r->text, sizeof(r->text));
	if (done < 0)
		return false;
	r->data = json_new_object();
	json_set_bool(r->data, "done", done > 0);
	if (done > 0)
		json_set_str(r->data, "file", file);
	return true;
}
