/* oauth_answer.c - what a token endpoint is asked and what it says. Pure. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "supervisor/oauth_answer.h"
#include "common/xmalloc.h"
#include "supervisor/words.h"

/* Google documents up to 2048 bytes for access tokens. */
#define TOKEN_BYTES_MAX 4096
/* A token of less than a second cannot be used; one of more than a year is a mistake of units. */
#define EXPIRES_MIN_S 1
#define EXPIRES_MAX_S (366 * 86400)

/* Errors that no repetition cures: all of RFC 6749 5.2, and what Google adds for clients and
 * accounts that were closed. */
static const char *const refusals[] = {
	"invalid_grant",
	"invalid_client",
	"invalid_request",
	"invalid_scope",
	"unauthorized_client",
	"unsupported_grant_type",
	"deleted_client",
	"disabled_client",
	"org_internal",
	"admin_policy_enforced",
};

/* ---- the question ---------------------------------------------------------------------------- */

/* Unreserved characters of RFC 3986 stand for themselves; a refresh token's '/' must not, or Google
 * answers 400. Returns the end of what was written. */
static char *
encode(char *to, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || strchr("-._~", c);
		if (plain) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '%';
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
	}
	*to = '\0';
	return to;
}

/* One "key=", the '&' before it included, and its value. */
struct form_field {
	const char *key;
	const char *value;
};

/* start, then every field encoded. */
static char *
make_form(const char *start, const struct form_field *fields, size_t n)
{
	size_t size = strlen(start) + 1;

	for (size_t i = 0; i < n; i++)
		size += strlen(fields[i].key) + 3 * strlen(fields[i].value);
	char *form = xmalloc(size);
	char *to = stpcpy(form, start);
	for (size_t i = 0; i < n; i++)
		to = encode(stpcpy(to, fields[i].key), fields[i].value);
	return form;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

char *
oauth_answer_form(const char *client_id, const char *client_secret, const char *refresh_token)
{
	const struct form_field fields[] = {
		{ .key = "grant_type=", .value = "refresh_token" },
		{ .key = "&client_id=", .value = client_id },
		{ .key = "&client_secret=", .value = client_secret },
		{ .key = "&refresh_token=", .value = refresh_token },
	};

	return make_form("", fields, COUNT(fields));
}

char *
oauth_answer_code_form(const char *client_id, const char *client_secret, const char *code,
	const char *redirect_uri)
{
	const struct form_field fields[] = {
		{ .key = "grant_type=", .value = "authorization_code" },
		{ .key = "&client_id=", .value = client_id },
		{ .key = "&client_secret=", .value = client_secret },
		{ .key = "&code=", .value = code },
		{ .key = "&redirect_uri=", .value = redirect_uri },
	};

	return make_form("", fields, COUNT(fields));
}

/* docs/sources.md, Google: login. offline and consent: without either there is no refresh token. */
char *
oauth_answer_login_url(const char *base, const char *project_id, const char *client_id,
	const char *redirect_uri, const char *state)
{
	const struct form_field fields[] = {
		{ .key = "?redirect_uri=", .value = redirect_uri },
		{ .key = "&access_type=", .value = "offline" },
		{ .key = "&prompt=", .value = "consent" },
		{ .key = "&client_id=", .value = client_id },
		{ .key = "&response_type=", .value = "code" },
		{ .key = "&scope=", .value = OAUTH_SCOPE },
		{ .key = "&state=", .value = state },
	};
	char *page = xasprintf("%s/%s/auth", base, project_id);

	char *url = make_form(page, fields, COUNT(fields));
	free(page);
	return url;
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* A token becomes part of a header: nothing but printable ASCII may pass. */
static bool
is_token(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len > 0 && len <= TOKEN_BYTES_MAX;
}

static bool
is_refusal(const char *error)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (strcmp(refusals[i], error) == 0)
			return true;
	return false;
}

static void
parse_grant(const struct json *j, struct oauth_answer *out)
{
	const char *access = json_str(j, "access_token");
	const char *refresh = json_str(j, "refresh_token");
	const char *scope = json_str(j, "scope");
	int64_t expires = json_int(j, "expires_in", -1);

	if (!is_token(access)) {
		snprintf(out->why, sizeof(out->why), "answer 200 without a usable access_token");
		return;
	}
	if (expires < EXPIRES_MIN_S || expires > EXPIRES_MAX_S) {
		snprintf(out->why, sizeof(out->why), "answer 200 without a usable expires_in");
		return;
	}
	out->verdict = OAUTH_GRANTED;
	out->access_token = xstrdup(access);
	out->refresh_token = is_token(refresh) ? xstrdup(refresh) : NULL;
	out->scope = scope ? words_copy(xstrdup(scope), strlen(scope) + 1, scope) : NULL;
	out->expires_in_s = expires;
}

static void
parse_error(int status, const struct json *j, struct oauth_answer *out)
{
	const char *error = json_str(j, "error");
	const char *description = json_str(j, "error_description");
	char words[128];

	if (!error) {
		snprintf(out->why, sizeof(out->why), "answer %d without an error code", status);
		return;
	}
	words_copy(out->why, sizeof(words), error);
	if (description) {
		size_t len = strlen(out->why);
		snprintf(out->why + len, sizeof(out->why) - len, ": %s",
			words_copy(words, sizeof(words), description));
	}
	/* The same words in a 5xx are not a verdict. */
	if (status >= 400 && status < 500 && is_refusal(error))
		out->verdict = OAUTH_REFUSED;
}

void
oauth_answer_parse(int status, const char *body, size_t len, struct oauth_answer *out)
{
	char why[128];
	struct json *j = json_parse(body, len, why, sizeof(why));

	*out = (struct oauth_answer){ .verdict = OAUTH_FAILED };
	if (!json_is_object(j))
		snprintf(out->why, sizeof(out->why), "answer %d: %s", status,
			words_of_page(why, sizeof(why), status, body, len));
	else if (status == 200)
		parse_grant(j, out);
	else
		parse_error(status, j, out);
	json_free(j);
}

void
oauth_answer_clear(struct oauth_answer *a)
{
	char *tokens[] = { a->access_token, a->refresh_token };

	for (size_t i = 0; i < 2; i++) {
		if (tokens[i])
			explicit_bzero(tokens[i], strlen(tokens[i]));
		free(tokens[i]);
	}
	free(a->scope);
	*a = (struct oauth_answer){ 0 };
}
