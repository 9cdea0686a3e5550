#ifndef SUPERVISOR_UNIT_H
#define SUPERVISOR_UNIT_H

#include "proto/msg.h"
#include "supervisor/call_tally.h"
#include "supervisor/cameras.h"
#include "supervisor/config_diff.h"
#include "supervisor/guard_policy.h"
#include "supervisor/outage.h"
#include "supervisor/outputs.h"
#include "supervisor/tally.h"
#include "supervisor/totals.h"
#include "supervisor/worker_link.h"
#include "supervisor/worker_proc.h"

/* Longest path of a worker's socket: that of a unix socket, config_check.c has checked it. */
#define UNIT_SOCKET_MAX 108
#define UNIT_NAME_MAX 64 /* with its NUL: value_is_name */

/* Whether it is still wanted. */
enum unit_life {
	UNIT_AT_WORK,
	UNIT_LEAVING,  /* the configuration has it no more; it may come back before it has ended */
	UNIT_STOPPING, /* shutdown: nothing is started any more */
};

struct timer;

/* One camera at work: an element of the camera table. For cameras.c and unit*.c. Loop thread. */
struct unit {
	const struct cameras_config *shared; /* lent: the table's */
	char name[UNIT_NAME_MAX];
	struct config_camera *config; /* owned: a copy of what the configuration says */
	int number; /* of its stream at the account: another stream, another number */
	/* NULL: a plain RTSP camera, or none of an account any more or yet */
	struct account *account;
	char choice[256]; /* google = auto: which account, and why */
	struct camera *machine;
	struct worker_proc *proc;
	struct worker_link *link;
	struct outputs *outputs;
	uv_timer_t timer; /* camera_due */
	char socket[UNIT_SOCKET_MAX];
	struct tally tally;
	struct outage outage;
	struct msg state; /* the worker's last of its kind; type MSG_TYPES: none yet */
	struct msg stats;
	struct {
		bool asked;            /* record = events: by an operator */
		struct msg state;      /* of the worker, as above */
		int64_t snapshots;     /* begun so far */
		int64_t lost;          /* of these, the last that its worker has taken with it */
		int64_t picture;       /* the snapshot whose file is there, 0: none */
		struct msg done;       /* of the newest snapshot that is finished */
		struct timer *removal; /* of the file; NULL: none was made yet */
		struct snapshot_wait *waits; /* owned; who is to be told of one */
	} record;
	struct {
		enum guard_step step;
		bool paused; /* by the guard, and by nobody else since */
		int64_t restarts;
	} guard;
	struct {
		struct totals totals;
		struct call_tally calls; /* of accounts that it was of before */
		int64_t restarts[WORKER_ENDS];
		enum worker_end last_end; /* once there was a worker */
	} counts;
	enum unit_life life;
	bool outputs_ended; /* unless UNIT_AT_WORK */
	void (*on_ended)(void *arg);
	void *arg;
	void (*on_freed)(void *arg);
};

/* A camera that does nothing yet and is none of an account's. config is copied, shared lent. */
struct unit *unit_new(const struct cameras_config *shared, const struct config_camera *config);

/* Binds its socket and makes its parts. Returns 0, or -1 with a sentence in why. */
int unit_open(struct unit *u, char *why, size_t why_size);

/* Makes it its account's camera of that number, if it is one of Google's; and no longer. */
void unit_attach(struct unit *u, int number);
void unit_detach(struct unit *u);

/* google = auto: it is another account's from now on, with another stream. */
void unit_assign(struct unit *u, struct account *account, int number);

/* Starts it; with the stream that its account has for it, if there is one. */
void unit_start(struct unit *u);

/* Something happened to it: its machine is asked, the effects are performed. why may be NULL. */
void unit_step(struct unit *u, enum camera_event ev, const char *why);

/* What its section says now, which is copied, made effective by as little as possible. For another
 * stream it was detached before and is attached with that number. */
void unit_change(struct unit *u, const struct config_change *change, int number);

/* What [supervisor] says now. */
void unit_configure(struct unit *u);

/* The configuration has it no more: ends as if stopped, and on_ended comes once nothing of it is
 * left at the SFU and no worker is. unit_return takes that back, with what the configuration says
 * now; then it is to be attached and started. */
void unit_leave(struct unit *u, void (*on_ended)(void *arg), void *arg);
void unit_return(struct unit *u, const struct config_camera *config);

/* Ends the worker and closes the tracks, for good. on_ended comes once both are done, which
 * unit_is_ended tells too; it may be so from the start. */
void unit_stop(struct unit *u, ms_t within_ms, void (*on_ended)(void *arg), void *arg);
bool unit_is_ended(const struct unit *u);

/* Frees it; on_freed comes when libuv has let go of it. Also of a unit whose unit_open failed. May
 * be called in on_ended. */
void unit_free(struct unit *u, void (*on_freed)(void *arg), void *arg);

/* Where viewers find it; false: nowhere. */
bool unit_get_source(const struct unit *u, struct output_source *out);

/* Its row of the snapshot; the strings are the row's. */
void unit_status(const struct unit *u, ms_t now, struct status_camera *row);

/* For unit_change.c: what its section says now, which is copied. Returns whether it is published to
 * other places, or in another order, than before. */
bool unit_set_config(struct unit *u, const struct config_camera *config);

/* For unit_change.c: makes the outputs those of its section, which they are from unit_start on (a
 * unit may be made before its configuration is in force). Returns as unit_set_config. */
bool unit_set_outputs(struct unit *u);

/* For unit.c: none yet; and what the worker says of one of them. */
void unit_make_outputs(struct unit *u);
void unit_on_offer(struct unit *u, const struct msg *m);
void unit_on_output(struct unit *u, const struct msg *m);

/* For unit_change.c: tells the worker its stream. */
void unit_send_source(struct unit *u);

#endif
