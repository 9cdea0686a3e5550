/* session.c - what a worker wants: the camera's connection, the SFU's connection, and the pauses.
 * Owns the two transition tables and the ladders. Does no I/O: returns effects. Loop thread. */
#include <stdlib.h>

#include "common/backoff.h"
#include "worker/session.h"

enum source_state {
	SRC_IDLE, /* no stream named */
	SRC_OPENING,
	SRC_PLAYING,
	SRC_CHANGING, /* being closed, to open another stream */
	SRC_PAUSING,
	SRC_REFUSED, /* waits for another stream */
	SRC_STATES
};

enum peer_state {
	PEER_NONE, /* waits for pictures */
	PEER_OFFERED,
	PEER_CONNECTING,
	PEER_SENDING,
	PEER_PAUSING,
	PEER_STATES
};

/* What a transition asks of the ladder, beside its effects. */
enum ladder {
	STAY,
	LOST_PAUSE,      /* at once the first time, then doubling */
	NOT_FOUND_PAUSE, /* a fixed one, so many times; then refused */
	DENIED_PAUSE,    /* likewise */
	LONG_PAUSE,      /* the longest */
	FORGET,          /* another stream: nothing of the old one's failures counts */
};

struct source_row {
	enum source_state next;
	enum ladder ladder;
	unsigned effects;
	bool listed;
};

struct peer_row {
	enum peer_state next;
	unsigned effects;
	bool pause;
	bool listed;
};

/* clang-format off */
#define ON(from, ev, to, what, fx) \
	[from][ev] = { .next = to, .ladder = what, .effects = fx, .listed = true }
#define ANY_FAILURE(from) \
	ON(from, SESSION_LOST,      SRC_PAUSING, LOST_PAUSE,      0), \
	ON(from, SESSION_NOT_FOUND, SRC_PAUSING, NOT_FOUND_PAUSE, 0), \
	ON(from, SESSION_DENIED,    SRC_PAUSING, DENIED_PAUSE,    0), \
	ON(from, SESSION_UNUSABLE,  SRC_PAUSING, LONG_PAUSE,      0)
#define REOPEN(from, ev) ON(from, ev, SRC_OPENING, STAY, SESSION_DO_OPEN)

static const struct source_row source_table[SRC_STATES][SESSION_EVENTS] = {
	ON(SRC_IDLE,    SESSION_SOURCE, SRC_OPENING,  FORGET, SESSION_DO_OPEN),

	ON(SRC_OPENING, SESSION_SOURCE, SRC_CHANGING, FORGET, SESSION_DO_CLOSE),
	ON(SRC_OPENING, SESSION_OPENED, SRC_PLAYING,  STAY,   0),
	ANY_FAILURE(SRC_OPENING),

	ON(SRC_PLAYING, SESSION_SOURCE, SRC_CHANGING, FORGET, SESSION_DO_CLOSE),
	ANY_FAILURE(SRC_PLAYING),

	/* However the old connection ends, the new stream is opened. */
	ON(SRC_CHANGING, SESSION_SOURCE, SRC_CHANGING, FORGET, 0),
	ON(SRC_CHANGING, SESSION_OPENED, SRC_CHANGING, STAY,   0),
	REOPEN(SRC_CHANGING, SESSION_CLOSED),
	REOPEN(SRC_CHANGING, SESSION_LOST),
	REOPEN(SRC_CHANGING, SESSION_NOT_FOUND),
	REOPEN(SRC_CHANGING, SESSION_DENIED),
	REOPEN(SRC_CHANGING, SESSION_UNUSABLE),

	ON(SRC_PAUSING, SESSION_SOURCE, SRC_OPENING,  FORGET, SESSION_DO_OPEN),
	REOPEN(SRC_PAUSING, SESSION_TIMER),

	ON(SRC_REFUSED, SESSION_SOURCE, SRC_OPENING,  FORGET, SESSION_DO_OPEN),
};
#undef ON

#define ON(from, ev, to, fx, wait) \
	[from][ev] = { .next = to, .effects = fx, .pause = wait, .listed = true }
static const struct peer_row peer_table[PEER_STATES][SESSION_EVENTS] = {
	ON(PEER_NONE,       SESSION_MEDIA,     PEER_OFFERED,    SESSION_DO_OFFER, false),

	ON(PEER_OFFERED,    SESSION_ANSWERED,  PEER_CONNECTING, 0,                false),
	ON(PEER_OFFERED,    SESSION_PEER_LOST, PEER_PAUSING,    SESSION_DO_DROP,  true),

	ON(PEER_CONNECTING, SESSION_CONNECTED, PEER_SENDING,    SESSION_DO_SEND,  false),
	ON(PEER_CONNECTING, SESSION_PEER_LOST, PEER_PAUSING,    SESSION_DO_DROP,  true),

	ON(PEER_SENDING,    SESSION_PEER_LOST, PEER_PAUSING,    SESSION_DO_DROP,  true),

	/* Without pictures there is nothing to offer: PEER_NONE waits for them. */
	ON(PEER_PAUSING,    SESSION_TIMER,     PEER_NONE,       0,                false),
};
#undef ON

static const char *const source_names[SRC_STATES] = {
	[SRC_IDLE] = "idle", [SRC_OPENING] = "opening", [SRC_PLAYING] = "playing",
	[SRC_CHANGING] = "changing", [SRC_PAUSING] = "pausing", [SRC_REFUSED] = "refused",
};
static const char *const peer_names[PEER_STATES] = {
	[PEER_NONE] = "none", [PEER_OFFERED] = "offered", [PEER_CONNECTING] = "connecting",
	[PEER_SENDING] = "sending", [PEER_PAUSING] = "pausing",
};
/* clang-format on */

/* One side's failures: pauses grow with them, and a sound stretch forgets them. */
struct ladder_state {
	struct backoff backoff;
	bool again; /* the first pause, which is none, was given */
	ms_t since; /* when this side last became sound */
	ms_t due;   /* end of the pause */
};

struct session {
	enum source_state source;
	enum peer_state peer;
	struct ladder_state source_ladder;
	struct ladder_state peer_ladder;
	unsigned not_found; /* 404s in a row */
	unsigned denied;    /* 401s and 403s in a row */
	unsigned tries;
	int64_t reconnects;
	bool flowing;     /* pictures come */
	ms_t media_ended; /* when they last stopped */
	bool played;      /* ever */
	bool publish;
};

static const struct backoff fresh = {
	.first_ms = SESSION_PAUSE_FIRST_MS, .cap_ms = SESSION_PAUSE_CAP_MS, .jitter_percent = 20
};

struct session *
session_new(void)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->source_ladder = (struct ladder_state){ .backoff = fresh, .due = MS_NEVER };
	s->peer_ladder = s->source_ladder;
	s->publish = true;
	return s;
}

void
session_free(struct session *s)
{
	free(s);
}

void
session_set_publish(struct session *s, bool publish)
{
	s->publish = publish;
}

/* The pause after a failure: none after a sound stretch, then growing. */
static ms_t
next_pause(struct ladder_state *l, ms_t now, bool was_up, uint32_t random)
{
	if (was_up && now - l->since >= SESSION_STABLE_MS) {
		backoff_reset(&l->backoff);
		l->again = false;
	}
	if (!l->again) {
		l->again = true;
		return 0;
	}
	return backoff_next(&l->backoff, random);
}

static void
forget_failures(struct session *s)
{
	s->source_ladder.backoff = fresh;
	s->source_ladder.again = false;
	s->not_found = 0;
	s->denied = 0;
	s->tries = 0;
}

/* True while a refusal is worth another try, whose pause it sets. */
static bool
try_again(struct session *s, unsigned *count, unsigned allowed, ms_t pause, ms_t now)
{
	if (++*count > allowed)
		return false;
	s->source_ladder.due = now + pause;
	return true;
}

/* Climbs the ladder: sets when to try again, or returns SRC_REFUSED. */
static enum source_state
climb(struct session *s, const struct source_row *row, ms_t now, uint32_t random)
{
	struct ladder_state *l = &s->source_ladder;
	bool worth = true;

	switch (row->ladder) {
	case STAY:
		return row->next;
	case FORGET:
		forget_failures(s);
		return row->next;
	case LOST_PAUSE:
		l->due = now + next_pause(l, now, s->source == SRC_PLAYING, random);
		break;
	case NOT_FOUND_PAUSE:
		worth = try_again(
			s, &s->not_found, SESSION_NOT_FOUND_TRIES, SESSION_NOT_FOUND_PAUSE_MS, now);
		break;
	case DENIED_PAUSE:
		worth = try_again(
			s, &s->denied, SESSION_DENIED_TRIES, SESSION_DENIED_PAUSE_MS, now);
		break;
	case LONG_PAUSE:
		l->due = now + SESSION_PAUSE_CAP_MS;
		break;
	}
	s->tries++;
	return worth ? SRC_PAUSING : SRC_REFUSED;
}

static unsigned
step_source(struct session *s, enum session_event ev, ms_t now, uint32_t random)
{
	const struct source_row *row = &source_table[s->source][ev];
	bool was_playing = s->source == SRC_PLAYING;
	unsigned effects = row->effects;

	if (!row->listed || (ev == SESSION_TIMER && now < s->source_ladder.due))
		return 0;
	s->source_ladder.due = MS_NEVER;
	s->source = climb(s, row, now, random);
	if (s->source == SRC_REFUSED)
		effects |= SESSION_DO_REFUSED;
	if (s->source == SRC_PLAYING) {
		s->source_ladder.since = now;
		s->reconnects += s->played;
		s->played = true;
	}
	if (was_playing && s->source != SRC_PLAYING) {
		s->flowing = false;
		s->media_ended = now;
	}
	return effects;
}

/* Pictures came: the refusals before them are history, and if they were away for long the SFU has
 * forgotten the track, so that the old session is worth nothing and another is offered. */
static void
on_media(struct session *s, ms_t now)
{
	bool forgotten = !s->flowing && now - s->media_ended >= SESSION_TRACK_IDLE_MS;

	s->flowing = true;
	s->not_found = 0;
	s->denied = 0;
	s->tries = 0;
	if (forgotten && s->peer != PEER_PAUSING)
		s->peer = PEER_NONE;
}

static unsigned
step_peer(struct session *s, enum session_event ev, ms_t now, uint32_t random)
{
	const struct peer_row *row = &peer_table[s->peer][ev];
	struct ladder_state *l = &s->peer_ladder;

	if (!row->listed || (ev == SESSION_TIMER && now < l->due))
		return 0;
	l->due = row->pause ? now + next_pause(l, now, s->peer == PEER_SENDING, random) : MS_NEVER;
	s->peer = row->next;
	if (s->peer == PEER_SENDING)
		l->since = now;
	return row->effects;
}

unsigned
session_step(struct session *s, enum session_event ev, ms_t now, uint32_t random)
{
	unsigned effects = step_source(s, ev, now, random);

	if (ev == SESSION_MEDIA)
		on_media(s, now);
	if (s->publish)
		effects |= step_peer(s, ev, now, random);
	/* A peer whose pause is over while pictures flow offers again at once. */
	if (s->publish && ev == SESSION_TIMER && s->peer == PEER_NONE && session_is_playing(s))
		effects |= step_peer(s, SESSION_MEDIA, now, random);
	return effects;
}

ms_t
session_due(const struct session *s)
{
	ms_t a = s->source_ladder.due;
	ms_t b = s->peer_ladder.due;

	return a < b ? a : b;
}

bool
session_is_playing(const struct session *s)
{
	return s->flowing;
}

const char *
session_phase(const struct session *s)
{
	switch (s->source) {
	case SRC_IDLE:
		return "idle";
	case SRC_REFUSED:
		return "refused";
	case SRC_OPENING:
	case SRC_CHANGING:
	case SRC_PAUSING:
		return s->played || s->tries > 0 ? "reconnecting" : "opening";
	case SRC_PLAYING:
	case SRC_STATES:
		break;
	}
	if (!s->publish || s->peer == PEER_SENDING)
		return session_is_playing(s) ? "running" : "opening";
	return "publishing";
}

unsigned
session_tries(const struct session *s)
{
	return s->tries;
}

int64_t
session_reconnects(const struct session *s)
{
	return s->reconnects;
}

const char *
session_source_state(const struct session *s)
{
	return source_names[s->source];
}

const char *
session_peer_state(const struct session *s)
{
	return peer_names[s->peer];
}
