#ifndef WORKER_UPSTREAM_H
#define WORKER_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/link.h"
#include "worker/media.h"
#include "worker/peer.h"

/* One output: the way to one receiver. Wants a connection while there are pictures, makes offers,
 * which the supervisor carries there and whose answers it brings back, and has the media sent to
 * the peer that comes of it. Loop thread. */
struct upstream;

struct upstream_events {
	void (*on_change)(void *arg); /* of upstream_state or upstream_why */
	/* The first packet has left: all of upstream_times are known. */
	void (*on_first_packet)(void *arg, unsigned index);
	void *arg;
};

struct upstream_config {
	GMainContext *loop;
	const char *camera; /* lent */
	unsigned index;     /* of the output: media's, and the messages' */
	bool silence;       /* the receiver takes no offer without sound: silence will do */
	struct output_ids ids;
	struct media *media; /* lent: whose packets are sent */
	struct link *link;   /* lent: where offers go */
	struct upstream_events events;
};

/* Returns 0, or ERR_LIBRARY if OpenSSL makes no certificate. */
int upstream_new(const struct upstream_config *config, struct upstream **out);

/* Pictures flow, and a viewer could begin with them; or they have ended. */
void upstream_pictures(struct upstream *u, bool flow);

/* What came for an offer: its answer, and whose it is (NULL: not known), or why it has none. If it
 * is not the newest's it is ignored. A receiver whose answer does not take the pictures' codec is
 * left alone for a while, or until the camera sends another. */
void upstream_answered(struct upstream *u, int64_t offer, const char *sdp, const char *receiver);
void upstream_refused(struct upstream *u, int64_t offer, const char *why);

/* Drops the connection, for another with the tracks that there are now. */
void upstream_renew(struct upstream *u, const char *why);

unsigned upstream_index(const struct upstream *u);

/* As publication_state and publication_is_sending. */
const char *upstream_state(const struct upstream *u);
bool upstream_is_sending(const struct upstream *u);

/* What the last try failed of; "" while it is sending. Lent. */
const char *upstream_why(const struct upstream *u);

/* Number of the offer whose peer there is, 0: none. */
int64_t upstream_offer_number(const struct upstream *u);

/* When the peer reached each phase. Lent. */
const struct peer_times *upstream_times(const struct upstream *u);

/* NULL is fine. */
void upstream_free(struct upstream *u);

#endif
