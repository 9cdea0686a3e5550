#ifndef WORKER_UPSTREAM_H
#define WORKER_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/link.h"
#include "worker/media.h"
#include "worker/peer.h"

/* The way to the SFU: one peer at a time, made by an offer, which the supervisor carries there and
 * whose answer it brings back. Loop thread. */
struct upstream;

struct upstream_events {
	void (*on_connected)(void *arg); /* packets may be sent: upstream_send */
	void (*on_first_packet)(void *arg);
	/* The peer of the newest offer is of no use; why is lent. */
	void (*on_lost)(void *arg, const char *why);
	void *arg;
};

struct upstream_config {
	GMainContext *loop;
	const char *camera; /* lent */
	struct output_ids ids;
	struct media *media; /* lent: whose packets are sent */
	struct link *link;   /* lent: where offers go */
	struct upstream_events events;
};

/* Returns 0, or ERR_LIBRARY if OpenSSL makes no certificate. */
int upstream_new(const struct upstream_config *config, struct upstream **out);

/* Drops the peer, makes another and sends its offer. False if that cannot be done. */
bool upstream_offer(struct upstream *u);

/* What came for an offer: its answer, or why it has none. If it is not the newest's it is ignored.
 * True if the peer is now being connected; an answer that does not fit is on_lost. */
bool upstream_answered(struct upstream *u, int64_t offer, const char *sdp);
void upstream_refused(struct upstream *u, int64_t offer, const char *why);

/* Sends the media to the connected peer. */
void upstream_send(struct upstream *u);

void upstream_drop(struct upstream *u);

/* Number of the offer whose peer there is, 0: none. */
int64_t upstream_offer_number(const struct upstream *u);

/* When the peer reached each phase. Lent. */
const struct peer_times *upstream_times(const struct upstream *u);

/* NULL is fine. */
void upstream_free(struct upstream *u);

#endif
