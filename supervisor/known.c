/* known.c - which of Google's devices were ever configured.
 * Owns the name of the counter that stands for a device. What cannot be written is not known after
 * the next start; the store has logged why. Loop thread. */
#include <stdio.h>
#include <stdlib.h>

#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/known.h"
#include "supervisor/store.h"
#include "common/xmalloc.h"

/* By the device alone: whoever removed it meant the camera, whichever account sees it. To be freed.
 */
static char *
counter_name(const char *device)
{
	return xasprintf("configured %s", device);
}

static void
note(struct store *s, const char *device)
{
	char *name = counter_name(device);

	if (!known_device(s, device))
		store_set_counter(s, NULL, name, 1);
	free(name);
}

void
known_note(struct store *s, const struct config *config)
{
	for (const struct config_camera *c = s ? config->cameras : NULL; c; c = c->next)
		if (c->device)
			note(s, c->device);
}

bool
known_device(struct store *s, const char *device)
{
	char *name = counter_name(device);
	int64_t value = 0;

	bool known = s && store_get_counter(s, NULL, name, &value) == 0 && value > 0;
	free(name);
	return known;
}
