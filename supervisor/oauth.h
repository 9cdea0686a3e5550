#ifndef SUPERVISOR_OAUTH_H
#define SUPERVISOR_OAUTH_H

#include <stdbool.h>
#include <uv.h>

#include "common/clock.h"
#include "supervisor/http_client.h"
#include "supervisor/oauth_answer.h"
#include "supervisor/secret.h"

/* The access token of one Google account, kept fresh. Only holder of that account's client secret
 * and refresh token. */
struct oauth;

enum oauth_state {
	OAUTH_ASKING,  /* a refresh is on its way */
	OAUTH_RESTING, /* there is a token; the next refresh waits for its time */
	OAUTH_PAUSING, /* the last refresh failed; the next waits for its back-off */
	OAUTH_DEAD, /* Google refused the account: invalid_grant, invalid_client, ..., or nobody has
		     * logged in yet. A human must act; no more requests are made until oauth_login
		     */
	OAUTH_STATES
};

struct oauth_settings {
	const char *name; /* of the account, in logs; this and the next strings are copied */
	const char *token_url;
	const char *ca_file; /* NULL: the system's */
	const char *client_id;
	const char *refresh_token_file; /* where a new refresh token is written; NULL: nowhere */
	struct secret *client_secret;   /* becomes oauth's, as does the next */
	struct secret *refresh_token;   /* NULL: nobody has logged in yet */
	ms_t timeout_ms;                /* of one refresh */
};

/* Something that oauth_bearer or oauth_state says is different now. From the loop, never from
 * inside a function of this header. */
typedef void oauth_changed(struct oauth *o, void *arg);

/* Begins the first refresh at once, if there is a refresh token. Never NULL. */
struct oauth *oauth_new(uv_loop_t *loop, struct http_client *http, const struct oauth_settings *s,
	oauth_changed *changed, void *arg);

/* Before its http_client. Its timer is closed when the loop has run once more. */
void oauth_free(struct oauth *o);

/* The secrets may be others now: they become oauth's; NULL: nothing new is known of it. What is as
 * before changes nothing, but that an account which was refused is tried again. A refresh token
 * that Google itself has replaced, while the new one could not be written down, is not taken back.
 * True if something is new: then a refresh begins. */
bool oauth_set_secrets(struct oauth *o, struct secret *client_secret, struct secret *refresh_token);

/* A token that is valid now, lent until the loop turns; or NULL: one is on its way and changed will
 * come, or the state is OAUTH_DEAD. A token stays in use while its early refresh is tried. */
const char *oauth_bearer(const struct oauth *o);

/* A call with this token worked. Late words are heard without harm. */
void oauth_accept(struct oauth *o, const char *bearer);

/* A call about this device ("": about none) was answered 401. True: the token's fault. The first
 * word about a token drops it and begins one refresh, however many calls bring the same word; one
 * that was itself got because of a 401 is replaced after a pause, so that an account whose tokens
 * are all rejected makes no storm. False: the device's own, the token stays (token_trust.h). */
bool oauth_reject(struct oauth *o, const char *bearer, const char *device);

/* The body of the request that exchanges a login's code for tokens; yours to wipe and free. */
char *oauth_code_form(const struct oauth *o, const char *code, const char *redirect_uri);

/* A login was granted, refresh token included, in answer to a request of asked_ms: both tokens are
 * taken over, whatever the state was. Returns 0, or -1 if the refresh token could not be stored
 * (errno says why) or nowhere can be (errno is 0); it is in use all the same. changed does not
 * come.
 */
int oauth_login(struct oauth *o, struct oauth_answer *granted, ms_t asked_ms);

enum oauth_state oauth_state(const struct oauth *o);
const char *oauth_state_name(enum oauth_state state);

/* Why the last refresh failed, in Google's words ("invalid_grant: Token has been expired or
 * revoked."), or "". Lent until the loop turns. */
const char *oauth_why(const struct oauth *o);

#endif
