#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/log.h"
#include "supervisor/store.h"
#include "supervisor/store_checkpoint.h"
#include "supervisor/store_consumers.h"
#include "supervisor/store_deliveries.h"

static char folder[64];
static char dir[80];
static char log_path[80];
static char why[1024];

/* ---- helpers --------------------------------------------------------------------------------- */

static const char *
in_dir(const char *name)
{
	static char path[4][400];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static struct store *
must_open(void)
{
	struct store *s = NULL;
	int err = store_open(dir, &s, why, sizeof(why));

	if (err)
		fail_msg("store_open: %s (%s)", err_text(err), why);
	return s;
}

static void
expect_refusal(const char *where, int expected, const char *sentence)
{
	struct store *s = NULL;
	int err = store_open(where, &s, why, sizeof(why));

	assert_null(s);
	if (err != expected || !strstr(why, sentence))
		fail_msg("wrong refusal: %s (%s)", err_text(err), why);
}

static char *
slurp(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		fail_msg("%s is missing", path);
	fseek(f, 0, SEEK_END);
	*size = (size_t)ftell(f);
	rewind(f);
	char *bytes = calloc(1, *size + 1);
	assert_int_equal(fread(bytes, 1, *size, f), *size);
	fclose(f);
	return bytes;
}

static int
occurrences(const char *path, const char *needle)
{
	size_t size;
	char *bytes = slurp(path, &size);
	int n = 0;

	for (char *p = bytes; (p = memmem(p, size - (size_t)(p - bytes), needle, strlen(needle)));
		p++)
		n++;
	free(bytes);
	return n;
}

/* Names in the directory that begin so and end so. */
static int
count_names(const char *prefix, const char *suffix, char *last, size_t last_size)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d))) {
		size_t len = strlen(e->d_name);
		if (strncmp(e->d_name, prefix, strlen(prefix)) != 0 || len < strlen(suffix) ||
			strcmp(e->d_name + len - strlen(suffix), suffix) != 0)
			continue;
		n++;
		if (last)
			snprintf(last, last_size, "%s", e->d_name);
	}
	closedir(d);
	return n;
}

/* As an operator would, with sqlite3. */
static sqlite3 *
operator_open(void)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(in_dir("state.db"), &db), SQLITE_OK);
	return db;
}

static void
run_sql(sqlite3 *db, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
}

static int64_t
ask_sql(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static int64_t
operator_asks(const char *sql)
{
	sqlite3 *db = operator_open();
	int64_t n = ask_sql(db, sql);

	sqlite3_close(db);
	return n;
}

static struct store_stream
make_stream(const char *camera, unsigned extends, int64_t expires_us)
{
	return (struct store_stream){ .camera = camera,
		.account = "home",
		.device = "AVPHwE",
		.rtsp_url = "rtsps://example/stream?auth=a",
		.stream_token = "g.0.stream",
		.extension_token = "extension",
		.granted_us = 1000,
		.expires_us = expires_us,
		.extends = extends };
}

static void
must_put(struct store *s, const char *camera, unsigned extends, int64_t expires_us)
{
	struct store_stream stream = make_stream(camera, extends, expires_us);

	assert_int_equal(store_put_stream(s, &stream), 0);
}

/* What came out, as text: "porch:2 yard:0 ". */
struct heard {
	struct store *store;
	char text[4096];
	int rows;
};

static void
hear(struct heard *h, const char *format, ...)
{
	va_list ap;
	size_t len = strlen(h->text);

	va_start(ap, format);
	vsnprintf(h->text + len, sizeof(h->text) - len, format, ap);
	va_end(ap);
	h->rows++;
}

static void
on_stream(void *arg, const struct store_stream *s)
{
	hear(arg, "%s:%u ", s->camera, s->extends);
}

static void
on_stream_in_full(void *arg, const struct store_stream *s)
{
	hear(arg, "%s|%s|%s|%zu|%s|%s|%lld|%lld|%u ", s->camera, s->account, s->device,
		strlen(s->rtsp_url), s->stream_token ? s->stream_token : "-",
		s->extension_token ? s->extension_token : "-", (long long)s->granted_us,
		(long long)s->expires_us, s->extends);
}

static void
on_stream_dropped(void *arg, const struct store_stream *s)
{
	struct heard *h = arg;

	on_stream(arg, s);
	assert_int_equal(store_drop_stream(h->store, s->camera), 0);
	must_put(h->store, "new", 1, 5);
}

static void
on_event(void *arg, const struct store_event *e)
{
	hear(arg, "%lld|%s|%s|%s ", (long long)e->at_us, e->camera ? e->camera : "-", e->event,
		e->text ? e->text : "-");
}

static void
on_call(void *arg, const struct store_call *c)
{
	hear(arg, "%lld|%s|%s|%s ", (long long)c->at_us, c->account, c->device ? c->device : "-",
		c->kind);
}

static void
expect_streams(struct store *s, const char *expected)
{
	struct heard h = { .store = s };

	assert_int_equal(store_each_stream(s, on_stream, &h), 0);
	assert_string_equal(h.text, expected);
}

static void
expect_events(struct store *s, int limit, const char *camera, const char *expected)
{
	struct heard h = { .store = s };

	assert_int_equal(store_each_event(s, limit, camera, on_event, &h), 0);
	assert_string_equal(h.text, expected);
}

static void
expect_calls(struct store *s, int64_t since_us, const char *expected)
{
	struct heard h = { .store = s };

	assert_int_equal(store_each_call(s, since_us, on_call, &h), 0);
	assert_string_equal(h.text, expected);
}

static void
add_event(struct store *s, int64_t at_us, const char *camera, const char *event, const char *text)
{
	struct store_event e = { .at_us = at_us, .camera = camera, .event = event, .text = text };

	assert_int_equal(store_add_event(s, &e), 0);
}

static void
add_call(struct store *s, int64_t at_us, const char *device, const char *kind)
{
	struct store_call c = { .at_us = at_us, .account = "home", .device = device, .kind = kind };

	assert_int_equal(store_add_call(s, &c), 0);
}

/* ---- streams --------------------------------------------------------------------------------- */

static void
a_stream_reads_back_as_it_was_put(void **state)
{
	struct store *s = must_open();
	struct heard h = { 0 };
	char url[5001];

	(void)state;
	memset(url, 'u', 5000);
	url[5000] = '\0';
	struct store_stream long_url = make_stream("porch", 3, INT64_C(1800000000000000));
	struct store_stream bare = make_stream("it's \"\xc3\xa9\"", 0, INT64_C(1900000000000000));
	long_url.rtsp_url = url;
	bare.stream_token = bare.extension_token = NULL;
	assert_int_equal(store_put_stream(s, &long_url), 0);
	assert_int_equal(store_put_stream(s, &bare), 0);
	assert_int_equal(store_each_stream(s, on_stream_in_full, &h), 0);
	assert_string_equal(h.text,
		"porch|home|AVPHwE|5000|g.0.stream|extension|1000|1800000000000000|3 "
		"it's \"\xc3\xa9\"|home|AVPHwE|29|-|-|1000|1900000000000000|0 ");
	store_close(s);
}

static void
a_camera_has_one_stream_its_newest(void **state)
{
	struct store *s = must_open();
	struct heard h = { 0 };

	(void)state;
	must_put(s, "porch", 0, 10);
	struct store_stream next = { .camera = "porch",
		.account = "other",
		.device = "B",
		.rtsp_url = "r",
		.stream_token = "s",
		.extension_token = "e",
		.granted_us = 7,
		.expires_us = 8,
		.extends = 9 };
	assert_int_equal(store_put_stream(s, &next), 0);
	assert_int_equal(store_each_stream(s, on_stream_in_full, &h), 0);
	assert_string_equal(h.text, "porch|other|B|1|s|e|7|8|9 ");
	store_close(s);
}

static void
a_dropped_stream_is_gone_and_dropping_nothing_is_fine(void **state)
{
	struct store *s = must_open();

	(void)state;
	must_put(s, "porch", 0, 10);
	must_put(s, "yard", 0, 20);
	assert_int_equal(store_drop_stream(s, "porch"), 0);
	assert_int_equal(store_drop_stream(s, "porch"), 0);
	assert_int_equal(store_drop_stream(s, "nowhere"), 0);
	expect_streams(s, "yard:0 ");
	store_close(s);
}

static void
the_stream_that_ends_first_comes_first_and_may_be_dropped_at_once(void **state)
{
	struct store *s = must_open();
	struct heard h = { .store = s };

	(void)state;
	must_put(s, "a", 1, 30);
	must_put(s, "b", 2, 10);
	must_put(s, "c", 3, 20);
	assert_int_equal(store_each_stream(s, on_stream_dropped, &h), 0);
	assert_string_equal(h.text, "b:2 c:3 a:1 ");
	expect_streams(s, "new:1 ");
	store_close(s);
}

static void
a_replaced_and_a_dropped_token_are_not_in_the_file_once_it_is_closed(void **state)
{
	struct store *s = must_open();
	struct store_stream stream = make_stream("porch", 0, 10);
	struct store_stream other = make_stream("yard", 0, 10);

	(void)state;
	stream.stream_token = "FIRST-TOKEN";
	other.stream_token = "OTHER-TOKEN";
	assert_int_equal(store_put_stream(s, &stream), 0);
	assert_int_equal(store_put_stream(s, &other), 0);
	store_close(s);
	assert_int_equal(occurrences(in_dir("state.db"), "FIRST-TOKEN"), 1);
	s = must_open();
	stream.stream_token = "NEXT";
	assert_int_equal(store_put_stream(s, &stream), 0);
	assert_int_equal(store_drop_stream(s, "yard"), 0);
	store_close(s);
	assert_int_equal(occurrences(in_dir("state.db"), "FIRST-TOKEN"), 0);
	assert_int_equal(occurrences(in_dir("state.db"), "OTHER-TOKEN"), 0);
}

/* ---- events, calls, counters ----------------------------------------------------------------- */

static void
events_come_newest_first_and_by_camera(void **state)
{
	struct store *s = must_open();

	(void)state;
	add_event(s, 1, "porch", "up", NULL);
	add_event(s, 2, "yard", "down", "it died");
	add_event(s, 9, NULL, "started", NULL);
	add_event(s, 3, "porch", "down", "so did it"); /* the clock was set back */
	expect_events(s, 10, NULL,
		"3|porch|down|so did it 9|-|started|- 2|yard|down|it died 1|porch|up|- ");
	expect_events(s, 2, NULL, "3|porch|down|so did it 9|-|started|- ");
	expect_events(s, 10, "porch", "3|porch|down|so did it 1|porch|up|- ");
	expect_events(s, 1, "porch", "3|porch|down|so did it ");
	expect_events(s, 10, "nowhere", "");
	store_close(s);
}

/* n more, made by sqlite3 itself. */
static void
fill_events(int n)
{
	sqlite3 *db = operator_open();
	char sql[400];

	snprintf(sql, sizeof(sql),
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		" INSERT INTO events (at_us, camera, event, text)"
		" SELECT i, 'camera-' || (i %% 48), 'state',"
		" 'running -> failed: the stream expired; ' || i FROM n",
		n);
	run_sql(db, sql);
	sqlite3_close(db);
}

static void
the_history_keeps_its_newest_events(void **state)
{
	(void)state;
	store_close(must_open());
	fill_events(STORE_EVENTS_MAX);
	struct store *s = must_open();
	for (int i = 0; i < 200; i++)
		add_event(s, i, "porch", "new", NULL);
	store_close(s);
	int64_t n = operator_asks("SELECT count(*) FROM events");
	assert_in_range(n, STORE_EVENTS_MAX, STORE_EVENTS_MAX + 64);
	assert_int_equal(operator_asks("SELECT count(*) FROM events WHERE event = 'new'"), 200);
	assert_int_equal(operator_asks("SELECT count(*) FROM events WHERE id <= 100"), 0);
}

static void
a_history_that_is_far_too_long_shrinks_little_by_little(void **state)
{
	(void)state;
	store_close(must_open());
	fill_events(STORE_EVENTS_MAX + 1000);
	struct store *s = must_open();
	for (int i = 0; i < 64; i++)
		add_event(s, i, "porch", "new", NULL);
	assert_int_equal(
		operator_asks("SELECT count(*) FROM events"), STORE_EVENTS_MAX + 1000 + 64 - 256);
	for (int i = 0; i < 640; i++)
		add_event(s, i, "porch", "new", NULL);
	assert_in_range(operator_asks("SELECT count(*) FROM events"), STORE_EVENTS_MAX,
		STORE_EVENTS_MAX + 64);
	store_close(s);
}

static void
spent_calls_come_oldest_first_from_a_moment_on(void **state)
{
	struct store *s = must_open();

	(void)state;
	add_call(s, 100, "A", "generate");
	add_call(s, 300, NULL, "list");
	add_call(s, 200, "B", "extend");
	expect_calls(s, 0, "100|home|A|generate 200|home|B|extend 300|home|-|list ");
	expect_calls(s, 200, "200|home|B|extend 300|home|-|list ");
	expect_calls(s, 301, "");
	store_close(s);
}

static void
calls_that_no_bucket_counts_and_those_of_a_wrong_clock_are_forgotten(void **state)
{
	struct store *s = must_open();
	int64_t now = INT64_C(1800000000000000);
	int64_t hour = INT64_C(3600000000);
	struct heard h = { 0 };

	(void)state;
	add_call(s, now - 3 * hour, "old", "extend");
	add_call(s, now + 3 * hour, "wrong", "extend");
	add_call(s, now - hour, "hour", "extend");
	for (int i = 0; i < 80; i++)
		add_call(s, now, "now", "extend");
	assert_int_equal(store_each_call(s, 0, on_call, &h), 0);
	assert_int_equal(h.rows, 81);
	assert_null(strstr(h.text, "old"));
	assert_null(strstr(h.text, "wrong"));
	assert_non_null(strstr(h.text, "hour"));
	store_close(s);
}

static void
a_counter_is_zero_until_it_is_set(void **state)
{
	struct store *s = must_open();
	int64_t value = 7;

	(void)state;
	assert_int_equal(store_get_counter(s, "porch", "deaths", &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(store_set_counter(s, "porch", "deaths", 3), 0);
	assert_int_equal(store_set_counter(s, "porch", "deaths", INT64_C(5000000000)), 0);
	assert_int_equal(store_set_counter(s, NULL, "deaths", -1), 0);
	assert_int_equal(store_set_counter(s, "porch", "starts", 1), 0);
	assert_int_equal(store_get_counter(s, "porch", "deaths", &value), 0);
	assert_int_equal(value, INT64_C(5000000000));
	assert_int_equal(store_get_counter(s, NULL, "deaths", &value), 0);
	assert_int_equal(value, -1);
	store_close(s);
}

/* ---- the file -------------------------------------------------------------------------------- */

static void
write_one_of_each(struct store *s)
{
	must_put(s, "porch", 4, 10);
	add_event(s, 1, "porch", "up", NULL);
	add_call(s, 2, "A", "extend");
	assert_int_equal(store_set_counter(s, "porch", "deaths", 3), 0);
}

static void
expect_one_of_each(struct store *s)
{
	int64_t value;

	expect_streams(s, "porch:4 ");
	expect_events(s, 10, NULL, "1|porch|up|- ");
	expect_calls(s, 0, "2|home|A|extend ");
	assert_int_equal(store_get_counter(s, "porch", "deaths", &value), 0);
	assert_int_equal(value, 3);
}

static void
everything_is_there_when_it_is_opened_again(void **state)
{
	struct store *s = must_open();

	(void)state;
	write_one_of_each(s);
	store_close(s);
	assert_int_equal(access(in_dir("state.db-wal"), F_OK), -1);
	s = must_open();
	expect_one_of_each(s);
	store_close(s);
	store_close(NULL);
}

static void
a_store_is_new_only_when_it_was_begun(void **state)
{
	struct store *s = must_open();

	(void)state;
	assert_true(store_stats(s).is_new);
	store_close(s);
	s = must_open();
	assert_false(store_stats(s).is_new);
	store_close(s);
}

static void
everything_is_there_after_a_process_that_was_killed(void **state)
{
	int status;

	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		write_one_of_each(must_open());
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(access(in_dir("state.db-wal"), F_OK), 0);
	struct store *s = must_open();
	expect_one_of_each(s);
	store_close(s);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
its_files_are_private_whatever_the_umask(void **state)
{
	(void)state;
	mode_t old = umask(0);
	struct store *s = must_open();
	must_put(s, "porch", 0, 10);
	umask(old);
	assert_int_equal(mode_of(dir), 0750);
	assert_int_equal(mode_of(in_dir("state.db")), 0600);
	assert_int_equal(mode_of(in_dir("state.db-wal")), 0600);
	assert_int_equal(mode_of(in_dir("state.db-shm")), 0600);
	store_close(s);
	chmod(in_dir("state.db"), 0644);
	close(open(in_dir("state.db-wal"), O_CREAT | O_WRONLY, 0644));
	s = must_open();
	must_put(s, "porch", 0, 10);
	assert_int_equal(mode_of(in_dir("state.db")), 0600);
	assert_int_equal(mode_of(in_dir("state.db-wal")), 0600);
	store_close(s);
}

static void
an_unusable_directory_is_refused_with_a_sentence(void **state)
{
	char path[200];

	(void)state;
	expect_refusal("/nowhere/state", ERR_SYS, "/nowhere/state: No such file");
	expect_refusal("/dev/null", ERR_SYS, "/dev/null: Not a directory");
	expect_refusal("/proc/self", ERR_SYS, "/proc/self/state.db");
	snprintf(path, sizeof(path), "%s/open", folder);
	mkdir(path, 0700);
	chmod(path, 01777);
	expect_refusal(path, ERR_SYS, "every user may write to it");
}

static void
what_is_no_regular_file_is_refused(void **state)
{
	(void)state;
	mkdir(dir, 0700);
	assert_int_equal(mkfifo(in_dir("state.db"), 0600), 0);
	expect_refusal(dir, ERR_SYS, "not a regular file");
	unlink(in_dir("state.db"));
	assert_int_equal(symlink("/etc/hostname", in_dir("state.db")), 0);
	expect_refusal(dir, ERR_SYS, "not a regular file");
	unlink(in_dir("state.db"));
	mkdir(in_dir("state.db"), 0700);
	expect_refusal(dir, ERR_SYS, "state.db: ");
}

static void
a_second_supervisor_is_refused(void **state)
{
	struct store *s = must_open();

	(void)state;
	expect_refusal(dir, ERR_REFUSED, "another camrelayd keeps its state there");
	must_put(s, "porch", 0, 10);
	store_close(s);
	store_close(must_open());
}

static void
an_operator_who_reads_hinders_nobody(void **state)
{
	struct store *s = must_open();

	(void)state;
	must_put(s, "porch", 1, 10);
	sqlite3 *db = operator_open();
	run_sql(db, "BEGIN");
	assert_int_equal(ask_sql(db, "SELECT extends FROM streams"), 1);
	for (unsigned i = 2; i < 3000; i++)
		must_put(s, "porch", i, 10);
	assert_int_equal(ask_sql(db, "SELECT extends FROM streams"), 1);
	sqlite3_close(db);
	expect_streams(s, "porch:2999 ");
	store_close(s);
}

static void
an_operator_who_writes_costs_a_moment_and_an_error(void **state)
{
	struct store *s = must_open();
	struct store_stream stream = make_stream("porch", 1, 10);

	(void)state;
	sqlite3 *db = operator_open();
	run_sql(db, "BEGIN IMMEDIATE");
	ms_t fastest = INT64_MAX; /* of several: the machine may be busy, but not each time */
	for (int i = 0; i < 10 && fastest > 500; i++) {
		ms_t from = clock_now();
		assert_int_equal(store_put_stream(s, &stream), ERR_AGAIN);
		assert_int_equal(store_put_stream(s, &stream), ERR_AGAIN);
		fastest = clock_now() - from < fastest ? clock_now() - from : fastest;
	}
	assert_in_range(fastest, 10, 500);
	assert_true(store_stats(s).failing);
	run_sql(db, "COMMIT");
	assert_int_equal(store_put_stream(s, &stream), 0);
	assert_false(store_stats(s).failing);
	sqlite3_close(db);
	store_close(s);
	assert_int_equal(occurrences(log_path, "store failed"), 1);
	assert_int_equal(occurrences(log_path, "store works again"), 1);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void
overwrite(const char *path, long at, const char *bytes, size_t len)
{
	FILE *f = fopen(path, "r+b");

	assert_non_null(f);
	fseek(f, at, SEEK_SET);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

/* One damaged file is there, with these bytes; returns its name. */
static const char *
expect_set_aside(const char *bytes, size_t size)
{
	char name[260];
	size_t found;

	assert_int_equal(count_names("state.db.damaged-", "Z", name, sizeof(name)), 1);
	char *kept = slurp(in_dir(name), &found);
	assert_int_equal(found, size);
	assert_memory_equal(kept, bytes, size);
	free(kept);
	assert_int_equal(occurrences(log_path, "store damaged, set aside and begun anew"), 1);
	assert_int_equal(occurrences(log_path, name), 1);
	return in_dir(name);
}

static void
a_file_of_garbage_is_set_aside(void **state)
{
	char garbage[9000];

	(void)state;
	memset(garbage, 'x', sizeof(garbage));
	store_close(must_open());
	overwrite(in_dir("state.db"), 0, garbage, sizeof(garbage));
	size_t size;
	char *before = slurp(in_dir("state.db"), &size);
	struct store *s = must_open();
	assert_int_equal(mode_of(expect_set_aside(before, size)), 0600);
	free(before);
	assert_true(store_stats(s).is_new);
	write_one_of_each(s);
	expect_one_of_each(s);
	store_close(s);
	store_close(must_open());
	assert_int_equal(count_names("state.db.damaged-", "", NULL, 0), 1);
}

static void
a_file_with_one_broken_page_is_set_aside(void **state)
{
	char zeros[4096] = { 0 };

	(void)state;
	store_close(must_open());
	fill_events(2000);
	/* In the middle, where nobody looks who only opens it. */
	overwrite(in_dir("state.db"), 20 * 4096, zeros, sizeof(zeros));
	size_t size;
	char *before = slurp(in_dir("state.db"), &size);
	struct store *s = must_open();
	expect_set_aside(before, size);
	free(before);
	expect_events(s, 10, NULL, "");
	store_close(s);
}

/* A store as kill -9 leaves it: with a log. */
static void
leave_with_log(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		write_one_of_each(must_open());
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
a_damaged_files_log_goes_with_it(void **state)
{
	size_t size, log_size;
	char name[500];

	(void)state;
	store_close(must_open());
	fill_events(2000);
	leave_with_log();
	/* Not a page that stands in the log as well: SQLite would not miss it. */
	overwrite(in_dir("state.db"), 20 * 4096, "nonsense", 8);
	char *before = slurp(in_dir("state.db"), &size);
	char *log_before = slurp(in_dir("state.db-wal"), &log_size);
	struct store *s = must_open();
	snprintf(name, sizeof(name), "%s-wal", expect_set_aside(before, size));
	free(before);
	char *log_kept = slurp(name, &size);
	assert_int_equal(size, log_size);
	assert_memory_equal(log_kept, log_before, size);
	free(log_before);
	free(log_kept);
	expect_streams(s, "");
	store_close(s);
}

static void
a_file_that_was_cut_to_nothing_keeps_its_log(void **state)
{
	(void)state;
	leave_with_log();
	assert_int_equal(truncate(in_dir("state.db"), 0), 0);
	struct store *s = must_open();
	expect_streams(s, "");
	assert_int_equal(count_names("state.db.damaged-", "Z-wal", NULL, 0), 1);
	store_close(s);
}

static void
no_damaged_file_overwrites_another(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		store_close(must_open());
		overwrite(in_dir("state.db"), 0, "nonsense", 8);
	}
	store_close(must_open());
	assert_int_equal(count_names("state.db.damaged-", "", NULL, 0), 3);
}

/* ---- versions -------------------------------------------------------------------------------- */

static void
a_newer_camrelayds_file_is_refused_and_not_touched(void **state)
{
	size_t size, log_size, size_now, log_size_now;
	int status;

	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		must_open();
		sqlite3 *db = operator_open();
		run_sql(db, "PRAGMA user_version = 99");
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	char *before = slurp(in_dir("state.db"), &size);
	char *log_before = slurp(in_dir("state.db-wal"), &log_size);
	expect_refusal(dir, ERR_UNSUPPORTED, "is of version 99");
	char *now = slurp(in_dir("state.db"), &size_now);
	char *log_now = slurp(in_dir("state.db-wal"), &log_size_now);
	assert_int_equal(size_now, size);
	assert_int_equal(log_size_now, log_size);
	assert_memory_equal(now, before, size);
	assert_memory_equal(log_now, log_before, log_size);
	assert_int_equal(count_names("state.db.damaged-", "", NULL, 0), 0);
	free(before);
	free(log_before);
	free(now);
	free(log_now);
}

static void
a_migration_that_fails_changes_nothing(void **state)
{
	(void)state;
	mkdir(dir, 0700);
	sqlite3 *db = operator_open();
	run_sql(db, "CREATE TABLE calls (somebody TEXT)"); /* the third that is made */
	sqlite3_close(db);
	expect_refusal(dir, ERR_LIBRARY, "table calls already exists");
	assert_int_equal(operator_asks("SELECT count(*) FROM sqlite_schema"), 1);
	assert_int_equal(operator_asks("PRAGMA user_version"), 0);
}

static void
the_file_says_its_version(void **state)
{
	(void)state;
	store_close(must_open());
	assert_int_equal(operator_asks("PRAGMA user_version"), 3);
}

static void
an_older_file_keeps_its_rows(void **state)
{
	(void)state;
	struct store *s = must_open();
	add_event(s, 5, "porch", "up", "as it was");
	store_close(s);
	sqlite3 *db = operator_open();
	run_sql(db, "DROP TABLE consumers");
	run_sql(db, "DROP TABLE sessions");
	run_sql(db, "DROP TABLE deliveries");
	run_sql(db, "ALTER TABLE events DROP COLUMN account");
	run_sql(db, "PRAGMA user_version = 1");
	sqlite3_close(db);
	s = must_open();
	expect_events(s, 10, NULL, "5|porch|up|as it was ");
	struct store_event of_account = { .at_us = 6, .account = "home", .event = "needs login" };
	assert_int_equal(store_add_event(s, &of_account), 0);
	store_close(s);
	assert_int_equal(operator_asks("PRAGMA user_version"), 3);
	assert_int_equal(operator_asks("SELECT count(*) FROM events WHERE account = 'home'"), 1);
}

/* ---- webhooks -------------------------------------------------------------------------------- */

static void
add_delivery(struct store *s, const char *target, int64_t at_us, const char *name)
{
	struct store_delivery d = { .name = name, .at_us = at_us, .body = "{}" };

	assert_int_equal(store_add_delivery(s, target, &d), 0);
}

static void
on_delivery(void *arg, const struct store_delivery *d)
{
	hear(arg, "%lld|%s|%lld|%s ", (long long)d->id, d->name, (long long)d->at_us, d->body);
}

static void
expect_first(struct store *s, const char *target, const char *expected)
{
	struct heard h = { 0 };

	assert_int_equal(store_first_delivery(s, target, on_delivery, &h), 0);
	assert_string_equal(h.text, expected);
}

static void
on_target(void *arg, const char *target, int64_t count)
{
	hear(arg, "%s|%lld ", target, (long long)count);
}

static void
deliveries_wait_in_order_for_each_target(void **state)
{
	struct heard h = { 0 };
	struct store *s = must_open();

	(void)state;
	add_delivery(s, "pager", 20, "a");
	add_delivery(s, "chat", 21, "b");
	add_delivery(s, "pager", 10, "c"); /* the clock was set back */
	add_delivery(s, "pager", 30, "d");
	store_close(s);
	s = must_open();
	expect_first(s, "pager", "1|a|20|{} ");
	expect_first(s, "chat", "2|b|21|{} ");
	expect_first(s, "nobody", "");
	assert_int_equal(store_each_target(s, on_target, &h), 0);
	assert_string_equal(h.text, "chat|1 pager|3 ");
	assert_int_equal(store_drop_oldest_delivery(s, "pager", 1), 0);
	expect_first(s, "pager", "1|a|20|{} ");
	assert_int_equal(store_drop_delivery(s, 1), 0);
	expect_first(s, "pager", "4|d|30|{} ");
	assert_int_equal(store_drop_oldest_delivery(s, "pager", 0), 0);
	expect_first(s, "pager", "");
	assert_int_equal(store_drop_deliveries(s, "chat"), 0);
	add_delivery(s, "chat", 40, "e");
	expect_first(s, "chat", "5|e|40|{} ");
	store_close(s);
}

/* ---- trouble --------------------------------------------------------------------------------- */

static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
a_full_disk_is_an_error_logged_once_and_harms_nothing(void **state)
{
	struct store *s = must_open();
	struct store_stream stream = make_stream("porch", 1, 10);
	struct store_event event = { .event = "up" };

	(void)state;
	assert_int_equal(store_put_stream(s, &stream), 0);
	signal(SIGXFSZ, SIG_IGN);
	/* The log file of this test stays below it. */
	limit_files(40000);
	stream.extends = 2;
	int err;
	for (int i = 0; i < 20; i++)
		err = store_put_stream(s, &stream);
	assert_int_equal(err, ERR_SYS);
	assert_int_equal(store_put_stream(s, &stream), ERR_SYS);
	assert_int_equal(store_add_event(s, &event), ERR_SYS);
	assert_true(store_stats(s).failing);
	limit_files(RLIM_INFINITY);
	assert_int_equal(occurrences(log_path, "store failed"), 1);
	assert_int_equal(occurrences(log_path, "store works again"), 0);
	assert_int_equal(store_put_stream(s, &stream), 0);
	assert_int_equal(occurrences(log_path, "store works again"), 0);
	assert_int_equal(store_add_event(s, &event), 0);
	assert_int_equal(occurrences(log_path, "store works again"), 1);
	expect_streams(s, "porch:2 ");
	store_close(s);
	assert_int_equal(occurrences(log_path, "token"), 0);
	assert_int_equal(operator_asks("SELECT count(*) FROM events"), 1);
}

static void
a_row_that_is_far_too_long_is_refused(void **state)
{
	struct store *s = must_open();
	char *text = calloc(1, 2 * STORE_ROW_BYTES_MAX);
	struct store_event event = { .event = "up", .text = text };

	(void)state;
	memset(text, 'x', 2 * STORE_ROW_BYTES_MAX - 1);
	assert_int_equal(store_add_event(s, &event), ERR_RANGE);
	assert_false(store_stats(s).failing);
	assert_int_equal(store_drop_stream(s, text), ERR_RANGE);
	int64_t value;
	assert_int_equal(store_get_counter(s, text, "n", &value), ERR_RANGE);
	assert_int_equal(value, 0);
	event.text = "fits";
	assert_int_equal(store_add_event(s, &event), 0);
	store_close(s);
	free(text);
}

static void
the_log_goes_back_into_the_file_while_it_is_written(void **state)
{
	struct store *s = must_open();
	char camera[16];
	struct stat st;

	(void)state;
	/* More than twice what the log may ever hold. */
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(camera, sizeof(camera), "camera-%u", i % 48);
		must_put(s, camera, i, 10);
	}
	assert_int_equal(stat(in_dir("state.db-wal"), &st), 0);
	assert_in_range(st.st_size, 1, (STORE_WAL_PAGES_MAX + 100) * (4096 + 24));
	store_close(s);
}

/* ---- store_checkpoint ------------------------------------------------------------------------ */

struct disk {
	atomic_int runs;
	atomic_bool slow;
};

static int
run_disk(void *arg)
{
	struct disk *disk = arg;

	atomic_fetch_add(&disk->runs, 1);
	while (atomic_load(&disk->slow))
		usleep(100);
	return 5;
}

static void
a_checkpoint_starts_at_every_thousand_pages_one_at_a_time(void **state)
{
	struct disk disk = { .slow = true };
	struct store_checkpoint *c = store_checkpoint_new(run_disk, &disk);
	int code = 0;

	(void)state;
	store_checkpoint_grown(c, STORE_CHECKPOINT_PAGES - 1);
	assert_false(store_checkpoint_step(c, &code));
	store_checkpoint_grown(c, STORE_CHECKPOINT_PAGES);
	assert_false(store_checkpoint_step(c, &code));
	store_checkpoint_grown(c, 3 * STORE_CHECKPOINT_PAGES);
	assert_false(store_checkpoint_step(c, &code)); /* does not wait */
	while (atomic_load(&disk.runs) == 0)
		usleep(100);
	assert_int_equal(atomic_load(&disk.runs), 1);
	atomic_store(&disk.slow, false);
	while (!store_checkpoint_step(c, &code))
		usleep(100);
	assert_int_equal(code, 5);
	store_checkpoint_free(c); /* waits for the one that was due */
	assert_int_equal(atomic_load(&disk.runs), 2);
}

static void
a_log_that_began_anew_is_counted_from_its_start(void **state)
{
	struct disk disk = { 0 };
	struct store_checkpoint *c = store_checkpoint_new(run_disk, &disk);
	int code = 0;

	(void)state;
	store_checkpoint_grown(c, 3 * STORE_CHECKPOINT_PAGES);
	store_checkpoint_step(c, &code);
	while (!store_checkpoint_step(c, &code))
		usleep(100);
	store_checkpoint_grown(c, 1);
	assert_false(store_checkpoint_step(c, &code));
	store_checkpoint_grown(c, STORE_CHECKPOINT_PAGES);
	store_checkpoint_step(c, &code);
	store_checkpoint_free(c);
	assert_int_equal(atomic_load(&disk.runs), 2);
}

static void
a_writer_that_outruns_the_disk_waits_for_it(void **state)
{
	struct disk disk = { 0 };
	struct store_checkpoint *c = store_checkpoint_new(run_disk, &disk);
	int code = 0;

	(void)state;
	store_checkpoint_grown(c, STORE_WAL_PAGES_MAX);
	assert_true(store_checkpoint_step(c, &code));
	assert_int_equal(atomic_load(&disk.runs), 1);
	/* Somebody reads, and it could not begin anew: not at every write. */
	store_checkpoint_grown(c, STORE_WAL_PAGES_MAX + 1);
	assert_false(store_checkpoint_step(c, &code));
	assert_int_equal(atomic_load(&disk.runs), 1);
	store_checkpoint_free(c);
	store_checkpoint_free(NULL);
}

/* ---- consumers ------------------------------------------------------------------------------- */

static void
put_consumer(struct store *s, const char *id, int64_t ended_us, const char *end)
{
	const struct store_consumer c = { .id = id,
		.camera = "porch",
		.owner = "alice",
		.kind = "api",
		.session = "s1",
		.pulls = 2,
		.since_us = 1000,
		.heard_us = 2000,
		.ended_us = ended_us,
		.end = end,
		.stats = "{}" };

	assert_int_equal(store_put_consumer(s, &c), 0);
}

struct consumers_read {
	char text[200];
};

static void
on_consumer(void *arg, const struct store_consumer *c)
{
	struct consumers_read *r = arg;
	size_t len = strlen(r->text);

	assert_string_equal(c->camera, "porch");
	assert_string_equal(c->owner, "alice");
	assert_string_equal(c->session, "s1");
	assert_null(c->why);
	assert_int_equal(c->pulls, 2);
	assert_int_equal(c->heard_us, 2000);
	snprintf(r->text + len, sizeof(r->text) - len, "%s %s %lld, ", c->id, c->end,
		(long long)c->ended_us);
}

static void
expect_consumers(struct store *s, const char *wanted)
{
	struct consumers_read read = { 0 };

	assert_int_equal(store_each_consumer(s, on_consumer, &read), 0);
	assert_string_equal(read.text, wanted);
}

static void
consumers_that_watch_are_ended_together_and_the_last_are_kept(void **state)
{
	(void)state;
	struct store *s = must_open();
	put_consumer(s, "a", 0, NULL);
	put_consumer(s, "b", 0, NULL);
	put_consumer(s, "c", 0, NULL);
	expect_consumers(s, "");
	put_consumer(s, "b", 5, "closed");
	expect_consumers(s, "b closed 5, ");
	assert_int_equal(store_end_consumers(s, 9, "interrupted"), 0);
	expect_consumers(s, "a interrupted 9, c interrupted 9, b closed 5, ");
	assert_int_equal(store_prune_consumers(s, 2), 0);
	expect_consumers(s, "a interrupted 9, c interrupted 9, ");
	store_close(s);
}

static void
on_session(void *arg, const char *session, const char *camera, const char *mids)
{
	struct consumers_read *r = arg;
	size_t len = strlen(r->text);

	snprintf(r->text + len, sizeof(r->text) - len, "%s of %s: %s, ", session, camera, mids);
}

static void
a_session_is_kept_until_it_is_dropped(void **state)
{
	struct consumers_read read = { 0 };

	(void)state;
	struct store *s = must_open();
	assert_int_equal(store_put_session(s, "s2", "porch", "0"), 0);
	assert_int_equal(store_put_session(s, "s2", "porch", "0 1"), 0);
	assert_int_equal(store_put_session(s, "s3", "yard", "0"), 0);
	assert_int_equal(store_drop_session(s, "s3"), 0);
	assert_int_equal(store_drop_session(s, "s3"), 0);
	store_close(s);
	s = must_open();
	assert_int_equal(store_each_session(s, on_session, &read), 0);
	assert_string_equal(read.text, "s2 of porch: 0 1, ");
	store_close(s);
}

/* ---- */

static int
make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_store.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(dir, sizeof(dir), "%s/state", folder);
	snprintf(log_path, sizeof(log_path), "%s/log", folder);
	return log_open(log_path, LOG_LOGFMT, LOG_INFO);
}

static int
remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stream_reads_back_as_it_was_put),
		TEST(a_camera_has_one_stream_its_newest),
		TEST(a_dropped_stream_is_gone_and_dropping_nothing_is_fine),
		TEST(the_stream_that_ends_first_comes_first_and_may_be_dropped_at_once),
		TEST(a_replaced_and_a_dropped_token_are_not_in_the_file_once_it_is_closed),
		TEST(events_come_newest_first_and_by_camera),
		TEST(the_history_keeps_its_newest_events),
		TEST(a_history_that_is_far_too_long_shrinks_little_by_little),
		TEST(spent_calls_come_oldest_first_from_a_moment_on),
		TEST(calls_that_no_bucket_counts_and_those_of_a_wrong_clock_are_forgotten),
		TEST(a_counter_is_zero_until_it_is_set),
		TEST(everything_is_there_when_it_is_opened_again),
		TEST(a_store_is_new_only_when_it_was_begun),
		TEST(everything_is_there_after_a_process_that_was_killed),
		TEST(its_files_are_private_whatever_the_umask),
		TEST(an_unusable_directory_is_refused_with_a_sentence),
		TEST(what_is_no_regular_file_is_refused),
		TEST(a_second_supervisor_is_refused),
		TEST(an_operator_who_reads_hinders_nobody),
		TEST(an_operator_who_writes_costs_a_moment_and_an_error),
		TEST(a_file_of_garbage_is_set_aside),
		TEST(a_file_with_one_broken_page_is_set_aside),
		TEST(a_damaged_files_log_goes_with_it),
		TEST(a_file_that_was_cut_to_nothing_keeps_its_log),
		TEST(no_damaged_file_overwrites_another),
		TEST(a_newer_camrelayds_file_is_refused_and_not_touched),
		TEST(a_migration_that_fails_changes_nothing),
		TEST(the_file_says_its_version),
		TEST(an_older_file_keeps_its_rows),
		TEST(deliveries_wait_in_order_for_each_target),
		TEST(consumers_that_watch_are_ended_together_and_the_last_are_kept),
		TEST(a_session_is_kept_until_it_is_dropped),
		TEST(a_full_disk_is_an_error_logged_once_and_harms_nothing),
		TEST(a_row_that_is_far_too_long_is_refused),
		TEST(the_log_goes_back_into_the_file_while_it_is_written),
		TEST(a_checkpoint_starts_at_every_thousand_pages_one_at_a_time),
		TEST(a_log_that_began_anew_is_counted_from_its_start),
		TEST(a_writer_that_outruns_the_disk_waits_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
