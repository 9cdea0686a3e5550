/* web_whep.c - viewers by WHEP (draft-ietf-wish-whep): the player offers, the SFU answers. Keeps
 * nothing. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "supervisor/config_consumers.h"
#include "supervisor/consumers_view.h"
#include "supervisor/http_exchange.h"
#include "supervisor/web_consumer.h"
#include "supervisor/web_routes.h"

/* Any page may play: a browser sends it a token only if the page has one to give. */
static void
allow_origins(struct http_response *r)
{
	http_response_add(r, "Access-Control-Allow-Origin", "*");
	http_response_add(r, "Access-Control-Expose-Headers", "Location, ETag, Link, Retry-After");
}

/* Of a STUN server, if one is configured; value is the header's, and lives as long as it. */
static void
add_link(const struct web_call *c, struct http_response *r, char *value, size_t size)
{
	const char *stun = consumers_limits(supervisor_consumers(c->supervisor))->stun_server;

	if (!stun)
		return;
	snprintf(value, size, "<stun:%s>; rel=\"ice-server\"", stun);
	http_response_add(r, "Link", value);
}

static void
fail(struct web_call *c, struct http_response r)
{
	allow_origins(&r);
	web_respond(c, &r);
}

static void
on_answered(const char *id, const struct consumer_result *result, void *arg)
{
	struct web_call *c = arg;
	char location[256], etag[CONSUMER_ID_BYTES + 2], link[300];

	if (result->verdict != CONSUMER_DONE) {
		fail(c, web_consumer_failure(result));
		return;
	}
	if (http_exchange_is_gone(c->exchange))
		consumers_close(supervisor_consumers(c->supervisor), id, CONSUMERS_LEFT);
	struct http_response r = {
		.status = 201, .type = "application/sdp", .body = xstrdup(result->sdp)
	};
	if (!r.body)
		abort();
	r.body_len = strlen(r.body);
	snprintf(location, sizeof(location), "/whep/%s/%s", web_value(c, "camera"), id);
	snprintf(etag, sizeof(etag), "\"%s\"", id);
	http_response_add(&r, "Location", location);
	http_response_add(&r, "ETag", etag);
	add_link(c, &r, link, sizeof(link));
	allow_origins(&r);
	web_respond(c, &r);
}

static void
play(struct web_call *c)
{
	const char *camera = web_value(c, "camera");
	const char *offer = c->message->body;
	char id[CONSUMER_ID_BYTES];

	if (!web_consumer_has_camera(c, camera))
		return;
	if (!offer || strncmp(offer, "v=0", 3) != 0 || strlen(offer) != c->message->body_len) {
		fail(c, http_response_error(400, "the body must be the player's SDP offer"));
		return;
	}
	enum consumers_refusal refusal = consumers_open(supervisor_consumers(c->supervisor), camera,
		web_consumer_owner(c), offer, on_answered, c, id);
	if (refusal != CONSUMERS_TAKEN)
		fail(c, web_consumer_refusal(refusal));
}

static void
end(struct web_call *c)
{
	struct http_response r = { .status = 200 };
	struct consumer_row row;
	const char *id = web_consumer_to_end(c, &row);

	if (!id)
		return;
	consumers_close(supervisor_consumers(c->supervisor), id, CONSUMERS_CLOSED);
	allow_origins(&r);
	web_respond(c, &r);
}

/* What a browser asks before a page of another origin may; and where the ICE servers are told. */
static void
preflight(struct web_call *c)
{
	struct http_response r = { .status = 204 };
	char link[300];

	add_link(c, &r, link, sizeof(link));
	allow_origins(&r);
	http_response_add(&r, "Access-Control-Allow-Methods", "POST, DELETE");
	http_response_add(
		&r, "Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match");
	http_response_add(&r, "Access-Control-Max-Age", "600");
	http_response_add(&r, "Accept-Post", "application/sdp");
	web_respond(c, &r);
}

/* clang-format off */
const struct http_route web_whep_routes[] = {
	{ .method = HTTP_POST, .pattern = "/whep/{camera}", .role = TOKEN_VIEW, .handle = play, .cors = true,
	  .body_type = "application/sdp", .type = "application/sdp", .status = 201,
	  .summary = "Watch by WHEP: the player's offer, the SFU's answer" },
	{ .method = HTTP_DELETE, .pattern = "/whep/{camera}/{id}", .role = TOKEN_VIEW, .handle = end, .cors = true,
	  .summary = "The player watches no more" },
	{ .method = HTTP_OPTIONS, .pattern = "/whep/{camera}", .handle = preflight, .cors = true, .status = 204,
	  .summary = "What a player of another origin may do" },
	{ .method = HTTP_OPTIONS, .pattern = "/whep/{camera}/{id}", .handle = preflight, .cors = true, .status = 204,
	  .summary = "What a player of another origin may do" },
	{ .pattern = NULL },
};
/* clang-format on */
