#ifndef WORKER_PATH_WATCH_H
#define WORKER_PATH_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/transport_cc.h"

/* What of a connection's packets came, and how late: whether the path to a receiver carries the
 * stream. Pure. */
struct path_watch;

/* What is said of the path is of the last so many. */
#define PATH_WINDOW_US 1000000
/* A path that loses this share, or keeps packets waiting for so long, does not carry the stream:
 * libwebrtc's loss-based control backs off at the first; the second is more than any jitter. */
#define PATH_LOSS_MAX 0.10
#define PATH_QUEUE_MAX_US 250000
/* It is said when it was so for this long, and taken back when it was not. */
#define PATH_BAD_US 3000000
#define PATH_GOOD_US 10000000

struct path_state {
	bool known;          /* feedback has come */
	double loss_ratio;   /* in the last window */
	int64_t queue_us;    /* packets wait so much longer than the quickest did */
	int64_t sent_bps;    /* in the last window, bits of packets; */
	int64_t arrived_bps; /* and those that arrived */
	bool overloaded;     /* it does not carry the stream: arrived_bps is what it carries */
};

/* Never NULL: out of memory aborts. */
struct path_watch *path_watch_new(void);
void path_watch_free(struct path_watch *w); /* NULL is fine */

/* A packet with that number in its extension has left. Numbers follow each other. */
void path_watch_sent(struct path_watch *w, uint16_t seq, size_t bytes, int64_t now_us);

/* What feedback says of one; and that all of a feedback was said. */
void path_watch_packet(struct path_watch *w, const struct transport_cc_packet *p);
void path_watch_feedback(struct path_watch *w, int64_t now_us);

struct path_state path_watch_state(const struct path_watch *w);

#endif
