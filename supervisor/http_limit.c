/* http_limit.c - what each client may use of the HTTP side.
 * Owns a row per address, a token bucket and a count of connections in each. Pure. */
#include <stdlib.h>
#include <string.h>

#include "supervisor/http_limit.h"
#include "common/xmalloc.h"

/* Addresses that are remembered. An attacker may have more (IPv6): then the one that was idle the
 * longest is forgotten, which gives it a full bucket again and no more. */
#define PEERS_MAX 1024
#define MILLI 1000

struct peer {
	char address[64];
	size_t connections;
	int64_t tokens; /* in thousandths of a request */
	ms_t at;        /* when tokens was right */
};

struct http_limit {
	struct http_limit_config config;
	size_t connections;
	size_t count;
	struct peer peers[PEERS_MAX];
};

struct http_limit *
http_limit_new(const struct http_limit_config *config)
{
	struct http_limit *l = xcalloc(1, sizeof(*l));

	l->config = *config;
	return l;
}

void
http_limit_free(struct http_limit *l)
{
	free(l);
}

static struct peer *
find(struct http_limit *l, const char *address)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->peers[i].address, address) == 0)
			return &l->peers[i];
	return NULL;
}

/* A row to be used anew; NULL if all have connections. */
static struct peer *
oldest_idle(struct http_limit *l)
{
	struct peer *oldest = NULL;

	for (size_t i = 0; i < l->count; i++) {
		struct peer *p = &l->peers[i];
		if (p->connections == 0 && (!oldest || p->at < oldest->at))
			oldest = p;
	}
	return oldest;
}

static struct peer *
get(struct http_limit *l, const char *address, ms_t now)
{
	struct peer *p = find(l, address);

	if (p)
		return p;
	p = l->count < PEERS_MAX ? &l->peers[l->count++] : oldest_idle(l);
	if (!p)
		return NULL;
	*p = (struct peer){ .tokens = (int64_t)l->config.burst * MILLI, .at = now };
	strncpy(p->address, address, sizeof(p->address) - 1);
	return p;
}

enum http_limit_verdict
http_limit_connect(struct http_limit *l, const char *peer, ms_t now)
{
	struct peer *p = get(l, peer, now);

	l->connections++;
	if (p)
		p->connections++;
	if (!p || l->connections > l->config.connections)
		return HTTP_LIMIT_ALL;
	return p->connections > l->config.connections_per_peer ? HTTP_LIMIT_PEER : HTTP_LIMIT_OK;
}

void
http_limit_disconnect(struct http_limit *l, const char *peer)
{
	struct peer *p = find(l, peer);

	l->connections--;
	if (p && p->connections > 0)
		p->connections--;
}

size_t
http_limit_connections(const struct http_limit *l)
{
	return l->connections;
}

ms_t
http_limit_request(struct http_limit *l, const char *peer, ms_t now)
{
	struct peer *p = get(l, peer, now);
	const int64_t full = (int64_t)l->config.burst * MILLI;
	const int64_t rate = l->config.requests_per_second; /* thousandths a ms */

	if (!p)
		return MILLI;
	/* Not how long it was idle, but at most until it was full: no product that overflows. */
	int64_t needed = full - p->tokens;
	if (now - p->at > needed / rate)
		p->tokens = full;
	else
		p->tokens += (now - p->at) * rate;
	p->at = now;
	if (p->tokens < MILLI)
		return (MILLI - p->tokens + rate - 1) / rate;
	p->tokens -= MILLI;
	return 0;
}
