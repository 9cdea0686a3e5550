#ifndef SUPERVISOR_HTTP_ROUTE_H
#define SUPERVISOR_HTTP_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "supervisor/http_message.h"
#include "supervisor/token.h"

/* Which method and path is what, and who may. Pure. */

struct web_call;
struct web_schema;

/* A parameter of the query. */
struct http_route_parameter {
	const char *name;
	const char *help;
	bool required;
	int max; /* above 0: it is a whole number from 0 to that; else a string */
};

/* A row of a route table; tables are static and end with a pattern of NULL. What openapi.json says
 * of a path is made of the same row. */
struct http_route {
	enum http_method method; /* HTTP_GET serves HEAD too */
	const char *pattern;     /* "/v2/cameras/{camera}/restart": {name} is one part of a path */
	enum token_role
		role; /* the least that may; a token for some cameras sees only their {camera} */
	bool all_cameras; /* about more than one camera: not for a token for some */
	void (*handle)(struct web_call *call); /* answers call->exchange, now or later */
	bool websocket;                        /* it takes it by http_exchange_upgrade */
	const char *summary;
	const struct http_route_parameter *query; /* ends with a name of NULL; NULL: none */
	const char
		*body_type; /* of a body that is no JSON, which the handler looks at; NULL: none */
	bool cors;          /* pages of other origins may, with a token of their own */
	const struct web_schema *request;  /* of a JSON body that must be there; NULL: none */
	bool request_optional;             /* it may be empty: then the call has none */
	const struct web_schema *response; /* of the JSON answered; NULL: something else */
	const char *type;                  /* of that, where response is NULL; NULL: none */
	int status;                        /* that is answered when it went well; 0: 200 */
};

#define HTTP_ROUTE_PARAMETERS_MAX 4
#define HTTP_ROUTE_VALUE_MAX 128

/* What stood for the {name}s, in their order. */
struct http_route_match {
	const struct http_route *route; /* NULL: none */
	char values[HTTP_ROUTE_PARAMETERS_MAX][HTTP_ROUTE_VALUE_MAX];
	size_t count;
	bool known;     /* there is the path, with other methods: */
	char allow[64]; /* "GET, HEAD, POST" */
};

/* Looks through a table, adding to what others found: match begins as zeros. */
void http_route_find(const struct http_route *table, enum http_method method, const char *path,
	struct http_route_match *match);

/* The value for {name}, NULL if the pattern has none. */
const char *http_route_value(const struct http_route_match *match, const char *name);

/* Whether the query has just what route takes: 0, or -1 with a sentence. */
int http_route_check_query(
	const struct http_route *route, const struct http_message *m, char *why, size_t why_size);

#endif
