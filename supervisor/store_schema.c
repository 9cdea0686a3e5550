/* store_schema.c - the store's SQL, numbered migrations and statements.
 * Pure: text only. A migration that was released is never changed; a new one follows it. */
#include "supervisor/store_schema.h"

/* Rows delete at most PRUNED_ROWS_MAX others, so that no write ever takes long; store_rows.c
 * prunes every 64 rows, which keeps up. */
#define PRUNED_ROWS_MAX "256"

/* clang-format off */

/* migrations[n] leads from version n to n + 1. */
static const char *const migrations[] = {
	[0] = "CREATE TABLE streams ("
		" camera TEXT NOT NULL PRIMARY KEY,"
		" account TEXT NOT NULL,"
		" device TEXT NOT NULL,"
		" rtsp_url TEXT NOT NULL,"
		" stream_token TEXT,"
		" extension_token TEXT,"
		" granted_us INTEGER NOT NULL,"
		" expires_us INTEGER NOT NULL,"
		" extends INTEGER NOT NULL) STRICT;"
		/* The order of events is id's: wall time may be set back. */
		"CREATE TABLE events ("
		" id INTEGER PRIMARY KEY,"
		" at_us INTEGER NOT NULL,"
		" camera TEXT,"
		" event TEXT NOT NULL,"
		" text TEXT) STRICT;"
		"CREATE INDEX events_of_camera ON events (camera, id);"
		"CREATE TABLE calls ("
		" id INTEGER PRIMARY KEY,"
		" at_us INTEGER NOT NULL,"
		" account TEXT NOT NULL,"
		" device TEXT,"
		" kind TEXT NOT NULL) STRICT;"
		/* camera '': the supervisor's own. */
		"CREATE TABLE counters ("
		" camera TEXT NOT NULL,"
		" name TEXT NOT NULL,"
		" value INTEGER NOT NULL,"
		" PRIMARY KEY (camera, name)) STRICT, WITHOUT ROWID;",
	[1] = "ALTER TABLE events ADD COLUMN account TEXT;"
		/* What webhooks are still to be sent. An id that was given once is never given again: it
		 * may be in flight when its row goes. */
		"CREATE TABLE deliveries ("
		" id INTEGER PRIMARY KEY AUTOINCREMENT,"
		" target TEXT NOT NULL,"
		" name TEXT NOT NULL,"
		" at_us INTEGER NOT NULL,"
		" body TEXT NOT NULL) STRICT;"
		"CREATE INDEX deliveries_of_target ON deliveries (target, id);",
	/* ended_us 0: it watches. */
	[2] = "CREATE TABLE consumers ("
		" id TEXT NOT NULL PRIMARY KEY,"
		" camera TEXT NOT NULL,"
		" owner TEXT,"
		" kind TEXT NOT NULL,"
		" session TEXT,"
		" pulls INTEGER NOT NULL,"
		" since_us INTEGER NOT NULL,"
		" heard_us INTEGER NOT NULL,"
		" ended_us INTEGER NOT NULL,"
		" end TEXT,"
		" why TEXT,"
		" stats TEXT) STRICT;"
		"CREATE INDEX consumers_by_end ON consumers (ended_us);"
		/* Of the SFU's, while their tracks are to be closed. */
		"CREATE TABLE sessions ("
		" session TEXT NOT NULL PRIMARY KEY,"
		" camera TEXT NOT NULL,"
		" mids TEXT NOT NULL) STRICT, WITHOUT ROWID;",
};

static const struct {
	const char *name;
	const char *sql;
} statements[STORE_STATEMENTS] = {
	[STORE_PUT_STREAM] = { .name = "put stream", .sql =
		"INSERT INTO streams (camera, account, device, rtsp_url, stream_token,"
		" extension_token, granted_us, expires_us, extends)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
		" ON CONFLICT (camera) DO UPDATE SET account = ?2, device = ?3, rtsp_url = ?4,"
		" stream_token = ?5, extension_token = ?6, granted_us = ?7, expires_us = ?8,"
		" extends = ?9" },
	[STORE_DROP_STREAM] = { .name = "drop stream", .sql =
		"DELETE FROM streams WHERE camera = ?1" },
	/* There is no index on expires_us: rows are sorted, hence all read, before the first one is
	 * handed out, and the caller may write (store.h). */
	[STORE_EACH_STREAM] = { .name = "each stream", .sql =
		"SELECT camera, account, device, rtsp_url, stream_token, extension_token,"
		" granted_us, expires_us, extends FROM streams ORDER BY expires_us, camera" },
	[STORE_MOVE_STREAMS] = { .name = "move streams", .sql =
		"UPDATE streams SET granted_us = granted_us + ?1, expires_us = expires_us + ?1" },
	[STORE_ADD_EVENT] = { .name = "add event", .sql =
		"INSERT INTO events (at_us, camera, account, event, text) VALUES (?1, ?2, ?3, ?4, ?5)" },
	[STORE_PRUNE_EVENTS] = { .name = "prune events", .sql =
		"DELETE FROM events WHERE id IN"
		" (SELECT id FROM events WHERE id <= ?1 ORDER BY id LIMIT " PRUNED_ROWS_MAX ")" },
	[STORE_EACH_EVENT] = { .name = "each event", .sql =
		"SELECT at_us, camera, account, event, text FROM events ORDER BY id DESC LIMIT ?1" },
	[STORE_EACH_EVENT_OF] = { .name = "each event of a camera", .sql =
		"SELECT at_us, camera, account, event, text FROM events WHERE camera = ?2"
		" ORDER BY id DESC LIMIT ?1" },
	[STORE_ADD_CALL] = { .name = "add call", .sql =
		"INSERT INTO calls (at_us, account, device, kind) VALUES (?1, ?2, ?3, ?4)" },
	/* Those of a future that was a clock gone wrong, too. */
	[STORE_PRUNE_CALLS] = { .name = "prune calls", .sql =
		"DELETE FROM calls WHERE id IN (SELECT id FROM calls"
		" WHERE at_us < ?1 OR at_us > ?2 LIMIT " PRUNED_ROWS_MAX ")" },
	[STORE_EACH_CALL] = { .name = "each call", .sql =
		"SELECT at_us, account, device, kind FROM calls WHERE at_us >= ?1"
		" ORDER BY at_us, id" },
	[STORE_MOVE_CALLS] = { .name = "move calls", .sql = "UPDATE calls SET at_us = at_us + ?1" },
	[STORE_SET_COUNTER] = { .name = "set counter", .sql =
		"INSERT INTO counters (camera, name, value) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (camera, name) DO UPDATE SET value = ?3" },
	[STORE_GET_COUNTER] = { .name = "get counter", .sql =
		"SELECT value FROM counters WHERE camera = ?1 AND name = ?2" },
	[STORE_ADD_DELIVERY] = { .name = "add delivery", .sql =
		"INSERT INTO deliveries (target, name, at_us, body) VALUES (?1, ?2, ?3, ?4)" },
	[STORE_FIRST_DELIVERY] = { .name = "first delivery", .sql =
		"SELECT id, name, at_us, body FROM deliveries WHERE target = ?1 ORDER BY id LIMIT 1" },
	[STORE_DROP_DELIVERY] = { .name = "drop delivery", .sql =
		"DELETE FROM deliveries WHERE id = ?1" },
	[STORE_DROP_OLDEST_DELIVERY] = { .name = "drop oldest delivery", .sql =
		"DELETE FROM deliveries WHERE id = (SELECT id FROM deliveries"
		" WHERE target = ?1 AND id <> ?2 ORDER BY id LIMIT 1)" },
	[STORE_DROP_DELIVERIES] = { .name = "drop deliveries", .sql =
		"DELETE FROM deliveries WHERE target = ?1" },
	/* Sorted, hence all read, before the first is handed out: the caller may write. */
	[STORE_EACH_TARGET] = { .name = "each target", .sql =
		"SELECT target, count(*) AS n FROM deliveries GROUP BY target ORDER BY n" },
	[STORE_PUT_CONSUMER] = { .name = "put consumer", .sql =
		"INSERT INTO consumers (id, camera, owner, kind, session, pulls, since_us, heard_us, ended_us,"
		" end, why, stats) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
		" ON CONFLICT (id) DO UPDATE SET session = ?5, pulls = ?6, heard_us = ?8, ended_us = ?9,"
		" end = ?10, why = ?11, stats = ?12" },
	[STORE_END_CONSUMERS] = { .name = "end consumers", .sql =
		"UPDATE consumers SET ended_us = ?1, end = ?2 WHERE ended_us = 0" },
	[STORE_PRUNE_CONSUMERS] = { .name = "prune consumers", .sql =
		"DELETE FROM consumers WHERE id IN (SELECT id FROM consumers WHERE ended_us > 0"
		" ORDER BY ended_us DESC, id LIMIT " PRUNED_ROWS_MAX " OFFSET ?1)" },
	[STORE_EACH_CONSUMER] = { .name = "each consumer", .sql =
		"SELECT id, camera, owner, kind, session, pulls, since_us, heard_us, ended_us, end, why, stats"
		" FROM consumers WHERE ended_us > 0 ORDER BY ended_us DESC, id" },
	[STORE_PUT_SESSION] = { .name = "put session", .sql =
		"INSERT INTO sessions (session, camera, mids) VALUES (?1, ?2, ?3)"
		" ON CONFLICT (session) DO UPDATE SET mids = ?3" },
	[STORE_DROP_SESSION] = { .name = "drop session", .sql =
		"DELETE FROM sessions WHERE session = ?1" },
	/* Sorted, hence all read, before the first is handed out: the caller may write. */
	[STORE_EACH_SESSION] = { .name = "each session", .sql =
		"SELECT session, camera, mids FROM sessions ORDER BY camera, mids" },
};
/* clang-format on */

int
store_schema_version(void)
{
	return (int)(sizeof(migrations) / sizeof(migrations[0]));
}

const char *
store_schema_migration(int from)
{
	return migrations[from];
}

const char *
store_schema_sql(enum store_statement statement)
{
	return statements[statement].sql;
}

const char *
store_schema_name(enum store_statement statement)
{
	return statements[statement].name;
}
