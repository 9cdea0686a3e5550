/* consumer.c - one viewer of one camera: its session at the SFU, from the pull to the end.
 * Owns the session in use; what it leaves behind is unpublish's. One mutation at a time per
 * session: one that is on its way is waited for before the session is closed. Loop thread. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/name.h"
#include "common/xmalloc.h"
#include "supervisor/consumer_table.h"
#include "supervisor/timer.h"
#include "supervisor/unpublish.h"
#include "supervisor/viewer_tracks.h"

/* The first pause is short, since who is not there yet mostly is within a second; the SFU itself
 * waits about 8 s for media before it says empty_track_error (docs/sources.md). */
#define PAUSE_FIRST_MS 300
#define PAUSE_CAP_MS 4000
/* A person waits for it: two such waits of the SFU's, and then some. */
#define PULL_WITHIN_MS 20000
/* Browsers answer within a second; an unconnected session expires by itself. */
#define ANSWER_WITHIN_MS 30000

struct consumer {
	enum consumer_state state;
	char id[40];
	char camera[NAME_BYTES];
	char *offer;                 /* NULL: the SFU offers */
	struct viewer_room room;     /* in the offer; for all, if the SFU offers */
	struct sfu *sfu;             /* lent */
	struct unpublish *unpublish; /* lent */
	struct sfu_call *call;       /* of the state, or a probe in LIVE; NULL: none */
	struct timer *timer;         /* owned; runs in PAUSING and OFFERED */
	struct backoff backoff;
	ms_t deadline_ms; /* of the pull, or the swap */
	ms_t pause_ms;    /* of PAUSING */
	ms_t swap_due_ms; /* no sooner */
	bool mute;        /* sound is not pulled: that failed where pictures did not */
	int64_t pulls;
	char *answer; /* of ANSWERING */

	char session[SFU_ID_CHARS_MAX + 1]; /* "": none */
	struct sfu_track tracks[SFU_TRACKS_MAX];
	size_t track_count;                /* 0: nothing that would need closing */
	char source[SFU_ID_CHARS_MAX + 1]; /* the publisher's session that they are of */
	char next[SFU_ID_CHARS_MAX + 1];   /* and which they are swapped for */

	char why[256];
	struct consumer_events events;
	void *arg;
};

static void on_opened(const struct sfu_answer *a, void *arg);
static void on_pulled(const struct sfu_answer *a, void *arg);
static void on_agreed(const struct sfu_answer *a, void *arg);

/* ---- the session ----------------------------------------------------------------------------- */

static void
cancel(struct consumer *c)
{
	if (c->call)
		sfu_cancel(c->call);
	c->call = NULL;
}

/* Leaves the session. What may be cut short here is no mutation of it. */
static void
abandon(struct consumer *c)
{
	cancel(c);
	if (c->track_count > 0)
		unpublish_add(c->unpublish, c->camera, c->session, c->tracks, c->track_count);
	c->session[0] = c->source[0] = '\0';
	c->track_count = 0;
}

static void
pull(struct consumer *c)
{
	struct output_source source = { 0 };
	const struct viewer_room room = { .audio = c->room.audio && !c->mute,
		.video = c->room.video };
	struct sfu_track tracks[SFU_TRACKS_MAX];

	c->events.find(&source, c->arg); /* on_opened has looked */
	snprintf(c->source, sizeof(c->source), "%s", source.session);
	const size_t count = viewer_tracks_fit(&room, source.tracks, source.track_count, tracks);
	c->call = sfu_tracks_pull(
		c->sfu, c->session, c->offer, c->source, tracks, count, on_pulled, c);
}

/* For each of our m-sections the track of its name, which is the camera's own in every session; but
 * for one that the camera has no more. */
static void
swap(struct consumer *c)
{
	struct output_source source = { 0 };
	struct sfu_track tracks[SFU_TRACKS_MAX];

	cancel(c);                       /* a probe */
	c->events.find(&source, c->arg); /* consumer_check has looked */
	const size_t count = viewer_tracks_common(
		c->tracks, c->track_count, source.tracks, source.track_count, tracks);
	c->call = sfu_tracks_update(c->sfu, c->session, c->next, tracks, count, on_agreed, c);
}

static void
enter(struct consumer *c, enum consumer_state state)
{
	enum consumer_state old = c->state;

	if (old == state)
		return;
	c->state = state;
	log_info("consumer state", LOG_CAM(c->camera), LOG_STR("id", c->id),
		LOG_STR("from", consumer_state_name(old)),
		LOG_STR("to", consumer_state_name(state)));
	timer_stop(c->timer);
	switch (state) {
	case CONSUMER_OPENING:
		abandon(c);
		c->call = sfu_session_new(c->sfu, on_opened, c);
		break;
	case CONSUMER_PULLING:
		pull(c);
		break;
	case CONSUMER_PAUSING:
		abandon(c);
		timer_start(c->timer, c->pause_ms);
		break;
	case CONSUMER_OFFERED:
		timer_start(c->timer, ANSWER_WITHIN_MS);
		break;
	case CONSUMER_ANSWERING:
		c->call = sfu_renegotiate(c->sfu, c->session, c->answer, on_agreed, c);
		break;
	case CONSUMER_SWAPPING:
		swap(c);
		break;
	case CONSUMER_IDLE:
	case CONSUMER_ENDED:
		abandon(c);
		break;
	case CONSUMER_LIVE:
	case CONSUMER_CLOSING:
		break;
	case CONSUMER_STATES:
		assert(!"a state");
	}
}

/* False: not in this state. */
static bool
handle(struct consumer *c, enum consumer_event event)
{
	enum consumer_state next = consumer_table_next(c->state, event);

	if (next != CONSUMER_STATES)
		enter(c, next);
	return next != CONSUMER_STATES;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void
report(struct consumer *c, enum consumer_verdict verdict, const char *sdp)
{
	struct consumer_result result = { .verdict = verdict, .sdp = sdp, .why = c->why };

	c->events.on_result(&result, c->arg);
}

static enum consumer_verdict
verdict_of(const struct consumer *c, enum sfu_error error)
{
	bool brought_sdp =
		c->state == CONSUMER_ANSWERING || (c->state == CONSUMER_PULLING && c->offer);

	if (error == SFU_INVALID && brought_sdp)
		return CONSUMER_BAD_SDP;
	return error == SFU_NOT_YET || error == SFU_NOT_CONNECTED ? CONSUMER_NOT_YET
								  : CONSUMER_NO_SFU;
}

/* Whether another try, of a pull in a new session, may fare better, and there is still time; then
 * pause_ms and swap_due_ms are set. */
static bool
may_try_again(struct consumer *c, const struct sfu_answer *a)
{
	struct output_source source;
	uint32_t random = 0;
	bool swapping = c->state == CONSUMER_SWAPPING;

	if (a->error == SFU_UNAUTHORIZED || a->error == SFU_NO_APP || a->error == SFU_REFUSED ||
		verdict_of(c, a->error) == CONSUMER_BAD_SDP ||
		(swapping ? a->error == SFU_GONE : !c->events.find(&source, c->arg)))
		return false;
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	c->pause_ms = backoff_next_asked(&c->backoff, random, a->retry_after_ms);
	c->swap_due_ms = clock_now() + c->pause_ms;
	return c->swap_due_ms < c->deadline_ms;
}

/* A request of the owner's, or a swap, has failed. */
static void
fail(struct consumer *c, const struct sfu_answer *a)
{
	enum consumer_verdict verdict = verdict_of(c, a->error);
	bool asked = consumer_is_asked(c);
	bool tries = c->state == CONSUMER_OPENING || c->state == CONSUMER_PULLING ||
		     c->state == CONSUMER_SWAPPING;

	snprintf(c->why, sizeof(c->why), "%s: %s", sfu_error_name(a->error), a->words);
	log_warn("consumer failed", LOG_CAM(c->camera), LOG_STR("id", c->id),
		LOG_STR("in", consumer_state_name(c->state)), LOG_STR("why", c->why));
	if (tries && may_try_again(c, a)) {
		handle(c, EV_AGAIN);
		return;
	}
	handle(c, EV_FAILED);
	if (asked)
		report(c, verdict, NULL);
}

static void
on_opened(const struct sfu_answer *a, void *arg)
{
	static const struct sfu_answer left = { .error = SFU_NOT_YET,
		.words = "the camera is not published any more",
		.retry_after_ms = -1 };
	struct consumer *c = arg;
	struct output_source source;

	c->call = NULL;
	if (a->error != SFU_OK || !c->events.find(&source, c->arg)) {
		fail(c, a->error != SFU_OK ? a : &left);
		return;
	}
	snprintf(c->session, sizeof(c->session), "%s", a->session_id);
	handle(c, EV_OPENED);
}

/* sdp: the SFU's, NULL: none was due. */
static void
succeed(struct consumer *c, enum consumer_event event, const char *sdp)
{
	bool asked = consumer_is_asked(c);

	c->why[0] = '\0';
	handle(c, event);
	if (asked)
		report(c, CONSUMER_DONE, sdp);
}

/* Pictures without sound are better than nothing: it may be of a codec that the player's offer does
 * not have, or the camera sends none. */
static bool
only_sound_failed(const struct consumer *c, const struct sfu_answer *a)
{
	struct output_source source = { 0 };
	struct sfu_track pictures[SFU_TRACKS_MAX], taken[SFU_TRACKS_MAX];

	if (a->error == SFU_OK || !c->events.find(&source, c->arg))
		return false;
	const struct viewer_room room = { .video = true };
	const size_t count = viewer_tracks_fit(&room, source.tracks, source.track_count, pictures);
	return viewer_tracks_common(pictures, count, a->tracks, a->track_count, taken) > 0;
}

/* Some tracks may be ours though others failed: whatever comes next, they are to be closed. */
static void
on_pulled(const struct sfu_answer *a, void *arg)
{
	struct consumer *c = arg;

	c->call = NULL;
	memcpy(c->tracks, a->tracks, sizeof(c->tracks));
	c->track_count = a->track_count;
	if (c->track_count > 0)
		c->events.on_tracks(c->arg);
	c->mute = c->mute || only_sound_failed(c, a);
	if (a->error != SFU_OK)
		fail(c, a);
	else
		succeed(c, c->offer ? EV_AGREED : EV_OFFERED, a->sdp);
}

/* To the owner's answer, or to a swap. */
static void
on_agreed(const struct sfu_answer *a, void *arg)
{
	struct consumer *c = arg;

	c->call = NULL;
	if (a->error != SFU_OK) {
		fail(c, a);
		return;
	}
	if (c->state == CONSUMER_SWAPPING)
		memcpy(c->source, c->next, sizeof(c->source));
	succeed(c, EV_AGREED, NULL);
}

static void
on_probed(const struct sfu_answer *a, void *arg)
{
	struct consumer *c = arg;

	c->call = NULL;
	if (a->error != SFU_GONE)
		return;
	snprintf(c->why, sizeof(c->why), "the SFU has its session no more");
	handle(c, EV_FAILED);
}

/* ---- what its owner says --------------------------------------------------------------------- */

static void
on_timer(void *arg)
{
	struct consumer *c = arg;

	if (c->state == CONSUMER_OFFERED)
		snprintf(c->why, sizeof(c->why), "the offer was not answered within %d s",
			ANSWER_WITHIN_MS / 1000);
	handle(c, EV_TIMER);
}

static void
begin_tries(struct consumer *c)
{
	c->deadline_ms = clock_now() + PULL_WITHIN_MS;
	backoff_reset(&c->backoff);
}

bool
consumer_pull(struct consumer *c)
{
	if (!handle(c, EV_PULL))
		return false;
	c->mute = false;
	begin_tries(c);
	c->pulls++;
	return true;
}

bool
consumer_answer(struct consumer *c, const char *sdp)
{
	if (c->state != CONSUMER_OFFERED)
		return false;
	free(c->answer);
	c->answer = xstrdup(sdp);
	return handle(c, EV_ANSWER);
}

/* One that failed is tried again for as long as a pull is: what was published just now may not be
 * known everywhere in the SFU, and a player cannot be told that it is to begin anew. */
static void
try_swap(struct consumer *c, const char *session)
{
	if (strcmp(c->next, session) != 0) {
		snprintf(c->next, sizeof(c->next), "%s", session);
		c->swap_due_ms = clock_now();
		begin_tries(c);
	}
	if (clock_now() >= c->swap_due_ms)
		handle(c, EV_SWAP);
}

void
consumer_check(struct consumer *c)
{
	struct output_source source = { 0 };
	bool published = c->events.find(&source, c->arg);

	if (!*c->source || (published && strcmp(source.session, c->source) == 0))
		return;
	if (c->offer) {
		if (published && source.sending && c->state == CONSUMER_LIVE)
			try_swap(c, source.session);
		return;
	}
	if (handle(c, EV_STALE))
		snprintf(c->why, sizeof(c->why), "the camera is not published there any more");
}

void
consumer_probe(struct consumer *c)
{
	if (c->state == CONSUMER_LIVE && !c->call)
		c->call = sfu_session_get(c->sfu, c->session, on_probed, c);
}

void
consumer_end(struct consumer *c)
{
	bool asked = consumer_is_asked(c);

	handle(c, EV_END);
	if (!asked)
		return;
	snprintf(c->why, sizeof(c->why), "the consumer was ended meanwhile");
	report(c, CONSUMER_OVER, NULL);
}

/* ---- what is seen of it ---------------------------------------------------------------------- */

enum consumer_state
consumer_state(const struct consumer *c)
{
	return c->state;
}

bool
consumer_is_asked(const struct consumer *c)
{
	return c->state == CONSUMER_OPENING || c->state == CONSUMER_PULLING ||
	       c->state == CONSUMER_PAUSING || c->state == CONSUMER_ANSWERING;
}

bool
consumer_must_pull(const struct consumer *c)
{
	struct output_source source;

	return c->state == CONSUMER_IDLE && c->events.find(&source, c->arg) && source.sending;
}

const char *
consumer_session(const struct consumer *c)
{
	return c->session;
}

const struct sfu_track *
consumer_tracks(const struct consumer *c, size_t *count)
{
	*count = c->track_count;
	return c->tracks;
}

int64_t
consumer_pulls(const struct consumer *c)
{
	return c->pulls;
}

const char *
consumer_why(const struct consumer *c)
{
	return c->why;
}

/* ---- making and ending ----------------------------------------------------------------------- */

struct consumer *
consumer_new(const struct consumer_parts *parts, const struct consumer_events *events, void *arg)
{
	struct consumer *c = xcalloc(1, sizeof(*c));

	c->offer = xstrdup(parts->offer);
	c->room = parts->offer ? viewer_room_read(parts->offer)
			       : (struct viewer_room){ .audio = true, .video = true };
	snprintf(c->id, sizeof(c->id), "%s", parts->id);
	snprintf(c->camera, sizeof(c->camera), "%s", parts->camera);
	c->sfu = parts->sfu;
	c->unpublish = parts->unpublish;
	c->timer = timer_new(parts->loop, on_timer, c);
	c->backoff = (struct backoff){
		.first_ms = PAUSE_FIRST_MS, .cap_ms = PAUSE_CAP_MS, .jitter_percent = 20
	};
	c->events = *events;
	c->arg = arg;
	return c;
}

void
consumer_free(struct consumer *c)
{
	if (!c)
		return;
	cancel(c);
	timer_free(c->timer);
	free(c->offer);
	free(c->answer);
	free(c);
}
