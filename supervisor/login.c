/* login.c - a person's login to one account of Google's.
 * Owns the attempt: its state word and the request that exchanges its code. The secrets and tokens
 * are oauth's, it only carries them over. Loop thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/err.h"
#include "common/log.h"
#include "supervisor/config_google.h"
#include "supervisor/login.h"
#include "common/wipe.h"
#include "common/xmalloc.h"

/* RFC 6749 10.10: not to be guessed, 128 bits. */
#define STATE_BYTES 16
/* Google's codes have some 80 bytes. */
#define CODE_BYTES_MAX 2048

struct login {
	struct login_config config;
	char *project_id;
	char *client_id;
	enum login_state state;
	char word[2 * STATE_BYTES + 1];
	char *url;
	char *redirect_uri;     /* of that page: the exchange must name it letter by letter */
	struct http_call *call; /* in LOGIN_EXCHANGING */
	ms_t asked_ms;
	char *scope; /* NULL: not said */
	char why[512];
};

static const char *const state_names[LOGIN_STATES] = {
	[LOGIN_NONE] = "none",
	[LOGIN_OPEN] = "open",
	[LOGIN_EXCHANGING] = "exchanging",
	[LOGIN_GRANTED] = "granted",
	[LOGIN_FAILED] = "failed",
};

/* ---- beginning ------------------------------------------------------------------------------- */

/* A code is good for one exchange: what will not work must be known before. */
static int
check_place(const struct config_google *google, char *why, size_t why_size)
{
	const char *path = google->refresh_token_file;
	const char *slash = path ? strrchr(path, '/') : NULL;
	char dir[4096];

	if (!slash) {
		snprintf(why, why_size,
			"[google \"%s\"] has no path in refresh_token_file to store a token at",
			google->name);
		return -1;
	}
	snprintf(dir, sizeof(dir), "%.*s/", (int)(slash - path), path);
	if (access(dir, W_OK | X_OK) == 0)
		return 0;
	snprintf(why, why_size, "%s: camrelayd cannot store the refresh token there: %s", path,
		strerror(errno));
	return -1;
}

static int
draw_word(char *word)
{
	unsigned char bytes[STATE_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -1;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(word + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static void
forget(struct login *l)
{
	if (l->call)
		http_client_cancel(l->call);
	l->call = NULL;
	free(l->url);
	free(l->redirect_uri);
	free(l->scope);
	l->url = l->redirect_uri = l->scope = NULL;
	l->why[0] = l->word[0] = '\0';
	l->state = LOGIN_NONE;
}

int
login_begin(struct login *l, char *why, size_t why_size)
{
	const struct config_google *google = l->config.google;

	if (check_place(google, why, why_size) < 0)
		return -1;
	forget(l);
	if (draw_word(l->word) < 0) {
		snprintf(why, why_size, "there is no randomness: %s", strerror(errno));
		return -1;
	}
	l->url = oauth_answer_login_url(
		google->login_url, l->project_id, l->client_id, google->redirect_uri, l->word);
	l->redirect_uri = xstrdup(google->redirect_uri);
	l->state = LOGIN_OPEN;
	log_info("login begun", LOG_ID("google", google->name));
	return 0;
}

/* ---- the exchange ---------------------------------------------------------------------------- */

static void
fail(struct login *l, const char *why)
{
	l->state = LOGIN_FAILED;
	snprintf(l->why, sizeof(l->why), "%s", why);
	log_warn("login failed", LOG_ID("google", l->config.google->name), LOG_STR("why", l->why));
}

static void
grant(struct login *l, struct oauth_answer *a)
{
	const char *file = l->config.google->refresh_token_file;

	l->state = LOGIN_GRANTED;
	l->scope = a->scope;
	a->scope = NULL;
	if (oauth_login(l->config.oauth, a, l->asked_ms) != 0)
		snprintf(l->why, sizeof(l->why),
			"the refresh token is in use, but cannot be stored: %.300s: %s", file,
			strerror(errno));
	log_info("login granted", LOG_ID("google", l->config.google->name),
		LOG_STR("scope", l->scope));
	l->config.on_granted(l->config.arg);
}

static void
judge(struct login *l, struct oauth_answer *a)
{
	if (a->verdict != OAUTH_GRANTED)
		fail(l, a->why);
	else if (!a->refresh_token)
		fail(l, "Google granted no refresh token");
	else if (a->scope && !strstr(a->scope, OAUTH_SCOPE))
		fail(l, "access to the devices was not granted");
	else
		grant(l, a);
}

static void
on_answer(const struct http_answer *answer, void *arg)
{
	struct login *l = arg;
	struct oauth_answer a = { .verdict = OAUTH_FAILED };

	l->call = NULL;
	if (answer->err == 0)
		oauth_answer_parse(answer->status, answer->body, answer->body_len, &a);
	else
		snprintf(a.why, sizeof(a.why), "%s: %s", err_text(answer->err), answer->why);
	judge(l, &a);
	oauth_answer_clear(&a);
}

static void
exchange(struct login *l, const char *code)
{
	const struct config_google *google = l->config.google;
	char *form = oauth_code_form(l->config.oauth, code, l->redirect_uri);
	struct http_request request = {
		.method = "POST",
		.url = google->token_url,
		.content_type = "application/x-www-form-urlencoded",
		.body = form,
		.body_len = strlen(form),
		.ca_file = google->ca_file,
		.timeout_ms = google->call_timeout_ms,
	};

	l->asked_ms = clock_now();
	l->call = http_client_start(l->config.http, &request, on_answer, l);
	l->state = LOGIN_EXCHANGING;
	wipe_free(form);
}

static bool
is_code(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len > 0 && len <= CODE_BYTES_MAX;
}

int
login_code(struct login *l, const char *state, const char *code, char *why, size_t why_size)
{
	const char *problem = NULL;

	if (l->state != LOGIN_OPEN)
		problem = "no login waits for a code";
	else if (strcmp(l->word, state) != 0)
		problem = "this code is the answer to another login";
	else if (!is_code(code))
		problem = "that is no code";
	if (problem) {
		snprintf(why, why_size, "%s", problem);
		return -1;
	}
	exchange(l, code);
	return 0;
}

/* ---- making ---------------------------------------------------------------------------------- */

struct login *
login_new(const struct login_config *config)
{
	struct login *l = xcalloc(1, sizeof(*l));

	*l = (struct login){ .config = *config,
		.project_id = xstrdup(config->project_id),
		.client_id = xstrdup(config->client_id) };
	return l;
}

void
login_configure(struct login *l, const struct config_google *google)
{
	l->config.google = google;
}

void
login_free(struct login *l)
{
	if (!l)
		return;
	forget(l);
	free(l->project_id);
	free(l->client_id);
	free(l);
}

const char *
login_url(const struct login *l)
{
	return l->url;
}

const char *
login_state_word(const struct login *l)
{
	return l->word;
}

struct login_view
login_view(const struct login *l)
{
	return (struct login_view){
		.state = l->state, .why = l->why, .scope = l->scope ? l->scope : ""
	};
}

const char *
login_state_name(enum login_state state)
{
	return state_names[state];
}
