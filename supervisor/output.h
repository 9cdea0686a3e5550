#ifndef SUPERVISOR_OUTPUT_H
#define SUPERVISOR_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "proto/msg.h"
#include "supervisor/config_publish.h"
#include "supervisor/http_client.h"
#include "supervisor/sfu.h"

struct status_output;

/* One place that a camera is published to: the machine of its kind, and what the worker says of the
 * connection. Several of a camera know nothing of each other. */
struct output;

struct output_parts {
	uv_loop_t *loop; /* lent, as all below */
	struct http_client *http;
	struct sfu *sfu; /* for CONFIG_OUTPUT_CLOUDFLARE */
	const char *camera;
};

/* All from the loop, never from inside a function of this header. */
struct output_events {
	/* The far end's answer (lent) to that offer, and whose it is: for the worker. */
	void (*on_answer)(struct output *o, int64_t offer, const char *sdp, void *arg);
	/* A try failed; as in publish_events. */
	void (*on_failed)(
		struct output *o, int64_t offer, const char *why, ms_t retry_ms, void *arg);
};

/* What is to be known of config is copied. Never NULL. */
struct output *output_new(const struct output_parts *parts, const struct config_output *config,
	const struct output_events *events, void *arg);

/* Drops everything without ending what is at the far end. NULL is fine. */
void output_free(struct output *o);

/* What it was made of. */
const struct config_output *output_config(const struct output *o);

/* The worker's offer for this output; copied. */
void output_offer(struct output *o, const struct msg_offer *offer);

/* What the worker says of the connection; copied. Words about an older offer are dropped. */
void output_word(struct output *o, const struct msg_output *word);

/* Nothing is to be published any more, and the worker is gone: as publish_stop. */
void output_stop(struct output *o, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg);

/* "live", ... : of the signalling. */
const char *output_state_name(const struct output *o);

/* What viewers can pull: Cloudflare's session and the camera's tracks in it. */
struct output_source {
	const char *session; /* lent, as tracks, until the loop turns */
	const struct sfu_track *tracks;
	size_t track_count;
	bool sending; /* its media flows: too early a pull is refused */
};

/* Fills *out; false: there is no session. */
bool output_get_source(const struct output *o, struct output_source *out);

/* What went wrong last and still counts, NULL: nothing. Lent until the loop turns. */
const char *output_error(const struct output *o);

/* Its row of the snapshot; the strings are the row's. */
void output_status(const struct output *o, ms_t now, struct status_output *row);

#endif
