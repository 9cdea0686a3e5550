/* unpublish.c - closes the tracks of sessions that a camera or its viewers left behind.
 * Owns the list of those sessions. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/name.h"
#include "common/xmalloc.h"
#include "supervisor/timer.h"
#include "supervisor/unpublish.h"

/* The SFU drops a track that got no packet for 30 s, and a session that lost its connection for as
 * long (limits page): by then there is nothing left to close. */
#define GIVE_UP_MS 30000

/* A session whose tracks are to be closed. A call is on its way, or the next try is due at due_ms.
 */
struct leftover {
	struct unpublish *owner;
	char camera[NAME_BYTES];
	char session[SFU_ID_CHARS_MAX + 1];
	struct sfu_track tracks[SFU_TRACKS_MAX];
	size_t track_count;
	struct sfu_call *call; /* NULL: waiting */
	ms_t due_ms;
	ms_t give_up_ms;
	struct backoff backoff;
	LIST_ENTRY(leftover) link;
};

struct unpublish {
	struct sfu *sfu;                           /* lent */
	struct timer *timer;                       /* owned */
	LIST_HEAD(, leftover) leftovers;           /* owned */
	void (*gone)(const char *session, void *); /* NULL: nobody wants to know */
	void *gone_arg;
	void (*done)(bool closed, void *); /* NULL: nobody waits */
	void *done_arg;
	ms_t deadline_ms; /* of who waits */
};

static void
leftover_free(struct leftover *l)
{
	LIST_REMOVE(l, link);
	if (l->call)
		sfu_cancel(l->call);
	free(l);
}

/* Closed, or given up. */
static void
leftover_gone(struct leftover *l)
{
	struct unpublish *u = l->owner;

	if (u->gone)
		u->gone(l->session, u->gone_arg);
	leftover_free(l);
}

static void
arm(struct unpublish *u)
{
	ms_t next = u->done ? u->deadline_ms : MS_NEVER;
	struct leftover *l;

	LIST_FOREACH(l, &u->leftovers, link)
	if (!l->call && l->due_ms < next)
		next = l->due_ms;
	/* Whoever waits for nothing is told in the next turn. */
	if (u->done && LIST_EMPTY(&u->leftovers))
		next = 0;
	if (next == MS_NEVER)
		timer_stop(u->timer);
	else
		timer_start(u->timer, next - clock_now());
}

static bool
worth_another_try(enum sfu_error error)
{
	return error != SFU_UNAUTHORIZED && error != SFU_NO_APP && error != SFU_REFUSED;
}

static void
on_answer(const struct sfu_answer *a, void *arg)
{
	struct leftover *l = arg;
	struct unpublish *u = l->owner;
	uint32_t random = 0;

	l->call = NULL;
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	l->due_ms = clock_now() + backoff_next(&l->backoff, random);
	if (a->error == SFU_OK) {
		log_debug("sfu tracks closed", LOG_CAM(l->camera));
		leftover_gone(l);
	} else if (!worth_another_try(a->error) || l->due_ms > l->give_up_ms) {
		log_warn("sfu tracks not closed: the SFU drops them by itself", LOG_CAM(l->camera),
			LOG_STR("why", a->words));
		leftover_gone(l);
	}
	arm(u);
}

static void
start_due(struct unpublish *u, ms_t now)
{
	struct leftover *l;

	LIST_FOREACH(l, &u->leftovers, link)
	if (!l->call && l->due_ms <= now)
		l->call = sfu_tracks_close(
			u->sfu, l->session, l->tracks, l->track_count, on_answer, l);
}

static void
on_timer(void *arg)
{
	struct unpublish *u = arg;
	ms_t now = clock_now();
	bool closed = LIST_EMPTY(&u->leftovers);
	void (*done)(bool, void *) = u->done;

	start_due(u, now);
	if (!done || (!closed && now < u->deadline_ms)) {
		arm(u);
		return;
	}
	u->done = NULL;
	arm(u);
	done(closed, u->done_arg); /* may free u */
}

void
unpublish_add(struct unpublish *u, const char *camera, const char *session,
	const struct sfu_track *tracks, size_t count)
{
	struct leftover *l = xcalloc(1, sizeof(*l));

	l->owner = u;
	snprintf(l->camera, sizeof(l->camera), "%s", camera);
	snprintf(l->session, sizeof(l->session), "%s", session);
	memcpy(l->tracks, tracks, count * sizeof(*tracks));
	l->track_count = count;
	l->due_ms = clock_now();
	l->give_up_ms = l->due_ms + GIVE_UP_MS;
	l->backoff = (struct backoff){ .first_ms = 200, .cap_ms = 5000, .jitter_percent = 20 };
	LIST_INSERT_HEAD(&u->leftovers, l, link);
	start_due(u, l->due_ms);
}

void
unpublish_wait(struct unpublish *u, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg)
{
	u->done = done;
	u->done_arg = arg;
	u->deadline_ms = clock_now() + within_ms;
	arm(u);
}

void
unpublish_on_gone(struct unpublish *u, void (*gone)(const char *session, void *arg), void *arg)
{
	u->gone = gone;
	u->gone_arg = arg;
}

struct unpublish *
unpublish_new(uv_loop_t *loop, struct sfu *sfu)
{
	struct unpublish *u = xcalloc(1, sizeof(*u));

	u->sfu = sfu;
	u->timer = timer_new(loop, on_timer, u);
	return u;
}

void
unpublish_free(struct unpublish *u)
{
	if (!u)
		return;
	while (!LIST_EMPTY(&u->leftovers))
		leftover_free(LIST_FIRST(&u->leftovers));
	timer_free(u->timer);
	free(u);
}
