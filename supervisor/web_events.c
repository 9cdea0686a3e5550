/* web_events.c - the way to the feed. Keeps nothing. Loop thread. */
#include "supervisor/feed.h"
#include "supervisor/web_routes.h"

static void
listen_to(struct web_call *c)
{
	feed_take(web_feed(c->web), c);
}

/* clang-format off */
const struct http_route web_events_routes[] = {
	{ .pattern = "/events", .role = TOKEN_VIEW, .handle = listen_to, .websocket = true,
	  .summary = "The state every second, and events: JSON by WebSocket" },
	{ .pattern = NULL },
};
/* clang-format on */
