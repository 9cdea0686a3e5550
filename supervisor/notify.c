/* notify.c - webhooks.
 * Owns the targets, one for each [notify] section, and the secrets between reading and applying.
 * Loop thread. */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "proto/status.h"
#include "proto/status_webhook.h"
#include "supervisor/config.h"
#include "supervisor/notify.h"
#include "supervisor/secret.h"
#include "supervisor/store_deliveries.h"
#include "supervisor/webhook.h"

struct notify {
	struct notify_shared shared;
	struct notify_target **targets; /* owned, in the file's order */
	size_t count;
	struct secret **secrets; /* owned, of the configuration that is prepared; NULL: none is */
	size_t secret_count;
};

struct notify *
notify_new(const struct notify_shared *shared)
{
	struct notify *n = xcalloc(1, sizeof(*n));

	n->shared = *shared;
	return n;
}

/* ---- another configuration ------------------------------------------------------------------- */

static size_t
count_sections(const struct config *config)
{
	size_t count = 0;

	for (const struct config_notify *c = config->notifies; c; c = c->next)
		count++;
	return count;
}

static int
read_one(const struct config_notify *c, struct secret **out, char *why, size_t why_size)
{
	if (!c->secret_file)
		return 0;
	if (secret_read(c->secret_file, out, why, why_size) < 0)
		return -1;
	const char *mistake = webhook_secret_mistake(secret_text(*out));
	if (!mistake)
		return 0;
	snprintf(why, why_size, "%s: %s", c->secret_file, mistake);
	return -1;
}

int
notify_prepare(struct notify *n, const struct config *config, char *why, size_t why_size)
{
	size_t i = 0;

	n->secret_count = count_sections(config);
	n->secrets = xcalloc(n->secret_count + 1, sizeof(struct secret *));
	for (const struct config_notify *c = config->notifies; c; c = c->next) {
		if (read_one(c, &n->secrets[i++], why, why_size) == 0)
			continue;
		notify_give_up(n);
		return -1;
	}
	return 0;
}

void
notify_give_up(struct notify *n)
{
	for (size_t i = 0; i < n->secret_count; i++)
		secret_free(n->secrets[i]);
	free(n->secrets);
	n->secrets = NULL;
	n->secret_count = 0;
}

static struct notify_target *
take(struct notify *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++) {
		struct notify_target *t = n->targets[i];
		if (!t || strcmp(notify_target_name(t), name) != 0)
			continue;
		n->targets[i] = NULL;
		return t;
	}
	return NULL;
}

/* Where it waits for a section, or is nobody's any more. */
static void
on_waiting(void *arg, const char *name, int64_t count)
{
	struct notify *n = arg;

	for (size_t i = 0; i < n->count; i++) {
		if (strcmp(notify_target_name(n->targets[i]), name) != 0)
			continue;
		notify_target_resume(n->targets[i], count);
		return;
	}
	log_info("webhooks dropped", LOG_ID("notify", name), LOG_INT("count", count),
		LOG_STR("why", "there is no such section any more"));
	store_drop_deliveries(n->shared.store, name);
}

static bool
apply_one(struct notify *n, const struct config_notify *c, struct secret *secret,
	struct notify_target **out)
{
	*out = take(n, c->name);
	if (*out)
		return notify_target_configure(*out, c, secret);
	*out = notify_target_new(&n->shared, c, secret);
	return false;
}

int
notify_apply(struct notify *n, const struct config *config, FILE *says)
{
	struct notify_target **targets =
		xcalloc(n->secret_count + 1, sizeof(struct notify_target *));
	size_t i = 0;
	int others = 0;

	for (const struct config_notify *c = config->notifies; c; c = c->next, i++) {
		if (!apply_one(n, c, n->secrets[i], &targets[i]))
			continue;
		others++;
		if (says)
			fprintf(says, "new secret for [notify \"%s\"]\n", c->name);
	}
	for (size_t k = 0; k < n->count; k++)
		notify_target_free(n->targets[k], true);
	free(n->targets);
	n->targets = targets;
	n->count = i;
	free(n->secrets);
	n->secrets = NULL;
	n->secret_count = 0;
	if (n->shared.store)
		store_each_target(n->shared.store, on_waiting, n);
	return others;
}

/* ---- events ---------------------------------------------------------------------------------- */

void
notify_on_event(void *arg, const char *camera, const char *name, const struct json *event)
{
	struct notify *n = arg;

	if (n->count == 0)
		return;
	char *body = json_text(event, false);
	for (size_t i = 0; i < n->count; i++)
		notify_target_tell(n->targets[i], camera, name, body);
	free(body);
}

void
notify_status(const struct notify *n, ms_t now, struct status *out)
{
	out->webhook_count = n->count;
	out->webhooks = xcalloc(n->count + 1, sizeof(*out->webhooks));
	for (size_t i = 0; i < n->count; i++)
		notify_target_status(n->targets[i], now, &out->webhooks[i]);
}

void
notify_free(struct notify *n)
{
	if (!n)
		return;
	notify_give_up(n);
	for (size_t i = 0; i < n->count; i++)
		notify_target_free(n->targets[i], false);
	free(n->targets);
	free(n);
}
