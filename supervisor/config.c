/* config.c - the configuration file as an object: read, resolved, shown, freed.
 * What the keys are is config_table's, what must agree is config_check's. Reads one file; keeps
 * nothing. Loop thread (or main, before there is a loop). */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/settings.h"
#include "supervisor/config.h"
#include "common/xmalloc.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_check.h"
#include "supervisor/config_cloudflare.h"
#include "supervisor/config_google.h"
#include "supervisor/config_notify.h"
#include "supervisor/config_recording.h"
#include "supervisor/config_table.h"
#include "supervisor/config_whip.h"

/* A worker beside camrelayd's own file is of the same build: a source tree, or a tarball. */
static char *
default_worker(void)
{
	char self[PATH_MAX];
	char beside[PATH_MAX + sizeof("/camrelay-worker")];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	const char *slash = strrchr(self, '/');
	if (slash) {
		snprintf(beside, sizeof(beside), "%.*s/camrelay-worker", (int)(slash - self), self);
		if (access(beside, X_OK) == 0)
			return xstrdup(beside);
	}
	return xstrdup(LIBEXEC_DIR "/camrelay-worker");
}

const struct config_google *
config_find_google(const struct config *c, const char *name)
{
	const struct config_google *g = name ? c->googles : NULL;

	while (g && strcmp(g->name, name) != 0)
		g = g->next;
	return g;
}

/* Names become what they name, and what was left out becomes what it means then. */
static void
resolve(struct config *c)
{
	if (!c->worker)
		c->worker = default_worker();
	for (struct config_camera *cam = c->cameras; cam; cam = cam->next) {
		cam->account = config_find_google(c, cam->google);
		if (cam->media_stall_ms == 0)
			cam->media_stall_ms = c->media_stall_ms;
	}
}

static struct config_env
read_env(const struct config *old)
{
	if (old)
		return (struct config_env){
			.project_id = xstrdup(old->env.project_id),
			.client_id = xstrdup(old->env.client_id),
			.client_secret = old->env.client_secret,
			.refresh_token = old->env.refresh_token,
			.credentials = old->env.credentials,
		};
	return (struct config_env){
		.project_id = xstrdup(getenv("GOOGLE_PROJECT_ID")),
		.client_id = xstrdup(getenv("GOOGLE_CLIENT_ID")),
		.client_secret = getenv("GOOGLE_CLIENT_SECRET") != NULL,
		.refresh_token = getenv("GOOGLE_REFRESH_TOKEN") != NULL,
		.credentials = getenv("CREDENTIALS_DIRECTORY") != NULL,
	};
}

static struct config *
begin(const struct config *old)
{
	struct config *c = xcalloc(1, sizeof(*c));

	c->env = read_env(old);
	return c;
}

/* Once all lines were read. */
static int
finish(struct config *c, struct settings *s, struct config **out)
{
	resolve(c);
	config_check(c, s);
	if (settings_close(s) > 0) {
		config_free(c);
		return -1;
	}
	*out = c;
	return 0;
}

int
config_load(const char *path, struct config **out, FILE *errors)
{
	struct config *c = begin(NULL);

	return finish(c, settings_read(path, &config_table, c, errors), out);
}

int
config_parse(const char *path, const char *text, size_t len, const struct config *old,
	struct config **out, FILE *errors)
{
	struct config *c = begin(old);

	return finish(c, settings_parse(path, text, len, &config_table, c, errors), out);
}

static void
free_google(struct config_google *g)
{
	settings_clear(&config_table, "google", g);
	free(g->name);
	free(g);
}

static void
free_whip(struct config_whip *w)
{
	settings_clear(&config_table, "whip", w);
	free(w->name);
	free(w);
}

void
config_free(struct config *c)
{
	if (!c)
		return;
	while (c->googles) {
		struct config_google *g = c->googles;
		c->googles = g->next;
		free_google(g);
	}
	while (c->whips) {
		struct config_whip *w = c->whips;
		c->whips = w->next;
		free_whip(w);
	}
	while (c->notifies) {
		struct config_notify *n = c->notifies;
		c->notifies = n->next;
		config_notify_free(n);
	}
	while (c->cameras) {
		struct config_camera *cam = c->cameras;
		c->cameras = cam->next;
		config_camera_free(cam);
	}
	if (c->cloudflare)
		settings_clear(&config_table, "cloudflare", c->cloudflare);
	free(c->cloudflare);
	if (c->recording)
		settings_clear(&config_table, "recording", c->recording);
	free(c->recording);
	settings_clear(&config_table, "consumers", &c->consumers);
	settings_clear(&config_table, "supervisor", c);
	free(c->env.project_id);
	free(c->env.client_id);
	free(c);
}

void
config_print(const struct config *c, FILE *out)
{
	settings_print(&config_table, "supervisor", NULL, c, out);
	settings_print(&config_table, "health", NULL, &c->health, out);
	settings_print(&config_table, "guard", NULL, &c->guard, out);
	for (const struct config_google *g = c->googles; g; g = g->next)
		settings_print(&config_table, "google", g->name, g, out);
	if (c->cloudflare)
		settings_print(&config_table, "cloudflare", NULL, c->cloudflare, out);
	if (c->recording)
		settings_print(&config_table, "recording", NULL, c->recording, out);
	settings_print(&config_table, "consumers", NULL, &c->consumers, out);
	for (const struct config_whip *w = c->whips; w; w = w->next)
		settings_print(&config_table, "whip", w->name, w, out);
	for (const struct config_notify *n = c->notifies; n; n = n->next)
		settings_print(&config_table, "notify", n->name, n, out);
	for (const struct config_camera *cam = c->cameras; cam; cam = cam->next)
		settings_print(&config_table, "camera", cam->name, cam, out);
}

void
config_print_manual(FILE *out)
{
	settings_print_manual(&config_table, out);
}
