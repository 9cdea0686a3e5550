/* store_rows.c - what the store keeps of cameras and accounts: streams, events, spent calls,
 * counters. Owns their columns and how long they stay. How they get to the disk is store.c's. Loop
 * thread. */
#include "supervisor/store.h"
#include "supervisor/store_access.h"

/* Old rows are looked for whenever so many new ones came. The new row is written by then, so that
 * it does not matter to the caller if they cannot be deleted; store_write logs that. */
#define PRUNE_EVERY 64

/* ---- streams --------------------------------------------------------------------------------- */

int
store_put_stream(struct store *s, const struct store_stream *stream)
{
	const struct store_value values[] = {
		STORE_TEXT(stream->camera),
		STORE_TEXT(stream->account),
		STORE_TEXT(stream->device),
		STORE_TEXT(stream->rtsp_url),
		STORE_TEXT(stream->stream_token),
		STORE_TEXT(stream->extension_token),
		STORE_NUMBER(stream->granted_us),
		STORE_NUMBER(stream->expires_us),
		STORE_NUMBER(stream->extends),
	};

	return store_write(s, STORE_PUT_STREAM, values, STORE_COUNT(values));
}

int
store_drop_stream(struct store *s, const char *camera)
{
	const struct store_value values[] = { STORE_TEXT(camera) };

	return store_write(s, STORE_DROP_STREAM, values, STORE_COUNT(values));
}

int
store_each_stream(struct store *s, store_stream_row *row, void *arg)
{
	int err = store_query(s, STORE_EACH_STREAM, NULL, 0);

	while (!err && store_next(s, STORE_EACH_STREAM, &err)) {
		const struct store_stream stream = { .camera = store_text(s, STORE_EACH_STREAM, 0),
			.account = store_text(s, STORE_EACH_STREAM, 1),
			.device = store_text(s, STORE_EACH_STREAM, 2),
			.rtsp_url = store_text(s, STORE_EACH_STREAM, 3),
			.stream_token = store_text(s, STORE_EACH_STREAM, 4),
			.extension_token = store_text(s, STORE_EACH_STREAM, 5),
			.granted_us = store_number(s, STORE_EACH_STREAM, 6),
			.expires_us = store_number(s, STORE_EACH_STREAM, 7),
			.extends = (unsigned)store_number(s, STORE_EACH_STREAM, 8) };
		row(arg, &stream);
	}
	return err;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* True once in a while, for the row just added. */
static bool
prune_due(const struct store *s)
{
	return store_last_id(s) % PRUNE_EVERY == 0;
}

int
store_add_event(struct store *s, const struct store_event *event)
{
	const struct store_value values[] = { STORE_NUMBER(event->at_us), STORE_TEXT(event->camera),
		STORE_TEXT(event->account), STORE_TEXT(event->event), STORE_TEXT(event->text) };

	int err = store_write(s, STORE_ADD_EVENT, values, STORE_COUNT(values));
	if (err || !prune_due(s))
		return err;
	const struct store_value last[] = { STORE_NUMBER(store_last_id(s) - STORE_EVENTS_MAX) };
	store_write(s, STORE_PRUNE_EVENTS, last, STORE_COUNT(last));
	return 0;
}

int
store_each_event(struct store *s, int limit, const char *camera, store_event_row *row, void *arg)
{
	const struct store_value values[] = { STORE_NUMBER(limit), STORE_TEXT(camera) };
	enum store_statement which = camera ? STORE_EACH_EVENT_OF : STORE_EACH_EVENT;
	int err = store_query(s, which, values, camera ? 2 : 1);

	while (!err && store_next(s, which, &err)) {
		const struct store_event event = { .at_us = store_number(s, which, 0),
			.camera = store_text(s, which, 1),
			.account = store_text(s, which, 2),
			.event = store_text(s, which, 3),
			.text = store_text(s, which, 4) };
		row(arg, &event);
	}
	return err;
}

/* ---- spent calls ----------------------------------------------------------------------------- */

int
store_add_call(struct store *s, const struct store_call *call)
{
	const struct store_value values[] = { STORE_NUMBER(call->at_us), STORE_TEXT(call->account),
		STORE_TEXT(call->device), STORE_TEXT(call->kind) };

	int err = store_write(s, STORE_ADD_CALL, values, STORE_COUNT(values));
	if (err || !prune_due(s))
		return err;
	const struct store_value kept[] = { STORE_NUMBER(call->at_us - STORE_CALLS_KEPT_US),
		STORE_NUMBER(call->at_us + STORE_CALLS_KEPT_US) };
	store_write(s, STORE_PRUNE_CALLS, kept, STORE_COUNT(kept));
	return 0;
}

int
store_each_call(struct store *s, int64_t since_us, store_call_row *row, void *arg)
{
	const struct store_value values[] = { STORE_NUMBER(since_us) };
	int err = store_query(s, STORE_EACH_CALL, values, STORE_COUNT(values));

	while (!err && store_next(s, STORE_EACH_CALL, &err)) {
		const struct store_call call = { .at_us = store_number(s, STORE_EACH_CALL, 0),
			.account = store_text(s, STORE_EACH_CALL, 1),
			.device = store_text(s, STORE_EACH_CALL, 2),
			.kind = store_text(s, STORE_EACH_CALL, 3) };
		row(arg, &call);
	}
	return err;
}

/* ---- both ------------------------------------------------------------------------------------ */

int
store_move_times(struct store *s, int64_t by_us)
{
	const struct store_value values[] = { STORE_NUMBER(by_us) };
	int streams = store_write(s, STORE_MOVE_STREAMS, values, STORE_COUNT(values));
	int calls = store_write(s, STORE_MOVE_CALLS, values, STORE_COUNT(values));

	return streams ? streams : calls;
}

/* ---- counters -------------------------------------------------------------------------------- */

int
store_set_counter(struct store *s, const char *camera, const char *name, int64_t value)
{
	const struct store_value values[] = { STORE_TEXT(camera ? camera : ""), STORE_TEXT(name),
		STORE_NUMBER(value) };

	return store_write(s, STORE_SET_COUNTER, values, STORE_COUNT(values));
}

int
store_get_counter(struct store *s, const char *camera, const char *name, int64_t *value)
{
	const struct store_value values[] = { STORE_TEXT(camera ? camera : ""), STORE_TEXT(name) };
	int err = store_query(s, STORE_GET_COUNTER, values, STORE_COUNT(values));

	*value = 0;
	while (!err && store_next(s, STORE_GET_COUNTER, &err))
		*value = store_number(s, STORE_GET_COUNTER, 0);
	return err;
}
