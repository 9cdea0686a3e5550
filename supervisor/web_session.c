/* web_session.c - who somebody is at the dashboard: a token once typed in becomes a cookie that
 * pages cannot read. Keeps nothing. Loop thread. */
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "supervisor/token_file.h"
#include "supervisor/web.h"
#include "supervisor/web_body.h"
#include "supervisor/web_routes.h"
#include "supervisor/web_schema.h"

/* A cookie's longest life in Chromium; the token itself may end sooner. */
#define COOKIE_MAX_AGE_S (400 * 86400)

static struct json *
describe(const struct web_call *c, const struct token *t)
{
	struct json *j = json_new_object();
	struct json *cameras = t && t->camera_count > 0 ? json_new_array() : NULL;
	bool needs = tokens_count(supervisor_tokens(c->supervisor)) > 0;

	for (size_t i = 0; cameras && i < t->camera_count; i++)
		json_add_str(cameras, t->cameras[i]);
	json_set_bool(j, "needs_token", needs);
	json_set_str(j, "role", t ? token_role_text(t->role) : needs ? NULL : "admin");
	json_set_str(j, "name", t ? t->name : NULL);
	if (cameras)
		json_set(j, "cameras", cameras);
	else
		json_set_str(j, "cameras", NULL);
	json_set_str(j, "version", VERSION);
	return j;
}

static void
show(struct web_call *c)
{
	web_reply(c, 200, describe(c, web_token(c)));
}

/* value may be ""; with max_age 0 the browser forgets it. */
static void
add_cookie(const struct web_call *c, struct http_response *r, const char *value, long max_age,
	char *cookie, size_t size)
{
	snprintf(cookie, size, "%s=%s; Path=/; Max-Age=%ld; HttpOnly; SameSite=Strict%s",
		WEB_COOKIE, value, max_age, c->message->tls ? "; Secure" : "");
	http_response_add(r, "Set-Cookie", cookie);
}

static void
log_in(struct web_call *c)
{
	char why[128];
	const char *text = web_body_token(c->body, why, sizeof(why));
	unsigned char hash[TOKEN_HASH_BYTES];
	char cookie[512];

	if (!text) {
		web_fail(c, 400, why);
		return;
	}
	token_hash(text, hash);
	const struct token *t = tokens_find(supervisor_tokens(c->supervisor), hash);
	if (!t) {
		web_fail(c, 401, "there is no such token");
		return;
	}
	struct http_response r = http_response_json(200, describe(c, t));
	add_cookie(c, &r, text, COOKIE_MAX_AGE_S, cookie, sizeof(cookie));
	web_respond(c, &r);
	explicit_bzero(cookie, sizeof(cookie));
}

static void
log_out(struct web_call *c)
{
	struct http_response r = { .status = 204 };
	char cookie[512];

	add_cookie(c, &r, "", 0, cookie, sizeof(cookie));
	web_respond(c, &r);
}

/* clang-format off */
const struct http_route web_session_routes[] = {
	{ .pattern = "/v2/session", .handle = show, .summary = "What the token that is sent may do",
	  .response = &web_schema_session },
	{ .method = HTTP_POST, .pattern = "/v2/session", .handle = log_in, .request = &web_schema_login,
	  .summary = "Keep a token as a cookie", .response = &web_schema_session },
	{ .method = HTTP_DELETE, .pattern = "/v2/session", .handle = log_out, .status = 204,
	  .summary = "Forget that cookie" },
	{ .pattern = NULL },
};
/* clang-format on */
