#ifndef SUPERVISOR_OAUTH_ANSWER_H
#define SUPERVISOR_OAUTH_ANSWER_H

#include <stddef.h>
#include <stdint.h>

/* What a token endpoint is asked and what it says (RFC 6749, sections 5 and 6). Pure. */

enum oauth_verdict {
	OAUTH_GRANTED, /* access_token and expires_in_s are set */
	OAUTH_REFUSED, /* a human must act: invalid_grant, invalid_client and their like */
	OAUTH_FAILED,  /* anything else: try again later */
};

struct oauth_answer {
	enum oauth_verdict verdict;
	char *access_token;  /* freed by oauth_answer_clear; so is the next */
	char *refresh_token; /* NULL: keep the old one, as always with Google so far */
	char *scope;         /* what was granted, blanks between; NULL: not said */
	int64_t expires_in_s;
	char why[256]; /* "invalid_grant: Token has been expired or revoked." */
};

/* The body of a refresh request, form-encoded; yours to wipe and free. */
char *oauth_answer_form(
	const char *client_id, const char *client_secret, const char *refresh_token);

/* The same for the code that a login has brought (RFC 6749, 4.1.3). redirect_uri is the one of the
 * login's page. */
char *oauth_answer_code_form(const char *client_id, const char *client_secret, const char *code,
	const char *redirect_uri);

/* The page where a user grants an account: base is Google's partner connections. Yours to free. */
char *oauth_answer_login_url(const char *base, const char *project_id, const char *client_id,
	const char *redirect_uri, const char *state);

/* The only scope that is asked for: devices and their streams. */
#define OAUTH_SCOPE "https://www.googleapis.com/auth/sdm.service"

/* Reads an answer of any status and body. *out is filled whatever comes; clear it. */
void oauth_answer_parse(int status, const char *body, size_t len, struct oauth_answer *out);

/* Wipes and frees what parse allocated. */
void oauth_answer_clear(struct oauth_answer *a);

#endif
