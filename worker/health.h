#ifndef WORKER_HEALTH_H
#define WORKER_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

/* How a camera's media are: the one place with thresholds. Pure: what was measured goes in, a state
 * and a sentence come out. */
enum health_state {
	HEALTH_RECONNECTING, /* no pictures, and being connected to; so it begins */
	HEALTH_OFFLINE,      /* that failed often: tried slowly; until pictures come */
	HEALTH_DEGRADED,     /* pictures come, and something is wrong with them */
	HEALTH_HEALTHY,
	HEALTH_STATES
};

/* Trouble must last so long to count, but for what has lasted when it is noticed; and must be gone
 * for so long to be over. Both keep the state from flapping. */
#define HEALTH_ENTER_MS 5000
#define HEALTH_LEAVE_MS 10000
/* No picture for so long, if the camera usually sends several a second. lightNVR, an NVR in C,
 * waits for 5 s; media_stall may be shorter. */
#define HEALTH_SILENCE_MS 3000
/* How many of its usual pauses between two pictures another one takes that is slower. */
#define HEALTH_SILENCE_PICTURES 5
/* So much GOP nobody wants: a viewer who comes waits for its end. Three times the last one is no
 * trouble if that is longer: some cameras stretch GOPs while nothing moves. */
#define HEALTH_GOP_MS 30000
#define HEALTH_GOPS 3
/* In the last minute. */
#define HEALTH_GAPS 3
#define HEALTH_LATE_PERCENT 10
/* The usual rate follows the rate within minutes: at night many cameras halve it for good. */
#define HEALTH_USUAL_S 300
/* And is not known before. */
#define HEALTH_LEARN_S 10

/* What operators may set. */
struct health_watch {
	int64_t offline_after;     /* failed tries */
	int64_t low_fps_percent;   /* of the usual rate */
	int64_t high_loss_percent; /* of the packets, as the far end reports */
	ms_t frozen_ms;            /* the same picture again for so long */
};

extern const struct health_watch health_watch_default;

/* What a second was like. Counters are of the whole life. */
struct health_sample {
	double fps;
	double loss_ratio;
	int64_t silence_ms;      /* since the last picture, -1: none yet */
	int64_t keyframe_age_ms; /* since the last key picture, -1: none yet */
	int64_t gop_ms;          /* of the last complete one, 0: none yet */
	int64_t frozen_ms;       /* the same picture again, 0: no */
	int64_t wall_us;         /* now, for people */
	uint64_t pictures;
	uint32_t gaps;
	uint32_t late;
};

struct health;

/* Never NULL: out of memory aborts. */
struct health *health_new(void);
void health_free(struct health *h);

void health_set_watch(struct health *h, const struct health_watch *watch);

/* Whether pictures flow; if not, how many tries have failed since they did and why, a sentence or
 * "". Whenever it may have changed. */
void health_connection(struct health *h, bool flows, unsigned tries, const char *why);

/* A second is over in which pictures flowed. */
void health_measure(struct health *h, const struct health_sample *s, ms_t now);

enum health_state health_state(const struct health *h);

/* "HEALTHY", ... */
const char *health_text(enum health_state state);

/* Why it is not healthy, for people; "" if it is or nobody knows. The same sentence for as long as
 * the state has the same cause. Lent until the next call. */
const char *health_why(const struct health *h);

#endif
