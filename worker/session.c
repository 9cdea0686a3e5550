/* session.c - what a worker wants of its camera: the connection, and the pauses.
 * Owns the transition table and the ladder. Does no I/O: returns effects. Loop thread. */
#include <stdlib.h>

#include "common/xmalloc.h"
#include "worker/ladder.h"
#include "worker/session.h"

enum source_state {
	SRC_IDLE, /* no stream named */
	SRC_OPENING,
	SRC_PLAYING,
	SRC_CHANGING, /* being closed, to open another stream */
	SRC_PAUSING,
	SRC_REFUSED, /* waits for another stream; meanwhile tries this one slowly */
	SRC_STATES
};

/* What a transition asks of the ladder, beside its effects. */
enum step_up {
	STAY,
	LOST_PAUSE,      /* at once the first time, then doubling */
	NOT_FOUND_PAUSE, /* a fixed one, so many times; then refused */
	DENIED_PAUSE,    /* likewise */
	LONG_PAUSE,      /* the longest */
	NO_PAUSE,        /* another URL: refusals were the old one's */
	FORGET,          /* another stream: nothing of the old one's failures counts */
};

struct source_row {
	enum source_state next;
	enum step_up ladder;
	unsigned effects;
	bool listed;
};

/* clang-format off */
#define ON(from, ev, to, what, fx) \
	[from][ev] = { .next = to, .ladder = what, .effects = fx, .listed = true }
#define ANY_FAILURE(from) \
	ON(from, SESSION_LOST,      SRC_PAUSING, LOST_PAUSE,      0), \
	ON(from, SESSION_NOT_FOUND, SRC_PAUSING, NOT_FOUND_PAUSE, 0), \
	ON(from, SESSION_DENIED,    SRC_PAUSING, DENIED_PAUSE,    0), \
	ON(from, SESSION_ELSEWHERE, SRC_PAUSING, NO_PAUSE,        0), \
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
	REOPEN(SRC_CHANGING, SESSION_ELSEWHERE),
	REOPEN(SRC_CHANGING, SESSION_UNUSABLE),

	ON(SRC_PAUSING, SESSION_SOURCE, SRC_OPENING,  FORGET, SESSION_DO_OPEN),
	REOPEN(SRC_PAUSING, SESSION_TIMER),

	ON(SRC_REFUSED, SESSION_SOURCE, SRC_OPENING,  FORGET, SESSION_DO_OPEN),
	REOPEN(SRC_REFUSED, SESSION_TIMER),
};
#undef ON

static const char *const source_names[SRC_STATES] = {
	[SRC_IDLE] = "idle", [SRC_OPENING] = "opening", [SRC_PLAYING] = "playing",
	[SRC_CHANGING] = "changing", [SRC_PAUSING] = "pausing", [SRC_REFUSED] = "refused",
};
/* clang-format on */

struct session {
	enum source_state source;
	struct ladder ladder;
	unsigned not_found; /* 404s in a row */
	unsigned denied;    /* 401s and 403s in a row */
	unsigned tries;
	int64_t probe_after; /* tries */
	ms_t probe_ms;
	int64_t reconnects;
	bool flowing; /* pictures come */
	bool played;  /* ever */
};

struct session *
session_new(void)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->ladder = ladder_new();
	session_set_probe(s, SESSION_PROBE_AFTER, SESSION_PROBE_MS);
	return s;
}

void
session_free(struct session *s)
{
	free(s);
}

void
session_set_probe(struct session *s, int64_t after, ms_t probe_ms)
{
	s->probe_after = after;
	s->probe_ms = probe_ms;
}

static void
forget_failures(struct session *s)
{
	ladder_forget(&s->ladder);
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
	s->ladder.due = now + pause;
	return true;
}

/* A tenth up or down: cameras that went together are not tried together. */
static ms_t
probe_pause(const struct session *s, uint32_t random)
{
	ms_t tenth = s->probe_ms / 10;

	return s->probe_ms - tenth + (ms_t)((uint64_t)random * (uint64_t)(2 * tenth) >> 32);
}

/* Climbs the ladder: sets when to try again, or returns SRC_REFUSED. */
static enum source_state
climb(struct session *s, const struct source_row *row, ms_t now, uint32_t random)
{
	struct ladder *l = &s->ladder;
	bool worth = true;

	switch (row->ladder) {
	case STAY:
		return row->next;
	case FORGET:
		forget_failures(s);
		return row->next;
	case LOST_PAUSE:
		l->due = now + ladder_pause(l, now, s->source == SRC_PLAYING, random);
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
		l->due = now + LADDER_CAP_MS;
		break;
	case NO_PAUSE:
		s->not_found = 0;
		s->denied = 0;
		l->due = now;
		break;
	}
	s->tries++;
	if (!worth || s->tries >= s->probe_after)
		l->due = now + probe_pause(s, random);
	return worth ? SRC_PAUSING : SRC_REFUSED;
}

static unsigned
step_source(struct session *s, enum session_event ev, ms_t now, uint32_t random)
{
	const struct source_row *row = &source_table[s->source][ev];
	bool was_playing = s->source == SRC_PLAYING;
	unsigned effects = row->effects;

	if (!row->listed || (ev == SESSION_TIMER && now < s->ladder.due))
		return 0;
	s->ladder.due = MS_NEVER;
	s->source = climb(s, row, now, random);
	if (s->source == SRC_REFUSED)
		effects |= SESSION_DO_REFUSED;
	if (s->source == SRC_PLAYING) {
		s->ladder.since = now;
		s->reconnects += s->played;
		s->played = true;
	}
	if (was_playing && s->source != SRC_PLAYING)
		s->flowing = false;
	return effects;
}

/* Pictures came: the refusals before them are history. */
static void
on_pictures(struct session *s)
{
	s->flowing = true;
	s->not_found = 0;
	s->denied = 0;
	s->tries = 0;
}

unsigned
session_step(struct session *s, enum session_event ev, ms_t now, uint32_t random)
{
	if (ev == SESSION_PICTURES) {
		on_pictures(s);
		return 0;
	}
	return step_source(s, ev, now, random);
}

ms_t
session_due(const struct session *s)
{
	return s->ladder.due;
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
	return session_is_playing(s) ? "running" : "opening";
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
