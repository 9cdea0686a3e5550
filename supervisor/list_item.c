/* list_item.c - the items of a setting that is a list. Pure. */
#include <string.h>

#include "supervisor/list_item.h"

bool
list_item_is(const struct list_item *item, const char *word)
{
	return item->n == strlen(word) && memcmp(item->text, word, item->n) == 0;
}

bool
list_item_next(const char **rest, struct list_item *item)
{
	if (!*rest)
		return false;
	size_t n = strcspn(*rest, ",");
	const char *end = *rest + n;
	const char *text = *rest + strspn(*rest, " \t");
	*rest = *end ? end + 1 : NULL;
	text = text > end ? end : text;
	while (end > text && strchr(" \t", end[-1]))
		end--;
	*item = (struct list_item){
		.number = item->number + 1, .text = text, .n = (size_t)(end - text)
	};
	return true;
}
