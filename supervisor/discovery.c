/* discovery.c - the devices that Google lists for one account.
 * Owns the newest list and the call that fetches the next. Quotas are counted by quota.c; what a
 * change means is inventory.c's. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/backoff.h"
#include "common/log.h"
#include "supervisor/config_google.h"
#include "supervisor/discovery.h"
#include "common/xmalloc.h"
#include "supervisor/timer.h"

enum state {
	RESTING, /* the timer has the time of the next list, if there is one */
	WANTED,  /* waits for a token, or by the timer for the bucket */
	ASKING,
};

struct discovery {
	struct discovery_config config;
	enum state state;
	struct timer *timer;   /* owned */
	struct sdm_call *call; /* in ASKING */
	bool again;            /* in ASKING: another list is wanted after this one */
	struct backoff backoff;
	struct device_list devices;
	bool listed; /* devices is Google's word */
	ms_t listed_at;
	char why[200];
};

/* ---- the answer ------------------------------------------------------------------------------ */

static void
take_list(struct discovery *d, struct sdm_answer *answer)
{
	struct device_list before = d->devices;
	bool first = !d->listed;

	d->devices = (struct device_list){ 0 };
	device_list_take(&d->devices, answer);
	d->listed = true;
	d->listed_at = clock_now();
	d->why[0] = '\0';
	backoff_reset(&d->backoff);
	log_debug("google listed", LOG_ID("google", d->config.google->name),
		LOG_INT("cameras", d->devices.count));
	d->config.on_list(d->config.arg, first ? NULL : &before, &d->devices);
	device_list_clear(&before);
}

static void
take_failure(struct discovery *d, const struct sdm_answer *answer)
{
	const char *error = sdm_error_name(answer->error);

	if (answer->error == SDM_RATE_LIMITED)
		quota_refused(d->config.quota, NULL, CALL_LIST, QUOTA_LIST, answer->retry_after_ms,
			clock_now());
	log_warn("google list failed", LOG_ID("google", d->config.google->name),
		LOG_STR("error", error), LOG_STR("words", answer->words));
	snprintf(d->why, sizeof(d->why), "%s: %.150s", error, answer->words);
}

/* When the next list comes by itself. */
static void
rest(struct discovery *d, bool failed)
{
	ms_t every = d->config.google->discover_every_ms;
	ms_t pause = failed ? backoff_next(&d->backoff, 0) : every;

	d->state = d->again ? WANTED : RESTING;
	if (d->again)
		timer_start(d->timer, 0);
	else if (every > 0)
		timer_start(d->timer, pause < every ? pause : every);
	d->again = false;
}

static void
on_answer(struct sdm_answer *answer, void *arg)
{
	struct discovery *d = arg;
	bool failed = answer->error != SDM_OK;

	d->call = NULL;
	rest(d, failed);
	if (failed)
		take_failure(d, answer);
	else
		take_list(d, answer);
}

/* ---- the question ---------------------------------------------------------------------------- */

static void
send_call(struct discovery *d)
{
	timer_stop(d->timer);
	/* Before it leaves: it is spent whatever becomes of it, and of us. */
	quota_take(d->config.quota, NULL, CALL_LIST, clock_now());
	keep_call(d->config.keep, NULL, CALL_LIST);
	d->call = sdm_list(d->config.sdm, on_answer, d);
	/* The token may just have ended: the next one's kick asks. */
	d->state = d->call ? ASKING : WANTED;
}

/* What still stands between us and a call: a time to wait, or MS_NEVER without a token. */
static ms_t
wait_ms(const struct discovery *d)
{
	ms_t now = clock_now();

	if (!oauth_bearer(d->config.oauth))
		return MS_NEVER;
	return quota_when(d->config.quota, NULL, CALL_LIST, now) - now;
}

void
discovery_kick(struct discovery *d)
{
	if (d->state != WANTED)
		return;
	ms_t wait = wait_ms(d);
	if (wait == 0)
		send_call(d);
	else if (wait < MS_NEVER) {
		snprintf(d->why, sizeof(d->why), "the next list waits for Google's quota");
		timer_start(d->timer, wait);
	}
}

void
discovery_want(struct discovery *d)
{
	if (d->state == RESTING)
		d->state = WANTED;
	d->again = d->state == ASKING;
	discovery_kick(d);
}

/* Never in ASKING: send_call stops it. */
static void
on_timer(void *arg)
{
	discovery_want(arg);
}

bool
discovery_ask(struct discovery *d, char *why, size_t why_size)
{
	ms_t wait = wait_ms(d);

	if (d->state == ASKING)
		return true;
	if (wait == 0) {
		send_call(d);
		wait = d->call ? 0 : MS_NEVER;
	}
	if (wait == MS_NEVER)
		snprintf(why, why_size, "there is no access token: %s",
			*oauth_why(d->config.oauth) ? oauth_why(d->config.oauth) : "not yet");
	else if (wait > 0)
		snprintf(why, why_size, "Google's quota allows the next list in %lld s",
			(long long)(wait + 999) / 1000);
	return wait == 0;
}

/* ---- making ---------------------------------------------------------------------------------- */

/* A list that failed is tried again after a window of its bucket, at the soonest. */
static struct backoff
make_backoff(const struct config_google *google)
{
	ms_t every = google->discover_every_ms;
	ms_t window = google->window_ms;

	return (struct backoff){ .first_ms = window, .cap_ms = every > window ? every : window };
}

void
discovery_configure(struct discovery *d, const struct config_google *google)
{
	bool same = d->config.google->discover_every_ms == google->discover_every_ms;

	d->config.google = google;
	if (same)
		return;
	d->backoff = make_backoff(google);
	timer_stop(d->timer);
	if (google->discover_every_ms > 0)
		discovery_want(d);
}

struct discovery *
discovery_new(const struct discovery_config *config)
{
	struct discovery *d = xcalloc(1, sizeof(*d));
	const struct config_google *google = config->google;

	*d = (struct discovery){ .config = *config,
		.state = google->discover_every_ms > 0 ? WANTED : RESTING,
		.timer = timer_new(config->loop, on_timer, d),
		.backoff = make_backoff(google) };
	return d;
}

void
discovery_free(struct discovery *d)
{
	if (!d)
		return;
	if (d->call)
		sdm_cancel(d->call);
	timer_free(d->timer);
	device_list_clear(&d->devices);
	free(d);
}

struct discovery_view
discovery_view(const struct discovery *d, ms_t now)
{
	return (struct discovery_view){ .devices = d->listed ? &d->devices : NULL,
		.age_ms = d->listed ? now - d->listed_at : 0,
		.asking = d->state == ASKING,
		.waiting = d->state == WANTED || d->again,
		.why = d->why };
}
