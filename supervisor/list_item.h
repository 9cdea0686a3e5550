#ifndef SUPERVISOR_LIST_ITEM_H
#define SUPERVISOR_LIST_ITEM_H

#include <stdbool.h>
#include <stddef.h>

/* The items of a setting that is a list, separated by commas. Pure. */
struct list_item {
	int number;       /* from 1 */
	const char *text; /* lent by the list: n bytes, without blanks around */
	size_t n;
};

/* Cuts the next item off *rest, which is NULL behind the last; false there. item is {0} before the
 * first. */
bool list_item_next(const char **rest, struct list_item *item);

bool list_item_is(const struct list_item *item, const char *word);

#endif
