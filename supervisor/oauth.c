/* oauth.c - the access token of one Google account, kept fresh.
 * Owns the account's client secret, refresh token and access token. Asks the token endpoint through
 * http_client; never blocks but for writing a new refresh token. Loop thread. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/backoff.h"
#include "common/err.h"
#include "common/log.h"
#include "supervisor/oauth.h"
#include "common/wipe.h"
#include "common/xmalloc.h"
#include "supervisor/timer.h"
#include "supervisor/token_trust.h"

/* A token is renewed five minutes, or a tenth of its life if that is less, before it expires: time
 * for some tries of which the first are not answered. */
#define EARLY_MS 300000
#define EARLY_PERCENT 10

/* Longest pauses. After an outage streams may wait for the token, and are not to wait for a minute;
 * a token that is rejected again has an endpoint that works, and no hurry. */
#define PAUSE_FAILED_MS 10000
#define PAUSE_REJECTED_MS 60000

enum event {
	EV_TIMER,          /* the time of the early refresh, or the end of a pause, has come */
	EV_TOKEN,          /* the endpoint granted a token */
	EV_FAILED,         /* no answer, or none of use */
	EV_REFUSED,        /* the endpoint says that asking is in vain */
	EV_REJECTED,       /* an API call with the token was answered 401 */
	EV_REJECTED_AGAIN, /* the same, with a token that was got for that reason */
	EV_LOGIN,          /* somebody has logged in: there are new tokens of both kinds */
	EV_SECRETS,        /* a human has brought others */
};

struct oauth {
	enum oauth_state state;
	char *name;
	char *token_url;
	char *ca_file;
	char *client_id;
	char *refresh_token_file;
	struct secret *client_secret; /* owned */
	struct secret *refresh_token; /* owned; NULL: nobody has logged in yet */
	struct secret *stale_token;   /* owned; what stands where the newer one could not be
				       * written; NULL: nothing does */
	ms_t timeout_ms;

	char *token; /* NULL: none that may be used */
	ms_t token_expires_ms;
	struct token_trust trust;

	struct http_client *http; /* lent */
	struct http_call *call;   /* in OAUTH_ASKING */
	ms_t asked_ms;
	struct timer *timer; /* owned; runs in OAUTH_RESTING and OAUTH_PAUSING */
	struct backoff backoff;
	char why[256];
	oauth_changed *changed;
	void *arg;
};

/* clang-format off */
static const struct {
	enum oauth_state from;
	enum event event;
	enum oauth_state to;
} transitions[] = {
	{ .from = OAUTH_ASKING,  .event = EV_TOKEN,          .to = OAUTH_RESTING },
	{ .from = OAUTH_ASKING,  .event = EV_FAILED,         .to = OAUTH_PAUSING },
	{ .from = OAUTH_ASKING,  .event = EV_REFUSED,        .to = OAUTH_DEAD    },
	{ .from = OAUTH_ASKING,  .event = EV_REJECTED,       .to = OAUTH_ASKING  },
	{ .from = OAUTH_ASKING,  .event = EV_REJECTED_AGAIN, .to = OAUTH_ASKING  },
	{ .from = OAUTH_RESTING, .event = EV_SECRETS,        .to = OAUTH_ASKING  },
	{ .from = OAUTH_PAUSING, .event = EV_SECRETS,        .to = OAUTH_ASKING  },
	{ .from = OAUTH_DEAD,    .event = EV_SECRETS,        .to = OAUTH_ASKING  },
	{ .from = OAUTH_RESTING, .event = EV_TIMER,          .to = OAUTH_ASKING  },
	{ .from = OAUTH_RESTING, .event = EV_REJECTED,       .to = OAUTH_ASKING  },
	{ .from = OAUTH_RESTING, .event = EV_REJECTED_AGAIN, .to = OAUTH_PAUSING },
	{ .from = OAUTH_PAUSING, .event = EV_TIMER,          .to = OAUTH_ASKING  },
	{ .from = OAUTH_PAUSING, .event = EV_REJECTED,       .to = OAUTH_PAUSING },
	{ .from = OAUTH_PAUSING, .event = EV_REJECTED_AGAIN, .to = OAUTH_PAUSING },
	{ .from = OAUTH_ASKING,  .event = EV_LOGIN,          .to = OAUTH_RESTING },
	{ .from = OAUTH_RESTING, .event = EV_LOGIN,          .to = OAUTH_RESTING },
	{ .from = OAUTH_PAUSING, .event = EV_LOGIN,          .to = OAUTH_RESTING },
	{ .from = OAUTH_DEAD,    .event = EV_LOGIN,          .to = OAUTH_RESTING },
};
/* clang-format on */

static const char *const state_names[OAUTH_STATES] = {
	[OAUTH_ASKING] = "asking",
	[OAUTH_RESTING] = "resting",
	[OAUTH_PAUSING] = "pausing",
	[OAUTH_DEAD] = "dead",
};

static void handle(struct oauth *o, enum event event);

static void
drop_token(struct oauth *o)
{
	wipe_free(o->token);
	o->token = NULL;
}

/* ---- what is done in a state ----------------------------------------------------------------- */

static void
on_timer(void *arg)
{
	struct oauth *o = arg;

	/* A token that lived to its early refresh was accepted after all. */
	if (o->state == OAUTH_RESTING)
		token_trust_renewed(&o->trust);
	handle(o, EV_TIMER);
}

static void
rest(struct oauth *o)
{
	ms_t life_ms = o->token_expires_ms - o->asked_ms;
	ms_t early_ms = life_ms * EARLY_PERCENT / 100;

	if (early_ms > EARLY_MS)
		early_ms = EARLY_MS;
	timer_start(o->timer, o->token_expires_ms - early_ms - clock_now());
}

static void
pause_a_while(struct oauth *o)
{
	uint32_t random = 0;

	/* Without randomness the pause is merely at the short end of its range. */
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	ms_t pause_ms = backoff_next(&o->backoff, random);
	log_warn("oauth refresh failed", LOG_ID("google", o->name), LOG_STR("why", o->why),
		LOG_INT("next_ms", pause_ms));
	timer_start(o->timer, pause_ms);
}

static void on_answer(const struct http_answer *answer, void *arg);

static void
ask(struct oauth *o)
{
	char *form = oauth_answer_form(
		o->client_id, secret_text(o->client_secret), secret_text(o->refresh_token));
	struct http_request request = {
		.method = "POST",
		.url = o->token_url,
		.content_type = "application/x-www-form-urlencoded",
		.body = form,
		.body_len = strlen(form),
		.ca_file = o->ca_file,
		.timeout_ms = o->timeout_ms,
	};

	timer_stop(o->timer);
	o->asked_ms = clock_now();
	o->call = http_client_start(o->http, &request, on_answer, o);
	wipe_free(form);
}

static void
enter(struct oauth *o, enum oauth_state state)
{
	enum oauth_state old = o->state;

	if (old == state)
		return;
	o->state = state;
	log_debug("oauth state", LOG_ID("google", o->name), LOG_STR("from", state_names[old]),
		LOG_STR("to", state_names[state]));
	switch (state) {
	case OAUTH_ASKING:
		ask(o);
		break;
	case OAUTH_RESTING:
		rest(o);
		break;
	case OAUTH_PAUSING:
		pause_a_while(o);
		break;
	case OAUTH_DEAD:
		drop_token(o);
		log_error("oauth account refused: log in anew", LOG_ID("google", o->name),
			LOG_STR("why", o->why));
		break;
	case OAUTH_STATES:
		assert(!"a state");
	}
}

static void
handle(struct oauth *o, enum event event)
{
	for (size_t i = 0; i < sizeof(transitions) / sizeof(*transitions); i++)
		if (transitions[i].from == o->state && transitions[i].event == event) {
			enter(o, transitions[i].to);
			return;
		}
	assert(o->state == OAUTH_DEAD);
}

/* ---- answers --------------------------------------------------------------------------------- */

/* Takes fresh, which may be NULL. */
static void
set_secret(struct secret **kept, struct secret *fresh)
{
	secret_free(*kept);
	*kept = fresh;
}

/* As oauth_login. */
static int
store_refresh_token(struct oauth *o)
{
	errno = 0;
	if (!o->refresh_token_file) {
		log_warn("oauth new refresh token is kept in memory only",
			LOG_ID("google", o->name));
		return -1;
	}
	if (secret_write(o->refresh_token_file, o->refresh_token) != 0) {
		int saved = errno;
		log_error("oauth new refresh token cannot be stored", LOG_ID("google", o->name),
			LOG_STR("file", o->refresh_token_file), LOG_STR("why", strerror(saved)));
		errno = saved;
		return -1;
	}
	set_secret(&o->stale_token, NULL);
	log_info("oauth new refresh token stored", LOG_ID("google", o->name),
		LOG_STR("file", o->refresh_token_file));
	return 0;
}

static int
keep_refresh_token(struct oauth *o, const char *text)
{
	struct secret *s = secret_new(text);

	if (!s)
		abort(); /* oauth_answer.c takes nothing else */
	/* Of several that could not be written the first is the one that stands there. */
	if (!o->stale_token) {
		o->stale_token = o->refresh_token;
		o->refresh_token = NULL;
	}
	set_secret(&o->refresh_token, s);
	return store_refresh_token(o);
}

static void
keep_token(struct oauth *o, struct oauth_answer *a)
{
	drop_token(o);
	o->token = a->access_token;
	a->access_token = NULL;
	/* Counted from the question: the endpoint set the clock before we read its answer. */
	o->token_expires_ms = o->asked_ms + a->expires_in_s * 1000;
	token_trust_granted(&o->trust, clock_now());
	o->why[0] = '\0';
	if (!o->trust.replaces)
		backoff_reset(&o->backoff);
	log_info("oauth token granted", LOG_ID("google", o->name),
		LOG_INT("expires_in_s", a->expires_in_s),
		LOG_INT("after_ms", clock_now() - o->asked_ms));
}

static enum event
read_answer(struct oauth *o, const struct http_answer *answer)
{
	struct oauth_answer a;
	enum event event = EV_FAILED;

	oauth_answer_parse(answer->status, answer->body, answer->body_len, &a);
	if (a.verdict == OAUTH_GRANTED) {
		keep_token(o, &a);
		if (a.refresh_token)
			keep_refresh_token(o, a.refresh_token);
		event = EV_TOKEN;
	} else {
		memcpy(o->why, a.why, sizeof(o->why));
		event = a.verdict == OAUTH_REFUSED ? EV_REFUSED : EV_FAILED;
	}
	oauth_answer_clear(&a);
	return event;
}

static void
on_answer(const struct http_answer *answer, void *arg)
{
	struct oauth *o = arg;
	enum event event = EV_FAILED;

	o->call = NULL;
	if (answer->err == 0)
		event = read_answer(o, answer);
	else
		snprintf(o->why, sizeof(o->why), "%s: %s", err_text(answer->err), answer->why);
	o->backoff.cap_ms = PAUSE_FAILED_MS;
	handle(o, event);
	o->changed(o, o->arg);
}

/* ---- the account ----------------------------------------------------------------------------- */

static void
expect_login(struct oauth *o)
{
	snprintf(o->why, sizeof(o->why), "there is no refresh token yet: camctl login %s", o->name);
	log_error("oauth has no refresh token: log in", LOG_ID("google", o->name),
		LOG_STR("file", o->refresh_token_file));
}

struct oauth *
oauth_new(uv_loop_t *loop, struct http_client *http, const struct oauth_settings *s,
	oauth_changed *changed, void *arg)
{
	struct oauth *o = xcalloc(1, sizeof(*o));

	*o = (struct oauth){
		.state = s->refresh_token ? OAUTH_ASKING : OAUTH_DEAD,
		.name = xstrdup(s->name),
		.token_url = xstrdup(s->token_url),
		.ca_file = xstrdup(s->ca_file),
		.client_id = xstrdup(s->client_id),
		.refresh_token_file = xstrdup(s->refresh_token_file),
		.client_secret = s->client_secret,
		.refresh_token = s->refresh_token,
		.timeout_ms = s->timeout_ms,
		.http = http,
		.timer = timer_new(loop, on_timer, o),
		.backoff = { .first_ms = 1000, .jitter_percent = 20 },
		.changed = changed,
		.arg = arg,
	};
	if (s->refresh_token)
		ask(o);
	else
		expect_login(o);
	return o;
}

void
oauth_free(struct oauth *o)
{
	if (!o)
		return;
	if (o->call)
		http_client_cancel(o->call);
	timer_free(o->timer);
	drop_token(o);
	secret_free(o->client_secret);
	secret_free(o->refresh_token);
	secret_free(o->stale_token);
	free(o->name);
	free(o->token_url);
	free(o->ca_file);
	free(o->client_id);
	free(o->refresh_token_file);
	token_trust_clear(&o->trust);
	free(o);
}

static bool
is_same(const struct secret *a, const struct secret *b)
{
	return a && b && strcmp(secret_text(a), secret_text(b)) == 0;
}

/* Takes fresh, which may be NULL, over. True if it is another. */
static bool
take_secret(struct secret **kept, struct secret *fresh)
{
	if (!fresh || is_same(*kept, fresh)) {
		secret_free(fresh);
		return false;
	}
	set_secret(kept, fresh);
	return true;
}

/* Asks anew, with secrets that are others now. Without a refresh token there is nothing to ask
 * with. */
static void
begin_anew(struct oauth *o)
{
	if (!o->refresh_token)
		return;
	if (o->state != OAUTH_ASKING) {
		handle(o, EV_SECRETS);
		return;
	}
	http_client_cancel(o->call);
	ask(o);
}

bool
oauth_set_secrets(struct oauth *o, struct secret *client_secret, struct secret *refresh_token)
{
	bool fresh = take_secret(&o->client_secret, client_secret);

	if (is_same(o->stale_token, refresh_token)) {
		secret_free(refresh_token);
	} else if (take_secret(&o->refresh_token, refresh_token)) {
		set_secret(&o->stale_token, NULL);
		fresh = true;
	}
	/* Who refused it may have been put right. */
	if (fresh || o->state == OAUTH_DEAD)
		begin_anew(o);
	return fresh;
}

const char *
oauth_bearer(const struct oauth *o)
{
	return o->token && clock_now() < o->token_expires_ms ? o->token : NULL;
}

void
oauth_accept(struct oauth *o, const char *bearer)
{
	if (!o->token || strcmp(o->token, bearer) != 0)
		return;
	token_trust_worked(&o->trust, clock_now());
	backoff_reset(&o->backoff);
}

bool
oauth_reject(struct oauth *o, const char *bearer, const char *device)
{
	/* Late words about a token that was replaced already say nothing new. */
	if (!o->token || strcmp(o->token, bearer) != 0)
		return true;
	enum token_fault fault = token_trust_rejected(&o->trust, device, clock_now());
	if (fault == TOKEN_GOOD)
		return false;
	snprintf(o->why, sizeof(o->why), "the API rejected the access token");
	drop_token(o);
	o->backoff.cap_ms = PAUSE_REJECTED_MS;
	handle(o, fault == TOKEN_REJECTED ? EV_REJECTED : EV_REJECTED_AGAIN);
	return true;
}

char *
oauth_code_form(const struct oauth *o, const char *code, const char *redirect_uri)
{
	return oauth_answer_code_form(
		o->client_id, secret_text(o->client_secret), code, redirect_uri);
}

int
oauth_login(struct oauth *o, struct oauth_answer *granted, ms_t asked_ms)
{
	if (o->call)
		http_client_cancel(o->call);
	o->call = NULL;
	o->asked_ms = asked_ms;
	token_trust_renewed(&o->trust);
	keep_token(o, granted);
	int result = keep_refresh_token(o, granted->refresh_token);
	int saved = errno;
	if (o->state == OAUTH_RESTING)
		rest(o); /* enter() has nothing to do: only the time has changed */
	handle(o, EV_LOGIN);
	errno = saved;
	return result;
}

enum oauth_state
oauth_state(const struct oauth *o)
{
	return o->state;
}

const char *
oauth_state_name(enum oauth_state state)
{
	return state_names[state];
}

const char *
oauth_why(const struct oauth *o)
{
	return o->why;
}
