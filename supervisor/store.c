/* store.c - what must outlive the process, in one SQLite file: opening it, asking it.
 * Owns the connections and the prepared statements. What is kept is store_rows', store_deliveries'
 * and store_consumers', SQL is store_schema's, the file as a file store_file's. Loop thread, but
 * for run_checkpoint. */
#include <assert.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/store.h"
#include "supervisor/store_access.h"
#include "supervisor/store_checkpoint.h"
#include "supervisor/store_file.h"
#include "supervisor/store_schema.h"

/* What somebody else's lock on the file may cost: at start, and in the loop, where nobody but an
 * operator with sqlite3 in his hand can be the cause. */
#define OPEN_BUSY_MS 2000
#define WRITE_BUSY_MS 20

/* WAL with synchronous = NORMAL: a commit is a write(2) without an fsync, which kill -9 cannot take
 * back and a power cut can; the log is synced before it goes back into the file, so that the file
 * is whole either way. FULL would wait for the disk at every commit, in the loop. What a power cut
 * can cost is a newest token, hence one Generate; a boot takes longer than most streams have left.
 */
static const char settings_sql[] =
	"PRAGMA synchronous = NORMAL;"
	"PRAGMA journal_size_limit = 8388608;" /* a log that had grown is cut to 8 MB */
	"PRAGMA secure_delete = ON;"           /* a token that was replaced is overwritten */
	"PRAGMA temp_store = MEMORY;"          /* nor does it get to /tmp */
	"PRAGMA trusted_schema = OFF;"
	"PRAGMA cell_size_check = ON;"; /* damage is noticed early */

struct store {
	char *path;  /* owned */
	int dir_fd;  /* its lock keeps other supervisors out */
	sqlite3 *db; /* owned, as the next three */
	sqlite3_stmt *statements[STORE_STATEMENTS];

	sqlite3 *checkpointer;
	struct store_checkpoint *checkpoint;

	int64_t writes;
	int64_t write_failures;
	bool is_new;        /* nothing of a former process is in it */
	bool write_failing; /* the last one did, for the store's own sake */
	unsigned failing;   /* a bit per statement that failed last time, and one for checkpoints */
	unsigned logged;    /* a bit per -err that was logged since nothing was failing */
};

#define CHECKPOINT_BIT (1U << STORE_STATEMENTS)

/* ---- trouble --------------------------------------------------------------------------------- */

static int
err_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_AGAIN;
	case SQLITE_TOOBIG:
		return ERR_RANGE;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR_PARSE;
	case SQLITE_NOMEM:
		return ERR_NOMEM;
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return ERR_SYS;
	default:
		return ERR_LIBRARY;
	}
}

/* What became of something: each kind of trouble is logged once, until all that failed worked. */
static int
note(struct store *s, unsigned bit, const char *what, int code)
{
	int err = err_of(code);
	unsigned kind = err ? 1U << -err : 0;
	unsigned before = s->failing;

	s->failing = err ? before | bit : before & ~bit;
	if (kind & ~s->logged)
		log_error("store failed", LOG_STR("path", s->path), LOG_STR("what", what),
			LOG_STR("error", sqlite3_errstr(code)), LOG_INT("code", code));
	s->logged |= kind;
	if (before && !s->failing) {
		log_info("store works again", LOG_STR("path", s->path));
		s->logged = 0;
	}
	return err;
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

static int
on_wal(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct store *s = arg;

	(void)db;
	(void)name;
	store_checkpoint_grown(s->checkpoint, pages);
	return SQLITE_OK;
}

/* In its own thread, on its own connection: the loop may write meanwhile. */
static int
run_checkpoint(void *arg)
{
	struct store *s = arg;

	return sqlite3_wal_checkpoint_v2(
		s->checkpointer, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void
step_checkpoint(struct store *s)
{
	int code;

	/* Busy: an operator does the same just now. */
	if (store_checkpoint_step(s->checkpoint, &code) && (code & 0xff) != SQLITE_BUSY)
		note(s, CHECKPOINT_BIT, "checkpoint", code);
}

/* ---- statements (store_access.h) ------------------------------------------------------------- */

static int
bind_value(sqlite3_stmt *st, int parameter, const struct store_value *v)
{
	/* Lent: SQLite makes no copy that would have to be wiped. */
	if (v->is_text)
		return sqlite3_bind_text(st, parameter, v->text, -1, SQLITE_STATIC);
	return sqlite3_bind_int64(st, parameter, v->number);
}

static int
bind(struct store *s, enum store_statement which, const struct store_value *values, int count)
{
	sqlite3_stmt *st = s->statements[which];
	int code = SQLITE_OK;

	assert(!sqlite3_stmt_busy(st));
	assert(sqlite3_bind_parameter_count(st) == count);
	for (int i = 0; i < count && code == SQLITE_OK; i++)
		code = bind_value(st, i + 1, &values[i]);
	return code;
}

static int
finish(struct store *s, enum store_statement which, int code)
{
	sqlite3_reset(s->statements[which]);
	sqlite3_clear_bindings(s->statements[which]);
	return note(s, 1U << which, store_schema_name(which), code);
}

int
store_write(
	struct store *s, enum store_statement which, const struct store_value *values, int count)
{
	int code = bind(s, which, values, count);

	if (code == SQLITE_OK)
		code = sqlite3_step(s->statements[which]);
	int err = finish(s, which, code);
	s->writes++;
	s->write_failures += err != 0;
	s->write_failing = err && err != ERR_RANGE;
	step_checkpoint(s);
	return err;
}

int
store_query(
	struct store *s, enum store_statement which, const struct store_value *values, int count)
{
	int code = bind(s, which, values, count);

	return code == SQLITE_OK ? 0 : finish(s, which, code);
}

bool
store_next(struct store *s, enum store_statement which, int *err)
{
	int code = sqlite3_step(s->statements[which]);

	if (code == SQLITE_ROW)
		return true;
	*err = finish(s, which, code);
	return false;
}

const char *
store_text(const struct store *s, enum store_statement which, int column)
{
	return (const char *)sqlite3_column_text(s->statements[which], column);
}

int64_t
store_number(const struct store *s, enum store_statement which, int column)
{
	return sqlite3_column_int64(s->statements[which], column);
}

struct store_stats
store_stats(const struct store *s)
{
	return (struct store_stats){ .writes = s->writes,
		.failures = s->write_failures,
		.bytes = store_file_bytes(s->path),
		.is_new = s->is_new,
		.failing = s->write_failing };
}

int64_t
store_last_id(const struct store *s)
{
	return sqlite3_last_insert_rowid(s->db);
}

/* ---- opening --------------------------------------------------------------------------------- */

/* A failed opening: the sentence, and what sort it is. */
static int
explain(const struct store *s, int code, char *why, size_t why_size)
{
	const char *words = code == sqlite3_extended_errcode(s->db) ? sqlite3_errmsg(s->db)
								    : sqlite3_errstr(code);

	snprintf(why, why_size, "%s: %s", s->path,
		(code & 0xff) == SQLITE_BUSY ? "another process has locked it" : words);
	return (code & 0xff) == SQLITE_BUSY ? ERR_REFUSED : err_of(code);
}

/* The first column of the first row as a number, and as text if wanted. */
static int
ask(sqlite3 *db, const char *sql, int *number, char *text, size_t text_size)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	if (code == SQLITE_ROW) {
		*number = sqlite3_column_int(st, 0);
		snprintf(text, text_size, "%s", sqlite3_column_text(st, 0));
	}
	sqlite3_finalize(st);
	return code == SQLITE_ROW ? SQLITE_OK : code;
}

/* Reads only, up to here: a file that is not ours to change must stay as it is. */
static int
check_version(struct store *s, int *version, char *why, size_t why_size)
{
	char text[32];
	int code = ask(s->db, "PRAGMA user_version", version, text, sizeof(text));

	if (code != SQLITE_OK)
		return explain(s, code, why, why_size);
	if (*version >= 0 && *version <= store_schema_version())
		return 0;
	snprintf(why, why_size,
		"%s: is of version %d and this camrelayd knows up to %d: "
		"install the newer one again, or move the file away to begin anew",
		s->path, *version, store_schema_version());
	return ERR_UNSUPPORTED;
}

static int
check_integrity(struct store *s, char *why, size_t why_size)
{
	char text[256] = "";
	int number;
	int code = ask(s->db, "PRAGMA quick_check(1)", &number, text, sizeof(text));

	if (code != SQLITE_OK)
		return explain(s, code, why, why_size);
	if (strcmp(text, "ok") == 0)
		return 0;
	snprintf(why, why_size, "%s: %s", s->path, text);
	return ERR_PARSE;
}

static int
set_up(struct store *s, char *why, size_t why_size)
{
	char mode[32] = "";
	int number;
	int code = ask(s->db, "PRAGMA journal_mode = WAL", &number, mode, sizeof(mode));

	if (code == SQLITE_OK)
		code = sqlite3_exec(s->db, settings_sql, NULL, NULL, NULL);
	if (code != SQLITE_OK)
		return explain(s, code, why, why_size);
	if (strcmp(mode, "wal") == 0)
		return 0;
	snprintf(why, why_size,
		"%s: needs shared memory, which its file system does not offer: "
		"put state_dir on a local disk",
		s->path);
	return ERR_SYS;
}

/* All of a version or nothing. */
static int
migrate(struct store *s, int version, char *why, size_t why_size)
{
	int code = SQLITE_OK;

	for (; version < store_schema_version() && code == SQLITE_OK; version++) {
		char *sql = sqlite3_mprintf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT",
			store_schema_migration(version), version + 1);
		code = sql ? sqlite3_exec(s->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;
		sqlite3_free(sql);
	}
	if (code == SQLITE_OK)
		return 0;
	int err = explain(s, code, why, why_size);
	sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

static int
prepare(struct store *s, char *why, size_t why_size)
{
	for (int i = 0; i < STORE_STATEMENTS; i++) {
		int code = sqlite3_prepare_v3(s->db, store_schema_sql(i), -1,
			SQLITE_PREPARE_PERSISTENT, &s->statements[i], NULL);
		if (code != SQLITE_OK)
			return explain(s, code, why, why_size);
	}
	return 0;
}

/* keep: the log beside the file stays there when the connection is closed, as found. */
static void
keep_log(sqlite3 *db, bool keep)
{
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (int)keep, NULL);
}

static int
connect(const char *path, int busy_ms, sqlite3 **out)
{
	int code = sqlite3_open_v2(path, out,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

	if (code == SQLITE_OK) {
		keep_log(*out, true);
		sqlite3_busy_timeout(*out, busy_ms);
		sqlite3_limit(*out, SQLITE_LIMIT_LENGTH, STORE_ROW_BYTES_MAX);
	}
	return code;
}

/* A connection that never read does not know that there is a log, and its checkpoints do nothing.
 */
static int
open_checkpointer(struct store *s, char *why, size_t why_size)
{
	char text[32];
	int version;
	int code = connect(s->path, WRITE_BUSY_MS, &s->checkpointer);

	if (code == SQLITE_OK)
		code = ask(s->checkpointer, "PRAGMA user_version", &version, text, sizeof(text));
	if (code != SQLITE_OK)
		return explain(s, code, why, why_size);
	s->checkpoint = store_checkpoint_new(run_checkpoint, s);
	sqlite3_wal_hook(s->db, on_wal, s);
	return 0;
}

static int
open_file(struct store *s, char *why, size_t why_size)
{
	int version = 0;
	int code = connect(s->path, OPEN_BUSY_MS, &s->db);

	if (code != SQLITE_OK)
		return explain(s, code, why, why_size);
	int err = check_version(s, &version, why, why_size);
	if (!err)
		err = check_integrity(s, why, why_size);
	s->is_new = version == 0;
	if (!err)
		err = set_up(s, why, why_size);
	if (!err)
		err = migrate(s, version, why, why_size);
	if (!err)
		err = prepare(s, why, why_size);
	if (!err)
		err = open_checkpointer(s, why, why_size);
	if (err)
		return err;
	sqlite3_busy_timeout(s->db, WRITE_BUSY_MS);
	keep_log(s->db, false);
	return 0;
}

static void
close_file(struct store *s)
{
	store_checkpoint_free(s->checkpoint);
	s->checkpoint = NULL;
	for (int i = 0; i < STORE_STATEMENTS; i++) {
		sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
	sqlite3_close(s->checkpointer);
	sqlite3_close(s->db);
	s->checkpointer = s->db = NULL;
}

/* why: what is wrong with it. */
static int
begin_anew(struct store *s, char *why, size_t why_size)
{
	char aside[1024], damage[512];

	snprintf(damage, sizeof(damage), "%s", why);
	close_file(s);
	int err = store_file_set_aside(s->path, s->dir_fd, aside, sizeof(aside), why, why_size);
	if (err)
		return err;
	log_error("store damaged, set aside and begun anew", LOG_STR("damage", damage),
		LOG_STR("kept_as", aside));
	err = store_file_make(s->path, why, why_size);
	return err ? err : open_file(s, why, why_size);
}

static int
open_dir(struct store *s, const char *dir, char *why, size_t why_size)
{
	int64_t from_us = clock_now_us();

	int err = store_file_hold(dir, &s->dir_fd, why, why_size);
	if (!err)
		err = store_file_make(s->path, why, why_size);
	if (!err)
		err = open_file(s, why, why_size);
	if (err == ERR_PARSE)
		err = begin_anew(s, why, why_size);
	if (!err)
		log_info("store opened", LOG_STR("path", s->path),
			LOG_INT("version", store_schema_version()),
			LOG_REAL("ms", (double)(clock_now_us() - from_us) / 1000));
	return err;
}

int
store_open(const char *dir, struct store **out, char *why, size_t why_size)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->dir_fd = -1;
	s->path = xasprintf("%s/state.db", dir);
	int err = open_dir(s, dir, why, why_size);
	if (err) {
		store_close(s);
		return err;
	}
	*out = s;
	return 0;
}

void
store_close(struct store *s)
{
	if (!s)
		return;
	close_file(s);
	/* After the file: until then nobody else may have it. */
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	free(s->path);
	free(s);
}
