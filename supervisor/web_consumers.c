/* web_consumers.c - viewers by JSON: an offer of the SFU's, the viewer's answer, heartbeats, and
 * what is known of all of them. Keeps nothing. Loop thread. */
#include "common/clock.h"
#include "common/json.h"
#include "supervisor/config_consumers.h"
#include "supervisor/consumers_view.h"
#include "supervisor/http_exchange.h"
#include "supervisor/web_body.h"
#include "supervisor/web_consumer.h"
#include "supervisor/web_routes.h"
#include "supervisor/web_schema.h"

static struct consumers *
table(const struct web_call *c)
{
	return supervisor_consumers(c->supervisor);
}

/* ---- what is answered ------------------------------------------------------------------------ */

static void
set_seconds(struct json *j, const char *name, ms_t span_ms)
{
	json_set_real(j, name, (double)span_ms / 1000);
}

static void
set_heartbeat(const struct web_call *c, struct json *j)
{
	const struct config_consumers *limits = consumers_limits(table(c));

	set_seconds(j, "heartbeat_interval_seconds", limits->heartbeat_ms);
	set_seconds(j, "heartbeat_timeout_seconds", limits->heartbeat_timeout_ms);
}

/* What its owner is told of it; sdp is the SFU's offer, NULL: none. */
static struct json *
describe_own(const struct web_call *c, const char *id, const char *sdp)
{
	struct json *j = json_new_object();
	struct consumer_row row;

	if (!consumers_get(table(c), id, &row))
		return j;
	json_set_str(j, "id", row.id);
	json_set_str(j, "camera", row.camera);
	json_set_str(j, "state", row.state);
	json_set_str(j, "session", *row.session ? row.session : NULL);
	json_set_bool(j, "repull", row.must_pull);
	set_heartbeat(c, j);
	if (!sdp)
		return j;
	struct json *offer = json_new_object();
	json_set_str(offer, "type", "offer");
	json_set_str(offer, "sdp", sdp);
	json_set(j, "offer", offer);
	return j;
}

static struct json *
describe(const struct web_call *c, const struct consumer_row *row)
{
	struct json *j = json_new_object();
	char time[CLOCK_TEXT_BYTES];

	json_set_str(j, "id", row->id);
	json_set_str(j, "camera", row->camera);
	json_set_str(j, "kind", row->whep ? "whep" : "api");
	json_set_str(j, "owner", row->owner);
	json_set_str(j, "state", row->state);
	if (row->end != CONSUMERS_WATCHING)
		json_set_str(j, "end", consumers_end_name(row->end));
	json_set_str(j, "error", *row->why ? row->why : NULL);
	json_set_bool(j, "repull", row->must_pull);
	json_set_int(j, "pulls", row->pulls);
	json_set_str(j, "since", clock_text(row->since_us, time));
	set_seconds(j, "duration_seconds", row->lasted_ms);
	set_seconds(j, "heartbeat_age_seconds", row->heartbeat_age_ms);
	json_set(j, "stats", consumer_report_json(&row->report));
	if (web_consumer_is_own(c, row) && *row->session)
		json_set_str(j, "session", row->session);
	return j;
}

/* ---- requests that the SFU has a say in ------------------------------------------------------ */

static void
refuse(struct web_call *c, enum consumers_refusal refusal)
{
	struct http_response r = web_consumer_refusal(refusal);

	web_respond(c, &r);
}

static void
answer(struct web_call *c, const char *id, const struct consumer_result *result, int status)
{
	if (result->verdict == CONSUMER_DONE) {
		web_reply(c, status, describe_own(c, id, result->sdp));
		return;
	}
	struct http_response r = web_consumer_failure(result);
	web_respond(c, &r);
}

static void
on_opened(const char *id, const struct consumer_result *result, void *arg)
{
	struct web_call *c = arg;

	if (result->verdict == CONSUMER_DONE && http_exchange_is_gone(c->exchange))
		consumers_close(table(c), id, CONSUMERS_LEFT);
	answer(c, id, result, 201);
}

static void
on_done(const char *id, const struct consumer_result *result, void *arg)
{
	answer(arg, id, result, 200);
}

static void
open_consumer(struct web_call *c)
{
	char id[CONSUMER_ID_BYTES];
	char why[128];
	const char *camera = web_body_camera(c->body, why, sizeof(why));

	if (!camera) {
		web_fail(c, 400, why);
		return;
	}
	if (!web_sees(c, camera)) {
		web_fail(c, 403, "the token is for other cameras");
		return;
	}
	if (!web_consumer_has_camera(c, camera))
		return;
	enum consumers_refusal refusal =
		consumers_open(table(c), camera, web_consumer_owner(c), NULL, on_opened, c, id);
	if (refusal != CONSUMERS_TAKEN)
		refuse(c, refusal);
}

static void
pull(struct web_call *c)
{
	struct consumer_row row;
	const char *id = web_consumer_to_use(c, &row);

	if (!id)
		return;
	enum consumers_refusal refusal = consumers_pull(table(c), id, on_done, c);
	if (refusal != CONSUMERS_TAKEN)
		refuse(c, refusal);
}

static void
take_answer(struct web_call *c)
{
	char why[128];
	const char *sdp = web_body_answer(c->body, why, sizeof(why));
	struct consumer_row row;

	if (!sdp) {
		web_fail(c, 400, why);
		return;
	}
	const char *id = web_consumer_to_use(c, &row);
	if (!id)
		return;
	enum consumers_refusal refusal = consumers_answer(table(c), id, sdp, on_done, c);
	if (refusal != CONSUMERS_TAKEN)
		refuse(c, refusal);
}

/* ---- the others ------------------------------------------------------------------------------ */

static void
heartbeat(struct web_call *c)
{
	struct consumer_row row;
	const char *id = web_consumer_to_use(c, &row);
	char why[128];

	if (!id)
		return;
	if (consumer_report_read(&row.report, c->body, why, sizeof(why)) < 0) {
		web_fail(c, 400, why);
		return;
	}
	consumers_heartbeat(table(c), id, &row.report);
	web_reply(c, 200, describe_own(c, id, NULL));
}

static void
close_consumer(struct web_call *c)
{
	struct http_response r = { .status = 204 };
	struct consumer_row row;
	const char *id = web_consumer_to_end(c, &row);

	if (!id)
		return;
	consumers_close(table(c), id, CONSUMERS_CLOSED);
	web_respond(c, &r);
}

/* A list that is being made. */
struct listing {
	const struct web_call *c;
	struct json *rows;
	int64_t active;
};

static void
on_row(const struct consumer_row *row, void *arg)
{
	struct listing *l = arg;

	if (!web_sees(l->c, row->camera))
		return;
	json_add(l->rows, describe(l->c, row));
	l->active += row->end == CONSUMERS_WATCHING;
}

static struct json *
count_ends(const struct web_call *c)
{
	struct json *ends = json_new_object();

	for (int end = CONSUMERS_WATCHING + 1; end < CONSUMERS_ENDS; end++)
		json_set_int(ends, consumers_end_name(end), consumers_ended(table(c), end));
	return ends;
}

static void
list_consumers(struct web_call *c)
{
	struct listing l = { .c = c, .rows = json_new_array() };
	struct json *j = json_new_object();

	consumers_each(table(c), on_row, &l);
	json_set_int(j, "active", l.active);
	json_set(j, "consumers", l.rows);
	if (web_sees(c, NULL))
		json_set(j, "ended", count_ends(c));
	web_reply(c, 200, j);
}

static void
show_consumer(struct web_call *c)
{
	struct consumer_row row;

	if (web_consumer_to_show(c, &row))
		web_reply(c, 200, describe(c, &row));
}

/* clang-format off */
#define CONSUMER(verb, path, does) .method = HTTP_##verb, .pattern = path, .role = TOKEN_VIEW, .handle = does

const struct http_route web_consumer_routes[] = {
	{ CONSUMER(POST, "/v2/consumers", open_consumer), .summary = "Watch a camera: the SFU's offer",
	  .request = &web_schema_new_consumer, .response = &web_schema_consumer, .status = 201 },
	{ CONSUMER(PUT, "/v2/consumers/{id}/answer", take_answer), .summary = "The viewer's answer to that offer",
	  .request = &web_schema_description, .response = &web_schema_consumer },
	{ CONSUMER(POST, "/v2/consumers/{id}/pull", pull), .response = &web_schema_consumer,
	  .summary = "Another offer, for a camera that was published elsewhere" },
	{ CONSUMER(POST, "/v2/consumers/{id}/heartbeat", heartbeat), .response = &web_schema_consumer,
	  .summary = "It still watches, and what it has received", .request = &web_schema_heartbeat, .request_optional = true },
	{ CONSUMER(DELETE, "/v2/consumers/{id}", close_consumer), .summary = "It watches no more", .status = 204 },
	{ CONSUMER(GET, "/v2/health/consumers", list_consumers), .summary = "Who watches, and the last who did",
	  .response = &web_schema_watchers },
	{ CONSUMER(GET, "/v2/health/consumers/{id}", show_consumer), .summary = "One of them", .response = &web_schema_watcher },
	{ CONSUMER(POST, "/v2/health/consumers/{id}/heartbeat", heartbeat), .response = &web_schema_consumer,
	  .summary = "As /v2/consumers/{id}/heartbeat", .request = &web_schema_heartbeat, .request_optional = true },
	{ .pattern = NULL },
};
/* clang-format on */
