/* publish.c - one camera's publication at the SFU: offer in, answer out, again and again.
 * Owns the session in use; what it leaves behind is unpublish's. One mutation at a time per
 * session, because a session that is left is never used again. Loop thread. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/backoff.h"
#include "common/log.h"
#include "supervisor/publish.h"
#include "common/xmalloc.h"
#include "supervisor/timer.h"
#include "supervisor/unpublish.h"

/* Pauses of 0.5, 1, 2, 4, 8, 15 s: what other publishers to this SFU use (docs/sources.md). */
#define PAUSE_FIRST_MS 500
#define PAUSE_CAP_MS 15000
/* A wrong secret or app is a human's to repair; a new app's id takes a while to be known. */
#define MISCONFIGURED_PAUSE_MS 60000
/* 425: the SFU itself waits 5 s for a transport before it says so. */
#define NOT_READY_PAUSE_MS 1000
#define NOT_READY_TRIES 3
/* A refusal may be about the session (overlapping mutations); the third one is about the offer. */
#define INVALID_TRIES 3

enum event {
	EV_OFFER,     /* the worker made a new offer */
	EV_OPENED,    /* there is a session */
	EV_ANSWERED,  /* the SFU took the offer */
	EV_NOT_READY, /* 425 */
	EV_FAILED,    /* anything that a new session and a pause may cure */
	EV_REFUSED,   /* the SFU does not take this offer in any session */
	EV_TIMER,
	EV_STOP,
};

struct publish {
	enum publish_state state;
	char *camera;
	struct sfu *sfu;             /* lent */
	struct unpublish *unpublish; /* owned */
	struct sfu_call *call;       /* in OPENING and PUSHING */
	struct timer *timer;         /* owned; runs in WAITING and PAUSING */
	struct backoff backoff;
	ms_t pause_ms; /* of PAUSING */

	char *offer; /* the worker's last */
	struct sfu_track tracks[SFU_TRACKS_MAX];
	size_t track_count;
	unsigned invalid_tries; /* with this offer */

	char session[SFU_ID_CHARS_MAX + 1];              /* "": none */
	struct sfu_track session_tracks[SFU_TRACKS_MAX]; /* what was pushed into it */
	size_t session_track_count;                      /* 0: nothing that would need closing */
	unsigned not_ready_tries;

	char why[256];
	struct publish_events events;
	void *arg;
};

/* clang-format off */
static const struct {
	enum publish_state from;
	enum event event;
	enum publish_state to;
} transitions[] = {
	{ .from = PUBLISH_IDLE,     .event = EV_OFFER,     .to = PUBLISH_OPENING  },
	{ .from = PUBLISH_IDLE,     .event = EV_STOP,      .to = PUBLISH_IDLE     },
	/* An empty session suits any offer. */
	{ .from = PUBLISH_OPENING,  .event = EV_OFFER,     .to = PUBLISH_OPENING  },
	{ .from = PUBLISH_OPENING,  .event = EV_OPENED,    .to = PUBLISH_PUSHING  },
	{ .from = PUBLISH_OPENING,  .event = EV_FAILED,    .to = PUBLISH_PAUSING  },
	{ .from = PUBLISH_OPENING,  .event = EV_STOP,      .to = PUBLISH_IDLE     },
	{ .from = PUBLISH_PUSHING,  .event = EV_OFFER,     .to = PUBLISH_OPENING  },
	{ .from = PUBLISH_PUSHING,  .event = EV_ANSWERED,  .to = PUBLISH_LIVE     },
	{ .from = PUBLISH_PUSHING,  .event = EV_NOT_READY, .to = PUBLISH_WAITING  },
	{ .from = PUBLISH_PUSHING,  .event = EV_FAILED,    .to = PUBLISH_PAUSING  },
	{ .from = PUBLISH_PUSHING,  .event = EV_REFUSED,   .to = PUBLISH_GIVEN_UP },
	{ .from = PUBLISH_PUSHING,  .event = EV_STOP,      .to = PUBLISH_IDLE     },
	{ .from = PUBLISH_WAITING,  .event = EV_OFFER,     .to = PUBLISH_WAITING  },
	{ .from = PUBLISH_WAITING,  .event = EV_TIMER,     .to = PUBLISH_PUSHING  },
	{ .from = PUBLISH_WAITING,  .event = EV_STOP,      .to = PUBLISH_IDLE     },
	{ .from = PUBLISH_PAUSING,  .event = EV_OFFER,     .to = PUBLISH_PAUSING  },
	{ .from = PUBLISH_PAUSING,  .event = EV_TIMER,     .to = PUBLISH_OPENING  },
	{ .from = PUBLISH_PAUSING,  .event = EV_STOP,      .to = PUBLISH_IDLE     },
	{ .from = PUBLISH_LIVE,     .event = EV_OFFER,     .to = PUBLISH_OPENING  },
	{ .from = PUBLISH_LIVE,     .event = EV_STOP,      .to = PUBLISH_IDLE     },
	/* The pause was chosen when the offer was refused. */
	{ .from = PUBLISH_GIVEN_UP, .event = EV_OFFER,     .to = PUBLISH_PAUSING  },
	{ .from = PUBLISH_GIVEN_UP, .event = EV_STOP,      .to = PUBLISH_IDLE     },
};
/* clang-format on */

static const char *const state_names[PUBLISH_STATES] = {
	[PUBLISH_IDLE] = "idle",
	[PUBLISH_OPENING] = "opening",
	[PUBLISH_PUSHING] = "pushing",
	[PUBLISH_WAITING] = "waiting",
	[PUBLISH_PAUSING] = "pausing",
	[PUBLISH_LIVE] = "live",
	[PUBLISH_GIVEN_UP] = "given-up",
};

static void on_opened(const struct sfu_answer *a, void *arg);
static void on_pushed(const struct sfu_answer *a, void *arg);

/* Leaves the session. A mutation that is still on its way there is not waited for: if the SFU
 * carries it out after the close, the tracks get no packet and are dropped within 30 s. */
static void
abandon(struct publish *p)
{
	if (p->call)
		sfu_cancel(p->call);
	p->call = NULL;
	if (p->session_track_count > 0)
		unpublish_add(p->unpublish, p->camera, p->session, p->session_tracks,
			p->session_track_count);
	p->session[0] = '\0';
	p->session_track_count = 0;
	p->not_ready_tries = 0;
}

static void
push(struct publish *p)
{
	memcpy(p->session_tracks, p->tracks, sizeof(p->tracks));
	p->session_track_count = p->track_count;
	p->call = sfu_tracks_new(
		p->sfu, p->session, p->offer, p->tracks, p->track_count, on_pushed, p);
}

static void
enter(struct publish *p, enum publish_state state)
{
	enum publish_state old = p->state;

	if (old == state)
		return;
	p->state = state;
	log_info("publish state", LOG_CAM(p->camera), LOG_STR("from", state_names[old]),
		LOG_STR("to", state_names[state]));
	timer_stop(p->timer);
	switch (state) {
	case PUBLISH_IDLE:
		abandon(p);
		backoff_reset(&p->backoff);
		break;
	case PUBLISH_OPENING:
		abandon(p);
		p->call = sfu_session_new(p->sfu, on_opened, p);
		break;
	case PUBLISH_PUSHING:
		push(p);
		break;
	case PUBLISH_WAITING:
		timer_start(p->timer, NOT_READY_PAUSE_MS);
		break;
	case PUBLISH_PAUSING:
		abandon(p);
		timer_start(p->timer, p->pause_ms);
		break;
	case PUBLISH_LIVE:
		backoff_reset(&p->backoff);
		break;
	case PUBLISH_GIVEN_UP:
		abandon(p);
		break;
	case PUBLISH_STATES:
		assert(!"a state");
	}
}

static void
handle(struct publish *p, enum event event)
{
	for (size_t i = 0; i < sizeof(transitions) / sizeof(*transitions); i++)
		if (transitions[i].from == p->state && transitions[i].event == event) {
			enter(p, transitions[i].to);
			return;
		}
	assert(!"an event that its state cannot have");
}

/* ---- answers --------------------------------------------------------------------------------- */

/* Whether the SFU may have carried out what it did not say it has. */
static bool
may_have_tracks(const struct sfu_answer *a)
{
	switch (a->error) {
	case SFU_TIMEOUT:
	case SFU_TRANSPORT:
		return a->sent;
	case SFU_MALFORMED:
	case SFU_SERVER:
	case SFU_TRACK:
		return true;
	default:
		return false;
	}
}

static ms_t
pause_after(struct publish *p, const struct sfu_answer *a)
{
	uint32_t random = 0;

	if (a->error == SFU_UNAUTHORIZED || a->error == SFU_NO_APP)
		return MISCONFIGURED_PAUSE_MS;
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	return backoff_next_asked(&p->backoff, random, a->retry_after_ms);
}

static enum event
judge(struct publish *p, const struct sfu_answer *a)
{
	if (a->error == SFU_NOT_CONNECTED && p->state == PUBLISH_PUSHING &&
		++p->not_ready_tries < NOT_READY_TRIES)
		return EV_NOT_READY;
	if (a->error == SFU_INVALID && p->state == PUBLISH_PUSHING &&
		++p->invalid_tries >= INVALID_TRIES)
		return EV_REFUSED;
	return EV_FAILED;
}

static void
fail(struct publish *p, const struct sfu_answer *a)
{
	enum event event = judge(p, a);
	ms_t next_ms = NOT_READY_PAUSE_MS;

	if (!may_have_tracks(a))
		p->session_track_count = 0;
	if (event != EV_NOT_READY) {
		p->pause_ms = pause_after(p, a);
		next_ms = event == EV_REFUSED ? -1 : p->pause_ms;
	}
	snprintf(p->why, sizeof(p->why), "%s: %s", sfu_error_name(a->error), a->words);
	log_warn("publish failed", LOG_CAM(p->camera), LOG_STR("in", state_names[p->state]),
		LOG_STR("why", p->why), LOG_INT("next_ms", next_ms));
	handle(p, event);
	p->events.on_failed(p->why, next_ms, p->arg);
}

static void
on_opened(const struct sfu_answer *a, void *arg)
{
	struct publish *p = arg;

	p->call = NULL;
	if (a->error != SFU_OK) {
		fail(p, a);
		return;
	}
	snprintf(p->session, sizeof(p->session), "%s", a->session_id);
	handle(p, EV_OPENED);
}

static void
on_pushed(const struct sfu_answer *a, void *arg)
{
	struct publish *p = arg;

	p->call = NULL;
	if (a->error != SFU_OK) {
		fail(p, a);
		return;
	}
	p->why[0] = '\0';
	handle(p, EV_ANSWERED);
	p->events.on_answer(p->session, a->sdp, p->arg);
}

/* ---- what its owner says --------------------------------------------------------------------- */

static void
on_timer(void *arg)
{
	handle(arg, EV_TIMER);
}

void
publish_offer(struct publish *p, const char *sdp, const struct sfu_track *tracks, size_t count)
{
	char *offer = xstrdup(sdp);

	assert(count > 0 && count <= SFU_TRACKS_MAX);
	free(p->offer);
	p->offer = offer;
	memcpy(p->tracks, tracks, count * sizeof(*tracks));
	p->track_count = count;
	p->invalid_tries = 0;
	handle(p, EV_OFFER);
}

void
publish_stop(struct publish *p, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg)
{
	handle(p, EV_STOP);
	if (done)
		unpublish_wait(p->unpublish, within_ms, done, arg);
}

enum publish_state
publish_state(const struct publish *p)
{
	return p->state;
}

const char *
publish_state_name(enum publish_state state)
{
	return state_names[state];
}

const char *
publish_session(const struct publish *p)
{
	return p->state == PUBLISH_LIVE ? p->session : NULL;
}

const char *
publish_why(const struct publish *p)
{
	return p->why;
}

struct publish *
publish_new(uv_loop_t *loop, struct sfu *sfu, const char *camera,
	const struct publish_events *events, void *arg)
{
	struct publish *p = xcalloc(1, sizeof(*p));

	p->camera = xstrdup(camera);
	p->sfu = sfu;
	p->unpublish = unpublish_new(loop, sfu);
	p->timer = timer_new(loop, on_timer, p);
	p->backoff = (struct backoff){
		.first_ms = PAUSE_FIRST_MS, .cap_ms = PAUSE_CAP_MS, .jitter_percent = 20
	};
	p->events = *events;
	p->arg = arg;
	return p;
}

void
publish_free(struct publish *p)
{
	if (!p)
		return;
	if (p->call)
		sfu_cancel(p->call);
	unpublish_free(p->unpublish);
	timer_free(p->timer);
	free(p->offer);
	free(p->camera);
	free(p);
}
