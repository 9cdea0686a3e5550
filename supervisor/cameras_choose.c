/* cameras_choose.c - cameras with google = auto get their account, and another when they must.
 * Owns the words that say why; the choice is federation.c's. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/account.h"
#include "supervisor/cameras_choose.h"
#include "supervisor/cameras_state.h"
#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_google.h"
#include "supervisor/events.h"
#include "supervisor/federation.h"
#include "supervisor/unit_change.h"

/* The accounts of the configuration, in its order. */
struct candidates {
	struct account **accounts;
	size_t count;
};

static struct candidates
make_candidates(const struct cameras *t)
{
	struct candidates f = { 0 };

	for (const struct config_google *g = t->config.config->googles; g; g = g->next)
		f.count++;
	f.accounts = xcalloc(f.count + 1, sizeof(struct account *));
	size_t i = 0;
	for (const struct config_google *g = t->config.config->googles; g; g = g->next)
		f.accounts[i++] = t->config.find_account(t->config.arg, g->name);
	return f;
}

static size_t
count_others(const struct cameras *t, const struct unit *u, const struct account *a)
{
	size_t n = 0;

	for (size_t i = 0; i < t->units.count; i++)
		n += t->units.units[i] != u && t->units.units[i]->account == a;
	return n;
}

/* -1: none. */
static int
choose(const struct cameras *t, const struct unit *u, const struct candidates *f)
{
	struct federation_account *facts = xcalloc(f->count + 1, sizeof(*facts));
	int current = -1;

	for (size_t i = 0; i < f->count; i++) {
		facts[i].sight = account_sight(f->accounts[i], u->config->device);
		facts[i].usable = account_is_usable(f->accounts[i]);
		facts[i].cameras = count_others(t, u, f->accounts[i]);
		if (u->account == f->accounts[i])
			current = (int)i;
	}
	int chosen = federation_choose(facts, f->count, current);
	free(facts);
	return chosen;
}

/* The sentence, before the account that it leaves is forgotten. */
static void
explain(struct unit *u, const struct account *to)
{
	const char *name = account_name(to);

	if (!u->account)
		snprintf(u->choice, sizeof(u->choice),
			"%.63s has the fewest cameras of those that list the device", name);
	else
		snprintf(u->choice, sizeof(u->choice), "%.63s, since %.63s %s", name,
			account_name(u->account),
			account_is_usable(u->account) ? "does not list the device for RTSP any more"
						      : "needs a login");
}

static void
assign(struct cameras *t, struct unit *u, struct account *to)
{
	explain(u, to);
	log_info("camera account chosen", LOG_CAM(u->name), LOG_ID("google", account_name(to)),
		LOG_STR("why", u->choice));
	events_publish(t->config.events, u->name, "account chosen", u->choice);
	unit_assign(u, to, t->numbers++);
}

static bool
is_any_auto(const struct cameras *t)
{
	for (size_t i = 0; i < t->units.count; i++)
		if (config_is_auto(t->units.units[i]->config))
			return true;
	return false;
}

void
cameras_choose(struct cameras *t)
{
	if (t->shutdown.done || !is_any_auto(t))
		return;
	struct candidates f = make_candidates(t);
	for (size_t i = 0; i < t->units.count; i++) {
		struct unit *u = t->units.units[i];
		bool open = config_is_auto(u->config) && u->life == UNIT_AT_WORK;
		int chosen = open ? choose(t, u, &f) : -1;
		if (chosen >= 0 && f.accounts[chosen] != u->account)
			assign(t, u, f.accounts[chosen]);
	}
	free(f.accounts);
}
