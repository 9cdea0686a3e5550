/* store_consumers.c - what the store keeps of those who watch.
 * Owns the columns of consumers and of sessions to close. How they get to the disk is store.c's.
 * Loop thread. */
#include <stddef.h>

#include "supervisor/store_consumers.h"
#include "supervisor/store_access.h"

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

	return store_write(s, STORE_PUT_CONSUMER, values, STORE_COUNT(values));
}

int
store_end_consumers(struct store *s, int64_t ended_us, const char *end)
{
	const struct store_value values[] = { STORE_NUMBER(ended_us), STORE_TEXT(end) };

	return store_write(s, STORE_END_CONSUMERS, values, STORE_COUNT(values));
}

int
store_prune_consumers(struct store *s, int keep)
{
	const struct store_value values[] = { STORE_NUMBER(keep) };

	return store_write(s, STORE_PRUNE_CONSUMERS, values, STORE_COUNT(values));
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

	return store_write(s, STORE_PUT_SESSION, values, STORE_COUNT(values));
}

int
store_drop_session(struct store *s, const char *session)
{
	const struct store_value values[] = { STORE_TEXT(session) };

	return store_write(s, STORE_DROP_SESSION, values, STORE_COUNT(values));
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
