#ifndef SUPERVISOR_LOGIN_H
#define SUPERVISOR_LOGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "supervisor/http_client.h"
#include "supervisor/oauth.h"

struct config_google;

/* A person's login to one account: the page to open, and the exchange of the code that it brings
 * for a refresh token, which is stored. One at a time: a new one ends the old. Loop thread. */
struct login;

enum login_state {
	LOGIN_NONE,
	LOGIN_OPEN,       /* the page's address was given out; the code is to come */
	LOGIN_EXCHANGING, /* Google is asked */
	LOGIN_GRANTED,
	LOGIN_FAILED,
	LOGIN_STATES
};

struct login_config {
	struct http_client *http; /* lent, as the next two */
	struct oauth *oauth;
	const struct config_google *google;
	const char *project_id; /* this and the next are copied */
	const char *client_id;
	void (*on_granted)(void *arg); /* from the loop */
	void *arg;
};

/* LOGIN_NONE. Never NULL. */
struct login *login_new(const struct login_config *config);
void login_free(struct login *l); /* NULL is fine; before its oauth and its http_client */

/* The section says something else now; ids and secrets are as they were. It is lent as the first
 * was. */
void login_configure(struct login *l, const struct config_google *google);

/* Begins a login. Returns 0, or -1 with a sentence in why: the token could not be stored. */
int login_begin(struct login *l, char *why, size_t why_size);

/* The address of the page, and the state in it that must come back with the code. Lent until the
 * next login_begin; NULL before the first. */
const char *login_url(const struct login *l);
const char *login_state_word(const struct login *l);

/* What the page has sent the browser back with. Returns 0 if Google is being asked, or -1 with a
 * sentence: there is no such login, or that is no code. */
int login_code(struct login *l, const char *state, const char *code, char *why, size_t why_size);

/* For people. */
struct login_view {
	enum login_state state;
	const char
		*why; /* of LOGIN_FAILED; of LOGIN_GRANTED: it could not be stored. "": nothing */
	const char *scope; /* of LOGIN_GRANTED, "" if Google did not say */
};
struct login_view login_view(const struct login *l);
const char *login_state_name(enum login_state state); /* "open", "exchanging", ... */

#endif
