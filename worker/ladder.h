#ifndef WORKER_LADDER_H
#define WORKER_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/backoff.h"
#include "common/clock.h"

/* Tries again: at once, then after 1, 2, 4 ... 60 s. */
#define LADDER_FIRST_MS 1000
#define LADDER_CAP_MS 60000
/* What was up for so long is sound: the next failure is the first again. */
#define LADDER_STABLE_MS 10000

/* One thing's failures: pauses grow with them, and a sound stretch forgets them. Pure. */
struct ladder {
	struct backoff backoff;
	bool again; /* the first pause, which is none, was given */
	ms_t since; /* when it last came up; the owner sets it */
	ms_t due;   /* end of the pause; MS_NEVER: none; the owner sets it */
};

/* At the foot. */
struct ladder ladder_new(void);

/* The pause after a failure; was_up: of what was up until now. random is any 32 uniformly drawn
 * bits. */
ms_t ladder_pause(struct ladder *l, ms_t now, bool was_up, uint32_t random);

/* Back to the foot: `since` and `due` stay. */
void ladder_forget(struct ladder *l);

#endif
