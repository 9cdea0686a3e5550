#ifndef SUPERVISOR_UNIT_H
#define SUPERVISOR_UNIT_H

#include "common/name.h"
#include "proto/msg.h"
#include "supervisor/call_tally.h"
#include "supervisor/cameras.h"
#include "supervisor/guard_policy.h"
#include "supervisor/outage.h"
#include "supervisor/tally.h"
#include "supervisor/totals.h"
#include "supervisor/worker_proc.h"

/* Longest path of a worker's socket: that of a unix socket, config_check.c has checked it. */
#define UNIT_SOCKET_MAX 108

/* Whether it is still wanted. */
enum unit_life {
	UNIT_AT_WORK,
	UNIT_LEAVING,  /* the configuration has it no more; it may come back before it has ended */
	UNIT_STOPPING, /* shutdown: nothing is started any more */
};

struct outputs;
struct timer;
struct worker_link;

/* One camera at work: an element of the camera table. For cameras*.c and unit*.c. Loop thread. */
struct unit {
	const struct cameras_config *shared; /* lent: the table's */
	char name[NAME_BYTES];
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

/* Something happened to it: its machine is asked, the effects are performed. why may be NULL.
 * False: that means nothing in the state that it is in. */
bool unit_step(struct unit *u, enum camera_event ev, const char *why);

/* What [supervisor] says now. */
void unit_configure(struct unit *u);

/* The configuration has it no more: ends as if stopped, and on_ended comes once nothing of it is
 * left at the SFU and no worker is. unit_return (unit_change.h) takes that back. */
void unit_leave(struct unit *u, void (*on_ended)(void *arg), void *arg);

/* Ends the worker and closes the tracks, for good. on_ended comes once both are done, which
 * unit_is_ended tells too; it may be so from the start. */
void unit_stop(struct unit *u, ms_t within_ms, void (*on_ended)(void *arg), void *arg);
bool unit_is_ended(const struct unit *u);

/* Frees it; on_freed comes when libuv has let go of it. Also of a unit whose unit_open failed. May
 * be called in on_ended. */
void unit_free(struct unit *u, void (*on_freed)(void *arg), void *arg);

/* For unit_change.c: what its section says now, which is copied. Returns whether it is published to
 * other places, or in another order, than before. */
bool unit_set_config(struct unit *u, const struct config_camera *config);

/* For unit_change.c and unit_guard.c: tells the worker its stream. */
void unit_send_source(struct unit *u);

#endif
