#ifndef SUPERVISOR_HTTP_LIMIT_H
#define SUPERVISOR_HTTP_LIMIT_H

#include <stddef.h>

#include "common/clock.h"

/* How much each client of the HTTP side may: connections at once, requests a second. Pure. */
struct http_limit;

struct http_limit_config {
	size_t connections;          /* of all clients together */
	size_t connections_per_peer; /* of one address */
	int requests_per_second;     /* of one address, over time; */
	int burst;                   /* and so many at once */
};

/* Never NULL. NULL is fine to free. */
struct http_limit *http_limit_new(const struct http_limit_config *config);
void http_limit_free(struct http_limit *l);

enum http_limit_verdict { HTTP_LIMIT_OK, HTTP_LIMIT_PEER, HTTP_LIMIT_ALL };

/* A connection of that address has come: whether it may be served. Whatever is said, it counts
 * until http_limit_disconnect. */
enum http_limit_verdict http_limit_connect(struct http_limit *l, const char *peer, ms_t now);
void http_limit_disconnect(struct http_limit *l, const char *peer);

/* Connections now. */
size_t http_limit_connections(const struct http_limit *l);

/* A request of that address: 0 if it may be served, else the ms after which one may. */
ms_t http_limit_request(struct http_limit *l, const char *peer, ms_t now);

#endif
