/* camera.c - what one camera is, and what follows from what happens to it.
 * Owns its state, its worker's, the failures in a row and the pauses; where an event leads is
 * written in camera_table. Does no I/O: returns effects. Pure. Loop thread. */
#include <stdio.h>
#include <stdlib.h>

#include "common/backoff.h"
#include "common/xmalloc.h"
#include "supervisor/camera_table.h"
#include "supervisor/camera_view.h"

/* clang-format off */

static const char *const state_texts[CAMERA_STATES] = {
	[CAMERA_STARTING] = "starting",
	[CAMERA_RUNNING]  = "running",
	[CAMERA_FAILED]   = "failed",
	[CAMERA_DEGRADED] = "degraded",
	[CAMERA_STOPPED]  = "stopped",
};

static const char *const media_texts[CAMERA_MEDIAS] = {
	[CAMERA_MEDIA_OFFLINE]      = "offline",
	[CAMERA_MEDIA_RECONNECTING] = "reconnecting",
	[CAMERA_MEDIA_DEGRADED]     = "degraded",
	[CAMERA_MEDIA_HEALTHY]      = "healthy",
};

static const char *const event_texts[CAMERA_EVENTS] = {
	[CAMERA_EV_START]           = "start",
	[CAMERA_EV_STOP]            = "stop",
	[CAMERA_EV_RESTART]         = "restart",
	[CAMERA_EV_REGENERATE]      = "regenerate",
	[CAMERA_EV_REPLACED]        = "source replaced",
	[CAMERA_EV_RESTORED]        = "restored",
	[CAMERA_EV_GENERATED]       = "generated",
	[CAMERA_EV_GENERATE_FAILED] = "generate failed",
	[CAMERA_EV_UNSUPPORTED]     = "unsupported",
	[CAMERA_EV_EXTENDED]        = "extended",
	[CAMERA_EV_LOST]            = "stream lost",
	[CAMERA_EV_REFUSED]         = "stream refused",
	[CAMERA_EV_WORKER_READY]    = "worker ready",
	[CAMERA_EV_WORKER_DIED]     = "worker died",
	[CAMERA_EV_TIMER]           = "timer",
	[CAMERA_EV_FAILED_OFTEN]    = "failed too often",
};

/* clang-format on */

struct camera {
	struct camera_settings settings;
	struct backoff retry;
	struct backoff respawn;
	enum worker_state worker;
	ms_t stream_since; /* this stream's first moment */
	ms_t retry_at;     /* URL: when its source is tried again, or MS_NEVER */
	ms_t respawn_at;   /* in WORKER_PAUSED, else MS_NEVER */
	struct camera_view view;
	char why[160];
};

struct camera_settings
camera_settings_default(bool leased, ms_t minute_ms)
{
	return (struct camera_settings){
		.leased = leased,
		.retry_first_ms = minute_ms / 6,
		.retry_cap_ms = minute_ms * 16 / 6,
		.degraded_ms = minute_ms * 5,
		.failures_max = 5,
		.proof_ms = minute_ms,
		.respawn_first_ms = 1000,
		.respawn_cap_ms = 60000,
		.jitter_percent = 10,
	};
}

static void
set_pauses(struct backoff *b, ms_t first_ms, ms_t cap_ms, int jitter_percent)
{
	b->first_ms = first_ms;
	b->cap_ms = cap_ms;
	b->jitter_percent = jitter_percent;
}

void
camera_set_settings(struct camera *c, const struct camera_settings *s)
{
	c->settings = *s;
	set_pauses(&c->retry, s->retry_first_ms, s->retry_cap_ms, s->jitter_percent);
	set_pauses(&c->respawn, s->respawn_first_ms, s->respawn_cap_ms, s->jitter_percent);
}

struct camera *
camera_new(const struct camera_settings *settings, ms_t now)
{
	struct camera *c = xcalloc(1, sizeof(*c));

	camera_set_settings(c, settings);
	c->retry_at = c->respawn_at = MS_NEVER;
	c->view = (struct camera_view){
		.state = CAMERA_STOPPED,
		.since = now,
		.media = CAMERA_MEDIA_OFFLINE,
		.media_since = now,
	};
	return c;
}

void
camera_free(struct camera *c)
{
	free(c);
}

/* ---- the stream ------------------------------------------------------------------------------ */

/* The only writer of the state. */
static void
enter(struct camera *c, enum camera_state to, ms_t now, struct camera_effects *fx)
{
	if (c->view.state == to)
		return;
	fx->what |= CAMERA_DO_PUBLISH;
	fx->from = c->view.state;
	fx->to = to;
	fx->after_ms = now - c->view.since;
	c->view.state = to;
	c->view.since = now;
	if (to == CAMERA_RUNNING)
		c->stream_since = now;
}

static void
succeed(struct camera *c)
{
	c->view.failures = 0;
	backoff_reset(&c->retry);
}

/* A stream that is lost counts as a failure only if it never was good for anything: else one that
 * is granted and refused in turn would be generated for ever. */
static bool
is_failure(const struct camera *c, enum camera_event ev, ms_t now)
{
	if (ev == CAMERA_EV_GENERATE_FAILED)
		return c->view.state != CAMERA_RUNNING;
	if (ev != CAMERA_EV_LOST && ev != CAMERA_EV_REFUSED)
		return false;
	bool good = c->view.extended > 0 || now - c->stream_since >= c->settings.proof_ms;
	return c->view.state != CAMERA_RUNNING || !good;
}

/* The worker of a camera without a stream stays, tries the old one again and again, and says each
 * time that it is refused. */
static bool
is_known(const struct camera *c, enum camera_event ev)
{
	return ev == CAMERA_EV_REFUSED && c->settings.leased && c->view.state != CAMERA_RUNNING;
}

/* Counts it, and says what it amounts to. */
static enum camera_event
count(struct camera *c, enum camera_event ev, ms_t now)
{
	bool failure = is_failure(c, ev, now);

	if (is_known(c, ev))
		return ev;
	if (ev == CAMERA_EV_GENERATED) {
		c->view.streams++;
		c->view.extended = 0;
		c->stream_since = now;
	}
	if (ev == CAMERA_EV_EXTENDED)
		c->view.extended++;
	if (ev == CAMERA_EV_EXTENDED || ev == CAMERA_EV_START || ev == CAMERA_EV_REGENERATE ||
		ev == CAMERA_EV_REPLACED)
		succeed(c);
	if ((ev == CAMERA_EV_LOST || ev == CAMERA_EV_REFUSED) && !failure)
		succeed(c);
	if (!failure || c->view.state == CAMERA_STOPPED)
		return ev;
	c->view.failures++;
	return c->view.failures >= c->settings.failures_max ? CAMERA_EV_FAILED_OFTEN : ev;
}

static ms_t
next_try_at(struct camera *c, enum next_try next, uint32_t random, ms_t now)
{
	ms_t slowly = c->settings.degraded_ms;

	if (next == TRY_BACKOFF)
		return now + backoff_next(&c->retry, random);
	if (next != TRY_SLOWLY)
		return now;
	/* Never sooner: a camera that is off may cost one call in five minutes and no more. */
	return now + slowly +
	       (ms_t)((uint64_t)random * (uint64_t)(slowly * c->settings.jitter_percent / 100) >>
		       32);
}

static void
try_again(
	struct camera *c, enum next_try next, uint32_t random, ms_t now, struct camera_effects *fx)
{
	ms_t at = next_try_at(c, next, random, now);

	if (c->settings.leased) {
		fx->what |= CAMERA_DO_GENERATE;
		fx->generate_at = at;
		fx->start = next == TRY_FIRST;
		fx->operator= next == TRY_ASKED;
	} else if (at == now) {
		fx->what |= CAMERA_DO_SOURCE;
	} else {
		c->retry_at = at;
	}
}

/* ---- the worker ------------------------------------------------------------------------------ */

static void
step_worker(struct camera *c, enum worker_event ev, uint32_t random, ms_t now,
	struct camera_effects *fx)
{
	const struct worker_row *row = camera_table_worker(c->worker, ev);

	if (!row)
		return;
	c->worker = row->to;
	fx->what |= row->effects;
	c->respawn_at = MS_NEVER;
	if (c->worker == WORKER_PAUSED)
		c->respawn_at = now + backoff_next(&c->respawn, random);
	if (c->worker == WORKER_READY)
		backoff_reset(&c->respawn);
}

/* A camera without a stream has nothing for a new worker to do; one that is there may stay, it
 * keeps the way to the SFU open. */
static bool
misses_worker(const struct camera *c)
{
	if (!c->settings.leased)
		return c->view.state != CAMERA_STOPPED;
	return c->view.state == CAMERA_RUNNING;
}

static enum worker_event
to_worker_event(const struct camera *c, enum camera_event ev, ms_t now)
{
	switch (ev) {
	case CAMERA_EV_WORKER_READY:
		return WORKER_EV_READY;
	case CAMERA_EV_WORKER_DIED:
		return misses_worker(c) ? WORKER_EV_DIED : WORKER_EV_GONE;
	case CAMERA_EV_TIMER:
		if (c->respawn_at > now)
			return WORKER_EV_NONE;
		return misses_worker(c) ? WORKER_EV_TIMER : WORKER_EV_UNWANTED;
	default:
		return WORKER_EV_NONE;
	}
}

/* ---- all ------------------------------------------------------------------------------------- */

/* The death of a worker that was told to end is no error. */
static void
remember(struct camera *c, enum camera_event ev, const char *why)
{
	bool alive = c->worker == WORKER_SPAWNED || c->worker == WORKER_READY;

	if (ev == CAMERA_EV_WORKER_DIED) {
		if (!alive)
			return;
		c->view.respawns++;
	}
	if (why && *why)
		snprintf(c->why, sizeof(c->why), "%s", why);
}

static void
apply(struct camera *c, const struct camera_row *row, uint32_t random, ms_t now,
	struct camera_effects *fx)
{
	fx->what |= row->effects;
	c->retry_at = MS_NEVER;
	enter(c, row->to, now, fx);
	if (row->next != TRY_NOT)
		try_again(c, row->next, random, now, fx);
	step_worker(c, row->worker, random, now, fx);
}

struct camera_effects
camera_step(struct camera *c, enum camera_event ev, const char *why, uint32_t random, ms_t now)
{
	struct camera_effects fx = { 0 };
	enum worker_event worker = to_worker_event(c, ev, now);

	remember(c, ev, why);
	enum kind kind = c->settings.leased ? LEASED : URL;
	const struct camera_row *row = camera_table_stream(c->view.state, count(c, ev, now), kind);
	if (ev == CAMERA_EV_TIMER && c->retry_at > now)
		row = NULL;
	if (row)
		apply(c, row, random, now, &fx);
	step_worker(c, worker, random, now, &fx);
	fx.ignored = !row && worker == WORKER_EV_NONE && ev != CAMERA_EV_TIMER;
	if (!c->settings.leased)
		fx.what &= ~(unsigned)(CAMERA_DO_CANCEL | CAMERA_DO_DROP | CAMERA_DO_STOP_STREAM);
	return fx;
}

ms_t
camera_due(const struct camera *c)
{
	return c->retry_at < c->respawn_at ? c->retry_at : c->respawn_at;
}

bool
camera_set_media(struct camera *c, enum camera_media media, ms_t now)
{
	if (c->view.media == media)
		return false;
	c->view.media = media;
	c->view.media_since = now;
	return true;
}

struct camera_view
camera_view(const struct camera *c)
{
	struct camera_view view = c->view;

	view.worker = c->worker != WORKER_NONE && c->worker != WORKER_PAUSED;
	view.worker_ready = c->worker == WORKER_READY;
	view.why = c->why;
	return view;
}

const char *
camera_state_text(enum camera_state state)
{
	return state_texts[state];
}

const char *
camera_media_text(enum camera_media media)
{
	return media_texts[media];
}

const char *
camera_event_text(enum camera_event ev)
{
	return event_texts[ev];
}
