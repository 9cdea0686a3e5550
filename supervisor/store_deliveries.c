/* store_deliveries.c - what the store keeps of webhooks.
 * Owns the columns of deliveries. How they get to the disk is store.c's. Loop thread. */
#include <stddef.h>

#include "supervisor/store_deliveries.h"
#include "supervisor/store_access.h"

int
store_add_delivery(struct store *s, const char *target, const struct store_delivery *delivery)
{
	const struct store_value values[] = { STORE_TEXT(target), STORE_TEXT(delivery->name),
		STORE_NUMBER(delivery->at_us), STORE_TEXT(delivery->body) };

	return store_write(s, STORE_ADD_DELIVERY, values, STORE_COUNT(values));
}

int
store_first_delivery(struct store *s, const char *target, store_delivery_row *row, void *arg)
{
	const enum store_statement which = STORE_FIRST_DELIVERY;
	const struct store_value values[] = { STORE_TEXT(target) };
	int err = store_query(s, which, values, STORE_COUNT(values));

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

	return store_write(s, STORE_DROP_DELIVERY, values, STORE_COUNT(values));
}

int
store_drop_oldest_delivery(struct store *s, const char *target, int64_t but)
{
	const struct store_value values[] = { STORE_TEXT(target), STORE_NUMBER(but) };

	return store_write(s, STORE_DROP_OLDEST_DELIVERY, values, STORE_COUNT(values));
}

int
store_drop_deliveries(struct store *s, const char *target)
{
	const struct store_value values[] = { STORE_TEXT(target) };

	return store_write(s, STORE_DROP_DELIVERIES, values, STORE_COUNT(values));
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
