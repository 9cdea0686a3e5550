#ifndef SUPERVISOR_WEB_SCHEMA_H
#define SUPERVISOR_WEB_SCHEMA_H

#include <stdbool.h>

/* What the JSON of requests and answers has: openapi.json is made of it, and the tests hold every
 * answer against it. Tables only. */

enum web_type {
	WEB_STR,
	WEB_INT,
	WEB_REAL,
	WEB_BOOL,
	WEB_TIME,    /* a string, RFC 3339 */
	WEB_OBJECT,  /* of `of` */
	WEB_LIST,    /* of objects of `of` */
	WEB_STR_MAP, /* an object of any names, its values strings */
	WEB_INT_MAP, /* the same, integers */
	WEB_MAP,     /* the same, objects of `of` */
	WEB_STRS,    /* a list of strings */
	WEB_REALS,   /* a list of numbers, null where one is not known */
	WEB_ANY,     /* anything */
};

struct web_schema;

struct web_member {
	const char *name; /* NULL ends a table */
	enum web_type type;
	const struct web_schema *of;
	bool optional; /* may be absent, or null */
	const char *help;
};

struct status_camera;

struct web_schema {
	const char *name; /* in components/schemas */
	const struct web_member *members;
	bool camera; /* also the fields of a camera in the status, proto/status.h */
};

extern const struct web_schema web_schema_alive, web_schema_ready, web_schema_system,
	web_schema_stream, web_schema_streams, web_schema_ingestion, web_schema_producers,
	web_schema_recording, web_schema_recordings, web_schema_cleanup, web_schema_done,
	web_schema_camera, web_schema_cameras, web_schema_new_camera, web_schema_new_consumer,
	web_schema_description, web_schema_heartbeat, web_schema_consumer, web_schema_watcher,
	web_schema_watchers, web_schema_error, web_schema_login, web_schema_session,
	web_schema_history, web_schema_recording_days, web_schema_recording_day;

#endif
