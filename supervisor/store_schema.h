#ifndef SUPERVISOR_STORE_SCHEMA_H
#define SUPERVISOR_STORE_SCHEMA_H

/* The store's SQL: what the file looks like in which version, and what is asked of it. Pure. */

/* The version that this program writes, in the file's user_version. */
int store_schema_version(void);

/* SQL that takes a file from version `from` (0: an empty one) to the next. */
const char *store_schema_migration(int from);

enum store_statement {
	STORE_PUT_STREAM,
	STORE_DROP_STREAM,
	STORE_EACH_STREAM,
	STORE_MOVE_STREAMS,
	STORE_ADD_EVENT,
	STORE_PRUNE_EVENTS,
	STORE_EACH_EVENT,
	STORE_EACH_EVENT_OF,
	STORE_ADD_CALL,
	STORE_PRUNE_CALLS,
	STORE_EACH_CALL,
	STORE_MOVE_CALLS,
	STORE_SET_COUNTER,
	STORE_GET_COUNTER,
	STORE_ADD_DELIVERY,
	STORE_FIRST_DELIVERY,
	STORE_DROP_DELIVERY,
	STORE_DROP_OLDEST_DELIVERY,
	STORE_DROP_DELIVERIES,
	STORE_EACH_TARGET,
	STORE_PUT_CONSUMER,
	STORE_END_CONSUMERS,
	STORE_PRUNE_CONSUMERS,
	STORE_EACH_CONSUMER,
	STORE_PUT_SESSION,
	STORE_DROP_SESSION,
	STORE_EACH_SESSION,
	STORE_STATEMENTS
};

/* Its SQL, and its name for the log. */
const char *store_schema_sql(enum store_statement statement);
const char *store_schema_name(enum store_statement statement);

#endif
