#ifndef SUPERVISOR_OUTPUTS_H
#define SUPERVISOR_OUTPUTS_H

#include "supervisor/output.h"

/* All the places that one camera is published to, in the order of its `publish`: the number of an
 * output is its place there. Those that the configuration no longer has end in the background. */
struct outputs;

/* All from the loop, never from inside a function of this header. */
struct outputs_events {
	/* For the worker: the answer to that output's offer, or that a new one must be made. */
	void (*on_answer)(int output, int64_t offer, const char *name, const char *sdp, void *arg);
	void (*on_refused)(int output, int64_t offer, const char *why, void *arg);
	/* For people: a try failed at that place, by its name. */
	void (*on_trouble)(const char *name, const char *why, void *arg);
};

/* None at first. camera is copied. Never NULL. */
struct outputs *outputs_new(
	uv_loop_t *loop, const char *camera, const struct outputs_events *events, void *arg);
/* Drops everything without ending what is at the far ends. NULL is fine. */
void outputs_free(struct outputs *o);

/* What they are from now on: one that was there stays as it is, others are made of http and sfu
 * (which are lent and outlive it), or end. Returns whether they are others, or in another order,
 * than before. */
bool outputs_set(struct outputs *o, const struct config_outputs *list, struct http_client *http,
	struct sfu *sfu);

size_t outputs_count(const struct outputs *o);
const struct output *outputs_get(const struct outputs *o, size_t i);
/* MSG_SOURCE's two_tracks. */
int64_t outputs_two_tracks(const struct outputs *o);

/* The worker's words; of an output that there is not, they are dropped. */
void outputs_offer(struct outputs *o, const struct msg_offer *offer);
void outputs_word(struct outputs *o, const struct msg_output *word);

/* Nothing is to be published any more: ends what is at every far end. done (may be NULL) comes
 * once, from the loop, when all has ended or within_ms are over; closed says which. */
void outputs_stop(
	struct outputs *o, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg);

#endif
