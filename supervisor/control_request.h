#ifndef SUPERVISOR_CONTROL_REQUEST_H
#define SUPERVISOR_CONTROL_REQUEST_H

#include <stdbool.h>

#include "supervisor/supervisor.h"

struct json;

/* One of camctl's requests on its way to its answer. For control.c and the files of its commands.
 */
struct request {
	struct supervisor *supervisor;
	const struct json *fields; /* as it came; lent */
	int camera;                /* where the command names one */
	struct account *account;   /* where the command names a [google] section; NULL: all */
	struct json *data;         /* what the command answers beside its sentence, NULL: nothing */
	char *long_text;           /* the sentence, owned; NULL: it is text */
	char text[4096];
};

/* Commands about Google's accounts, control_google.c. True: done; false: refused. text says how or
 * why. */
bool control_discover(struct request *r);
bool control_devices(struct request *r);
bool control_login_begin(struct request *r);
bool control_login_code(struct request *r);
bool control_login_status(struct request *r);

/* Commands about recordings and snapshots, control_record.c. Likewise. */
bool control_record(struct request *r);
bool control_protect(struct request *r);
bool control_unprotect(struct request *r);
bool control_snapshot(struct request *r);
bool control_snapshot_done(struct request *r);

/* Commands about the configuration, control_config.c. Likewise. */
bool control_reload(struct request *r);
bool control_add(struct request *r);
bool control_remove(struct request *r);

#endif
