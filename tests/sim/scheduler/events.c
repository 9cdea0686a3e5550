/* events.c - what the scenario says happens, at the moments that the seed draws.
 * Owns which events are on. Tests only. */
#include "tests/sim/scheduler/parts.h"

void
events_begin(struct world *w)
{
	for (int i = 0; i < w->sc->event_count; i++) {
		const struct scenario_event *e = &w->sc->events[i];
		struct due *d = &w->due[i];

		d->event = e;
		d->at = world_span(w, world_uniform(w, e->at_s, e->at_latest_s));
		d->until = d->at + world_span(w, e->for_s);
	}
}

static bool
is_about(const struct world *w, const struct scenario_event *e, const struct unit *u)
{
	int camera = (int)(u - w->units);

	switch (e->kind) {
	case EVENT_OFFLINE:
	case EVENT_BROKEN:
	case EVENT_STOPPED:
	case EVENT_STREAM_LOST:
		return camera >= e->camera && camera < e->camera + e->cameras;
	default:
		return e->account < 0 || e->account == u->account;
	}
}

const struct scenario_event *
events_on(const struct world *w, enum scenario_event_kind kind, const struct unit *u)
{
	for (int i = 0; i < w->sc->event_count; i++) {
		const struct due *d = &w->due[i];

		if (d->state == DUE_ON && d->event->kind == kind && is_about(w, d->event, u))
			return d->event;
	}
	return NULL;
}

/* By Google's word the stream is no more, and its worker finds out. */
static void
lose_stream(struct world *w, struct unit *u)
{
	if (u->expires_at == 0)
		return;
	u->expires_at = 0;
	if (u->dead_since < 0)
		u->dead_since = w->now;
	daemon_happen(w, u, CAMERA_EV_REFUSED);
}

static void
want(struct world *w, struct unit *u, bool wanted)
{
	if (u->wanted == wanted)
		return;
	u->wanted = wanted;
	u->dead_since = -1;
	daemon_happen(w, u, wanted ? CAMERA_EV_START : CAMERA_EV_STOP);
}

static void
add(struct world *w, int cameras)
{
	for (int i = 0; i < cameras; i++) {
		w->units[w->count].added_at = w->now;
		daemon_add(w, w->count++);
	}
}

static void
event_begins(struct world *w, const struct due *d)
{
	const struct scenario_event *e = d->event;

	if (e->kind == EVENT_OUTAGE)
		count_stake(w, e->account, d->until);
	if (e->kind == EVENT_RESTART) {
		count_stake(w, -1, d->until);
		daemon_stop(w);
	}
	if (e->kind == EVENT_ADD)
		add(w, e->cameras);
	for (int i = 0; i < w->count; i++) {
		if (!is_about(w, e, &w->units[i]))
			continue;
		if (e->kind == EVENT_STREAM_LOST)
			lose_stream(w, &w->units[i]);
		if (e->kind == EVENT_STOPPED)
			want(w, &w->units[i], false);
	}
}

static void
event_ends(struct world *w, const struct due *d)
{
	if (d->event->kind == EVENT_RESTART && !w->accounts[0].policy)
		daemon_start(w, true);
	if (d->event->kind != EVENT_STOPPED)
		return;
	for (int i = 0; i < w->count; i++) {
		if (is_about(w, d->event, &w->units[i]))
			want(w, &w->units[i], true);
	}
}

void
events_step(struct world *w)
{
	for (int i = 0; i < w->sc->event_count; i++) {
		struct due *d = &w->due[i];

		if (d->state == DUE_LATER && d->at <= w->now) {
			d->state = DUE_ON;
			event_begins(w, d);
		}
		if (d->state == DUE_ON && d->until <= w->now) {
			d->state = DUE_OVER;
			event_ends(w, d);
		}
	}
}

ms_t
events_next(const struct world *w)
{
	ms_t next = MS_NEVER;

	for (int i = 0; i < w->sc->event_count; i++) {
		const struct due *d = &w->due[i];
		ms_t at = d->state == DUE_LATER ? d->at : d->until;

		if (d->state != DUE_OVER && at < next)
			next = at;
	}
	return next;
}
