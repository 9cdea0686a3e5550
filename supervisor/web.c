/* web.c - from a request to the handler of its route: hosts, origins, tokens, methods, bodies.
 * Owns the HTTP server, the list of route tables, and what the dashboard lives on. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/config.h"
#include "supervisor/events.h"
#include "supervisor/feed.h"
#include "supervisor/http_exchange.h"
#include "supervisor/http_listen.h"
#include "supervisor/http_server.h"
#include "supervisor/http_socket.h"
#include "supervisor/survey.h"
#include "supervisor/token_file.h"
#include "supervisor/web.h"
#include "supervisor/web_body.h"
#include "supervisor/web_history.h"
#include "supervisor/web_routes.h"

/* A configuration of a camera is 2 kB, an SDP answer 10 kB. */
#define BODY_MAX (64 * 1024)
/* A dashboard takes six connections of a browser, 50 scrapes a second one. */
#define CONNECTIONS_MAX 512
#define CONNECTIONS_PER_PEER 256
#define REQUESTS_PER_SECOND 200
#define REQUESTS_BURST 400

struct web {
	struct supervisor *supervisor;
	struct tokens *tokens;
	struct events *events;
	struct http_server *server;
	struct feed *feed;
	struct web_history *history;
	struct survey *survey;
	char *names; /* other names of this host that requests may carry; NULL: none */
	bool loopback;
};

/* What is served; those that stand first are looked through first. */
static const struct http_route *const tables[] = {
	web_health_routes,
	web_recordings_routes,
	web_control_routes,
	web_metrics_routes,
	web_consumer_routes,
	web_whep_routes,
	web_assets_routes,
	web_session_routes,
	web_events_routes,
	web_history_routes,
	web_playback_routes,
	web_snapshot_routes,
	web_openapi_routes,
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

/* ---- answers --------------------------------------------------------------------------------- */

static void
call_free(struct web_call *c)
{
	json_free(c->body);
	free(c);
}

void
web_respond(struct web_call *c, struct http_response *response)
{
	http_respond(c->exchange, response);
	call_free(c);
}

void
web_reply(struct web_call *c, int status, struct json *j)
{
	struct http_response r = http_response_json(status, j);

	web_respond(c, &r);
}

void
web_fail(struct web_call *c, int status, const char *sentence)
{
	struct http_response r = http_response_error(status, sentence);

	/* Without it a page of another origin is told "network error" and nothing else. */
	if (c->match.route && c->match.route->cors && tokens_count(c->web->tokens) > 0)
		http_response_add(&r, "Access-Control-Allow-Origin", "*");
	if (status == 401)
		http_response_add(&r, "WWW-Authenticate", "Bearer realm=\"camrelay\"");
	web_respond(c, &r);
}

void
web_file(struct web_call *c, const char *path, const char *type)
{
	http_respond_file(c->exchange, path, type);
	call_free(c);
}

void
web_files(struct web_call *c, const struct http_part *parts, size_t count, const char *type,
	const char *disposition)
{
	http_respond_files(c->exchange, parts, count, type, disposition);
	call_free(c);
}

void
web_upgrade(struct web_call *c, const struct http_socket_handler *handler)
{
	http_exchange_upgrade(c->exchange, handler);
	call_free(c);
}

const char *
web_value(const struct web_call *c, const char *name)
{
	return http_route_value(&c->match, name);
}

bool
web_sees(const struct web_call *c, const char *camera)
{
	return !c->token || token_sees(c->token, camera);
}

/* ---- who asks -------------------------------------------------------------------------------- */

/* The value of our cookie among "a=1; b=2" (RFC 6265 4.2); NULL: it is not there. */
static const char *
find_cookie(const char *cookies, size_t *len)
{
	size_t name = strlen(WEB_COOKIE);

	for (const char *at = cookies; at && *at; at += strspn(at, "; ")) {
		*len = strcspn(at, ";");
		if (strncmp(at, WEB_COOKIE "=", name + 1) == 0) {
			*len -= name + 1;
			return at + name + 1;
		}
		at += *len;
	}
	return NULL;
}

/* The token's text, in buffer; NULL if none was given. */
static const char *
given_token(const struct http_message *m, char *buffer, size_t size)
{
	const char *bearer = m->fields[HTTP_AUTHORIZATION];
	size_t len;

	if (bearer && strncasecmp(bearer, "Bearer ", 7) == 0) {
		snprintf(buffer, size, "%s", bearer + 7 + strspn(bearer + 7, " "));
		return buffer;
	}
	const char *cookie = find_cookie(m->fields[HTTP_COOKIE], &len);
	if (!cookie)
		return NULL;
	snprintf(buffer, size, "%.*s", (int)len, cookie);
	return buffer;
}

/* Whether one was given; *token is NULL if it is not valid. */
static bool
find_token(const struct web_call *c, const struct token **token)
{
	unsigned char hash[TOKEN_HASH_BYTES];
	char text[256];

	*token = NULL;
	if (!given_token(c->message, text, sizeof(text)))
		return false;
	token_hash(text, hash);
	explicit_bzero(text, sizeof(text));
	*token = tokens_find(c->web->tokens, hash);
	return true;
}

const struct token *
web_token(const struct web_call *c)
{
	const struct token *token;

	find_token(c, &token);
	return token;
}

/* Sets c->token. Returns 0 or the status of a refusal, with its sentence. */
static int
check_token(struct web_call *c, const char **why)
{
	const struct http_route *route = c->match.route;
	const char *camera = http_route_value(&c->match, "camera");

	if (route->role == TOKEN_NOBODY || tokens_count(c->web->tokens) == 0)
		return 0;
	*why = "this needs a token: Authorization: Bearer ...";
	if (!find_token(c, &c->token))
		return 401;
	*why = "there is no such token";
	if (!c->token)
		return 401;
	*why = "the token's role does not allow this";
	if (!token_may(c->token, route->role))
		return 403;
	*why = "the token is for other cameras";
	return (camera || route->all_cameras) && !token_sees(c->token, camera) ? 403 : 0;
}

/* No browser adds Authorization by itself: a page that sends it has the token, if there is one to
 * have. Before it does, the browser asks by OPTIONS, which changes nothing. */
static bool
may_cross(const struct web_call *c)
{
	const struct http_route *route = c->match.route;

	if (!route || !route->cors)
		return false;
	return route->method == HTTP_OPTIONS ||
	       (c->message->fields[HTTP_AUTHORIZATION] && tokens_count(c->web->tokens) > 0);
}

/* Requests that a foreign page has made a browser send. */
static int
check_origin(const struct web_call *c, const char **why)
{
	const struct http_message *m = c->message;
	bool reads = m->method == HTTP_GET || m->method == HTTP_HEAD;

	*why = "the Host is not one of this server's names: see http_names in camrelay.conf(5)";
	if (tokens_count(c->web->tokens) == 0 && !http_message_host_is_ours(m, c->web->names))
		return 421;
	*why = "a page of another origin may not do this";
	if (may_cross(c))
		return 0;
	if ((!reads || http_exchange_is_upgrade(c->exchange)) && http_message_is_foreign(m))
		return 403;
	return 0;
}

/* ---- what is asked --------------------------------------------------------------------------- */

static bool
fail(struct web_call *c, int status, const char *why)
{
	web_fail(c, status, why);
	return false;
}

static bool
no_route(struct web_call *c)
{
	struct http_response r;

	if (!c->match.known)
		return fail(c, 404, "there is nothing at this path");
	r = http_response_error(405, "this method is not for this path");
	http_response_add(&r, "Allow", c->match.allow);
	web_respond(c, &r);
	return false;
}

/* Of the body that the route takes, NULL: none. */
static const char *
body_type(const struct http_route *route)
{
	return route->request ? "application/json" : route->body_type;
}

/* Without a type there may be no body. */
static bool
is_body_type(const struct web_call *c)
{
	const struct http_route *route = c->match.route;
	const char *type = body_type(route);
	bool given = c->message->fields[HTTP_CONTENT_TYPE];

	return !type || (route->request_optional && !given) || http_message_is(c->message, type);
}

/* A head has come: what needs no body is refused before there is one. */
static bool
on_head(void *arg, struct http_exchange *x)
{
	struct web *w = arg;
	struct web_call *c = xcalloc(1, sizeof(*c));
	const char *why;
	char sentence[160];

	c->web = w;
	c->supervisor = w->supervisor;
	c->exchange = x;
	c->message = http_exchange_message(x);
	http_exchange_set_data(x, c);
	for (size_t i = 0; i < TABLES; i++)
		http_route_find(tables[i], c->message->method, c->message->path, &c->match);
	int status = check_origin(c, &why);
	if (status)
		return fail(c, status, why);
	if (!c->match.route)
		return no_route(c);
	status = check_token(c, &why);
	if (status)
		return fail(c, status, why);
	if (http_route_check_query(c->match.route, c->message, sentence, sizeof(sentence)) < 0)
		return fail(c, 400, sentence);
	if (!is_body_type(c)) {
		snprintf(sentence, sizeof(sentence), "the body must be %s",
			body_type(c->match.route));
		return fail(c, 415, sentence);
	}
	if (c->match.route->websocket != http_exchange_is_upgrade(x))
		return fail(c, 400,
			c->match.route->websocket ? "this is a WebSocket: ask for an upgrade"
						  : "there is no WebSocket here");
	if (!c->match.route->websocket)
		return true;
	c->match.route->handle(c);
	return false;
}

static void
on_request(void *arg, struct http_exchange *x)
{
	struct web_call *c = http_exchange_data(x);
	const struct http_route *route = c->match.route;
	const struct http_message *m = c->message;
	char why[200];

	(void)arg;
	if (!body_type(route) && m->body_len > 0) {
		web_fail(c, 400, "there must be no body here");
		return;
	}
	if (route->request && (m->body_len > 0 || !route->request_optional)) {
		c->body = web_body_parse(m->body ? m->body : "", m->body_len, why, sizeof(why));
		if (!c->body) {
			web_fail(c, 400, why);
			return;
		}
	}
	route->handle(c);
}

static void
on_dropped(void *arg, struct http_exchange *x)
{
	(void)arg;
	call_free(http_exchange_data(x));
}

/* ---- the server ------------------------------------------------------------------------------ */

void
web_each_table(void (*each)(void *arg, const struct http_route *table), void *arg)
{
	for (size_t i = 0; i < TABLES; i++)
		each(arg, tables[i]);
}

/* Others may reach the address: then they need tokens. */
static int
check_address(const struct web_config *config, char *why, size_t why_size)
{
	const char *address = config->config->http;

	if (http_listen_is_loopback(address))
		return 0;
	if (tokens_count(config->tokens) == 0) {
		snprintf(why, why_size,
			"http = %s: others could use it, since there is no token: make one with "
			"camctl token add while http is 127.0.0.1:PORT, or leave it there",
			address);
		return -1;
	}
	if (!config->config->http_cert)
		log_warn("http without TLS", LOG_STR("address", address),
			LOG_STR("why",
				"tokens and pictures can be read on the way: set http_cert"));
	return 0;
}

int
web_open(const struct web_config *config, struct web **out, char *why, size_t why_size)
{
	const struct config *c = config->config;
	struct web *w = NULL;

	*out = NULL;
	if (strcmp(c->http, "none") == 0)
		return 0;
	if (check_address(config, why, why_size) < 0)
		return -1;
	w = xcalloc(1, sizeof(*w));
	w->supervisor = config->supervisor;
	w->tokens = config->tokens;
	w->names = xstrdup(c->http_names);
	w->loopback = http_listen_is_loopback(c->http);
	const struct http_server_config server = { .loop = config->loop,
		.address = c->http,
		.cert = c->http_cert,
		.key = c->http_key,
		.limits = { .connections = CONNECTIONS_MAX,
			.connections_per_peer = CONNECTIONS_PER_PEER,
			.requests_per_second = REQUESTS_PER_SECOND,
			.burst = REQUESTS_BURST },
		.body_max = BODY_MAX,
		.on_head = on_head,
		.on_request = on_request,
		.on_dropped = on_dropped,
		.arg = w };
	if (http_server_new(&server, &w->server, why, why_size) < 0) {
		free(w->names);
		free(w);
		return -1;
	}
	w->events = config->events;
	w->feed = feed_new(config->loop, w->supervisor, w->tokens);
	w->history = web_history_new(config->loop, w->supervisor);
	w->survey = survey_new(config->loop);
	events_add_listener(w->events, feed_on_event, w->feed);
	*out = w;
	return 0;
}

void
web_close(struct web *w)
{
	if (!w)
		return;
	survey_free(w->survey);
	http_server_free(w->server);
	events_remove_listener(w->events, feed_on_event, w->feed);
	feed_free(w->feed);
	web_history_free(w->history);
	free(w->names);
	free(w);
}

struct feed *
web_feed(const struct web *w)
{
	return w->feed;
}

const struct web_history *
web_get_history(const struct web *w)
{
	return w->history;
}

struct survey *
web_survey(const struct web *w)
{
	return w->survey;
}

const char *
web_url(const struct web *w)
{
	return w ? http_server_url(w->server) : NULL;
}

bool
web_is_loopback(const struct web *w)
{
	return w->loopback;
}

int
web_reload(struct web *w, char *why, size_t why_size)
{
	return w ? http_server_reload_cert(w->server, why, why_size) : 0;
}

void
web_stats(const struct web *w, struct http_server_stats *out)
{
	http_server_stats(w->server, out);
}
