/* proposal.c - what the configuration would have to say about the devices that Google lists.
 * Owns the names that it gives and the text of a section. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_google.h"
#include "supervisor/proposal.h"
#include "common/xmalloc.h"

struct proposal_names {
	char **list;
	size_t count;
};

/* ---- names ----------------------------------------------------------------------------------- */

static bool
is_taken(const struct proposal_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	return false;
}

static void
take_name(struct proposal_names *names, const char *name)
{
	names->list = xrealloc(names->list, (names->count + 1) * sizeof(*names->list));
	names->list[names->count] = xstrdup(name);
	names->count++;
}

struct proposal_names *
proposal_names_new(const struct config *config)
{
	struct proposal_names *names = xcalloc(1, sizeof(*names));

	/* To camctl it is every camera. */
	take_name(names, "all");
	for (const struct config_camera *c = config->cameras; c; c = c->next)
		take_name(names, c->name);
	return names;
}

void
proposal_names_free(struct proposal_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	free(names);
}

static void
give_name(struct proposal_names *names, const struct sdm_device *device, char *out, size_t size)
{
	char slug[NAMING_SLUG_MAX];

	naming_slug(slug, device->name);
	snprintf(out, size, "%s", slug);
	/* There are fewer names than a list has devices, and seven digits of numbers. */
	for (unsigned n = 2; is_taken(names, out); n++)
		snprintf(out, size, "%s-%u", slug, n % 1000000);
	take_name(names, out);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const struct config_camera *
find_camera(const struct config *config, const struct config_google *google, const char *device)
{
	const struct config_camera *found = NULL;

	for (const struct config_camera *c = config->cameras; c; c = c->next)
		if (c->google && c->device && strcmp(c->device, device) == 0 &&
			(!found || strcmp(c->google, google->name) == 0))
			found = c;
	return found;
}

/* What its people call it stands above, since a slug has lost something of that. */
static char *
section_text(const struct config *config, const struct config_google *google,
	const struct sdm_device *device, const char *name)
{
	return xasprintf("%s%s%s[camera \"%s\"]\ngoogle = %s\ndevice = %s\n%s",
		*device->name ? "; " : "", device->name, *device->name ? "\n" : "", name,
		google->name, device->id, config->cloudflare ? "" : "publish = none\n");
}

void
proposals_make(const struct config *config, const struct config_google *google,
	const struct device_list *devices, struct proposal_names *names, struct proposals *out)
{
	out->count = devices->count;
	out->list = xcalloc(out->count + 1, sizeof(*out->list));
	for (size_t i = 0; i < out->count; i++) {
		struct proposal *p = &out->list[i];
		p->device = &devices->devices[i];
		const struct config_camera *camera = find_camera(config, google, p->device->id);
		p->camera = camera ? camera->name : NULL;
		if (camera || device_protocol(p->device) != DEVICE_RTSP)
			continue;
		give_name(names, p->device, p->name, sizeof(p->name));
		p->section = section_text(config, google, p->device, p->name);
	}
}

void
proposals_clear(struct proposals *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->list[i].section);
	free(p->list);
	*p = (struct proposals){ 0 };
}

bool
proposal_is_new(const struct proposal *p, const struct device_list *before)
{
	const struct sdm_device *old = before ? device_list_find(before, p->device->id) : NULL;

	return p->section && (!old || device_protocol(old) != DEVICE_RTSP);
}
