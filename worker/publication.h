#ifndef WORKER_PUBLICATION_H
#define WORKER_PUBLICATION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

/* What one output wants at every moment: a connection to its receiver as soon as there are
 * pictures, another one when that fails. Pure: events and the time go in, effects come out. */
struct publication;

/* The SFU forgets a track without media after 30 s (docs/sources.md), and a track that
 * was forgotten is not to be revived: after this much silence a new session is made. */
#define PUBLICATION_IDLE_MS 25000
/* A receiver that does not take the camera's codec is asked again after so long: somebody may have
 * changed its mind. */
#define PUBLICATION_REFUSED_MS 600000
/* An offer that has no answer by then is made anew: a message between the processes was lost. It is
 * longer than an answer can take: two calls (a session, its tracks) of at most 5 minutes each, what
 * call_timeout may say, and the pauses between. */
#define PUBLICATION_ANSWER_MS 900000

enum publication_event {
	PUBLICATION_PICTURES,    /* they flow, and say what they are */
	PUBLICATION_NO_PICTURES, /* they have ended */
	PUBLICATION_ANSWERED,    /* the answer to our offer was applied */
	PUBLICATION_CONNECTED,   /* DTLS is done: media may go */
	PUBLICATION_REFUSED,     /* the receiver does not take what the pictures are */
	PUBLICATION_LOST, /* the connection or the offer failed; or what is offered is otherwise now
			   */
	PUBLICATION_TIMER, /* publication_due has come */
	PUBLICATION_EVENTS
};

enum publication_effect {
	PUBLICATION_DO_OFFER = 1 << 0, /* drop the peer, make another and offer */
	PUBLICATION_DO_SEND = 1 << 1,  /* let media go to the peer */
	PUBLICATION_DO_DROP = 1 << 2,  /* drop the peer */
};

struct publication *publication_new(void); /* never NULL: out of memory aborts */
void publication_free(struct publication *p);

/* One event at now; random is any 32 uniformly drawn bits, for jitter. Returns the effect. */
unsigned publication_step(
	struct publication *p, enum publication_event ev, ms_t now, uint32_t random);

/* When to send PUBLICATION_TIMER; MS_NEVER if nothing waits. */
ms_t publication_due(const struct publication *p);

/* "none", "offered", "connecting", "sending", "pausing", "refused". */
const char *publication_state(const struct publication *p);
bool publication_is_sending(const struct publication *p);

#endif
