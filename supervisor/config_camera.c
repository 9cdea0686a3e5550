/* config_camera.c - one camera's section: copied, freed, its choices in words.
 * Keeps nothing. Pure. */
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"
#include "common/xmalloc.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_table.h"

const char *
config_bframes_text(enum config_bframes bframes)
{
	static const char *const texts[] = { [CONFIG_BFRAMES_PASS] = "pass",
		[CONFIG_BFRAMES_DROP] = "drop",
		[CONFIG_BFRAMES_REFUSE] = "refuse" };

	return texts[bframes];
}

const char *
config_transport_text(enum config_transport transport)
{
	static const char *const texts[] = { [CONFIG_TRANSPORT_AUTO] = "auto",
		[CONFIG_TRANSPORT_TCP] = "tcp",
		[CONFIG_TRANSPORT_UDP] = "udp" };

	return texts[transport];
}

const char *
config_replay_text(enum config_replay replay)
{
	static const char *const texts[] = { [CONFIG_REPLAY_AUTO] = "auto",
		[CONFIG_REPLAY_ON] = "on",
		[CONFIG_REPLAY_OFF] = "off" };

	return texts[replay];
}

bool
config_is_auto(const struct config_camera *cam)
{
	return cam->google && strcmp(cam->google, CONFIG_GOOGLE_AUTO) == 0;
}

struct config_camera *
config_camera_copy(const struct config_camera *cam)
{
	struct config_camera *c = xcalloc(1, sizeof(*c));

	c->name = xstrdup(cam->name);
	settings_copy(&config_table, "camera", cam, c);
	return c;
}

void
config_camera_free(struct config_camera *cam)
{
	if (!cam)
		return;
	settings_clear(&config_table, "camera", cam);
	free(cam->name);
	free(cam);
}
