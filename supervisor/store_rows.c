/* store_rows.c - what the store keeps: streams, events, spent calls, counters, webhooks, consumers.
 * Owns their columns and how long they stay. How they get to the disk is store.c's. Loop thread. */
#include "supervisor/store_access.h"

#define COUNT(values) ((int)(sizeof(values) / sizeof((values)[0])))

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

	return store_write(s, STORE_PUT_STREAM, values, COUNT(values));
}

int
store_drop_stream(struct store *s, const char *camera)
{
	const struct store_value values[] = { STORE_TEXT(camera) };

	return store_write(s, STORE_DROP_STREAM, values, COUNT(values));
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

	int err = store_write(s, STORE_ADD_EVENT, values, COUNT(values));
	if (err || !prune_due(s))
		return err;
	const struct store_value last[] = { STORE_NUMBER(store_last_id(s) - STORE_EVENTS_MAX) };
	store_write(s, STORE_PRUNE_EVENTS, last, COUNT(last));
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

	int err = store_write(s, STORE_ADD_CALL, values, COUNT(values));
	if (err || !prune_due(s))
		return err;
	const struct store_value kept[] = { STORE_NUMBER(call->at_us - STORE_CALLS_KEPT_US),
		STORE_NUMBER(call->at_us + STORE_CALLS_KEPT_US) };
	store_write(s, STORE_PRUNE_CALLS, kept, COUNT(kept));
	return 0;
}

int
store_each_call(struct store *s, int64_t since_us, store_call_row *row, void *arg)
{
	const struct store_value values[] = { STORE_NUMBER(since_us) };
	int err = store_query(s, STORE_EACH_CALL, values, COUNT(values));

	while (!err && store_next(s, STORE_EACH_CALL, &err)) {
		const struct store_call call = { .at_us = store_number(s, STORE_EACH_CALL, 0),
			.account = store_text(s, STORE_EACH_CALL, 1),
			.device = store_text(s, STORE_EACH_CALL, 2),
			.kind = store_text(s, STORE_EACH_CALL, 3) };
		row(arg, &call);
	}
	return err;
}

/* ---- counters -------------------------------------------------------------------------------- */

int
store_set_counter(struct store *s, const char *camera, const char *name, int64_t value)
{
	const struct store_value values[] = { STORE_TEXT(camera ? camera : ""), STORE_TEXT(name),
		STORE_NUMBER(value) };

	return store_write(s, STORE_SET_COUNTER, values, COUNT(values));
}

int
store_get_counter(struct store *s, const char *camera, const char *name, int64_t *value)
{
	const struct store_value values[] = { STORE_TEXT(camera ? camera : ""), STORE_TEXT(name) };
	int err = store_query(s, STORE_GET_COUNTER, values, COUNT(values));

	*value = 0;
	while (!err && store_next(s, STORE_GET_COUNTER, &err))
		*value = store_number(s, STORE_GET_COUNTER, 0);
	return err;
}

/* ---- webhooks -------------------------------------------------------------------------------- */

int
store_add_delivery(struct store *s, const char *target, const struct store_delivery *delivery)
{
	const struct store_value values[] = { STORE_TEXT(target), STORE_TEXT(delivery->name),
		STORE_NUMBER(delivery->at_us), STORE_TEXT(delivery->body) };

	return store_write(s, STORE_ADD_DELIVERY, values, COUNT(values));
}

int
store_first_delivery(struct store *s, const char *target, store_delivery_row *row, void *arg)
{
	const enum store_statement which = STORE_FIRST_DELIVERY;
	const struct store_value values[] = { STORE_TEXT(target) };
	int err = store_query(s, which, values, COUNT(values));

	while (!err && store_next(s, which, &err)) {
		const struct store_delivery delivery = { .id = store_number(s, which, 0),
			.name = store_text(s, which, 1),
			.at_us = store_number(s, which, 2),
			.body = store_text(s, which, 3) };
		row(arg, &delivery);
	}
	return err;
}

int
store_drop_delivery(struct store *s, int64_t id)
{
	const struct store_value values[] = { STORE_NUMBER(id) };

	return store_write(s, STORE_DROP_DELIVERY, values, COUNT(values));
}

int
store_drop_oldest_delivery(struct store *s, const char *target, int64_t but)
{
	const struct store_value values[] = { STORE_TEXT(target), STORE_NUMBER(but) };

	return store_write(s, STORE_DROP_OLDEST_DELIVERY, values, COUNT(values));
}

int
store_drop_deliveries(struct store *s, const char *target)
{
	const struct store_value values[] = { STORE_TEXT(target) };

	return store_write(s, STORE_DROP_DELIVERIES, values, COUNT(values));
}

int
store_each_target(struct store *s, store_target_row *row, void *arg)
{
	int err = store_query(s, STORE_EACH_TARGET, NULL, 0);

	while (!err && store_next(s, STORE_EACH_TARGET, &err))
		row(arg, store_text(s, STORE_EACH_TARGET, 0),
			store_number(s, STORE_EACH_TARGET, 1));
	return err;
}

/* ---- consumers ------------------------------------------------------------------------------- */

int
store_put_consumer(struct store *s, const struct store_consumer *consumer)
{
	const struct store_value values[] = {
		STORE_TEXT(consumer->id),
		STORE_TEXT(consumer->camera),
		STORE_TEXT(consumer->owner),
		STORE_TEXT(consumer->kind),
		STORE_TEXT(consumer->session),
		STORE_NUMBER(consumer->pulls),
		STORE_NUMBER(consumer->since_us),
		STORE_NUMBER(consumer->heard_us),
		STORE_NUMBER(consumer->ended_us),
		STORE_TEXT(consumer->end),
		STORE_TEXT(consumer->why),
		STORE_TEXT(consumer->stats),
	};

	return store_write(s, STORE_PUT_CONSUMER, values, COUNT(values));
}

int
store_end_consumers(struct store *s, int64_t ended_us, const char *end)
{
	const struct store_value values[] = { STORE_NUMBER(ended_us), STORE_TEXT(end) };

	return store_write(s, STORE_END_CONSUMERS, values, COUNT(values));
}

int
store_prune_consumers(struct store *s, int keep)
{
	const struct store_value values[] = { STORE_NUMBER(keep) };

	return store_write(s, STORE_PRUNE_CONSUMERS, values, COUNT(values));
}

int
store_each_consumer(struct store *s, store_consumer_row *row, void *arg)
{
	const enum store_statement which = STORE_EACH_CONSUMER;
	int err = store_query(s, which, NULL, 0);

	while (!err && store_next(s, which, &err)) {
		const struct store_consumer consumer = { .id = store_text(s, which, 0),
			.camera = store_text(s, which, 1),
			.owner = store_text(s, which, 2),
			.kind = store_text(s, which, 3),
			.session = store_text(s, which, 4),
			.pulls = store_number(s, which, 5),
			.since_us = store_number(s, which, 6),
			.heard_us = store_number(s, which, 7),
			.ended_us = store_number(s, which, 8),
			.end = store_text(s, which, 9),
			.why = store_text(s, which, 10),
			.stats = store_text(s, which, 11) };
		row(arg, &consumer);
	}
	return err;
}

int
store_put_session(struct store *s, const char *session, const char *camera, const char *mids)
{
	const struct store_value values[] = { STORE_TEXT(session), STORE_TEXT(camera),
		STORE_TEXT(mids) };

	return store_write(s, STORE_PUT_SESSION, values, COUNT(values));
}

int
store_drop_session(struct store *s, const char *session)
{
	const struct store_value values[] = { STORE_TEXT(session) };

	return store_write(s, STORE_DROP_SESSION, values, COUNT(values));
}

int
store_each_session(struct store *s, store_session_row *row, void *arg)
{
	const enum store_statement which = STORE_EACH_SESSION;
	int err = store_query(s, which, NULL, 0);

	while (!err && store_next(s, which, &err))
		row(arg, store_text(s, which, 0), store_text(s, which, 1), store_text(s, which, 2));
	return err;
}
