#ifndef SUPERVISOR_STORE_DELIVERIES_H
#define SUPERVISOR_STORE_DELIVERIES_H

#include <stdint.h>

/* What the store keeps of webhooks: a queue of deliveries for each target. Returned errors, and
 * when a row is written, as in store.h. Loop thread. */
struct store;

struct store_delivery {
	int64_t id;       /* given when it is added; grows, and is never used again */
	const char *name; /* what its receiver knows it by */
	int64_t at_us;
	const char *body;
};

/* Behind all others of that target. delivery->id is ignored. */
int store_add_delivery(struct store *s, const char *target, const struct store_delivery *delivery);

/* The target's oldest, given to row unless there is none. row must not write to the store. */
typedef void store_delivery_row(void *arg, const struct store_delivery *delivery);
int store_first_delivery(struct store *s, const char *target, store_delivery_row *row, void *arg);

/* That one; the target's oldest but for the one of id `but`; all of the target's. */
int store_drop_delivery(struct store *s, int64_t id);
int store_drop_oldest_delivery(struct store *s, const char *target, int64_t but);
int store_drop_deliveries(struct store *s, const char *target);

/* Every target that has deliveries, and how many. row may write to the store. */
typedef void store_target_row(void *arg, const char *target, int64_t count);
int store_each_target(struct store *s, store_target_row *row, void *arg);

#endif
