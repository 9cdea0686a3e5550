#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/err.h"
#include "common/log.h"
#include "supervisor/oauth.h"
#include "supervisor/timer.h"
#include "tests/unit/fake_time.h"

/* ---- a clock, a timer and a network made of nothing ------------------------------------------ */

static struct {
	int asked;
	char body[512];
	http_done *done; /* NULL: nothing in flight */
	void *arg;
} net;

struct http_call *
http_client_start(struct http_client *c, const struct http_request *r, http_done *done, void *arg)
{
	(void)c;
	assert_null(net.done);
	net.asked++;
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

static void
grant(const char *token)
{
	char body[128];

	snprintf(body, sizeof(body), "{\"access_token\":\"%s\",\"expires_in\":3600}", token);
	answer(200, body);
}

/* Goes to the moment that the timer is set to. */
static ms_t
elapse(void)
{
	ms_t before_ms = fake_now_ms;

	assert_true(fake_timers[0].due_ms < MS_NEVER);
	fake_now_ms = fake_timers[0].due_ms;
	fake_timers[0].due_ms = MS_NEVER;
	fake_timers[0].on_due(fake_timers[0].arg);
	return fake_now_ms - before_ms;
}

/* ---- the account ----------------------------------------------------------------------------- */

static char token_file[] = "/tmp/test_oauth.XXXXXX";
static int changes;

static void
on_changed(struct oauth *o, void *arg)
{
	(void)o;
	(void)arg;
	changes++;
}

static int
start(void **state)
{
	struct oauth_settings s = { .name = "home",
		.token_url = "http://t",
		.client_id = "id",
		.refresh_token_file = token_file,
		.client_secret = secret_new("hush"),
		.refresh_token = secret_new("1//0x"),
		.timeout_ms = 1000 };

	fake_time_reset(1000000);
	net.asked = changes = 0;
	*state = oauth_new(NULL, NULL, &s, on_changed, NULL);
	return 0;
}

static int
stop(void **state)
{
	oauth_free(*state);
	unlink(token_file);
	return 0;
}

static void
the_first_refresh_begins_at_once(void **state)
{
	assert_int_equal(net.asked, 1);
	assert_non_null(strstr(net.body, "refresh_token=1%2F%2F0x"));
	assert_null(oauth_bearer(*state));
	grant("a");
	assert_string_equal(oauth_bearer(*state), "a");
	assert_int_equal(changes, 1);
	assert_int_equal(oauth_state(*state), OAUTH_RESTING);
}

static void
a_token_is_renewed_five_minutes_before_it_expires(void **state)
{
	grant("a");
	assert_int_equal(elapse(), 3600000 - 300000);
	assert_int_equal(net.asked, 2);
	assert_string_equal(oauth_bearer(*state), "a");
	grant("b");
	assert_string_equal(oauth_bearer(*state), "b");
}

static void
a_short_token_is_renewed_after_nine_tenths_of_its_life(void **state)
{
	answer(200, "{\"access_token\":\"a\",\"expires_in\":20}");
	assert_int_equal(elapse(), 18000);
	assert_string_equal(oauth_bearer(*state), "a");
	fake_now_ms += 2000;
	assert_null(oauth_bearer(*state));
}

static void
failures_are_tried_again_with_pauses_that_grow_to_ten_seconds(void **state)
{
	ms_t longest_ms = 0;

	for (int i = 0; i < 12; i++) {
		answer(i % 2 ? 0 : 503, "");
		assert_int_equal(oauth_state(*state), OAUTH_PAUSING);
		ms_t pause_ms = elapse();
		assert_true(pause_ms <= 12000);
		assert_true(i > 0 || (pause_ms >= 800 && pause_ms <= 1200));
		longest_ms = pause_ms > longest_ms ? pause_ms : longest_ms;
	}
	assert_true(longest_ms >= 8000);
	assert_int_equal(net.asked, 13);
	grant("a");
	assert_string_equal(oauth_why(*state), "");
}

static void
a_token_stays_in_use_while_its_renewal_fails(void **state)
{
	grant("a");
	elapse();
	answer(500, "<title>Oops</title>");
	assert_string_equal(oauth_bearer(*state), "a");
	assert_string_equal(oauth_why(*state), "answer 500: HTML page: Oops");
}

static void
a_refused_account_is_dead_and_asks_no_more(void **state)
{
	grant("a");
	elapse();
	answer(400, "{\"error\":\"invalid_grant\",\"error_description\":\"Token revoked.\"}");
	assert_int_equal(oauth_state(*state), OAUTH_DEAD);
	assert_string_equal(oauth_why(*state), "invalid_grant: Token revoked.");
	assert_null(oauth_bearer(*state));
	assert_true(fake_timers[0].due_ms == MS_NEVER);
	oauth_reject(*state, "a", "porch");
	assert_int_equal(net.asked, 2);
}

static void
many_rejections_make_one_refresh(void **state)
{
	grant("a");
	for (int i = 0; i < 20; i++)
		oauth_reject(*state, "a", "porch");
	assert_int_equal(net.asked, 2);
	assert_null(oauth_bearer(*state));
	grant("b");
	oauth_reject(*state, "a", "porch"); /* late words about the old one */
	assert_string_equal(oauth_bearer(*state), "b");
	assert_int_equal(net.asked, 2);
}

static void
a_replacement_that_is_rejected_too_is_replaced_after_a_pause(void **state)
{
	grant("a");
	oauth_reject(*state, "a", "porch");
	grant("b");
	assert_false(oauth_reject(*state, "b", "porch"));
	assert_false(oauth_reject(*state, "b", "porch"));
	assert_true(oauth_reject(*state, "b", "garage"));
	assert_int_equal(oauth_state(*state), OAUTH_PAUSING);
	assert_int_equal(net.asked, 2);
	elapse();
	grant("c");
	assert_true(oauth_reject(*state, "c", "garage"));
	assert_true(elapse() >= 1600); /* the second pause */
}

static void
tokens_that_are_all_rejected_are_replaced_with_pauses_that_grow_to_a_minute(void **state)
{
	ms_t longest_ms = 0;

	grant("a");
	oauth_reject(*state, "a", "porch");
	grant("b");
	oauth_reject(*state, "b", "porch");
	for (int i = 0; i < 8; i++) {
		oauth_reject(*state, "b", "garage");
		assert_int_equal(oauth_state(*state), OAUTH_PAUSING);
		ms_t pause_ms = elapse();
		longest_ms = pause_ms > longest_ms ? pause_ms : longest_ms;
		grant("b");
	}
	assert_in_range(longest_ms, 48000, 72000);
}

/* Else a camera that is answered 401 whatever the token would silence its account for ever. */
static void
a_replacement_that_others_are_served_with_is_kept(void **state)
{
	grant("a");
	oauth_accept(*state, "a");
	assert_true(oauth_reject(*state, "a", "porch"));
	grant("b");
	for (int i = 0; i < 100; i++) {
		assert_false(oauth_reject(*state, "b", "porch"));
		oauth_accept(*state, "b");
	}
	assert_int_equal(net.asked, 2);
	assert_string_equal(oauth_bearer(*state), "b");
	/* It may have been good until now. */
	assert_false(oauth_reject(*state, "b", "porch"));
	assert_true(oauth_reject(*state, "b", "garage"));
	assert_null(oauth_bearer(*state));
	assert_in_range(elapse(), 800, 1200); /* the first pause */
	oauth_accept(*state, "b");            /* a late word */
	grant("c");
	assert_true(oauth_reject(*state, "c", "garage"));
}

/* With one camera there is nobody else to ask. */
static void
after_five_minutes_one_device_is_believed(void **state)
{
	grant("a");
	oauth_reject(*state, "a", "porch");
	grant("b");
	oauth_accept(*state, "b");
	assert_false(oauth_reject(*state, "b", "porch"));
	fake_time_pass(299000);
	assert_false(oauth_reject(*state, "b", "porch"));
	fake_time_pass(1000);
	assert_true(oauth_reject(*state, "b", "porch"));
	assert_int_equal(oauth_state(*state), OAUTH_PAUSING);
}

static void
a_token_that_lived_makes_rejections_news_again(void **state)
{
	grant("a");
	oauth_reject(*state, "a", "porch");
	grant("b");
	elapse(); /* its early refresh */
	grant("c");
	oauth_reject(*state, "c", "porch");
	assert_int_equal(oauth_state(*state), OAUTH_ASKING);
}

static void
a_new_refresh_token_is_stored_and_used(void **state)
{
	char stored[32] = "";

	answer(200, "{\"access_token\":\"a\",\"expires_in\":60,\"refresh_token\":\"1//0new\"}");
	FILE *f = fopen(token_file, "r");
	assert_non_null(f);
	assert_non_null(fgets(stored, sizeof(stored), f));
	fclose(f);
	assert_string_equal(stored, "1//0new\n");
	elapse();
	assert_non_null(strstr(net.body, "refresh_token=1%2F%2F0new"));
	grant("b");
	assert_string_equal(oauth_bearer(*state), "b");
}

/* ---- logins ---------------------------------------------------------------------------------- */

static int
start_without_token(void **state)
{
	struct oauth_settings s = { .name = "home",
		.token_url = "http://t",
		.client_id = "id",
		.refresh_token_file = token_file,
		.client_secret = secret_new("hush"),
		.timeout_ms = 1000 };

	fake_time_reset(1000000);
	net.asked = changes = 0;
	*state = oauth_new(NULL, NULL, &s, on_changed, NULL);
	return 0;
}

/* Somebody has logged in: tokens "in" and "1//0in", as of now. */
static int
log_in(struct oauth *o)
{
	static const char body[] = "{\"access_token\":\"in\",\"expires_in\":3600,"
				   "\"refresh_token\":\"1//0in\"}";
	struct oauth_answer a;

	oauth_answer_parse(200, body, strlen(body), &a);
	int result = oauth_login(o, &a, fake_now_ms);
	oauth_answer_clear(&a);
	return result;
}

static void
assert_logged_in(struct oauth *o, int asked)
{
	assert_int_equal(oauth_state(o), OAUTH_RESTING);
	assert_string_equal(oauth_bearer(o), "in");
	assert_string_equal(oauth_why(o), "");
	assert_int_equal(net.asked, asked);
	assert_int_equal(elapse(), 3600000 - 300000);
	assert_int_equal(net.asked, asked + 1);
	assert_non_null(strstr(net.body, "refresh_token=1%2F%2F0in"));
}

static void
without_a_refresh_token_nothing_is_asked_and_the_reason_says_what_to_do(void **state)
{
	assert_int_equal(oauth_state(*state), OAUTH_DEAD);
	assert_int_equal(net.asked, 0);
	assert_true(fake_timers[0].due_ms == MS_NEVER);
	assert_null(oauth_bearer(*state));
	assert_string_equal(oauth_why(*state), "there is no refresh token yet: camctl login home");
}

static void
the_first_login_is_in_use_at_once_and_stored(void **state)
{
	char stored[32] = "";

	assert_int_equal(log_in(*state), 0);
	FILE *f = fopen(token_file, "r");
	assert_non_null(f);
	assert_non_null(fgets(stored, sizeof(stored), f));
	fclose(f);
	assert_string_equal(stored, "1//0in\n");
	assert_logged_in(*state, 0);
}

static void
a_login_revives_a_refused_account(void **state)
{
	answer(400, "{\"error\":\"invalid_grant\"}");
	assert_int_equal(oauth_state(*state), OAUTH_DEAD);
	log_in(*state);
	assert_logged_in(*state, 1);
}

static void
a_login_replaces_a_refresh_that_is_on_its_way(void **state)
{
	log_in(*state);
	assert_null(net.done);
	assert_logged_in(*state, 1);
}

static void
a_login_ends_a_pause(void **state)
{
	answer(503, "");
	assert_int_equal(oauth_state(*state), OAUTH_PAUSING);
	log_in(*state);
	assert_logged_in(*state, 1);
}

static void
a_login_to_a_living_account_sets_the_time_anew(void **state)
{
	grant("a");
	fake_now_ms += 1800000;
	log_in(*state);
	assert_logged_in(*state, 1);
}

static void
a_login_that_cannot_be_stored_says_so_and_is_used(void **state)
{
	unlink(token_file);
	mkdir(token_file, 0700);
	int result = log_in(*state);
	int why = errno;
	rmdir(token_file);
	assert_int_equal(result, -1);
	assert_int_equal(why, EISDIR);
	assert_logged_in(*state, 1);
}

/* ---- secrets that a human brought ------------------------------------------------------------ */

static void
other_secrets_wake_a_dead_account(void **state)
{
	answer(400, "{\"error\":\"invalid_grant\"}");
	assert_int_equal(oauth_state(*state), OAUTH_DEAD);
	assert_true(oauth_set_secrets(*state, secret_new("hush"), secret_new("fresh")));
	assert_int_equal(net.asked, 2);
	assert_non_null(strstr(net.body, "refresh_token=fresh"));
	grant("a");
	assert_string_equal(oauth_bearer(*state), "a");
}

static void
the_same_secrets_change_nothing(void **state)
{
	grant("a");
	assert_false(oauth_set_secrets(*state, secret_new("hush"), secret_new("1//0x")));
	assert_false(oauth_set_secrets(*state, NULL, NULL));
	assert_int_equal(net.asked, 1);
	assert_int_equal(oauth_state(*state), OAUTH_RESTING);
}

/* An OAuth client that was restored, say. */
static void
the_same_secrets_are_tried_again_if_they_were_refused(void **state)
{
	answer(400, "{\"error\":\"invalid_grant\"}");
	assert_false(oauth_set_secrets(*state, secret_new("hush"), secret_new("1//0x")));
	assert_int_equal(net.asked, 2);
	answer(400, "{\"error\":\"invalid_grant\"}");
	assert_int_equal(oauth_state(*state), OAUTH_DEAD);
	assert_false(oauth_set_secrets(*state, NULL, NULL));
	grant("a");
	assert_string_equal(oauth_bearer(*state), "a");
}

static void
other_secrets_replace_a_question_that_is_on_its_way(void **state)
{
	assert_true(oauth_set_secrets(*state, secret_new("other"), NULL));
	assert_int_equal(net.asked, 2);
	assert_non_null(strstr(net.body, "client_secret=other"));
	assert_non_null(strstr(net.body, "refresh_token=1%2F%2F0x"));
}

static void
another_client_secret_before_the_first_login_asks_nothing(void **state)
{
	assert_true(oauth_set_secrets(*state, secret_new("other"), NULL));
	assert_int_equal(net.asked, 0);
	assert_int_equal(oauth_state(*state), OAUTH_DEAD);
	assert_true(oauth_set_secrets(*state, NULL, secret_new("by-hand")));
	assert_int_equal(net.asked, 1);
	assert_non_null(strstr(net.body, "client_secret=other"));
	assert_non_null(strstr(net.body, "refresh_token=by-hand"));
}

static void
a_token_that_could_not_be_written_down_is_not_taken_back(void **state)
{
	char there[] = "/tmp/test_oauth.XXXXXX";

	/* A directory in the file's place: it cannot be written. */
	strcpy(there, token_file);
	unlink(there);
	assert_int_equal(mkdir(there, 0700), 0);
	answer(200, "{\"access_token\":\"a\",\"expires_in\":3600,\"refresh_token\":\"1//0new\"}");
	rmdir(there);
	assert_false(oauth_set_secrets(*state, NULL, secret_new("1//0x")));
	assert_true(oauth_set_secrets(*state, NULL, secret_new("by-hand")));
	assert_non_null(strstr(net.body, "refresh_token=by-hand"));
}

int
main(void)
{
#define LOGIN_TEST(f) cmocka_unit_test_setup_teardown(f, start_without_token, stop)
#define ACCOUNT_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		ACCOUNT_TEST(the_first_refresh_begins_at_once),
		ACCOUNT_TEST(a_token_is_renewed_five_minutes_before_it_expires),
		ACCOUNT_TEST(a_short_token_is_renewed_after_nine_tenths_of_its_life),
		ACCOUNT_TEST(failures_are_tried_again_with_pauses_that_grow_to_ten_seconds),
		ACCOUNT_TEST(
			tokens_that_are_all_rejected_are_replaced_with_pauses_that_grow_to_a_minute),
		ACCOUNT_TEST(a_token_stays_in_use_while_its_renewal_fails),
		ACCOUNT_TEST(a_refused_account_is_dead_and_asks_no_more),
		ACCOUNT_TEST(many_rejections_make_one_refresh),
		ACCOUNT_TEST(a_replacement_that_is_rejected_too_is_replaced_after_a_pause),
		ACCOUNT_TEST(a_replacement_that_others_are_served_with_is_kept),
		ACCOUNT_TEST(after_five_minutes_one_device_is_believed),
		ACCOUNT_TEST(a_token_that_lived_makes_rejections_news_again),
		ACCOUNT_TEST(a_new_refresh_token_is_stored_and_used),
		LOGIN_TEST(without_a_refresh_token_nothing_is_asked_and_the_reason_says_what_to_do),
		LOGIN_TEST(the_first_login_is_in_use_at_once_and_stored),
		ACCOUNT_TEST(a_login_revives_a_refused_account),
		ACCOUNT_TEST(a_login_replaces_a_refresh_that_is_on_its_way),
		ACCOUNT_TEST(a_login_ends_a_pause),
		ACCOUNT_TEST(a_login_to_a_living_account_sets_the_time_anew),
		ACCOUNT_TEST(a_login_that_cannot_be_stored_says_so_and_is_used),
		ACCOUNT_TEST(other_secrets_wake_a_dead_account),
		ACCOUNT_TEST(the_same_secrets_change_nothing),
		ACCOUNT_TEST(the_same_secrets_are_tried_again_if_they_were_refused),
		LOGIN_TEST(another_client_secret_before_the_first_login_asks_nothing),
		ACCOUNT_TEST(other_secrets_replace_a_question_that_is_on_its_way),
		ACCOUNT_TEST(a_token_that_could_not_be_written_down_is_not_taken_back),
	};
	int fd = mkstemp(token_file);

	if (fd < 0)
		return 1;
	close(fd);
	log_open("/dev/null", LOG_LOGFMT, LOG_DEBUG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
