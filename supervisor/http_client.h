#ifndef SUPERVISOR_HTTP_CLIENT_H
#define SUPERVISOR_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/clock.h"

/* HTTP and HTTPS requests on a libuv loop; any number at once, connections are kept and reused.
 * Redirects are not followed, certificates are verified, proxies of the environment are ignored. */
struct http_client;
struct http_call; /* one request in flight; the client's, gone once its answer was given */

/* Everything is lent for the length of http_client_start only. */
struct http_request {
	const char *method; /* "GET", "POST", "PUT", "DELETE" */
	const char *url;    /* http:// or https:// */
	const char *bearer; /* sent as "Authorization: Bearer ..."; NULL: none. Never logged */
	const char *content_type; /* NULL: none */
	/* Further headers, "Name: value", up to a NULL; NULL: none. Wiped like the bearer. */
	const char *const *headers;
	const char *body; /* NULL: none. Given to the wire at most once, see below */
	size_t body_len;
	const char *ca_file; /* PEM: trusted instead of the system's; NULL: the system's */
	/* For all of it: name, connection, TLS, answer. Above 0. Above 5 s, glibc finds the name
	 * though the first name server is dead (resolv.conf(5), timeout). All but the answer has 10
	 * s at most, and so has a path on which nothing arrives. */
	ms_t timeout_ms;
};

struct http_answer {
	int err;          /* 0: an answer came, whatever its status says; else an enum err */
	const char *why;  /* curl's sentence when err is not 0, else "" */
	bool sent;        /* the server may have got the request (always so when err is 0) */
	int status;       /* 200, 429, ...; 0 when err is not 0 */
	const char *body; /* NUL-terminated beyond its length; "" for none */
	size_t body_len;
	ms_t retry_after_ms; /* of Retry-After, seconds or date; -1: absent or not understood */
	int64_t date_us;     /* of Date: wall time of the server, in whole seconds; 0: absent */
	const struct http_call *call; /* for http_answer_header */
};

/* The value of the i-th header of that name (of any case), i from 0; NULL past the last. Lent until
 * the next call of this function. */
const char *http_answer_header(const struct http_answer *a, const char *name, size_t i);

/* The answer is lent for the length of the call. */
typedef void http_done(const struct http_answer *answer, void *arg);

/* Answers longer than answer_max_bytes end with ERR_RANGE. Never NULL: out of memory aborts. */
struct http_client *http_client_new(uv_loop_t *loop, size_t answer_max_bytes);

/* Drops all calls without calling back. Not from inside a callback of its own. Its libuv handles
 * are closed when the loop has run once more. */
void http_client_free(struct http_client *c);

/* Starts a request. done comes exactly once, from the loop and never from inside this function,
 * unless the call is cancelled first. A request with a body is never sent twice: where curl would
 * quietly repeat it because a kept connection turned out dead, it ends with an error instead, since
 * the first copy may have been counted or carried out. */
struct http_call *http_client_start(
	struct http_client *c, const struct http_request *r, http_done *done, void *arg);

/* What answers said of our clock by their Date. Only of requests with a bearer: they go to
 * services, whose clocks can be believed. */
struct http_client_clock {
	int64_t answers;  /* so many; 0: nothing is known */
	int64_t ahead_ms; /* ours, by the last; Date has whole seconds, hence 500 either way */
};
struct http_client_clock http_client_clock(const struct http_client *c);

/* Ends the call; done will not come. The server may carry the request out all the same. */
void http_client_cancel(struct http_call *call);

#endif
