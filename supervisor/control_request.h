#ifndef SUPERVISOR_CONTROL_REQUEST_H
#define SUPERVISOR_CONTROL_REQUEST_H

#include <stdbool.h>

#include "supervisor/control_message.h"
#include "supervisor/supervisor.h"

struct json;

/* An operator's request on its way to its answer: camctl's, or one of the HTTP API. Begins as zeros
 * but for supervisor. */
struct request {
	struct supervisor *supervisor;
	struct control_message message; /* its strings are lent by the fields */
	int camera;                     /* where the command names one */
	struct account *account;        /* where the command names a [google] section; NULL: all */
	struct json *data; /* what the command answers beside its sentence, NULL: nothing */
	char *long_text;   /* the sentence, owned; NULL: it is text */
	int err; /* refused, and why for programs: ERR_NOT_FOUND; 0: nothing that text does not say
		  */
	char text[4096];
};

/* Carries out fields, {"command":"restart","camera":"porch"}, which are lent for the length of it.
 * True: done; false: refused. request_text says how or why. */
bool control_request(struct request *r, const struct json *fields);

/* The sentence, lent. */
const char *request_text(const struct request *r);

/* Frees what the answer is made of. */
void request_clear(struct request *r);

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

/* Commands about the HTTP API's tokens, control_token.c. Likewise. */
bool control_token_add(struct request *r);
bool control_token_list(struct request *r);
bool control_token_remove(struct request *r);

/* Commands about the configuration, control_config.c. Likewise. */
bool control_reload(struct request *r);
bool control_add(struct request *r);
bool control_remove(struct request *r);

#endif
