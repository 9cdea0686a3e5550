#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

#include <stdint.h>

#include "common/clock.h"

/* Pauses between tries: first, twice that, ... up to cap, each shortened or lengthened by up to
 * jitter_percent so that many who failed together do not come back together. Pure: the random
 * number is the caller's. */
struct backoff {
	ms_t first_ms;
	ms_t cap_ms;
	int jitter_percent; /* 0 to 50 */
	unsigned tries;     /* pauses given since the last reset */
};

/* The next pause in ms. random is any uniformly drawn 32 bits. */
ms_t backoff_next(struct backoff *b, uint32_t random);

/* Likewise, but no shorter than what the other end asks for (Retry-After; -1: nothing), up to
 * BACKOFF_ASKED_MAX_MS: one answer that asks for a day must not silence a camera for a day. */
#define BACKOFF_ASKED_MAX_MS 600000
ms_t backoff_next_asked(struct backoff *b, uint32_t random, ms_t asked_ms);

/* The thing worked: the next pause is the first again. */
void backoff_reset(struct backoff *b);

#endif
