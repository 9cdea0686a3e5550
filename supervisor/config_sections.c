/* config_sections.c - the sections of camrelayd's settings, and the objects that they become. Keeps
 * nothing. Any thread. */
#include "common/xmalloc.h"
#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_cloudflare.h"
#include "supervisor/config_google.h"
#include "supervisor/config_notify.h"
#include "supervisor/config_recording.h"
#include "supervisor/config_sections.h"
#include "supervisor/config_whip.h"

static void *
open_supervisor(void *root, const char *name)
{
	(void)name;
	return root;
}

static void *
open_health(void *root, const char *name)
{
	struct config *c = root;

	(void)name;
	return &c->health;
}

static void *
open_guard(void *root, const char *name)
{
	struct config *c = root;

	(void)name;
	return &c->guard;
}

static void *
open_google(void *root, const char *name)
{
	struct config *c = root;
	struct config_google **end = &c->googles;

	while (*end)
		end = &(*end)->next;
	*end = xcalloc(1, sizeof(**end));
	(*end)->name = xstrdup(name);
	return *end;
}

static void *
open_cloudflare(void *root, const char *name)
{
	struct config *c = root;

	(void)name;
	c->cloudflare = xcalloc(1, sizeof(*c->cloudflare));
	return c->cloudflare;
}

static void *
open_recording(void *root, const char *name)
{
	struct config *c = root;

	(void)name;
	c->recording = xcalloc(1, sizeof(*c->recording));
	return c->recording;
}

static void *
open_consumers(void *root, const char *name)
{
	struct config *c = root;

	(void)name;
	return &c->consumers;
}

static void *
open_whip(void *root, const char *name)
{
	struct config *c = root;
	struct config_whip **end = &c->whips;

	while (*end)
		end = &(*end)->next;
	*end = xcalloc(1, sizeof(**end));
	(*end)->name = xstrdup(name);
	return *end;
}

static void *
open_notify(void *root, const char *name)
{
	struct config *c = root;
	struct config_notify **end = &c->notifies;

	while (*end)
		end = &(*end)->next;
	*end = xcalloc(1, sizeof(**end));
	(*end)->name = xstrdup(name);
	return *end;
}

static void *
open_camera(void *root, const char *name)
{
	struct config *c = root;
	struct config_camera **end = &c->cameras;

	while (*end)
		end = &(*end)->next;
	*end = xcalloc(1, sizeof(**end));
	(*end)->name = xstrdup(name);
	c->camera_count++;
	return *end;
}

const struct settings_section config_sections[CONFIG_SECTIONS] = {
	{ .name = "supervisor",
		.open = open_supervisor,
		.always = true,
		.help = "The daemon itself" },
	{ .name = "health",
		.open = open_health,
		.always = true,
		.help = "What camrelayd looks at of itself and its machine: docs/health.md" },
	{ .name = "guard",
		.open = open_guard,
		.always = true,
		.help = "What workers may take of the machine: docs/health.md" },
	{ .name = "google",
		.named = true,
		.open = open_google,
		.stays = true,
		.help = "One Device Access project and one user of it, hence one budget "
			"of commands" },
	{ .name = "cloudflare",
		.open = open_cloudflare,
		.stays = true,
		.help = "The SFU that cameras are sent to" },
	{ .name = "recording",
		.open = open_recording,
		.help = "Where cameras with record = yes or events are kept, and how long" },
	{ .name = "consumers",
		.open = open_consumers,
		.always = true,
		.help = "Who watches: viewers by the HTTP API and WHEP players" },
	{ .name = "whip",
		.named = true,
		.open = open_whip,
		.stays = true,
		.help = "A WHIP server (RFC 9725) that cameras are sent to" },
	{ .name = "notify",
		.named = true,
		.open = open_notify,
		.help = "Somebody who is told of events by HTTP: a webhook, "
			"docs/webhooks.md. Needs state_dir" },
	{ .name = "camera",
		.named = true,
		.open = open_camera,
		.help = "One camera: google and device, or url. Its name may be any but all" },
};
