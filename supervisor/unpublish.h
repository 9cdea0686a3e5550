#ifndef SUPERVISOR_UNPUBLISH_H
#define SUPERVISOR_UNPUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "common/clock.h"
#include "supervisor/sfu.h"

/* Closes the tracks of sessions that a camera or its viewers left behind, in the background. A
 * forced close may be repeated freely, so it is, until the SFU says that the tracks are gone, or
 * would have dropped them by itself. */
struct unpublish;

/* sfu is lent and must outlive it. Never NULL. */
struct unpublish *unpublish_new(uv_loop_t *loop, struct sfu *sfu);

/* gone will be called, from the loop, with each session that is closed or that the SFU will drop by
 * itself. */
void unpublish_on_gone(
	struct unpublish *u, void (*gone)(const char *session, void *arg), void *arg);

/* Leaves what is not closed yet to the SFU; calls nobody back. NULL is fine. */
void unpublish_free(struct unpublish *u);

/* Closes tracks[0..count) of a session; camera is for logs. All are copied. */
void unpublish_add(struct unpublish *u, const char *camera, const char *session,
	const struct sfu_track *tracks, size_t count);

/* Calls done once, from the loop: when nothing is left to close, or within_ms are over. A second
 * wait replaces the first. */
void unpublish_wait(
	struct unpublish *u, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg);

#endif
