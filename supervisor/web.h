#ifndef SUPERVISOR_WEB_H
#define SUPERVISOR_WEB_H

#include "supervisor/http_route.h"
#include "supervisor/supervisor.h"

/* What camrelayd serves by HTTP: tables of routes, who may use them, and the way from a request to
 * the handler of its route. Loop thread. */
struct web;
struct config;
struct feed;
struct http_exchange;
struct http_part;
struct http_server_stats;
struct http_socket_handler;
struct json;
struct survey;
struct web_history;

/* The cookie that a browser may send its token in. */
#define WEB_COOKIE "camrelay_token"

struct web_config {
	uv_loop_t *loop;
	struct supervisor *supervisor; /* lent, as tokens and events */
	struct events *events;
	const struct config *config; /* lent for the length of web_open */
	struct tokens *tokens;
};

/* Listens where config says; *out is NULL with http = none. Returns 0, or -1 with a sentence: an
 * address that cannot be had, or others can reach and there is no token. */
int web_open(const struct web_config *config, struct web **out, char *why, size_t why_size);

/* NULL is fine; freed when libuv has let go. */
void web_close(struct web *w);

/* Calls each for every table of routes that is served, in their order. */
void web_each_table(void (*each)(void *arg, const struct http_route *table), void *arg);

/* Where it is: "http://127.0.0.1:8080"; NULL without one. Lent. */
const char *web_url(const struct web *w);

/* Whether only this machine can reach it. */
bool web_is_loopback(const struct web *w);

/* Reads the certificate again. Returns 0, or -1 with a sentence and the old one kept. */
int web_reload(struct web *w, char *why, size_t why_size);

/* The HTTP server's counters since the start. */
void web_stats(const struct web *w, struct http_server_stats *out);

/* What it tells whoever listens, and what it keeps for the dashboard. Lent. */
struct feed *web_feed(const struct web *w);
const struct web_history *web_get_history(const struct web *w);

/* Who looks through the recordings. Lent. */
struct survey *web_survey(const struct web *w);

/* ---- for handlers ---------------------------------------------------------------------------- */

/* One request that has passed all checks. Gone with its answer. */
struct web_call {
	struct web *web;
	struct supervisor *supervisor;
	struct http_exchange *exchange;
	const struct http_message *message;
	struct http_route_match match;
	const struct token *token; /* valid until the loop goes on; NULL: none was needed */
	struct json *body;         /* an object, of a route with a request; owned */
};

/* One of these, once. web_reply takes j. */
void web_reply(struct web_call *c, int status, struct json *j);
void web_fail(struct web_call *c, int status, const char *sentence);
void web_respond(struct web_call *c, struct http_response *response);
void web_file(struct web_call *c, const char *path, const char *type);
void web_files(struct web_call *c, const struct http_part *parts, size_t count, const char *type,
	const char *disposition);
void web_upgrade(struct web_call *c, const struct http_socket_handler *handler);

/* The value of {name} in the path. */
const char *web_value(const struct web_call *c, const char *name);

/* The token that was sent, where the route needs none too; NULL: none that is valid. Lent as
 * c->token. */
const struct token *web_token(const struct web_call *c);

/* Whether the caller may see that camera: to be asked for each where a list is answered. NULL: what
 * is about all, as accounts and sums are. */
bool web_sees(const struct web_call *c, const char *camera);

#endif
