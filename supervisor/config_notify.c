/* config_notify.c - one [notify] section: copied, freed, compared.
 * Keeps nothing. Pure. */
#include <stdlib.h>

#include "common/settings.h"
#include "common/xmalloc.h"
#include "supervisor/config_notify.h"
#include "supervisor/config_table.h"

struct config_notify *
config_notify_copy(const struct config_notify *n)
{
	struct config_notify *c = xcalloc(1, sizeof(*c));

	c->name = xstrdup(n->name);
	settings_copy(&config_table, "notify", n, c);
	return c;
}

void
config_notify_free(struct config_notify *n)
{
	if (!n)
		return;
	settings_clear(&config_table, "notify", n);
	free(n->name);
	free(n);
}

static void
on_difference(void *arg, const struct setting *row)
{
	bool *differs = arg;

	(void)row;
	*differs = true;
}

bool
config_notify_differs(const struct config_notify *a, const struct config_notify *b)
{
	bool differs = false;

	settings_differ(&config_table, "notify", a, b, on_difference, &differs);
	return differs;
}
