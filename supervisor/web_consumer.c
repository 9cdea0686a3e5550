/* web_consumer.c - who may touch which viewer, and how a refusal is said. Keeps nothing. Loop
 * thread. */
#include <stdio.h>
#include <string.h>

#include "supervisor/cameras.h"
#include "supervisor/consumers_view.h"
#include "supervisor/web_consumer.h"

/* A camera mostly is there again within seconds; a place is free when somebody leaves. */
#define RETRY_SOON "2"
#define RETRY_LATER "10"

static const struct {
	int status;
	const char *retry_after;
	const char *sentence;
} refusals[] = {
	[CONSUMERS_NOT_PUBLISHED] = { .status = 409,
		.retry_after = RETRY_SOON,
		.sentence = "the camera is not sending to Cloudflare now" },
	[CONSUMERS_FULL] = { .status = 503,
		.retry_after = RETRY_LATER,
		.sentence = "as many watch as may: max in [consumers]" },
	[CONSUMERS_CAMERA_FULL] = { .status = 503,
		.retry_after = RETRY_LATER,
		.sentence = "as many watch this camera as may: max_per_camera in [consumers]" },
	[CONSUMERS_UNKNOWN] = { .status = 404, .sentence = "there is no such consumer" },
	[CONSUMERS_BUSY] = { .status = 409,
		.retry_after = RETRY_SOON,
		.sentence = "its last request is still being carried out" },
	[CONSUMERS_NOT_ASKED] = { .status = 409,
		.sentence = "it waits for no such thing: an answer follows an offer, and who made "
			    "the offer does not pull again" },
	[CONSUMERS_NO_ROOM] = { .status = 400,
		.sentence = "the offer has no m= line that receives what the camera sends" },
};

static const struct {
	int status;
	const char *retry_after;
	const char *sentence;
} failures[] = {
	[CONSUMER_NOT_YET] = { .status = 503,
		.retry_after = RETRY_SOON,
		.sentence = "the SFU has nothing of the camera yet" },
	[CONSUMER_BAD_SDP] = { .status = 400, .sentence = "the SFU does not take this SDP" },
	[CONSUMER_NO_SFU] = { .status = 502,
		.retry_after = RETRY_LATER,
		.sentence = "the SFU does not do what it should" },
	[CONSUMER_OVER] = { .status = 409, .sentence = "it has ended" },
};

static struct http_response
refuse(int status, const char *sentence, const char *retry_after)
{
	struct http_response r = http_response_error(status, sentence);

	if (retry_after)
		http_response_add(&r, "Retry-After", retry_after);
	return r;
}

struct http_response
web_consumer_refusal(enum consumers_refusal refusal)
{
	return refuse(refusals[refusal].status, refusals[refusal].sentence,
		refusals[refusal].retry_after);
}

struct http_response
web_consumer_failure(const struct consumer_result *result)
{
	char sentence[400];

	snprintf(sentence, sizeof(sentence), "%s: %s", failures[result->verdict].sentence,
		result->why);
	return refuse(
		failures[result->verdict].status, sentence, failures[result->verdict].retry_after);
}

const char *
web_consumer_owner(const struct web_call *c)
{
	return c->token ? c->token->name : NULL;
}

bool
web_consumer_is_own(const struct web_call *c, const struct consumer_row *row)
{
	const char *owner = web_consumer_owner(c);

	return !owner || (row->owner && strcmp(owner, row->owner) == 0);
}

/* Whether there is one of the path that the caller's token is for the camera of. */
static bool
find(struct web_call *c, struct consumer_row *row)
{
	const char *camera = http_route_value(&c->match, "camera");

	return consumers_get(supervisor_consumers(c->supervisor), web_value(c, "id"), row) &&
	       web_sees(c, row->camera) && (!camera || strcmp(camera, row->camera) == 0);
}

static const char *
unless_hidden(struct web_call *c, bool shown, const struct consumer_row *row)
{
	if (shown)
		return row->id;
	web_fail(c, 404, refusals[CONSUMERS_UNKNOWN].sentence);
	return NULL;
}

static bool
is_own_or_operates(const struct web_call *c, const struct consumer_row *row)
{
	return web_consumer_is_own(c, row) || token_may(c->token, TOKEN_OPERATE);
}

const char *
web_consumer_to_use(struct web_call *c, struct consumer_row *row)
{
	return unless_hidden(c,
		find(c, row) && row->end == CONSUMERS_WATCHING && web_consumer_is_own(c, row), row);
}

const char *
web_consumer_to_end(struct web_call *c, struct consumer_row *row)
{
	return unless_hidden(c,
		find(c, row) && row->end == CONSUMERS_WATCHING && is_own_or_operates(c, row), row);
}

const char *
web_consumer_to_show(struct web_call *c, struct consumer_row *row)
{
	return unless_hidden(c, find(c, row) && is_own_or_operates(c, row), row);
}

bool
web_consumer_has_camera(struct web_call *c, const char *camera)
{
	if (cameras_find(supervisor_cameras(c->supervisor), camera) >= 0)
		return true;
	web_fail(c, 404, "there is no such camera");
	return false;
}
