#ifndef SUPERVISOR_SDM_H
#define SUPERVISOR_SDM_H

#include "common/clock.h"
#include "supervisor/http_client.h"
#include "supervisor/oauth.h"
#include "supervisor/sdm_answer.h"

/* Google's Smart Device Management API for one project and user. Knows URLs and JSON; knows nothing
 * of quotas: whoever calls has a slot. Nothing is retried here: a 401 is told to oauth and
 * reported, and the next try is the scheduler's, in a new slot, because this one is spent. */
struct sdm;
struct sdm_call; /* one call in flight; gone once its answer was given */

struct sdm_settings {
	const char *
		api_url; /* "https://smartdevicemanagement.googleapis.com/v1"; strings are copied */
	const char *project_id;
	const char *ca_file; /* NULL: the system's */
	ms_t timeout_ms;     /* of a list */
};

/* The answer is lent for the length of the call; strings of its stream may be taken (set the
 * member to NULL). */
typedef void sdm_done(struct sdm_answer *answer, void *arg);

/* http and oauth are lent and must outlive it. Never NULL. */
struct sdm *sdm_new(struct http_client *http, struct oauth *oauth, const struct sdm_settings *s);

/* Drops its calls without calling back. */
void sdm_free(struct sdm *s);

/* What a command is about; lent. */
struct sdm_order {
	const char *device;          /* the id alone */
	const char *extension_token; /* the stream's newest; NULL for SDM_GENERATE */
	ms_t timeout_ms;             /* above 0: so long its answer is waited for */
};

/* Each sends its request now and calls done once, later, from the loop. NULL when oauth has no
 * bearer: nothing was sent, no slot was spent, done will not come. command is none of SDM_LIST. */
struct sdm_call *sdm_execute(struct sdm *s, enum sdm_command command, const struct sdm_order *order,
	sdm_done *done, void *arg);
struct sdm_call *sdm_list(struct sdm *s, sdm_done *done, void *arg);

/* done will not come. The call counts with Google all the same. */
void sdm_cancel(struct sdm_call *call);

#endif
