/* publication.c - what one output wants: offered, connected, sending, and the pauses between.
 * Owns the transition table and the ladder. Does no I/O: returns effects. Loop thread. */
#include <stdlib.h>

#include "common/xmalloc.h"
#include "worker/ladder.h"
#include "worker/publication.h"

enum state {
	NONE, /* waits for pictures */
	OFFERED,
	CONNECTING,
	SENDING,
	PAUSING,
	REFUSED,
	STATES
};

struct row {
	enum state next;
	unsigned effects;
	enum pause { NO_PAUSE, LADDER, LONG, ANSWER } pause;
	bool listed;
};

/* clang-format off */
#define ON(from, ev, to, fx, wait) \
	[from][ev] = { .next = to, .effects = fx, .pause = wait, .listed = true }
static const struct row table[STATES][PUBLICATION_EVENTS] = {
	ON(NONE,       PUBLICATION_PICTURES,  OFFERED,    PUBLICATION_DO_OFFER, ANSWER),

	ON(OFFERED,    PUBLICATION_ANSWERED,  CONNECTING, 0,                    NO_PAUSE),
	ON(OFFERED,    PUBLICATION_REFUSED,   REFUSED,    PUBLICATION_DO_DROP,  LONG),
	ON(OFFERED,    PUBLICATION_LOST,      PAUSING,    PUBLICATION_DO_DROP,  LADDER),
	ON(OFFERED,    PUBLICATION_TIMER,     NONE,       PUBLICATION_DO_DROP,  NO_PAUSE),

	ON(CONNECTING, PUBLICATION_CONNECTED, SENDING,    PUBLICATION_DO_SEND,  NO_PAUSE),
	ON(CONNECTING, PUBLICATION_LOST,      PAUSING,    PUBLICATION_DO_DROP,  LADDER),

	ON(SENDING,    PUBLICATION_LOST,      PAUSING,    PUBLICATION_DO_DROP,  LADDER),

	/* Without pictures there is nothing to offer: NONE waits for them. */
	ON(PAUSING,    PUBLICATION_TIMER,     NONE,       0,                    NO_PAUSE),

	/* Another codec may be taken. */
	ON(REFUSED,    PUBLICATION_LOST,      PAUSING,    0,                    LADDER),
	ON(REFUSED,    PUBLICATION_TIMER,     NONE,       0,                    NO_PAUSE),
};
#undef ON

static const char *const names[STATES] = {
	[NONE] = "none", [OFFERED] = "offered", [CONNECTING] = "connecting",
	[SENDING] = "sending", [PAUSING] = "pausing", [REFUSED] = "refused",
};
/* clang-format on */

struct publication {
	enum state state;
	struct ladder ladder;
	bool flowing;           /* pictures come */
	ms_t pictures_ended_at; /* when they last stopped */
};

struct publication *
publication_new(void)
{
	struct publication *p = xcalloc(1, sizeof(*p));

	p->ladder = ladder_new();
	return p;
}

void
publication_free(struct publication *p)
{
	free(p);
}

/* If pictures were away for long the receiver has forgotten the track, so that the old session is
 * worth nothing and another is offered. */
static void
note_pictures(struct publication *p, enum publication_event ev, ms_t now)
{
	if (ev == PUBLICATION_PICTURES && !p->flowing) {
		if (now - p->pictures_ended_at >= PUBLICATION_IDLE_MS && p->state != PAUSING &&
			p->state != REFUSED)
			p->state = NONE;
		p->flowing = true;
	} else if (ev == PUBLICATION_NO_PICTURES && p->flowing) {
		p->flowing = false;
		p->pictures_ended_at = now;
	}
}

static ms_t
due(struct publication *p, enum pause pause, ms_t now, uint32_t random)
{
	switch (pause) {
	case NO_PAUSE:
		return MS_NEVER;
	case LADDER:
		return now + ladder_pause(&p->ladder, now, p->state == SENDING, random);
	case LONG:
		return now + PUBLICATION_REFUSED_MS;
	case ANSWER:
		return now + PUBLICATION_ANSWER_MS;
	}
	return MS_NEVER;
}

static unsigned
step(struct publication *p, enum publication_event ev, ms_t now, uint32_t random)
{
	const struct row *row = &table[p->state][ev];
	struct ladder *l = &p->ladder;

	if (!row->listed || (ev == PUBLICATION_TIMER && now < l->due))
		return 0;
	l->due = due(p, row->pause, now, random);
	p->state = row->next;
	if (p->state == SENDING)
		l->since = now;
	return row->effects;
}

unsigned
publication_step(struct publication *p, enum publication_event ev, ms_t now, uint32_t random)
{
	note_pictures(p, ev, now);
	unsigned effects = step(p, ev, now, random);
	/* One whose pause is over while pictures flow offers again at once. */
	if (ev == PUBLICATION_TIMER && p->state == NONE && p->flowing)
		effects |= step(p, PUBLICATION_PICTURES, now, random);
	return effects;
}

ms_t
publication_due(const struct publication *p)
{
	return p->ladder.due;
}

const char *
publication_state(const struct publication *p)
{
	return names[p->state];
}

bool
publication_is_sending(const struct publication *p)
{
	return p->state == SENDING;
}
