/* test_consumers.c - everybody who watches, with an SFU and a clock made of nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/log.h"
#include "supervisor/config_consumers.h"
#include "supervisor/consumers.h"
#include "supervisor/consumers_view.h"
#include "supervisor/store.h"
#include "tests/unit/fake_sfu.h"
#include "tests/unit/fake_time.h"

/* ---- cameras made of nothing ----------------------------------------------------------------- */

static const struct sfu_track tracks[] = { { .name = "porch-video" } };

/* Every camera's; session NULL: nowhere. */
static const char *published;
static bool sending, configured;

static struct {
	int results;
	enum consumer_verdict verdict;
	char id[CONSUMER_ID_BYTES];
	char must_pull[CONSUMER_ID_BYTES];
	int told;
	int stops;
	bool closed;
} seen;

static struct config_consumers limits;

static bool
exists(const char *camera, void *arg)
{
	(void)camera;
	(void)arg;
	return configured;
}

static bool
find(const char *camera, struct output_source *out, void *arg)
{
	(void)camera;
	(void)arg;
	*out = (struct output_source){
		.session = published, .tracks = tracks, .track_count = 1, .sending = sending
	};
	return published != NULL;
}

static void
on_must_pull(const char *id, const char *camera, void *arg)
{
	(void)arg;
	assert_string_equal(camera, "porch");
	snprintf(seen.must_pull, sizeof(seen.must_pull), "%s", id);
	seen.told++;
}

static void
on_done(const char *id, const struct consumer_result *result, void *arg)
{
	(void)arg;
	snprintf(seen.id, sizeof(seen.id), "%s", id);
	seen.verdict = result->verdict;
	seen.results++;
}

static void
on_stopped(bool closed, void *arg)
{
	(void)arg;
	seen.closed = closed;
	seen.stops++;
}

/* ---- the table ------------------------------------------------------------------------------- */

/* With a store, NULL: without. */
static struct consumers *
make(struct store *store)
{
	const struct consumers_config config = { .store = store,
		.limits = &limits,
		.exists = exists,
		.find = find,
		.on_must_pull = on_must_pull };
	static char sfu; /* the fake one never looks at it */

	struct consumers *t = consumers_new(&config);
	consumers_set_sfu(t, (struct sfu *)&sfu);
	return t;
}

static void
begin(ms_t now_ms)
{
	fake_time_reset(now_ms);
	fake_sfu_reset();
	memset(&seen, 0, sizeof(seen));
	limits = (struct config_consumers){
		.max = 3, .max_per_camera = 2, .heartbeat_ms = 30000, .heartbeat_timeout_ms = 60000
	};
	published = "camera-1";
	sending = configured = true;
}

static int
start(void **state)
{
	begin(1000000);
	*state = make(NULL);
	return 0;
}

static int
stop(void **state)
{
	consumers_free(*state);
	for (size_t i = 0; i < fake_timer_count; i++)
		assert_true(fake_timers[i].freed);
	assert_int_equal(fake_sfu_count(), 0);
	return 0;
}

static enum consumers_refusal
try_open(struct consumers *t, const char *camera, char id[CONSUMER_ID_BYTES])
{
	return consumers_open(t, camera, "alice", NULL, on_done, NULL, id);
}

static void
go_live(struct consumers *t, char id[CONSUMER_ID_BYTES])
{
	assert_int_equal(try_open(t, "porch", id), CONSUMERS_TAKEN);
	fake_sfu_open();
	fake_sfu_give(SFU_TRACKS_PULL);
	assert_int_equal(consumers_answer(t, id, "mine", on_done, NULL), CONSUMERS_TAKEN);
	fake_sfu_answer(SFU_RENEGOTIATE, (struct sfu_answer){ .error = SFU_OK });
}

static void
go_live_whep(struct consumers *t, char id[CONSUMER_ID_BYTES])
{
	assert_int_equal(consumers_open(t, "porch", NULL, "m=video 9\n", on_done, NULL, id),
		CONSUMERS_TAKEN);
	fake_sfu_open();
	fake_sfu_give(SFU_TRACKS_TAKE);
}

static struct consumer_row
row(const struct consumers *t, const char *id)
{
	struct consumer_row r;

	assert_true(consumers_get(t, id, &r));
	return r;
}

static void
expect_ended(const struct consumers *t, const char *id, enum consumers_end end)
{
	assert_string_equal(consumers_end_name(row(t, id).end), consumers_end_name(end));
	assert_int_equal(consumers_ended(t, end), 1);
	assert_int_equal(consumers_count(t, NULL), 0);
}

static void
a_viewer_gets_an_id_that_nobody_can_guess(void **state)
{
	char id[2][CONSUMER_ID_BYTES];

	go_live(*state, id[0]);
	go_live(*state, id[1]);
	assert_int_equal(strspn(id[0], "0123456789abcdef"), 32);
	assert_string_not_equal(id[0], id[1]);
	assert_string_equal(row(*state, id[0]).state, "live");
	assert_string_equal(row(*state, id[0]).session, "s1");
	assert_string_equal(row(*state, id[0]).owner, "alice");
	assert_string_equal(seen.id, id[1]);
	assert_int_equal(consumers_count(*state, "porch"), 2);
}

static void
there_are_limits_in_all_and_per_camera(void **state)
{
	char id[CONSUMER_ID_BYTES];

	go_live(*state, id);
	go_live(*state, id);
	assert_int_equal(try_open(*state, "porch", id), CONSUMERS_CAMERA_FULL);
	assert_int_equal(try_open(*state, "yard", id), CONSUMERS_TAKEN);
	assert_int_equal(try_open(*state, "door", id), CONSUMERS_FULL);
	assert_true(consumers_close(*state, id, CONSUMERS_CLOSED));
	assert_int_equal(try_open(*state, "door", id), CONSUMERS_TAKEN);
}

static void
a_camera_that_sends_nothing_is_refused_at_once(void **state)
{
	char id[CONSUMER_ID_BYTES];

	sending = false;
	assert_int_equal(try_open(*state, "porch", id), CONSUMERS_NOT_PUBLISHED);
	published = NULL;
	assert_int_equal(try_open(*state, "porch", id), CONSUMERS_NOT_PUBLISHED);
	assert_int_equal(fake_sfu_count(), 0);
}

static void
who_sends_no_heartbeat_is_ended_and_closed_at_the_sfu(void **state)
{
	char id[CONSUMER_ID_BYTES];

	go_live(*state, id);
	fake_time_pass(50000);
	struct consumer_report report = consumer_report_none();
	report.frames = 700;
	assert_true(consumers_heartbeat(*state, id, &report));
	fake_time_pass(50000);
	assert_int_equal(row(*state, id).report.frames, 700);
	assert_int_equal(consumers_count(*state, NULL), 1);
	fake_time_pass(11000);
	expect_ended(*state, id, CONSUMERS_LAPSED);
	assert_string_equal(row(*state, id).state, "ended");
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_CLOSE)->session, "s1");
	assert_false(consumers_heartbeat(*state, id, &report));
	assert_int_equal(consumers_pull(*state, id, on_done, NULL), CONSUMERS_UNKNOWN);
}

static void
a_close_ends_it_once(void **state)
{
	char id[CONSUMER_ID_BYTES];

	go_live(*state, id);
	assert_true(consumers_close(*state, id, CONSUMERS_CLOSED));
	assert_false(consumers_close(*state, id, CONSUMERS_CLOSED));
	expect_ended(*state, id, CONSUMERS_CLOSED);
	fake_time_elapse();
	expect_ended(*state, id, CONSUMERS_CLOSED);
	assert_non_null(fake_sfu_waiting(SFU_TRACKS_CLOSE));
}

static void
a_first_pull_that_fails_leaves_no_viewer(void **state)
{
	char id[CONSUMER_ID_BYTES];

	try_open(*state, "porch", id);
	fake_sfu_refuse(SFU_SESSION_NEW, SFU_UNAUTHORIZED);
	assert_int_equal(seen.verdict, CONSUMER_NO_SFU);
	expect_ended(*state, id, CONSUMERS_FAILED);
	assert_string_equal(row(*state, id).why, "unauthorized: words");
}

static void
an_answer_that_fails_leaves_one_who_may_pull_again(void **state)
{
	char id[CONSUMER_ID_BYTES];

	try_open(*state, "porch", id);
	assert_int_equal(consumers_answer(*state, id, "early", on_done, NULL), CONSUMERS_BUSY);
	fake_sfu_open();
	fake_sfu_give(SFU_TRACKS_PULL);
	consumers_answer(*state, id, "bad", on_done, NULL);
	fake_sfu_refuse(SFU_RENEGOTIATE, SFU_INVALID);
	assert_int_equal(seen.verdict, CONSUMER_BAD_SDP);
	assert_true(row(*state, id).must_pull);
	assert_int_equal(consumers_answer(*state, id, "again", on_done, NULL), CONSUMERS_NOT_ASKED);
	assert_int_equal(consumers_pull(*state, id, on_done, NULL), CONSUMERS_TAKEN);
}

static void
a_republication_is_told_once_and_pulled(void **state)
{
	char id[CONSUMER_ID_BYTES];

	go_live(*state, id);
	published = NULL;
	fake_time_pass(1000);
	assert_int_equal(seen.told, 0);
	assert_false(row(*state, id).must_pull);
	assert_int_equal(consumers_pull(*state, id, on_done, NULL), CONSUMERS_NOT_PUBLISHED);
	published = "camera-2";
	fake_time_pass(1000);
	assert_int_equal(seen.told, 1);
	assert_string_equal(seen.must_pull, id);
	assert_true(row(*state, id).must_pull);
	assert_int_equal(consumers_pull(*state, id, on_done, NULL), CONSUMERS_TAKEN);
	fake_sfu_open();
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_PULL)->publisher, "camera-2");
	fake_sfu_give(SFU_TRACKS_PULL);
	assert_int_equal(row(*state, id).pulls, 2);
}

static void
a_camera_that_is_configured_no_more_has_no_viewers(void **state)
{
	char id[CONSUMER_ID_BYTES];

	go_live(*state, id);
	configured = false;
	published = NULL;
	fake_time_pass(500);
	expect_ended(*state, id, CONSUMERS_NO_CAMERA);
}

static void
an_owner_that_is_revoked_has_no_viewers_and_others_keep_theirs(void **state)
{
	char alices[CONSUMER_ID_BYTES], bobs[CONSUMER_ID_BYTES];

	go_live(*state, alices);
	assert_int_equal(
		consumers_open(*state, "porch", "bob", NULL, on_done, NULL, bobs), CONSUMERS_TAKEN);
	assert_int_equal(consumers_revoke(*state, "alic"), 0);
	assert_int_equal(consumers_revoke(*state, "alice"), 1);
	assert_int_equal(row(*state, alices).end, CONSUMERS_REVOKED);
	assert_int_equal(row(*state, bobs).end, CONSUMERS_WATCHING);
	assert_int_equal(consumers_revoke(*state, "alice"), 0);
	fake_time_pass(1000);
	assert_non_null(fake_sfu_waiting(SFU_TRACKS_CLOSE));
	assert_int_equal(consumers_ended(*state, CONSUMERS_REVOKED), 1);
}

static void
a_player_without_heartbeats_is_there_while_the_sfu_says_so(void **state)
{
	char id[CONSUMER_ID_BYTES];

	go_live_whep(*state, id);
	for (int i = 0; i < 5; i++) {
		fake_time_pass(31000);
		fake_sfu_answer(SFU_SESSION_GET, (struct sfu_answer){ .error = SFU_OK });
	}
	assert_int_equal(consumers_count(*state, NULL), 1);
	fake_time_pass(31000);
	fake_sfu_refuse(SFU_SESSION_GET, SFU_GONE);
	fake_time_pass(500);
	expect_ended(*state, id, CONSUMERS_FAILED);
}

static void
a_player_without_room_for_what_the_camera_sends_is_refused(void **state)
{
	char id[CONSUMER_ID_BYTES];

	assert_int_equal(consumers_open(*state, "porch", NULL, "m=audio 9\n", on_done, NULL, id),
		CONSUMERS_NO_ROOM);
	assert_int_equal(consumers_count(*state, NULL), 0);
}

static void
a_player_is_never_asked_to_pull(void **state)
{
	char id[CONSUMER_ID_BYTES];

	go_live_whep(*state, id);
	assert_int_equal(consumers_pull(*state, id, on_done, NULL), CONSUMERS_NOT_ASKED);
	published = "camera-2";
	fake_time_pass(500);
	fake_sfu_answer(SFU_TRACKS_UPDATE, (struct sfu_answer){ .error = SFU_OK });
	fake_time_pass(500);
	assert_int_equal(seen.told, 0);
	assert_string_equal(row(*state, id).state, "live");
}

static void
the_ended_are_remembered_up_to_a_limit(void **state)
{
	char id[CONSUMER_ID_BYTES] = "", first[CONSUMER_ID_BYTES] = "";
	struct consumer_row r;

	for (int i = 0; i <= CONSUMERS_HISTORY; i++) {
		/* The fakes are of a fixed number: each viewer has a world of its own. */
		fake_sfu_reset();
		fake_timer_count = 2;
		try_open(*state, "porch", i == 0 ? first : id);
		fake_sfu_refuse(SFU_SESSION_NEW, SFU_REFUSED);
		fake_time_pass(500);
	}
	assert_true(consumers_get(*state, id, &r));
	assert_false(consumers_get(*state, first, &r));
	assert_int_equal(consumers_ended(*state, CONSUMERS_FAILED), CONSUMERS_HISTORY + 1);
}

static void
a_stop_closes_every_session(void **state)
{
	char id[CONSUMER_ID_BYTES];

	go_live(*state, id);
	consumers_stop(*state, 4000, on_stopped, NULL);
	assert_int_equal(seen.stops, 0);
	fake_time_elapse();
	assert_int_equal(seen.stops, 0);
	fake_sfu_answer(SFU_TRACKS_CLOSE, (struct sfu_answer){ .error = SFU_OK });
	fake_time_elapse();
	assert_int_equal(seen.stops, 1);
	assert_true(seen.closed);
	expect_ended(*state, id, CONSUMERS_STOPPED);
	assert_int_equal(try_open(*state, "porch", id), CONSUMERS_NOT_PUBLISHED);
}

static void
a_stop_waits_no_longer_than_it_may(void **state)
{
	char id[CONSUMER_ID_BYTES];
	ms_t began_ms = fake_now_ms;

	try_open(*state, "porch", id);
	fake_sfu_open();
	consumers_stop(*state, 4000, on_stopped, NULL);
	assert_int_equal(seen.verdict, CONSUMER_OVER);
	while (!seen.stops)
		fake_time_elapse();
	assert_in_range(fake_now_ms - began_ms, 4000, 4250);
	assert_false(seen.closed);
}

/* ---- what outlives the process --------------------------------------------------------------- */

/* A process, and the file that stays when it is killed. */
struct life {
	char dir[40];
	struct store *store;
	struct consumers *t;
};

static void
begin_life(struct life *l, ms_t now_ms)
{
	char why[256];

	begin(now_ms);
	if (store_open(l->dir, &l->store, why, sizeof(why)))
		fail_msg("%s", why);
	l->t = make(l->store);
}

/* As by kill -9: nothing more is written, nobody is told. */
static void
kill_and_begin_again(struct life *l)
{
	consumers_free(l->t);
	store_close(l->store);
	begin_life(l, fake_now_ms + 1000);
}

static int
start_life(void **state)
{
	static struct life l;

	strcpy(l.dir, "/tmp/test_consumers.XXXXXX");
	if (!mkdtemp(l.dir))
		return -1;
	begin_life(&l, 1000000);
	*state = &l;
	return 0;
}

static int
stop_life(void **state)
{
	struct life *l = *state;
	char command[80];

	consumers_free(l->t);
	store_close(l->store);
	snprintf(command, sizeof(command), "rm -r %s", l->dir);
	return system(command);
}

static void
who_watched_when_it_was_killed_is_ended_and_closed_at_the_sfu(void **state)
{
	struct life *l = *state;
	char id[CONSUMER_ID_BYTES];

	go_live(l->t, id);
	kill_and_begin_again(l);
	expect_ended(l->t, id, CONSUMERS_INTERRUPTED);
	struct consumer_row r = row(l->t, id);
	assert_string_equal(r.camera, "porch");
	assert_string_equal(r.owner, "alice");
	assert_string_equal(r.state, "ended");
	assert_false(r.whep);
	assert_int_equal(r.pulls, 1);
	struct sfu_call *close = fake_sfu_waiting(SFU_TRACKS_CLOSE);
	assert_non_null(close);
	assert_string_equal(close->session, "s1");
	assert_string_equal(close->mids, "0 1 ");
	assert_false(consumers_heartbeat(l->t, id, &r.report));
}

static void
a_close_that_fails_is_tried_again_and_one_that_succeeds_is_not(void **state)
{
	struct life *l = *state;
	char id[CONSUMER_ID_BYTES];

	go_live(l->t, id);
	kill_and_begin_again(l);
	fake_sfu_refuse(SFU_TRACKS_CLOSE, SFU_SERVER);
	fake_time_pass(1000);
	assert_non_null(fake_sfu_waiting(SFU_TRACKS_CLOSE));
	kill_and_begin_again(l);
	fake_sfu_answer(SFU_TRACKS_CLOSE, (struct sfu_answer){ .error = SFU_OK });
	assert_int_equal(consumers_ended(l->t, CONSUMERS_INTERRUPTED), 0);
	kill_and_begin_again(l);
	assert_int_equal(fake_sfu_count(), 0);
	assert_string_equal(consumers_end_name(row(l->t, id).end), "interrupted");
}

static void
a_pull_that_was_given_up_is_closed_by_the_next_process_too(void **state)
{
	struct life *l = *state;
	char id[CONSUMER_ID_BYTES];

	go_live(l->t, id);
	consumers_pull(l->t, id, on_done, NULL);
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_CLOSE)->session, "s1");
	kill_and_begin_again(l);
	assert_string_equal(fake_sfu_waiting(SFU_TRACKS_CLOSE)->session, "s1");
}

static void
those_that_had_ended_are_remembered_as_they_were(void **state)
{
	struct life *l = *state;
	struct consumer_report report = consumer_report_none();
	char first[CONSUMER_ID_BYTES], second[CONSUMER_ID_BYTES];

	go_live(l->t, first);
	fake_time_pass(20000);
	report.frames = 700;
	consumers_heartbeat(l->t, first, &report);
	fake_time_pass(5000);
	consumers_close(l->t, first, CONSUMERS_CLOSED);
	fake_time_pass(1000);
	try_open(l->t, "porch", second);
	fake_sfu_refuse(SFU_SESSION_NEW, SFU_UNAUTHORIZED);
	kill_and_begin_again(l);
	struct consumer_row r = row(l->t, first);
	assert_int_equal(r.end, CONSUMERS_CLOSED);
	assert_int_equal(r.lasted_ms, 25000);
	assert_int_equal(r.heartbeat_age_ms, 5000);
	assert_int_equal(r.report.frames, 700);
	assert_int_equal(r.report.lost, -1);
	r = row(l->t, second);
	assert_int_equal(r.end, CONSUMERS_FAILED);
	assert_string_equal(r.why, "unauthorized: words");
	assert_int_equal(consumers_ended(l->t, CONSUMERS_CLOSED), 0);
}

int
main(void)
{
#define LIFE_TEST(f) cmocka_unit_test_setup_teardown(f, start_life, stop_life)
#define CONSUMERS_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {
		CONSUMERS_TEST(a_viewer_gets_an_id_that_nobody_can_guess),
		CONSUMERS_TEST(there_are_limits_in_all_and_per_camera),
		CONSUMERS_TEST(a_camera_that_sends_nothing_is_refused_at_once),
		CONSUMERS_TEST(who_sends_no_heartbeat_is_ended_and_closed_at_the_sfu),
		CONSUMERS_TEST(a_close_ends_it_once),
		CONSUMERS_TEST(a_first_pull_that_fails_leaves_no_viewer),
		CONSUMERS_TEST(an_answer_that_fails_leaves_one_who_may_pull_again),
		CONSUMERS_TEST(a_republication_is_told_once_and_pulled),
		CONSUMERS_TEST(a_camera_that_is_configured_no_more_has_no_viewers),
		CONSUMERS_TEST(an_owner_that_is_revoked_has_no_viewers_and_others_keep_theirs),
		CONSUMERS_TEST(a_player_without_heartbeats_is_there_while_the_sfu_says_so),
		CONSUMERS_TEST(a_player_without_room_for_what_the_camera_sends_is_refused),
		CONSUMERS_TEST(a_player_is_never_asked_to_pull),
		CONSUMERS_TEST(the_ended_are_remembered_up_to_a_limit),
		CONSUMERS_TEST(a_stop_closes_every_session),
		CONSUMERS_TEST(a_stop_waits_no_longer_than_it_may),
		LIFE_TEST(who_watched_when_it_was_killed_is_ended_and_closed_at_the_sfu),
		LIFE_TEST(a_close_that_fails_is_tried_again_and_one_that_succeeds_is_not),
		LIFE_TEST(a_pull_that_was_given_up_is_closed_by_the_next_process_too),
		LIFE_TEST(those_that_had_ended_are_remembered_as_they_were),
	};
	log_open("/dev/null", LOG_LOGFMT, LOG_DEBUG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
