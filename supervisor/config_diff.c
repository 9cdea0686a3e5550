/* config_diff.c - what one configuration has that another has not.
 * Owns the list of changes and what a change of a camera's key asks for. Performs nothing. Pure.
 * Any thread. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_diff.h"
#include "common/xmalloc.h"
#include "supervisor/config_google.h"
#include "supervisor/config_notify.h"
#include "supervisor/config_table.h"
#include "supervisor/config_whip.h"

/* What a change of this key of a camera asks for; a key that is not here asks for nothing. */
static const struct {
	const char *key;
	enum config_camera_effect effect;
} camera_keys[] = {
	{ .key = "google", .effect = CONFIG_CAMERA_STREAM },
	{ .key = "device", .effect = CONFIG_CAMERA_STREAM },
	{ .key = "url", .effect = CONFIG_CAMERA_STREAM },
	{ .key = "substream", .effect = CONFIG_CAMERA_SOURCE },
	{ .key = "url2", .effect = CONFIG_CAMERA_SOURCE },
	{ .key = "url3", .effect = CONFIG_CAMERA_SOURCE },
	{ .key = "url4", .effect = CONFIG_CAMERA_SOURCE },
	{ .key = "url_return", .effect = CONFIG_CAMERA_SOURCE },
	{ .key = "transport", .effect = CONFIG_CAMERA_SOURCE },
	{ .key = "publish", .effect = CONFIG_CAMERA_PUBLISH },
	{ .key = "audio", .effect = CONFIG_CAMERA_SOURCE },
	{ .key = "bframes", .effect = CONFIG_CAMERA_SOURCE },
	{ .key = "gop_replay", .effect = CONFIG_CAMERA_SOURCE },
	{ .key = "whip_token_file", .effect = CONFIG_CAMERA_PUBLISH },
	{ .key = "tls_verify", .effect = CONFIG_CAMERA_SOURCE },
	{ .key = "ca_file", .effect = CONFIG_CAMERA_SOURCE },
	{ .key = "media_stall", .effect = CONFIG_CAMERA_SOURCE },
};
#define CAMERA_KEYS (sizeof(camera_keys) / sizeof(camera_keys[0]))

static const char *const kind_texts[] = {
	[CONFIG_ADDED] = "added",
	[CONFIG_REMOVED] = "removed",
	[CONFIG_CHANGED] = "changed",
};

static const char *const effect_texts[] = {
	[CONFIG_CAMERA_NOTHING] = "",
	[CONFIG_CAMERA_SOURCE] = "connects anew",
	[CONFIG_CAMERA_PUBLISH] = "published anew",
	[CONFIG_CAMERA_STREAM] = "another stream",
};

const char *
config_change_text(enum config_change_kind kind)
{
	return kind_texts[kind];
}

const char *
config_camera_effect_text(enum config_camera_effect effect)
{
	return effect_texts[effect];
}

/* ---- comparing ------------------------------------------------------------------------------- */

static struct config_change *
add(struct config_diff *d, enum config_change_kind kind, const char *section, const char *name)
{
	d->changes = xrealloc(d->changes, (d->count + 1) * sizeof(*d->changes));
	struct config_change *c = &d->changes[d->count++];
	*c = (struct config_change){ .kind = kind, .section = section, .name = name };
	return c;
}

static enum config_camera_effect
effect_of(const char *key)
{
	for (size_t i = 0; i < CAMERA_KEYS; i++)
		if (strcmp(camera_keys[i].key, key) == 0)
			return camera_keys[i].effect;
	return CONFIG_CAMERA_NOTHING;
}

static void
on_difference(void *arg, const struct setting *row)
{
	struct config_change *c = arg;
	bool camera = strcmp(c->section, "camera") == 0;
	enum config_camera_effect effect = camera ? effect_of(row->key) : CONFIG_CAMERA_NOTHING;

	assert(c->key_count < CONFIG_CHANGE_KEYS_MAX);
	c->keys[c->key_count++] = row;
	if (effect > c->effect)
		c->effect = effect;
}

/* Of two sections of that name. Returns the change, NULL if there is none. */
static struct config_change *
compare(struct config_diff *d, const char *section, const char *name, const void *was,
	const void *is)
{
	struct config_change found = { .kind = CONFIG_CHANGED, .section = section, .name = name };

	settings_differ(&config_table, section, was, is, on_difference, &found);
	if (found.key_count == 0)
		return NULL;
	struct config_change *c = add(d, CONFIG_CHANGED, section, name);
	*c = found;
	return c;
}

static const struct config_camera *
find_camera(const struct config *c, const char *name)
{
	const struct config_camera *cam = c->cameras;

	while (cam && strcmp(cam->name, name) != 0)
		cam = cam->next;
	return cam;
}

static void
compare_googles(struct config_diff *d, const struct config *was, const struct config *is)
{
	for (const struct config_google *g = was->googles; g; g = g->next)
		if (!config_find_google(is, g->name))
			add(d, CONFIG_REMOVED, "google", g->name);
	for (const struct config_google *g = is->googles; g; g = g->next) {
		const struct config_google *old = config_find_google(was, g->name);
		if (old)
			compare(d, "google", g->name, old, g);
		else
			add(d, CONFIG_ADDED, "google", g->name);
	}
}

static void
compare_cloudflare(struct config_diff *d, const struct config *was, const struct config *is)
{
	if (was->cloudflare && is->cloudflare)
		compare(d, "cloudflare", NULL, was->cloudflare, is->cloudflare);
	else if (was->cloudflare)
		add(d, CONFIG_REMOVED, "cloudflare", NULL);
	else if (is->cloudflare)
		add(d, CONFIG_ADDED, "cloudflare", NULL);
}

static const struct config_whip *
find_whip(const struct config *c, const char *name)
{
	const struct config_whip *w = c->whips;

	while (w && strcmp(w->name, name) != 0)
		w = w->next;
	return w;
}

static void
compare_whips(struct config_diff *d, const struct config *was, const struct config *is)
{
	for (const struct config_whip *w = was->whips; w; w = w->next)
		if (!find_whip(is, w->name))
			add(d, CONFIG_REMOVED, "whip", w->name);
	for (const struct config_whip *w = is->whips; w; w = w->next) {
		const struct config_whip *old = find_whip(was, w->name);
		if (old)
			compare(d, "whip", w->name, old, w);
		else
			add(d, CONFIG_ADDED, "whip", w->name);
	}
}

static const struct config_notify *
find_notify(const struct config *c, const char *name)
{
	const struct config_notify *n = c->notifies;

	while (n && strcmp(n->name, name) != 0)
		n = n->next;
	return n;
}

static void
compare_notifies(struct config_diff *d, const struct config *was, const struct config *is)
{
	for (const struct config_notify *n = was->notifies; n; n = n->next)
		if (!find_notify(is, n->name))
			add(d, CONFIG_REMOVED, "notify", n->name);
	for (const struct config_notify *n = is->notifies; n; n = n->next) {
		const struct config_notify *old = find_notify(was, n->name);
		if (old)
			compare(d, "notify", n->name, old, n);
		else
			add(d, CONFIG_ADDED, "notify", n->name);
	}
}

static void
compare_recording(struct config_diff *d, const struct config *was, const struct config *is)
{
	if (was->recording && is->recording)
		compare(d, "recording", NULL, was->recording, is->recording);
	else if (was->recording)
		add(d, CONFIG_REMOVED, "recording", NULL);
	else if (is->recording)
		add(d, CONFIG_ADDED, "recording", NULL);
}

static void
compare_camera(
	struct config_diff *d, const struct config_camera *was, const struct config_camera *is)
{
	struct config_change *c = was ? compare(d, "camera", is->name, was, is)
				      : add(d, CONFIG_ADDED, "camera", is->name);

	if (!c)
		return;
	c->was = was;
	c->is = is;
}

static void
compare_cameras(struct config_diff *d, const struct config *was, const struct config *is)
{
	for (const struct config_camera *cam = was->cameras; cam; cam = cam->next)
		if (!find_camera(is, cam->name))
			add(d, CONFIG_REMOVED, "camera", cam->name)->was = cam;
	for (const struct config_camera *cam = is->cameras; cam; cam = cam->next)
		compare_camera(d, find_camera(was, cam->name), cam);
}

void
config_diff(const struct config *was, const struct config *is, struct config_diff *out)
{
	*out = (struct config_diff){ 0 };
	compare(out, "supervisor", NULL, was, is);
	compare(out, "health", NULL, &was->health, &is->health);
	compare(out, "guard", NULL, &was->guard, &is->guard);
	compare_googles(out, was, is);
	compare_cloudflare(out, was, is);
	compare_recording(out, was, is);
	compare(out, "consumers", NULL, &was->consumers, &is->consumers);
	compare_whips(out, was, is);
	compare_notifies(out, was, is);
	compare_cameras(out, was, is);
}

void
config_diff_clear(struct config_diff *d)
{
	free(d->changes);
	*d = (struct config_diff){ 0 };
}

/* ---- what a reload cannot do ----------------------------------------------------------------- */

static void
print_section(const struct config_change *c, FILE *out)
{
	if (strcmp(c->section, "camera") == 0)
		fprintf(out, "camera %s", c->name);
	else if (c->name)
		fprintf(out, "[%s \"%s\"]", c->section, c->name);
	else
		fprintf(out, "[%s]", c->section);
}

static bool
stays(const char *section)
{
	for (size_t i = 0; i < config_table.section_count; i++)
		if (strcmp(config_table.sections[i].name, section) == 0)
			return config_table.sections[i].stays;
	return false;
}

static int
print_restart(const struct config_change *c, int before, FILE *out)
{
	int count = 0;

	if (c->kind == CONFIG_REMOVED && stays(c->section)) {
		fputs(before ? ", " : "", out);
		print_section(c, out);
		fputs(" is gone", out);
		return 1;
	}
	for (size_t i = 0; i < c->key_count; i++) {
		if (c->keys[i]->live)
			continue;
		fputs(before + count++ ? ", " : "", out);
		print_section(c, out);
		fprintf(out, " %s", c->keys[i]->key);
	}
	return count;
}

int
config_diff_restart(const struct config_diff *d, FILE *out)
{
	int count = 0;

	for (size_t i = 0; i < d->count; i++)
		count += print_restart(&d->changes[i], count, out);
	return count;
}

/* ---- for people ------------------------------------------------------------------------------ */

void
config_change_print(const struct config_change *c, FILE *out)
{
	fprintf(out, "%s ", kind_texts[c->kind]);
	print_section(c, out);
	for (size_t i = 0; i < c->key_count; i++)
		fprintf(out, "%s%s", i ? ", " : ": ", c->keys[i]->key);
	if (c->effect != CONFIG_CAMERA_NOTHING)
		fprintf(out, " (%s)", effect_texts[c->effect]);
}
