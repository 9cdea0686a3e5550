/* notify_target.c - one [notify] section at work.
 * Owns its queue's bounds, its tries and its counts. What an answer means is webhook.c's. Loop
 * thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/backoff.h"
#include "common/err.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "proto/status_webhook.h"
#include "supervisor/event_names.h"
#include "supervisor/events.h"
#include "supervisor/http_client.h"
#include "supervisor/http_url.h"
#include "supervisor/list_item.h"
#include "supervisor/notify_target.h"
#include "supervisor/secret.h"
#include "supervisor/store_deliveries.h"
#include "supervisor/timer.h"
#include "supervisor/webhook.h"
#include "supervisor/words.h"

/* Between two tries of one delivery: a receiver that restarts is back within seconds, one that is
 * down for a night costs 12 requests an hour. */
#define RETRY_FIRST_MS 1000
#define RETRY_CAP_MS 300000
#define RETRY_JITTER_PERCENT 10
/* A proxy answers 404 while what is behind it restarts: a refusal is believed the third time. */
#define REFUSALS_MAX 3
/* So many tries in a row that failed are worth an event: half a minute. */
#define FAILURES_TOLD 5
/* Deliveries that have become too old and are dropped in one turn of the loop. */
#define DROPS_PER_TURN 64

enum target_state {
	TARGET_IDLE,
	TARGET_WAITING, /* for the timer: the next turn, or the end of a pause */
	TARGET_SENDING,
	TARGET_GONE, /* 410: until the section changes */
	TARGET_STATES
};

static const char *const state_names[TARGET_STATES] = {
	[TARGET_IDLE] = "idle",
	[TARGET_WAITING] = "waiting",
	[TARGET_SENDING] = "sending",
	[TARGET_GONE] = "gone",
};

/* The oldest delivery. id 0: there is none. */
struct delivery {
	int64_t id;
	int64_t at_us;
	char name[WEBHOOK_ID_BYTES];
	char *body; /* owned */
};

struct notify_target {
	const struct notify_shared *shared;
	struct config_notify *config; /* owned */
	struct secret *secret;        /* owned; NULL: not signed */
	event_set events;
	enum target_state state;
	struct http_call *call; /* TARGET_SENDING */
	int64_t sending;        /* its delivery's id; 0: none */
	int64_t done;           /* never to be sent again, but the store has it still; 0: none */
	struct timer *timer;    /* owned */
	ms_t due;               /* TARGET_WAITING */
	struct backoff backoff;
	int refusals; /* of the oldest, in a row */
	int failures; /* tries in a row */
	bool told;    /* that it fails, and not yet that it works again */
	bool announcing;
	int64_t queued, delivered, refused, dropped, failed;
	char error[200]; /* of the last try that failed; "": it did not */
};

static void on_due(void *arg);

static void
wait(struct notify_target *t, ms_t pause_ms)
{
	t->state = TARGET_WAITING;
	t->due = clock_now() + pause_ms;
	timer_start(t->timer, pause_ms);
}

/* ---- what people are told -------------------------------------------------------------------- */

static void
announce(struct notify_target *t, const char *event, const char *what)
{
	char text[400];

	snprintf(text, sizeof(text), "%s: %s", t->config->name, what);
	log_warn(event, LOG_ID("notify", t->config->name), LOG_STR("text", what));
	t->announcing = true;
	events_publish(t->shared->events, NULL, event, text);
	t->announcing = false;
}

/* Once, until a delivery succeeds: the rest are counted. */
static void
tell_trouble(struct notify_target *t, const char *what)
{
	char text[300];

	if (t->told)
		return;
	t->told = true;
	snprintf(text, sizeof(text), "%s%s%s", what, *t->error ? ": " : "", t->error);
	announce(t, "webhook failing", text);
}

static void
tell_success(struct notify_target *t)
{
	char text[120];

	if (!t->told)
		return;
	t->told = false;
	snprintf(text, sizeof(text), "%lld refused and %lld dropped so far", (long long)t->refused,
		(long long)t->dropped);
	announce(t, "webhook works again", text);
}

/* ---- the queue ------------------------------------------------------------------------------- */

static void
on_first(void *arg, const struct store_delivery *row)
{
	struct delivery *d = arg;

	d->id = row->id;
	d->at_us = row->at_us;
	snprintf(d->name, sizeof(d->name), "%s", row->name);
	d->body = xstrdup(row->body);
}

static void
drop_oldest(struct notify_target *t)
{
	if (store_drop_oldest_delivery(
		    t->shared->store, t->config->name, t->sending ? t->sending : t->done))
		return; /* the store has logged it */
	t->queued--;
	t->dropped++;
	tell_trouble(t, "its queue is full, the oldest is dropped");
}

/* Takes what is done with out of the queue. Returns 0, or an error of the store: then that is
 * t->done, and all that is left to do is to try this again. */
static int
let_go(struct notify_target *t, int64_t id)
{
	int err = store_drop_delivery(t->shared->store, id);

	t->done = err ? id : 0;
	t->queued -= !err;
	t->refusals = 0;
	return err;
}

/* The oldest that is not too old; to be freed. Returns 0, or an error of the store, or 1 with more
 * to be dropped. */
static int
take_first(struct notify_target *t, struct delivery *d)
{
	int64_t oldest_us = clock_wall_us() - t->config->max_age_ms * 1000;
	int err = 0;

	for (int i = 0; i < DROPS_PER_TURN && !err; i++) {
		*d = (struct delivery){ 0 };
		err = store_first_delivery(t->shared->store, t->config->name, on_first, d);
		if (err || d->id == 0 || d->at_us >= oldest_us)
			return err;
		free(d->body);
		t->dropped++;
		err = let_go(t, d->id);
		tell_trouble(t, "what is older than max_age is dropped");
	}
	*d = (struct delivery){ 0 };
	return err ? err : 1;
}

/* ---- sending --------------------------------------------------------------------------------- */

static uint32_t
draw(void)
{
	uint32_t r = 0;

	return getrandom(&r, sizeof(r), GRND_NONBLOCK) == (ssize_t)sizeof(r) ? r : 0;
}

static void
retry(struct notify_target *t, ms_t at_least_ms)
{
	ms_t pause_ms = backoff_next(&t->backoff, draw());

	log_info("webhook tried in vain", LOG_ID("notify", t->config->name),
		LOG_STR("why", t->error), LOG_INT("tries", t->failures),
		LOG_INT("queued", t->queued));
	if (t->failures >= FAILURES_TOLD)
		tell_trouble(t, "it is tried again and again");
	wait(t, pause_ms > at_least_ms ? pause_ms : at_least_ms);
}

/* This delivery is done with, one way or another. */
static void
next(struct notify_target *t, int64_t id)
{
	int err = let_go(t, id);

	if (!err)
		backoff_reset(&t->backoff);
	wait(t, err ? backoff_next(&t->backoff, draw()) : 0);
}

static void
delivered(struct notify_target *t, int64_t id)
{
	t->delivered++;
	t->failures = 0;
	t->error[0] = '\0';
	next(t, id);
	tell_success(t);
}

static void
refused(struct notify_target *t, int64_t id, ms_t at_least_ms)
{
	if (++t->refusals < REFUSALS_MAX) {
		retry(t, at_least_ms);
		return;
	}
	t->refused++;
	next(t, id);
	tell_trouble(t, "a delivery was refused for good");
}

static void
gone(struct notify_target *t)
{
	t->state = TARGET_GONE;
	t->dropped += t->queued;
	t->queued = 0;
	store_drop_deliveries(t->shared->store, t->config->name);
	announce(t, "webhook gone",
		"it answered 410: nothing is sent there until its section changes");
}

static void
describe(struct notify_target *t, const struct http_answer *a)
{
	char words[120];

	t->failures++;
	t->failed++;
	if (a->err)
		snprintf(t->error, sizeof(t->error), "%s (%s)", err_text(a->err),
			words_copy(words, sizeof(words), a->why));
	else if (a->status / 100 == 3)
		snprintf(t->error, sizeof(t->error),
			"it answered %d, and redirects are not followed", a->status);
	else
		snprintf(t->error, sizeof(t->error), "it answered %d", a->status);
}

static void
on_answer(const struct http_answer *a, void *arg)
{
	struct notify_target *t = arg;
	enum webhook_verdict verdict = webhook_verdict(a->err, a->status);
	int64_t id = t->sending;

	t->call = NULL;
	t->sending = 0;
	if (verdict != WEBHOOK_DELIVERED)
		describe(t, a);
	switch (verdict) {
	case WEBHOOK_DELIVERED:
		delivered(t, id);
		break;
	case WEBHOOK_RETRY:
		retry(t, a->retry_after_ms);
		break;
	case WEBHOOK_REFUSED:
		refused(t, id, a->retry_after_ms);
		break;
	case WEBHOOK_GONE:
		gone(t);
		break;
	}
}

static void
send_delivery(struct notify_target *t, const struct delivery *d)
{
	struct webhook_headers headers;
	struct http_request r = { .method = "POST",
		.url = t->config->url,
		.content_type = "application/json",
		.headers = headers.list,
		.body = d->body,
		.body_len = strlen(d->body),
		.ca_file = t->config->ca_file,
		.timeout_ms = t->config->call_timeout_ms };

	webhook_sign(t->secret ? secret_text(t->secret) : NULL, d->name, clock_wall_us() / 1000000,
		d->body, &headers);
	t->state = TARGET_SENDING;
	t->sending = d->id;
	t->call = http_client_start(t->shared->http, &r, on_answer, t);
}

static void
on_due(void *arg)
{
	struct notify_target *t = arg;
	struct delivery d;

	if (t->done) {
		next(t, t->done);
		return;
	}
	int err = take_first(t, &d);
	if (err > 0)
		wait(t, 0);
	else if (err)
		wait(t, RETRY_FIRST_MS);
	else if (d.id == 0)
		t->state = TARGET_IDLE;
	else
		send_delivery(t, &d);
	free(d.body);
}

void
notify_target_resume(struct notify_target *t, int64_t count)
{
	t->queued = count;
	if (t->state == TARGET_IDLE && count > 0)
		wait(t, 0);
}

/* ---- what is told ---------------------------------------------------------------------------- */

static bool
is_listed(const char *cameras, const char *camera)
{
	struct list_item item = { 0 };

	while (list_item_next(&cameras, &item))
		if (list_item_is(&item, camera))
			return true;
	return false;
}

/* Its own troubles it does not hear of: they would make more of them. */
static bool
wants(const struct notify_target *t, const char *camera, const char *event)
{
	if (t->announcing || !event_set_has(t->events, event))
		return false;
	return !t->config->cameras || (camera && is_listed(t->config->cameras, camera));
}

void
notify_target_tell(struct notify_target *t, const char *camera, const char *event, const char *body)
{
	char name[WEBHOOK_ID_BYTES];
	unsigned char random[16];

	if (!wants(t, camera, event))
		return;
	if (t->state == TARGET_GONE || getrandom(random, sizeof(random), 0) != sizeof(random)) {
		t->dropped++;
		return;
	}
	webhook_id(random, name);
	struct store_delivery d = { .name = name, .at_us = clock_wall_us(), .body = body };
	if (store_add_delivery(t->shared->store, t->config->name, &d)) {
		t->dropped++;
		tell_trouble(t, "the store takes no more");
		return;
	}
	t->queued++;
	if (t->queued > t->config->max_queue)
		drop_oldest(t);
	if (t->state == TARGET_IDLE)
		wait(t, 0);
}

void
notify_target_status(const struct notify_target *t, ms_t now, struct status_webhook *row)
{
	char origin[400];

	*row = (struct status_webhook){
		.name = xstrdup(t->config->name),
		.url = xstrdup(http_url_origin(t->config->url, origin, sizeof(origin))),
		.state = xstrdup(state_names[t->state]),
		.error = *t->error ? xstrdup(t->error) : NULL,
		.queued = t->queued,
		.delivered = t->delivered,
		.refused = t->refused,
		.dropped = t->dropped,
		.failures = t->failures,
		.failed = t->failed,
		.next_try_ms = t->state != TARGET_WAITING ? -1
			       : t->due > now             ? t->due - now
							  : 0,
	};
	if (!row->name || !row->url || !row->state)
		abort();
}

/* ---- making and changing --------------------------------------------------------------------- */

/* Its list was checked when the file was read. */
static void
set_config(struct notify_target *t, const struct config_notify *config)
{
	char why[EVENT_NAMES_WHY_MAX];

	config_notify_free(t->config);
	t->config = config_notify_copy(config);
	event_set_read(config->events, &t->events, why, sizeof(why));
}

struct notify_target *
notify_target_new(const struct notify_shared *shared, const struct config_notify *config,
	struct secret *secret)
{
	struct notify_target *t = xcalloc(1, sizeof(*t));

	t->shared = shared;
	t->secret = secret;
	t->timer = timer_new(shared->loop, on_due, t);
	t->backoff = (struct backoff){ .first_ms = RETRY_FIRST_MS,
		.cap_ms = RETRY_CAP_MS,
		.jitter_percent = RETRY_JITTER_PERCENT };
	set_config(t, config);
	return t;
}

static bool
same_secret(const struct secret *a, const struct secret *b)
{
	return a && b ? strcmp(secret_text(a), secret_text(b)) == 0 : a == b;
}

bool
notify_target_configure(
	struct notify_target *t, const struct config_notify *config, struct secret *secret)
{
	bool other_secret = !same_secret(t->secret, secret);
	bool other = other_secret || config_notify_differs(t->config, config);

	secret_free(t->secret);
	t->secret = secret;
	if (!other)
		return false;
	set_config(t, config);
	backoff_reset(&t->backoff);
	t->refusals = 0;
	if (t->state == TARGET_GONE)
		t->state = TARGET_IDLE;
	if (t->state == TARGET_WAITING)
		wait(t, 0);
	return other_secret;
}

const char *
notify_target_name(const struct notify_target *t)
{
	return t->config->name;
}

void
notify_target_free(struct notify_target *t, bool forget)
{
	if (!t)
		return;
	if (t->call)
		http_client_cancel(t->call);
	if (forget)
		store_drop_deliveries(t->shared->store, t->config->name);
	timer_free(t->timer);
	secret_free(t->secret);
	config_notify_free(t->config);
	free(t);
}
