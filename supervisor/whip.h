#ifndef SUPERVISOR_WHIP_H
#define SUPERVISOR_WHIP_H

#include <stdbool.h>

#include "common/clock.h"
#include "supervisor/http_client.h"
#include "supervisor/whip_answer.h"

/* One WHIP endpoint (RFC 9725): offers go there, sessions are ended. Knows URLs, redirections and
 * the bearer; what is tried again when is the caller's.
 *
 * The bearer is read from its file for every request, so that a new one needs no reload, and is
 * sent
 * - with every POST to the host of the configured URL, after a redirection too,
 * - after a redirection to another host only if bearer_anywhere says so (RFC 9725 4.5 would have it
 *   so always; but then whoever answers there once has it for good),
 * - with the DELETE of a session, if the session's URL is on a host that got it before.
 * https never becomes http: a redirection or a Location that says so is an error. But a Location on
 * the same host and port is what a server writes that knows nothing of the proxy before it, which
 * ends TLS: its session is ended by https. */
struct whip;
struct whip_call; /* one request, with its redirections; gone once its answer was given */

/* Redirections of one offer: 307 and 308 (RFC 9725 4.5); ten is what others allow. */
#define WHIP_REDIRECTS_MAX 10

struct whip_settings {
	const char *url;        /* strings are copied */
	const char *token_file; /* what secret_read takes; NULL: no bearer is sent */
	const char *ca_file;    /* NULL: the system's */
	bool bearer_anywhere;
	ms_t timeout_ms; /* of one request */
};

/* The answer is lent for the length of the call. */
typedef void whip_done(const struct whip_answer *answer, void *arg);

/* http is lent and must outlive it. Never NULL. */
struct whip *whip_new(uv_loop_t *loop, struct http_client *http, const struct whip_settings *s);

/* Drops its calls without calling back. NULL is fine. */
void whip_free(struct whip *w);

/* Each begins now and calls done once, later, from the loop. session_url is what an answer had. */
struct whip_call *whip_post(struct whip *w, const char *offer, whip_done *done, void *arg);
struct whip_call *whip_delete(struct whip *w, const char *session_url, whip_done *done, void *arg);

/* done will not come; whether the request was carried out is unknown. */
void whip_cancel(struct whip_call *call);

#endif
