#ifndef SUPERVISOR_ACCOUNT_STATE_H
#define SUPERVISOR_ACCOUNT_STATE_H

#include "supervisor/account.h"
#include "supervisor/call_tally.h"
#include "supervisor/credentials.h"
#include "supervisor/discovery.h"
#include "supervisor/keep.h"
#include "supervisor/login.h"
#include "supervisor/oauth.h"
#include "supervisor/sdm.h"
#include "supervisor/stream.h"

/* What an account consists of. For account*.c. */

/* A camera of this account. */
struct camera_lease {
	struct camera_lease *next;
	struct account *account;
	int camera;
	char *name; /* owned, as device */
	char *device;
	/* The configuration has it no more: nobody is told of it, nothing of it is kept, and it is
	 * forgotten once it is idle. Its device may come back before that. */
	bool leaving;
	struct stream stream;
	ms_t granted_at; /* by the last Generate or Extend */
	/* The call in flight, at most one per camera (scheduler.h). */
	struct api_call call;
	struct call_tally tally; /* of this camera's calls */
};

struct account {
	const struct config_google *config;
	struct oauth *oauth;
	struct sdm *sdm;
	struct scheduler *scheduler;
	struct keep keep;
	struct discovery *discovery; /* owned */
	struct login *login;         /* owned */
	struct camera_lease *leases; /* owned */
	uv_timer_t timer;
	account_event *on_event;
	account_listed *on_list;
	account_news *on_news;
	const char *told;     /* the state that was told last */
	bool told_incomplete; /* that an answer lacked something */
	void *arg;
	struct {
		bool begun;          /* no call leaves any more; the timer is its time-out */
		account_ended *done; /* NULL: told, or not begun */
		void *arg;
	} stop;
};

/* The camera of that number; NULL if it is none of this account's. */
struct camera_lease *account_find_lease(const struct account *a, int camera);

/* Makes scheduler, oauth, sdm, discovery and login of an account whose other members are set; takes
 * secrets out of credentials. */
void account_make_parts(
	struct account *a, const struct account_config *config, struct credentials *credentials);
void account_free_parts(struct account *a);

/* Does everything that is due and sets the timer for what comes next. Events come from inside: not
 * to be called from a function of account.h. */
void account_kick(struct account *a);

/* The same at the loop's next turn. */
void account_kick_soon(struct account *a);

/* Frees the cameras that have left and are idle; all of them if now is MS_NEVER. */
void account_forget_leases(struct account *a, ms_t now);

#endif
