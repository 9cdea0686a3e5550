/* control_token.c - commands about the tokens of the HTTP API.
 * Owns nothing; a change is written before it counts. Loop thread. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "supervisor/consumers.h"
#include "supervisor/control_request.h"
#include "supervisor/token_file.h"
#include "supervisor/web.h"

/* Writes the list as it is now; on failure it is read again, as it was. */
static bool
keep(struct request *r)
{
	const char *path = supervisor_token_path(r->supervisor);
	struct tokens *t = supervisor_tokens(r->supervisor);
	char why[200];

	if (token_file_write(path, t, r->text, sizeof(r->text)) == 0)
		return true;
	if (token_file_read(path, t, why, sizeof(why)) < 0)
		log_error("http tokens", LOG_STR("why", why));
	return false;
}

static bool
can_keep(struct request *r)
{
	if (supervisor_token_path(r->supervisor))
		return true;
	snprintf(r->text, sizeof(r->text),
		"tokens are kept in [supervisor] state_dir, which is not set");
	return false;
}

bool
control_token_add(struct request *r)
{
	struct tokens *t = supervisor_tokens(r->supervisor);
	struct token token = r->message.token;
	char text[TOKEN_TEXT_BYTES];

	if (!can_keep(r))
		return false;
	token.made_s = clock_wall_us() / 1000000;
	token_make(text);
	token_hash(text, token.hash);
	bool done = tokens_add(t, &token, r->text, sizeof(r->text)) == 0 && keep(r);
	if (done) {
		snprintf(r->text, sizeof(r->text), "token %s: it is shown this once", token.name);
		r->data = json_new_object();
		json_set_str(r->data, "token", text);
		log_info("http token added", LOG_ID("token", token.name),
			LOG_STR("role", token_role_text(token.role)));
	}
	explicit_bzero(text, sizeof(text));
	return done;
}

static struct json *
describe(const struct token *token)
{
	struct json *j = json_new_object();
	struct json *cameras = json_new_array();
	char made[CLOCK_TEXT_BYTES];

	json_set_str(j, "name", token->name);
	json_set_str(j, "role", token_role_text(token->role));
	for (size_t i = 0; i < token->camera_count; i++) {
		struct json *one = json_new_object();
		json_set_str(one, "name", token->cameras[i]);
		json_add(cameras, one);
	}
	json_set(j, "cameras", cameras);
	json_set_str(j, "made", clock_text(token->made_s * 1000000, made));
	return j;
}

bool
control_token_list(struct request *r)
{
	const struct tokens *t = supervisor_tokens(r->supervisor);

	r->data = json_new_array();
	for (size_t i = 0; i < tokens_count(t); i++)
		json_add(r->data, describe(tokens_at(t, i)));
	return true;
}

bool
control_token_remove(struct request *r)
{
	struct tokens *t = supervisor_tokens(r->supervisor);
	const struct web *web = supervisor_web(r->supervisor);
	const char *name = r->message.name;

	if (!can_keep(r))
		return false;
	if (web && !web_is_loopback(web) && tokens_count(t) == 1) {
		snprintf(r->text, sizeof(r->text),
			"it is the last one, and [supervisor] http is an address that others can "
			"reach: add another first");
		return false;
	}
	if (tokens_remove(t, name) < 0) {
		snprintf(r->text, sizeof(r->text), "there is no token %.64s", name);
		return false;
	}
	if (!keep(r))
		return false;
	int revoked = consumers_revoke(supervisor_consumers(r->supervisor), name);
	log_info("http token removed", LOG_ID("token", name), LOG_INT("consumers_ended", revoked));
	snprintf(r->text, sizeof(r->text), "removed token %s", name);
	return true;
}
