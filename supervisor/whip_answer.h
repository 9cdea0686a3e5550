#ifndef SUPERVISOR_WHIP_ANSWER_H
#define SUPERVISOR_WHIP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"

/* What a WHIP server says (RFC 9725), read into structs. Pure. */

enum whip_error {
	WHIP_OK,
	WHIP_INVALID,      /* 400, 406, 415, 422: it does not take this offer */
	WHIP_UNAUTHORIZED, /* 401, 403 */
	WHIP_NOT_FOUND,    /* 404, 405, 410: there is no WHIP endpoint at that URL */
	WHIP_CONFLICT,     /* 409: somebody is sending there */
	WHIP_BUSY,         /* 429, 503 */
	WHIP_SERVER,       /* 5xx */
	WHIP_REFUSED,      /* any other 4xx */
	WHIP_REDIRECT,     /* a redirection that may not or cannot be followed */
	WHIP_TOKEN,        /* the file of the bearer cannot be read */
	WHIP_TIMEOUT,      /* no answer in time: whether it was carried out is unknown */
	WHIP_TRANSPORT,    /* no or broken connection: unknown too if the request was sent */
	WHIP_MALFORMED,    /* an answer that is none */
	WHIP_ERRORS
};

enum whip_request { WHIP_POST, WHIP_DELETE };

/* How much of the server's own words is kept. */
#define WHIP_WORDS_MAX 160

struct whip_answer {
	enum whip_error error;
	int status;                 /* 0: no answer came */
	ms_t retry_after_ms;        /* -1: not said */
	char words[WHIP_WORDS_MAX]; /* for people: status and what the server says; "" if OK */
	char *sdp;                  /* WHIP_OK of a POST: the answer; owned */
	char *session_url;          /* of a POST that was taken, though its answer may be of no use:
				       what a DELETE ends; NULL: none; owned; secret */
	bool etag;                  /* it could be patched, which nobody here does */
	unsigned ice_servers;       /* Link: rel=ice-server: STUN and TURN servers it offers */
};

/* Reads status and body of the answer to a request, whatever it is; location is that of the header,
 * NULL for none. type: of Content-Type, NULL for none. Does not fill session_url, retry_after_ms,
 * etag and ice_servers: these are the caller's. A DELETE of a session that is gone is WHIP_OK.
 * *out is filled whatever comes; clear it. */
struct whip_bytes {
	int status;
	const char *type;
	const char *location;
	const char *body;
	size_t len;
};
void whip_answer_parse(
	enum whip_request request, const struct whip_bytes *in, struct whip_answer *out);

/* Frees what is inside, and wipes the session's URL. */
void whip_answer_clear(struct whip_answer *a);

/* How many ice-server links there are in the value of a Link header (RFC 8288). */
unsigned whip_ice_servers(const char *link);

/* Takes every part of url's path and query out of words, and of the bearer (NULL: none): servers
 * tell what they were asked. */
void whip_scrub(char *words, const char *url, const char *bearer);

/* "unauthorized", "conflict", ... */
const char *whip_error_name(enum whip_error error);

#endif
