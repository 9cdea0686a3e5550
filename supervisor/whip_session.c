/* whip_session.c - one camera's session at one WHIP endpoint: offer in, answer out, DELETE.
 * Owns the endpoint's client, the session's URL and the pauses. Loop thread. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/http_url.h"
#include "supervisor/timer.h"
#include "supervisor/whip_session.h"

/* As for the other SFU: supervisor/publish.c. */
#define PAUSE_FIRST_MS 500
#define PAUSE_CAP_MS 15000
/* What a human must repair, a token or a URL, is looked at less often. */
#define MISCONFIGURED_FIRST_MS 5000
#define MISCONFIGURED_CAP_MS 60000
/* A server may refuse an offer for a reason that passes; the third time it is about the offer. */
#define INVALID_TRIES 3
/* A session that cannot be ended: by then its server has missed the consent (RFC 7675: 30 s). */
#define END_GIVE_UP_MS 30000
#define END_PAUSE_FIRST_MS 200
#define END_PAUSE_CAP_MS 5000

enum event {
	EV_OFFER,    /* the worker made a new offer */
	EV_ANSWERED, /* the server took the offer */
	EV_FAILED,   /* anything that a pause may cure */
	EV_UNUSABLE, /* likewise, but the server has begun a session */
	EV_REFUSED,  /* the server does not take this offer */
	EV_TIMER,
	EV_STOP,
	EV_NEXT,   /* nothing of the old session is left, and an offer waits */
	EV_NOTHING /* likewise, and none does */
};

struct whip_session {
	enum whip_state state;
	char *camera;
	char *name;
	struct whip *whip;      /* owned */
	struct whip_call *call; /* in POSTING, ABANDONING and, unless it pauses, UNDOING and ENDING */
	struct timer *timer;    /* owned; runs in PAUSING, UNDOING and ENDING */
	struct timer *deadline; /* owned; of who waits for the stop */
	struct backoff backoff;
	struct backoff misconfigured;
	struct backoff ending;
	ms_t pause_ms; /* of PAUSING */

	char *offer; /* the worker's last; NULL: none is wanted */
	size_t tracks;
	unsigned invalid_tries; /* with this offer */

	char *url;       /* the session's, NULL: there is none; secret */
	char where[300]; /* its origin */
	ms_t end_by_ms;  /* in UNDOING and ENDING: when to give up */

	char why[WHIP_WORDS_MAX + 80];
	struct publish_events events;
	void *arg;
	void (*done)(bool closed, void *arg); /* NULL: nobody waits */
	void *done_arg;
};

/* clang-format off */
static const struct {
	enum whip_state from;
	enum event event;
	enum whip_state to;
} transitions[] = {
	{ .from = WHIP_IDLE,       .event = EV_OFFER,    .to = WHIP_POSTING    },
	{ .from = WHIP_IDLE,       .event = EV_STOP,     .to = WHIP_IDLE       },
	{ .from = WHIP_POSTING,    .event = EV_ANSWERED, .to = WHIP_LIVE       },
	{ .from = WHIP_POSTING,    .event = EV_FAILED,   .to = WHIP_PAUSING    },
	{ .from = WHIP_POSTING,    .event = EV_UNUSABLE, .to = WHIP_UNDOING    },
	{ .from = WHIP_POSTING,    .event = EV_REFUSED,  .to = WHIP_GIVEN_UP   },
	/* The answer names the session, without which it cannot be ended. */
	{ .from = WHIP_POSTING,    .event = EV_OFFER,    .to = WHIP_ABANDONING },
	{ .from = WHIP_POSTING,    .event = EV_STOP,     .to = WHIP_ABANDONING },
	{ .from = WHIP_ABANDONING, .event = EV_OFFER,    .to = WHIP_ABANDONING },
	{ .from = WHIP_ABANDONING, .event = EV_STOP,     .to = WHIP_ABANDONING },
	{ .from = WHIP_ABANDONING, .event = EV_ANSWERED, .to = WHIP_ENDING     },
	{ .from = WHIP_ABANDONING, .event = EV_FAILED,   .to = WHIP_PAUSING    },
	{ .from = WHIP_ABANDONING, .event = EV_UNUSABLE, .to = WHIP_UNDOING    },
	{ .from = WHIP_ABANDONING, .event = EV_NOTHING,  .to = WHIP_IDLE       },
	{ .from = WHIP_UNDOING,    .event = EV_OFFER,    .to = WHIP_UNDOING    },
	{ .from = WHIP_UNDOING,    .event = EV_STOP,     .to = WHIP_UNDOING    },
	{ .from = WHIP_UNDOING,    .event = EV_NEXT,     .to = WHIP_PAUSING    },
	{ .from = WHIP_UNDOING,    .event = EV_NOTHING,  .to = WHIP_IDLE       },
	{ .from = WHIP_PAUSING,    .event = EV_OFFER,    .to = WHIP_PAUSING    },
	{ .from = WHIP_PAUSING,    .event = EV_TIMER,    .to = WHIP_POSTING    },
	{ .from = WHIP_PAUSING,    .event = EV_STOP,     .to = WHIP_IDLE       },
	{ .from = WHIP_LIVE,       .event = EV_OFFER,    .to = WHIP_ENDING     },
	{ .from = WHIP_LIVE,       .event = EV_STOP,     .to = WHIP_ENDING     },
	{ .from = WHIP_ENDING,     .event = EV_OFFER,    .to = WHIP_ENDING     },
	{ .from = WHIP_ENDING,     .event = EV_STOP,     .to = WHIP_ENDING     },
	{ .from = WHIP_ENDING,     .event = EV_NEXT,     .to = WHIP_POSTING    },
	{ .from = WHIP_ENDING,     .event = EV_NOTHING,  .to = WHIP_IDLE       },
	/* The pause was chosen when the offer was refused. */
	{ .from = WHIP_GIVEN_UP,   .event = EV_OFFER,    .to = WHIP_PAUSING    },
	{ .from = WHIP_GIVEN_UP,   .event = EV_STOP,     .to = WHIP_IDLE       },
};
/* clang-format on */

static const char *const state_names[WHIP_STATES] = {
	[WHIP_IDLE] = "idle",
	[WHIP_POSTING] = "posting",
	[WHIP_ABANDONING] = "abandoning",
	[WHIP_UNDOING] = "undoing",
	[WHIP_PAUSING] = "pausing",
	[WHIP_LIVE] = "live",
	[WHIP_ENDING] = "ending",
	[WHIP_GIVEN_UP] = "given-up",
};

static void on_posted(const struct whip_answer *a, void *arg);
static void on_deleted(const struct whip_answer *a, void *arg);

static uint32_t
draw(void)
{
	uint32_t random = 0;

	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	return random;
}

static void
forget_url(struct whip_session *s)
{
	if (s->url)
		explicit_bzero(s->url, strlen(s->url));
	free(s->url);
	s->url = NULL;
}

/* ---- the machine ----------------------------------------------------------------------------- */

static void
begin_end(struct whip_session *s)
{
	s->end_by_ms = clock_now() + END_GIVE_UP_MS;
	backoff_reset(&s->ending);
	s->call = whip_delete(s->whip, s->url, on_deleted, s);
}

static void
enter(struct whip_session *s, enum whip_state state)
{
	enum whip_state old = s->state;

	if (old == state)
		return;
	s->state = state;
	log_info("whip state", LOG_CAM(s->camera), LOG_STR("output", s->name),
		LOG_STR("from", state_names[old]), LOG_STR("to", state_names[state]));
	timer_stop(s->timer);
	switch (state) {
	case WHIP_IDLE:
		backoff_reset(&s->backoff);
		backoff_reset(&s->misconfigured);
		if (s->done)
			timer_start(s->deadline, 0);
		break;
	case WHIP_POSTING:
		s->call = whip_post(s->whip, s->offer, on_posted, s);
		break;
	case WHIP_PAUSING:
		timer_start(s->timer, s->pause_ms);
		break;
	case WHIP_LIVE:
		backoff_reset(&s->backoff);
		backoff_reset(&s->misconfigured);
		break;
	case WHIP_UNDOING:
	case WHIP_ENDING:
		begin_end(s);
		break;
	case WHIP_ABANDONING:
	case WHIP_GIVEN_UP:
		break;
	case WHIP_STATES:
		assert(!"a state");
	}
}

static void
handle(struct whip_session *s, enum event event)
{
	for (size_t i = 0; i < sizeof(transitions) / sizeof(*transitions); i++)
		if (transitions[i].from == s->state && transitions[i].event == event) {
			enter(s, transitions[i].to);
			return;
		}
	assert(!"an event that its state cannot have");
}

/* ---- the server's words ---------------------------------------------------------------------- */

static ms_t
pause_after(struct whip_session *s, const struct whip_answer *a)
{
	bool human = a->error == WHIP_UNAUTHORIZED || a->error == WHIP_NOT_FOUND ||
		     a->error == WHIP_TOKEN || a->error == WHIP_REDIRECT;

	return backoff_next_asked(
		human ? &s->misconfigured : &s->backoff, draw(), a->retry_after_ms);
}

static enum event
judge(struct whip_session *s, const struct whip_answer *a)
{
	if (s->url)
		return EV_UNUSABLE;
	if (s->state == WHIP_ABANDONING)
		return s->offer ? EV_FAILED : EV_NOTHING;
	if (a->error == WHIP_INVALID && ++s->invalid_tries >= INVALID_TRIES)
		return EV_REFUSED;
	return EV_FAILED;
}

/* Cloudflare Stream, among others, answers 400 to an offer of one track. */
static const char *
hint(const struct whip_session *s, const struct whip_answer *a)
{
	return a->error == WHIP_INVALID && s->tracks < 2
		       ? " (the offer had one track; for a server that wants two: two_tracks = yes)"
		       : "";
}

static void
fail(struct whip_session *s, const struct whip_answer *a)
{
	enum event event = judge(s, a);

	s->pause_ms = pause_after(s, a);
	if (!s->offer) {
		handle(s, event);
		return;
	}
	ms_t next_ms = event == EV_REFUSED ? -1 : s->pause_ms;
	snprintf(s->why, sizeof(s->why), "%s: %s%s", whip_error_name(a->error), a->words,
		hint(s, a));
	log_warn("whip failed", LOG_CAM(s->camera), LOG_STR("output", s->name),
		LOG_STR("why", s->why), LOG_INT("next_ms", next_ms));
	handle(s, event);
	s->events.on_failed(s->why, next_ms, s->arg);
}

static void
on_posted(const struct whip_answer *a, void *arg)
{
	struct whip_session *s = arg;
	bool wanted = s->state == WHIP_POSTING;

	s->call = NULL;
	s->url = xstrdup(a->session_url);
	if (a->error != WHIP_OK) {
		fail(s, a);
		return;
	}
	s->why[0] = '\0';
	http_url_origin(s->url, s->where, sizeof(s->where));
	log_info("whip answered", LOG_CAM(s->camera), LOG_STR("output", s->name),
		LOG_STR("where", s->where), LOG_INT("ice_servers", a->ice_servers),
		LOG_STR("etag", a->etag ? "yes" : "no"));
	handle(s, EV_ANSWERED);
	if (wanted)
		s->events.on_answer(s->where, a->sdp, s->arg);
}

/* Not if the server knows no DELETE, or not from us: it says so again. */
static bool
worth_another_try(enum whip_error error)
{
	return error == WHIP_SERVER || error == WHIP_BUSY || error == WHIP_CONFLICT ||
	       error == WHIP_TIMEOUT || error == WHIP_TRANSPORT;
}

/* What a server that does not answer leaves behind must not keep a new session waiting. */
static void
on_deleted(const struct whip_answer *a, void *arg)
{
	struct whip_session *s = arg;
	ms_t pause_ms = backoff_next(&s->ending, draw());
	bool ended = a->error == WHIP_OK;

	s->call = NULL;
	if (!ended && !s->offer && worth_another_try(a->error) &&
		clock_now() + pause_ms <= s->end_by_ms) {
		timer_start(s->timer, pause_ms);
		return;
	}
	if (!ended)
		log_warn("whip session not ended: its server will miss us", LOG_CAM(s->camera),
			LOG_STR("output", s->name), LOG_STR("why", a->words));
	forget_url(s);
	handle(s, s->offer ? EV_NEXT : EV_NOTHING);
}

static void
on_timer(void *arg)
{
	struct whip_session *s = arg;

	if (s->state == WHIP_ENDING || s->state == WHIP_UNDOING)
		s->call = whip_delete(s->whip, s->url, on_deleted, s);
	else
		handle(s, EV_TIMER);
}

/* ---- what its owner says --------------------------------------------------------------------- */

static void
set_offer(struct whip_session *s, const char *sdp)
{
	char *offer = xstrdup(sdp);

	free(s->offer);
	s->offer = offer;
	s->invalid_tries = 0;
}

void
whip_session_offer(struct whip_session *s, const char *sdp, size_t tracks)
{
	set_offer(s, sdp);
	s->tracks = tracks;
	handle(s, EV_OFFER);
}

static void
on_deadline(void *arg)
{
	struct whip_session *s = arg;
	void (*done)(bool, void *) = s->done;

	s->done = NULL;
	if (done)
		done(!s->url && !s->call, s->done_arg); /* may free s */
}

void
whip_session_stop(
	struct whip_session *s, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg)
{
	set_offer(s, NULL);
	s->done = done;
	s->done_arg = arg;
	handle(s, EV_STOP);
	if (done)
		timer_start(s->deadline, s->state == WHIP_IDLE ? 0 : within_ms);
}

enum whip_state
whip_session_state(const struct whip_session *s)
{
	return s->state;
}

const char *
whip_state_name(enum whip_state state)
{
	return state_names[state];
}

const char *
whip_session_where(const struct whip_session *s)
{
	return s->state == WHIP_LIVE ? s->where : NULL;
}

const char *
whip_session_why(const struct whip_session *s)
{
	return s->why;
}

struct whip_session *
whip_session_new(uv_loop_t *loop, struct whip *whip, const char *camera, const char *name,
	const struct publish_events *events, void *arg)
{
	struct whip_session *s = xcalloc(1, sizeof(*s));

	*s = (struct whip_session){ .camera = xstrdup(camera),
		.name = xstrdup(name),
		.whip = whip,
		.events = *events,
		.arg = arg };
	s->timer = timer_new(loop, on_timer, s);
	s->deadline = timer_new(loop, on_deadline, s);
	s->backoff = (struct backoff){
		.first_ms = PAUSE_FIRST_MS, .cap_ms = PAUSE_CAP_MS, .jitter_percent = 20
	};
	s->misconfigured = (struct backoff){ .first_ms = MISCONFIGURED_FIRST_MS,
		.cap_ms = MISCONFIGURED_CAP_MS,
		.jitter_percent = 20 };
	s->ending = (struct backoff){
		.first_ms = END_PAUSE_FIRST_MS, .cap_ms = END_PAUSE_CAP_MS, .jitter_percent = 20
	};
	return s;
}

void
whip_session_free(struct whip_session *s)
{
	if (!s)
		return;
	if (s->call)
		whip_cancel(s->call);
	whip_free(s->whip);
	timer_free(s->timer);
	timer_free(s->deadline);
	forget_url(s);
	free(s->offer);
	free(s->camera);
	free(s->name);
	free(s);
}
