#ifndef WORKER_ICE_H
#define WORKER_ICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/sdp.h"

typedef struct _GMainContext GMainContext;
struct udp_path;

/* The path that was chosen. Lent for the call. */
struct ice_pair {
	char local[64];  /* "192.0.2.2:40000 host" */
	char remote[64]; /* "141.101.90.0:1473 host"; prflx when the answer did not name it */
};

struct ice_events {
	/* A path works and is chosen; again whenever another one is chosen. */
	void (*on_connected)(void *arg, const struct ice_pair *pair);
	/* No candidate answered, or the peer's consent ended; why is a sentence, lent. Once, and
	 * nothing comes after it. */
	void (*on_failed)(void *arg, int err, const char *why);
	/* Anything that is not STUN; the bytes may be changed in place, for the call. */
	void (*on_packet)(void *arg, uint8_t *bytes, size_t len);
	void *arg;
};

/* One full ICE agent, controlling, UDP, one component (RTP and RTCP multiplexed), with consent
 * freshness (RFC 7675; expires 30 s after the last answer, or with a 403 at once). All calls and
 * events are on the thread that runs loop. An event's handler must not call ice_free.
 *
 * The path may change until 3 s after all checks are done; if some last longer, until 10 s after
 * the first path was found. From then on only the peer's address is heard: one that moves to
 * another loses its session. */
struct ice;

/* Makes the credentials; touches no network. Returns 0 or ERR_LIBRARY. */
int ice_new(struct ice **out, GMainContext *loop, const struct ice_events *events);
void ice_free(struct ice *ice);

/* Ours, for the offer; live as long as ice. */
const char *ice_ufrag(const struct ice *ice);
const char *ice_pwd(const struct ice *ice);

/* Opens a socket on each local address that routes to one of the remote candidates and begins the
 * checks. Needs ice_ufrag, ice_pwd and candidates of the answer. Our offer names no candidate, so
 * an answer without any leaves nobody to begin: ERR_UNSUPPORTED. No route: ERR_UNREACHABLE.
 * Otherwise 0 or ERR_LIBRARY; why gets a sentence. Once. */
int ice_start(struct ice *ice, const struct sdp_remote *remote, char *why, size_t why_size);

/* How everything leaves, once on_connected was called: follows the selected pair; lives as long as
 * ice. Any thread may send by it, and nobody else may receive. */
struct udp_path *ice_path(const struct ice *ice);

#endif
