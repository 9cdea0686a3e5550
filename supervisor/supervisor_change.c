/* supervisor_change.c - another configuration for a supervisor that runs.
 * Owns the attempt: everything that may fail comes first and can be taken back, then comes what
 * cannot fail. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "common/value.h"
#include "common/xmalloc.h"
#include "supervisor/account.h"
#include "supervisor/cameras_change.h"
#include "supervisor/cameras_choose.h"
#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_diff.h"
#include "supervisor/config_file.h"
#include "supervisor/config_google.h"
#include "supervisor/consumers.h"
#include "supervisor/credentials.h"
#include "supervisor/supervisor_state.h"
#include "supervisor/web.h"

/* One command, from the file to the answer. */
struct attempt {
	struct supervisor *s;
	const char *camera;      /* that the command is about; NULL: none */
	bool alone;              /* and nothing else may be applied: nobody is there to ask */
	struct config_file file; /* as it was found */
	struct ini_text edited;  /* bytes NULL: it stays as it is */
	struct config *fresh;    /* NULL once it is in force */
	struct config_diff diff;
	struct google *googles;      /* for sections that are new */
	struct sfu *sfu;             /* likewise */
	struct secret *sfu_secret;   /* of the SFU that is there, read again */
	struct credentials *secrets; /* likewise, of the supervisor's googles in their order */
	size_t secret_count;
	const char **fresh_secrets; /* what had other secrets; lent */
	size_t fresh_secret_count;
	FILE *says;     /* what becomes the answer's text */
	size_t size;    /* of that */
	char *warnings; /* about the file that is applied; NULL: it was not read */
};

/* A sentence of one of those functions that write into a buffer. */
static int
refuse(struct attempt *a, const char *why)
{
	fprintf(a->says, "%s\n", why);
	return -1;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Returns -1 with every mistake said; else what there is to warn of is in *warnings, to be freed.
 */
static int
parse(struct attempt *a, const struct ini_text *text, struct config **out, char **warnings)
{
	struct supervisor *s = a->s;
	size_t size;
	FILE *errors = xopen_memstream(warnings, &size);

	int err = config_parse(s->config_path, text->bytes, text->len, s->config, out, errors);
	fclose(errors);
	if (!err)
		return 0;
	fputs(*warnings, a->says);
	free(*warnings);
	*warnings = NULL;
	return -1;
}

static int
read_file(struct attempt *a)
{
	char why[512];

	if (config_file_read(a->s->config_path, &a->file, why, sizeof(why)) < 0)
		return refuse(a, why);
	return 0;
}

static bool
has_camera(const struct config *c, const char *name)
{
	for (const struct config_camera *cam = c->cameras; cam; cam = cam->next)
		if (strcmp(cam->name, name) == 0)
			return true;
	return false;
}

/* The file as it is must be sound, and have the camera or not. */
static int
check_before(struct attempt *a, bool there)
{
	struct config *before;
	char *warnings;

	if (read_file(a) < 0 || parse(a, &a->file.text, &before, &warnings) < 0)
		return -1;
	free(warnings);
	bool has = has_camera(before, a->camera);
	config_free(before);
	if (has == there)
		return 0;
	fprintf(a->says,
		there ? "there is no camera %.64s in %s\n" : "camera %.64s is already in %s\n",
		a->camera, a->s->config_path);
	return -1;
}

static int
edit_in(struct attempt *a, const struct ini_section *camera)
{
	char why[256];

	if (!value_is_name(camera->name))
		return refuse(a, "a camera's name must be 1 to 63 of a-z, 0-9 and . _ -, beginning "
				 "with a letter or digit");
	if (check_before(a, false) < 0)
		return -1;
	if (ini_edit_add(&a->file.text, camera, &a->edited, why, sizeof(why)) < 0)
		return refuse(a, why);
	return parse(a, &a->edited, &a->fresh, &a->warnings);
}

static int
edit_out(struct attempt *a)
{
	if (check_before(a, true) < 0)
		return -1;
	if (ini_edit_remove(&a->file.text, "camera", a->camera, &a->edited) < 0)
		return refuse(a, "its section was not found");
	return parse(a, &a->edited, &a->fresh, &a->warnings);
}

/* ---- what may fail --------------------------------------------------------------------------- */

static int
check_restart(struct attempt *a)
{
	char *keys;
	size_t size;
	FILE *out = xopen_memstream(&keys, &size);

	int count = config_diff_restart(&a->diff, out);
	fclose(out);
	if (count > 0)
		fprintf(a->says, "nothing was changed, since this takes a restart: %s\n", keys);
	free(keys);
	return count > 0 ? -1 : 0;
}

static bool
is_own(const struct attempt *a, const struct config_change *c)
{
	const struct config_camera *cam = c->is ? c->is : c->was;

	return a->camera && cam && strcmp(cam->name, a->camera) == 0;
}

static int
check_alone(struct attempt *a)
{
	for (size_t i = 0; a->alone && i < a->diff.count; i++)
		if (!is_own(a, &a->diff.changes[i]))
			return refuse(a, "the file was edited and has not been reloaded");
	return 0;
}

static int
prepare_googles(struct attempt *a)
{
	struct google **end = &a->googles;
	char why[512];

	for (size_t i = 0; i < a->diff.count; i++) {
		const struct config_change *c = &a->diff.changes[i];
		if (c->kind != CONFIG_ADDED || strcmp(c->section, "google") != 0)
			continue;
		*end = supervisor_make_google(
			a->s, config_find_google(a->fresh, c->name), why, sizeof(why));
		if (!*end)
			return refuse(a, why);
		end = &(*end)->next;
	}
	return 0;
}

static int
read_secrets(struct attempt *a)
{
	char why[512];

	for (struct google *g = a->s->googles; g; g = g->next)
		a->secret_count++;
	a->secrets = xcalloc(a->secret_count + 1, sizeof(*a->secrets));
	a->fresh_secrets = xcalloc(a->secret_count + 1, sizeof(*a->fresh_secrets));
	struct credentials *c = a->secrets;
	for (struct google *g = a->s->googles; g; g = g->next)
		if (credentials_read_again(g->config, c++, why, sizeof(why)) < 0)
			return refuse(a, why);
	return 0;
}

static int
prepare_sfu(struct attempt *a)
{
	const struct config_cloudflare *c = a->fresh->cloudflare;
	char why[512];

	if (!c)
		return 0;
	if (supervisor_read_sfu_secret(c, &a->sfu_secret, why, sizeof(why)) < 0)
		return refuse(a, why);
	if (a->s->sfu)
		return 0;
	a->sfu = supervisor_make_sfu(a->s, c, a->sfu_secret);
	a->sfu_secret = NULL;
	return 0;
}

/* Cameras come last: they need nothing but their sockets until they are applied. */
static int
prepare(struct attempt *a)
{
	char why[512];

	config_diff(a->s->config, a->fresh, &a->diff);
	if (check_alone(a) < 0 || check_restart(a) < 0 || prepare_googles(a) < 0 ||
		read_secrets(a) < 0 || prepare_sfu(a) < 0)
		return -1;
	if (notify_prepare(a->s->notify, a->fresh, why, sizeof(why)) < 0)
		return refuse(a, why);
	if (cameras_prepare(a->s->cameras, &a->diff, why, sizeof(why)) < 0) {
		notify_give_up(a->s->notify);
		return refuse(a, why);
	}
	if (!a->edited.bytes || config_file_replace(&a->file, &a->edited, why, sizeof(why)) == 0)
		return 0;
	notify_give_up(a->s->notify);
	cameras_give_up(a->s->cameras);
	return refuse(a, why);
}

/* ---- what may not ---------------------------------------------------------------------------- */

static void
apply_googles(struct attempt *a)
{
	struct google **end = &a->s->googles;
	struct credentials *c = a->secrets;

	for (; *end; end = &(*end)->next) {
		struct google *g = *end;
		g->config = config_find_google(a->fresh, g->config->name);
		account_configure(g->account, g->config, a->fresh->start_stagger_ms);
		if (account_set_secrets(g->account, c++))
			a->fresh_secrets[a->fresh_secret_count++] = g->config->name;
	}
	*end = a->googles;
	for (struct google *g = a->googles; g; g = g->next)
		account_configure(g->account, g->config, a->fresh->start_stagger_ms);
	a->googles = NULL;
}

/* True if the SFU's secret is another. */
static bool
apply_sfu(struct attempt *a)
{
	struct secret *secret = a->sfu_secret;

	if (a->sfu)
		a->s->sfu = a->sfu;
	a->sfu = NULL;
	a->sfu_secret = NULL;
	return secret && sfu_set_secret(a->s->sfu, secret);
}

static size_t
count_untouched(const struct attempt *a)
{
	size_t touched = 0;

	for (size_t i = 0; i < a->diff.count; i++)
		touched += a->diff.changes[i].kind != CONFIG_REMOVED &&
			   strcmp(a->diff.changes[i].section, "camera") == 0;
	return a->fresh->camera_count - touched;
}

/* The command's own change first, then what the file had that nobody had asked to be read. */
static void
say_changes(struct attempt *a)
{
	bool pending = false;

	for (size_t i = 0; i < a->diff.count; i++)
		if (is_own(a, &a->diff.changes[i])) {
			config_change_print(&a->diff.changes[i], a->says);
			fputc('\n', a->says);
		}
	for (size_t i = 0; i < a->diff.count; i++) {
		if (is_own(a, &a->diff.changes[i]))
			continue;
		if (a->camera && !pending)
			fputs("also applied, since the file had been edited and not reloaded:\n",
				a->says);
		pending = true;
		config_change_print(&a->diff.changes[i], a->says);
		fputc('\n', a->says);
	}
}

/* Returns how many there are. */
static int
say_secrets(struct attempt *a, bool sfu_secret)
{
	for (size_t i = 0; i < a->fresh_secret_count; i++)
		fprintf(a->says, "new secrets for [google \"%s\"]\n", a->fresh_secrets[i]);
	if (sfu_secret)
		fputs("new secret for [cloudflare]\n", a->says);
	return (int)a->fresh_secret_count + sfu_secret;
}

static void
say_rest(struct attempt *a, int other_secrets)
{
	size_t untouched = count_untouched(a);

	if (a->diff.count == 0 && other_secrets == 0)
		fputs("nothing changed\n", a->says);
	else
		fprintf(a->says, "%zu camera%s untouched\n", untouched, untouched == 1 ? "" : "s");
}

static struct json *
changes_to_json(const struct attempt *a)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < a->diff.count; i++) {
		const struct config_change *c = &a->diff.changes[i];
		struct json *j = json_new_object();
		struct json *keys = json_new_array();
		json_set_str(j, "change", config_change_text(c->kind));
		json_set_str(j, "section", c->section);
		if (c->name)
			json_set_str(j, "name", c->name);
		for (size_t k = 0; k < c->key_count; k++)
			json_add_str(keys, c->keys[k]->key);
		json_set(j, "keys", keys);
		if (c->effect != CONFIG_CAMERA_NOTHING)
			json_set_str(j, "effect", config_camera_effect_text(c->effect));
		json_set_bool(j, "pending", a->camera && !is_own(a, c));
		json_add(list, j);
	}
	return list;
}

static void
apply(struct attempt *a, struct supervisor_answer *out)
{
	struct supervisor *s = a->s;
	char why[512];

	apply_googles(a);
	bool sfu_secret = apply_sfu(a);
	log_set_level(a->fresh->log_level);
	cameras_apply(s->cameras, &a->diff, a->fresh, s->sfu);
	cameras_choose(s->cameras);
	inventory_set_config(s->inventory, a->fresh);
	sweeper_set_config(s->sweeper, a->fresh->recording);
	health_set_config(s->health, a->fresh);
	guard_set_config(s->guard, &a->fresh->guard);
	consumers_set_sfu(s->consumers, s->sfu);
	consumers_configure(s->consumers, &a->fresh->consumers);
	say_changes(a);
	int other_secrets = say_secrets(a, sfu_secret);
	other_secrets += notify_apply(s->notify, a->fresh, a->says);
	say_rest(a, other_secrets);
	if (web_reload(s->web, why, sizeof(why)) < 0)
		fprintf(a->says, "%s\n", why);
	out->done = true;
	out->changes = changes_to_json(a);
	config_free(s->config);
	s->config = a->fresh;
	a->fresh = NULL;
}

/* ---- the command ----------------------------------------------------------------------------- */

static void
begin(struct attempt *a, struct supervisor_answer *out)
{
	*out = (struct supervisor_answer){ 0 };
	a->says = xopen_memstream(&out->text, &a->size);
}

static void
clear(struct attempt *a)
{
	for (size_t i = 0; a->secrets && i < a->secret_count; i++)
		credentials_clear(&a->secrets[i]);
	free(a->secrets);
	free(a->fresh_secrets);
	supervisor_free_googles(a->googles);
	secret_free(a->sfu_secret);
	sfu_free(a->sfu);
	config_diff_clear(&a->diff);
	config_free(a->fresh);
	if (a->edited.bytes)
		explicit_bzero(a->edited.bytes, a->edited.len);
	free(a->edited.bytes);
	config_file_clear(&a->file);
	free(a->warnings);
}

/* Line by line, as it is answered. */
static void
log_answer(const char *command, const struct supervisor_answer *out)
{
	char *text = xstrdup(out->text);
	char *rest = text;
	char *line;

	while ((line = strsep(&rest, "\n")))
		log_at(out->done ? LOG_INFO : LOG_ERROR, command, LOG_STR("text", line));
	free(text);
}

/* err: of what was done to read it. */
static void
finish(struct attempt *a, int err, const char *command, struct supervisor_answer *out)
{
	if (err == 0 && a->s->stopping)
		err = refuse(a, "nothing was changed: camrelayd is stopping");
	if (err == 0 && prepare(a) == 0)
		apply(a, out);
	if (out->done)
		fputs(a->warnings, a->says);
	fclose(a->says);
	size_t len = strlen(out->text);
	if (len > 0 && out->text[len - 1] == '\n')
		out->text[len - 1] = '\0';
	/* Who adds a camera by itself logs why that failed. */
	if (out->done || !a->alone)
		log_answer(command, out);
	clear(a);
}

void
supervisor_reload(struct supervisor *s, struct supervisor_answer *out)
{
	struct attempt a = { .s = s };

	begin(&a, out);
	int err = read_file(&a);
	if (!err)
		err = parse(&a, &a.file.text, &a.fresh, &a.warnings);
	finish(&a, err, "supervisor reload", out);
}

void
supervisor_add(
	struct supervisor *s, const struct ini_section *camera, struct supervisor_answer *out)
{
	struct attempt a = { .s = s, .camera = camera->name };

	begin(&a, out);
	finish(&a, edit_in(&a, camera), "supervisor add", out);
}

void
supervisor_add_alone(
	struct supervisor *s, const struct ini_section *camera, struct supervisor_answer *out)
{
	struct attempt a = { .s = s, .camera = camera->name, .alone = true };

	begin(&a, out);
	finish(&a, edit_in(&a, camera), "supervisor auto_add", out);
}

void
supervisor_remove(struct supervisor *s, const char *camera, struct supervisor_answer *out)
{
	struct attempt a = { .s = s, .camera = camera };

	begin(&a, out);
	finish(&a, edit_out(&a), "supervisor remove", out);
}

void
supervisor_answer_clear(struct supervisor_answer *a)
{
	free(a->text);
	json_free(a->changes);
	*a = (struct supervisor_answer){ 0 };
}
