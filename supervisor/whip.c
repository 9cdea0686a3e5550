/* whip.c - one WHIP endpoint: its requests, its redirections, its bearer.
 * Owns the calls in flight; holds the bearer only while it is sent. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/err.h"
#include "common/wipe.h"
#include "common/xmalloc.h"
#include "supervisor/http_url.h"
#include "supervisor/secret.h"
#include "supervisor/timer.h"
#include "supervisor/whip.h"

struct whip_call {
	struct whip *whip;
	enum whip_request request;
	struct http_call *http; /* NULL: it failed before it could be sent */
	char *url;              /* where this hop goes; secret */
	char *offer;            /* WHIP_POST */
	unsigned redirects;
	struct secret *token;       /* owned; what this hop had, NULL: none */
	struct whip_answer failure; /* if http is NULL */
	whip_done *done;
	void *arg;
	LIST_ENTRY(whip_call) link;
};

struct whip {
	struct http_client *http; /* lent */
	char *url;
	char *token_file;
	char *ca_file;
	bool bearer_anywhere;
	ms_t timeout_ms;
	struct timer *timer;          /* owned; for calls that have failed already */
	LIST_HEAD(, whip_call) calls; /* owned */
};

static void on_answer(const struct http_answer *a, void *arg);

static void
call_free(struct whip_call *call)
{
	LIST_REMOVE(call, link);
	wipe_free(call->url);
	secret_free(call->token);
	free(call->offer);
	free(call);
}

static void
finish(struct whip_call *call, struct whip_answer *a)
{
	whip_done *done = call->done;
	void *arg = call->arg;

	call_free(call);
	done(a, arg);
	whip_answer_clear(a);
}

/* ---- where a secret may go ------------------------------------------------------------------- */

static bool
gets_bearer(const struct whip *w, const char *url)
{
	struct http_url own, to;

	if (!w->token_file || http_url_parse(w->url, &own) < 0 || http_url_parse(url, &to) < 0)
		return false;
	if (!to.https && !http_url_is_loopback(&to))
		return false;
	return w->bearer_anywhere || strcmp(own.host, to.host) == 0;
}

/* Whether an answer from one URL may lead to another. */
static bool
may_follow(const char *from, const char *to)
{
	struct http_url a, b;

	if (http_url_parse(from, &a) < 0 || http_url_parse(to, &b) < 0)
		return false;
	return b.https || (!a.https && http_url_is_loopback(&b));
}

/* ---- requests -------------------------------------------------------------------------------- */

/* What failed here is told from the loop as well. */
static void
fail_later(struct whip_call *call, enum whip_error error, const char *words)
{
	call->http = NULL;
	call->failure = (struct whip_answer){ .error = error, .retry_after_ms = -1 };
	snprintf(call->failure.words, sizeof(call->failure.words), "%s", words);
	timer_start(call->whip->timer, 0);
}

static void
on_timer(void *arg)
{
	struct whip *w = arg;
	struct whip_call *call;

	LIST_FOREACH(call, &w->calls, link)
	if (!call->http)
		break;
	if (!call)
		return;
	struct whip_answer a = call->failure;
	timer_start(w->timer, 0); /* there may be another */
	finish(call, &a);         /* may free w */
}

static void
send_hop(struct whip_call *call)
{
	struct whip *w = call->whip;
	char why[WHIP_WORDS_MAX];
	bool post = call->request == WHIP_POST;

	secret_free(call->token);
	call->token = NULL;
	if (gets_bearer(w, call->url) &&
		secret_read(w->token_file, &call->token, why, sizeof(why)) < 0) {
		fail_later(call, WHIP_TOKEN, why);
		return;
	}
	struct http_request r = {
		.method = post ? "POST" : "DELETE",
		.url = call->url,
		.bearer = call->token ? secret_text(call->token) : NULL,
		.content_type = post ? "application/sdp" : NULL,
		.body = call->offer,
		.body_len = call->offer ? strlen(call->offer) : 0,
		.ca_file = w->ca_file,
		.timeout_ms = w->timeout_ms,
	};
	call->http = http_client_start(w->http, &r, on_answer, call);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void
parse(const struct whip_call *call, const struct http_answer *a, struct whip_answer *out)
{
	struct whip_bytes in = { .status = a->status, .body = a->body, .len = a->body_len };
	char type[80], location[4096];
	const char *text = http_answer_header(a, "Content-Type", 0);

	snprintf(type, sizeof(type), "%s", text ? text : "");
	text = http_answer_header(a, "Location", 0);
	snprintf(location, sizeof(location), "%s", text ? text : "");
	in.type = type;
	in.location = location;
	whip_answer_parse(call->request, &in, out);
	out->retry_after_ms = a->retry_after_ms;
	out->etag = http_answer_header(a, "ETag", 0) != NULL;
	text = http_answer_header(a, "Link", 0);
	for (size_t i = 1; text; text = http_answer_header(a, "Link", i++))
		out->ice_servers += whip_ice_servers(text);
	if (call->request == WHIP_POST && a->status >= 200 && a->status < 300 && location[0])
		out->session_url = http_url_resolve(call->url, location);
}

static void
fail(struct whip_answer *out, enum whip_error error, const char *words)
{
	whip_answer_clear(out);
	out->error = error;
	out->retry_after_ms = -1;
	snprintf(out->words, sizeof(out->words), "%s", words);
}

static void
secure_session(const struct whip_call *call, struct whip_answer *out)
{
	char *url = out->session_url ? http_url_secured(call->url, out->session_url) : NULL;

	if (!url)
		return;
	wipe_free(out->session_url);
	out->session_url = url;
}

/* The session's URL gets the bearer, so it must be fit for it. */
static void
check_session(const struct whip_call *call, struct whip_answer *out)
{
	secure_session(call, out);
	if (out->sdp && !out->session_url) {
		fail(out, WHIP_MALFORMED, "the answer's Location is no URL");
	} else if (out->session_url && !may_follow(call->url, out->session_url)) {
		wipe_free(out->session_url);
		out->session_url = NULL;
		if (out->sdp)
			fail(out, WHIP_MALFORMED, "the answer's Location is not https");
	}
}

static void
scrub(const struct whip_call *call, struct whip_answer *out)
{
	whip_scrub(out->words, call->url, call->token ? secret_text(call->token) : NULL);
	whip_scrub(out->words, call->whip->url, NULL);
}

/* Where an offer is sent on to, as a text of its own; NULL with the reason in *out. */
static char *
redirected(const struct whip_call *call, const struct http_answer *a, struct whip_answer *out)
{
	const char *location = http_answer_header(a, "Location", 0);
	char *to = location ? http_url_resolve(call->url, location) : NULL;

	if (!to)
		fail(out, WHIP_REDIRECT, "a redirection to no URL");
	else if (!may_follow(call->url, to))
		fail(out, WHIP_REDIRECT, "a redirection that is not https is not followed");
	else if (call->redirects >= WHIP_REDIRECTS_MAX)
		fail(out, WHIP_REDIRECT, "redirected too often");
	else
		return to;
	free(to);
	return NULL;
}

/* True if the request is on its way to somewhere else. */
static bool
follow(struct whip_call *call, const struct http_answer *a, struct whip_answer *out)
{
	if (a->status < 300 || a->status >= 400)
		return false;
	if (call->request != WHIP_POST || (a->status != 307 && a->status != 308)) {
		char words[64];
		snprintf(words, sizeof(words), "%d: only 307 and 308 keep an offer", a->status);
		fail(out, WHIP_REDIRECT, words);
		return false;
	}
	char *to = redirected(call, a, out);
	if (!to)
		return false;
	wipe_free(call->url);
	call->url = to;
	call->redirects++;
	send_hop(call);
	return true;
}

/* A refusal that may be due to what was kept back is told with that. */
static void
explain(const struct whip_call *call, struct whip_answer *out)
{
	char words[WHIP_WORDS_MAX];

	if (out->error != WHIP_UNAUTHORIZED || !call->whip->token_file || call->token)
		return;
	snprintf(words, sizeof(words), "redirected to another host, which got no token: %.100s",
		out->words);
	memcpy(out->words, words, sizeof(words));
}

static void
on_answer(const struct http_answer *a, void *arg)
{
	struct whip_call *call = arg;
	struct whip_answer out = { .retry_after_ms = -1 };
	char words[WHIP_WORDS_MAX];

	if (a->err) {
		snprintf(words, sizeof(words), "%s: %s", err_text(a->err), a->why);
		fail(&out, a->err == ERR_TIMEOUT ? WHIP_TIMEOUT : WHIP_TRANSPORT, words);
	} else {
		if (follow(call, a, &out))
			return;
		if (out.error == WHIP_OK)
			parse(call, a, &out);
		check_session(call, &out);
	}
	scrub(call, &out);
	explain(call, &out);
	finish(call, &out);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static struct whip_call *
start(struct whip *w, enum whip_request request, const char *url, const char *offer,
	whip_done *done, void *arg)
{
	struct whip_call *call = xcalloc(1, sizeof(*call));

	*call = (struct whip_call){ .whip = w,
		.request = request,
		.url = xstrdup(url),
		.offer = xstrdup(offer),
		.done = done,
		.arg = arg };
	LIST_INSERT_HEAD(&w->calls, call, link);
	send_hop(call);
	return call;
}

struct whip_call *
whip_post(struct whip *w, const char *offer, whip_done *done, void *arg)
{
	return start(w, WHIP_POST, w->url, offer, done, arg);
}

struct whip_call *
whip_delete(struct whip *w, const char *session_url, whip_done *done, void *arg)
{
	return start(w, WHIP_DELETE, session_url, NULL, done, arg);
}

void
whip_cancel(struct whip_call *call)
{
	if (call->http)
		http_client_cancel(call->http);
	call_free(call);
}

struct whip *
whip_new(uv_loop_t *loop, struct http_client *http, const struct whip_settings *s)
{
	struct whip *w = xcalloc(1, sizeof(*w));

	*w = (struct whip){ .http = http,
		.url = xstrdup(s->url),
		.token_file = xstrdup(s->token_file),
		.ca_file = xstrdup(s->ca_file),
		.bearer_anywhere = s->bearer_anywhere,
		.timeout_ms = s->timeout_ms };
	w->timer = timer_new(loop, on_timer, w);
	return w;
}

void
whip_free(struct whip *w)
{
	if (!w)
		return;
	while (!LIST_EMPTY(&w->calls))
		whip_cancel(LIST_FIRST(&w->calls));
	timer_free(w->timer);
	wipe_free(w->url);
	free(w->token_file);
	free(w->ca_file);
	free(w);
}
