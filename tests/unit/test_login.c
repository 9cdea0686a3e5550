#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/err.h"
#include "common/log.h"
#include "supervisor/config_google.h"
#include "supervisor/login.h"
#include "tests/unit/fake_time.h"

#define GRANT(more)                                                                                \
	"{\"access_token\":\"a\",\"expires_in\":3600,\"scope\":\"" OAUTH_SCOPE "\"" more "}"
#define WITH_TOKEN ",\"refresh_token\":\"1//0r\""

/* ---- a clock, an account and a network made of nothing --------------------------------------- */

static struct {
	int asked;
	char url[64];
	char body[512];
	http_done *done; /* NULL: nothing in flight */
	void *arg;
} net;
static struct {
	int logins;
	char refresh_token[32];
	int result;
} account;
static int granted;

char *
oauth_code_form(const struct oauth *o, const char *code, const char *redirect_uri)
{
	(void)o;
	return oauth_answer_code_form("id", "hush", code, redirect_uri);
}

int
oauth_login(struct oauth *o, struct oauth_answer *a, ms_t asked_ms)
{
	(void)o;
	assert_int_equal(asked_ms, 1000);
	account.logins++;
	snprintf(account.refresh_token, sizeof(account.refresh_token), "%s", a->refresh_token);
	errno = ENOSPC;
	return account.result;
}

struct http_call *
http_client_start(struct http_client *c, const struct http_request *r, http_done *done, void *arg)
{
	(void)c;
	assert_null(net.done);
	net.asked++;
	snprintf(net.url, sizeof(net.url), "%s", r->url);
	snprintf(net.body, sizeof(net.body), "%s", r->body);
	net.done = done;
	net.arg = arg;
	return (struct http_call *)&net;
}

void
http_client_cancel(struct http_call *call)
{
	(void)call;
	net.done = NULL;
}

static void
answer(int status, const char *body)
{
	struct http_answer a = { .err = status ? 0 : ERR_TIMEOUT,
		.why = status ? "" : "timed out",
		.status = status,
		.body = body,
		.body_len = strlen(body) };
	http_done *done = net.done;

	assert_non_null(done);
	net.done = NULL;
	done(&a, net.arg);
}

/* ---- the login ------------------------------------------------------------------------------- */

static char file[] = "/tmp/token";
static struct config_google google;

static void
on_granted(void *arg)
{
	(void)arg;
	granted++;
}

static int
start(void **state)
{
	struct login_config config = {
		.google = &google, .project_id = "uuid", .client_id = "id", .on_granted = on_granted
	};

	google = (struct config_google){ .name = (char *)(uintptr_t) "home",
		.refresh_token_file = file,
		.token_url = (char *)(uintptr_t) "http://t",
		.login_url = (char *)(uintptr_t) "http://pcm",
		.redirect_uri = (char *)(uintptr_t) "http://127.0.0.1:1/",
		.call_timeout_ms = 1000 };
	fake_time_reset(1000);
	net.asked = 0;
	net.done = NULL;
	account.logins = account.result = granted = 0;
	*state = login_new(&config);
	return 0;
}

static int
stop(void **state)
{
	login_free(*state);
	assert_null(net.done);
	return 0;
}

static void
begin(struct login *l)
{
	char why[200] = "";

	assert_int_equal(login_begin(l, why, sizeof(why)), 0);
}

static int
bring(struct login *l, const char *code)
{
	char why[200] = "";

	return login_code(l, login_state_word(l), code, why, sizeof(why));
}

static void
assert_failed(struct login *l, const char *why)
{
	assert_int_equal(login_view(l).state, LOGIN_FAILED);
	assert_string_equal(login_view(l).why, why);
	assert_int_equal(account.logins, 0);
	assert_int_equal(granted, 0);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void
every_login_has_a_word_of_its_own_in_its_page(void **state)
{
	char first[64];
	char tail[80];

	begin(*state);
	snprintf(first, sizeof(first), "%s", login_state_word(*state));
	assert_int_equal(strlen(first), 32);
	assert_int_equal(strspn(first, "0123456789abcdef"), 32);
	snprintf(tail, sizeof(tail), "&state=%s", first);
	assert_non_null(strstr(login_url(*state), tail));
	assert_int_equal(strncmp(login_url(*state), "http://pcm/uuid/auth?", 21), 0);
	begin(*state);
	assert_string_not_equal(login_state_word(*state), first);
}

static void
a_code_is_exchanged_and_the_tokens_are_the_account_s(void **state)
{
	begin(*state);
	assert_int_equal(bring(*state, "4/0A"), 0);
	assert_int_equal(login_view(*state).state, LOGIN_EXCHANGING);
	assert_string_equal(net.url, "http://t");
	assert_non_null(
		strstr(net.body, "&code=4%2F0A&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F"));
	answer(200, GRANT(WITH_TOKEN));
	assert_int_equal(login_view(*state).state, LOGIN_GRANTED);
	assert_string_equal(login_view(*state).scope, OAUTH_SCOPE);
	assert_string_equal(login_view(*state).why, "");
	assert_string_equal(account.refresh_token, "1//0r");
	assert_int_equal(granted, 1);
}

static void
a_code_is_taken_once_and_only_with_the_word_of_its_login(void **state)
{
	char why[200];

	assert_int_equal(login_code(*state, "", "4/0A", why, sizeof(why)), -1);
	assert_string_equal(why, "no login waits for a code");
	begin(*state);
	assert_int_equal(login_code(*state, "", "4/0A", why, sizeof(why)), -1);
	assert_int_equal(login_code(*state, "0123", "4/0A", why, sizeof(why)), -1);
	assert_string_equal(why, "this code is the answer to another login");
	assert_int_equal(bring(*state, ""), -1);
	assert_int_equal(bring(*state, "a b"), -1);
	assert_int_equal(bring(*state, "a\nb"), -1);
	assert_int_equal(net.asked, 0);
	assert_int_equal(bring(*state, "4/0A"), 0);
	assert_int_equal(bring(*state, "4/0A"), -1);
	assert_int_equal(net.asked, 1);
}

static void
another_login_ends_the_one_before(void **state)
{
	char old[64];
	char why[200];

	begin(*state);
	snprintf(old, sizeof(old), "%s", login_state_word(*state));
	bring(*state, "4/0A");
	begin(*state);
	assert_null(net.done);
	assert_int_equal(login_view(*state).state, LOGIN_OPEN);
	assert_int_equal(login_code(*state, old, "4/0A", why, sizeof(why)), -1);
}

static void
what_google_refuses_is_told_in_its_words(void **state)
{
	begin(*state);
	bring(*state, "4/0A");
	answer(400, "{\"error\":\"invalid_grant\",\"error_description\":\"Bad Request\"}");
	assert_failed(*state, "invalid_grant: Bad Request");
	begin(*state);
	bring(*state, "4/0A");
	answer(0, "");
	assert_failed(*state, "no answer in time: timed out");
}

static void
a_grant_that_is_not_enough_is_none(void **state)
{
	begin(*state);
	bring(*state, "4/0A");
	answer(200, GRANT(""));
	assert_failed(*state, "Google granted no refresh token");
	begin(*state);
	bring(*state, "4/0A");
	answer(200, "{\"access_token\":\"a\",\"expires_in\":3600,\"scope\":\"x\"" WITH_TOKEN "}");
	assert_failed(*state, "access to the devices was not granted");
}

static void
a_token_that_cannot_be_stored_is_used_and_told(void **state)
{
	account.result = -1;
	begin(*state);
	bring(*state, "4/0A");
	answer(200, GRANT(WITH_TOKEN));
	assert_int_equal(login_view(*state).state, LOGIN_GRANTED);
	assert_string_equal(login_view(*state).why,
		"the refresh token is in use, but cannot be stored: /tmp/token: No space left on "
		"device");
	assert_int_equal(granted, 1);
}

static void
a_place_where_nothing_can_be_stored_is_known_before(void **state)
{
	static const struct {
		const char *file;
		const char *why;
	} places[] = {
		{ .file = NULL, .why = "no path in refresh_token_file" },
		{ .file = "credential", .why = "no path in refresh_token_file" },
		{ .file = "/nowhere/token", .why = "No such file or directory" },
	};
	char why[200];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		google.refresh_token_file = (char *)(uintptr_t)places[i].file;
		assert_int_equal(login_begin(*state, why, sizeof(why)), -1);
		assert_non_null(strstr(why, places[i].why));
		assert_int_equal(login_view(*state).state, LOGIN_NONE);
	}
}

int
main(void)
{
#define LOGIN_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		LOGIN_TEST(every_login_has_a_word_of_its_own_in_its_page),
		LOGIN_TEST(a_code_is_exchanged_and_the_tokens_are_the_account_s),
		LOGIN_TEST(a_code_is_taken_once_and_only_with_the_word_of_its_login),
		LOGIN_TEST(another_login_ends_the_one_before),
		LOGIN_TEST(what_google_refuses_is_told_in_its_words),
		LOGIN_TEST(a_grant_that_is_not_enough_is_none),
		LOGIN_TEST(a_token_that_cannot_be_stored_is_used_and_told),
		LOGIN_TEST(a_place_where_nothing_can_be_stored_is_known_before),
	};

	log_open("/dev/null", LOG_LOGFMT, LOG_DEBUG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
