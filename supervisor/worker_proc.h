#ifndef SUPERVISOR_WORKER_PROC_H
#define SUPERVISOR_WORKER_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "common/clock.h"
#include "supervisor/proc_usage.h"

/* The process of one camera: spawned, watched, ended. Whether and when there is to be another one
 * is the camera's decision (supervisor/camera.h). Loop thread. */
struct worker_proc;

/* How a worker ended. */
enum worker_end {
	WORKER_END_ASKED,       /* it was told to: by us, or by somebody's SIGTERM */
	WORKER_END_EXITED,      /* with another exit code than CONTRACT_EXIT_OK */
	WORKER_END_CRASHED,     /* by a signal */
	WORKER_END_HUNG,        /* it was killed because it no longer answered */
	WORKER_END_UNSTARTABLE, /* it could not be started */
	WORKER_ENDS
};

/* "asked", "exited", "crashed", "hung", "unstartable". */
const char *worker_end_name(enum worker_end end);

struct worker_proc_config {
	uv_loop_t *loop;
	const char *program; /* camrelay-worker's path; copied */
	const char *camera;  /* lent for as long as the object lives, as socket */
	const char *socket;
	ms_t kill_timeout_ms; /* TERM to KILL */
	/* It is gone, or could not be started. why is for people: "signal 9 (Killed)", "exit code
	 * 70". From the loop, never from inside a function of this header. */
	void (*on_death)(void *arg, enum worker_end end, const char *why);
	void *arg;
};

/* Nothing runs yet. Never NULL (out of memory aborts). */
struct worker_proc *worker_proc_new(const struct worker_proc_config *config);

/* Another program and another time, for the next start and the next stop. */
void worker_proc_configure(struct worker_proc *w, const char *program, ms_t kill_timeout_ms);

/* Starts a process of the next generation. Only while none runs. A failure to start comes as its
 * death. */
void worker_proc_start(struct worker_proc *w);

/* SIGTERM, and SIGKILL if it is still there after the time-out; on_death says when it is gone.
 * Nothing happens if none runs. */
void worker_proc_stop(struct worker_proc *w);

/* SIGKILL now: it no longer answers. */
void worker_proc_kill(struct worker_proc *w);

/* 0 when nothing runs. */
int64_t worker_proc_pid(const struct worker_proc *w);

/* The newest spawn's number, from 1; 0 before the first. */
int64_t worker_proc_gen(const struct worker_proc *w);

/* What it takes of the machine; zeros when nothing runs. */
struct proc_usage worker_proc_usage(struct worker_proc *w, ms_t now);

/* When the running process was started, 0 when nothing runs. */
ms_t worker_proc_since(const struct worker_proc *w);

/* Kills what runs without waiting, and frees w when libuv has let go of its handles. NULL is fine.
 */
void worker_proc_free(struct worker_proc *w);

#endif
