/* inventory.c - what Google's accounts list, held against the configuration.
 * Owns the words that changes are told in; decides nothing about streams. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "common/name.h"
#include "common/xmalloc.h"
#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_google.h"
#include "supervisor/inventory.h"
#include "supervisor/known.h"

struct inventory {
	const struct config *config; /* lent, as all below */
	struct events *events;
	struct store *store; /* NULL: there is none */
	inventory_add *add;
	void *arg;
};

/* One comparison on its way. */
struct comparison {
	struct inventory *inventory;
	const struct config_google *google;
	bool first; /* of this process: what is listed is not news, what is missing is */
};

/* ---- changes --------------------------------------------------------------------------------- */

/* By name: the account may have its section from another configuration than the one in force. */
static bool
is_of(const struct config_camera *c, const struct config_google *google)
{
	return c->google && c->device && strcmp(c->google, google->name) == 0;
}

/* google = auto is of every account that lists the device. */
static const char *
camera_of(const struct inventory *inv, const struct config_google *google, const char *device)
{
	for (const struct config_camera *c = inv->config->cameras; c; c = c->next)
		if ((is_of(c, google) || config_is_auto(c)) && c->device &&
			strcmp(c->device, device) == 0)
			return c->name;
	return NULL;
}

static void
on_change(void *arg, const struct device_change *change)
{
	const struct comparison *c = arg;
	const char *camera = camera_of(c->inventory, c->google, change->device->id);
	const char *event = device_change_name(change->kind);
	bool bad = change->kind == DEVICE_VANISHED ||
		   (change->kind == DEVICE_CHANGED && change->to != DEVICE_RTSP);
	char text[512];
	char told[600];

	if (c->first && change->kind == DEVICE_ADDED)
		return;
	device_change_text(change, text, sizeof(text));
	snprintf(told, sizeof(told), "account %.64s: %s", c->google->name, text);
	log_at(bad ? LOG_WARN : LOG_INFO, event, LOG_ID("google", c->google->name),
		LOG_STR("cam", camera), LOG_STR("text", text));
	events_publish_account(c->inventory->events, c->google->name, camera, event, told);
}

/* Before the first list the configuration is all that is known: its cameras are there, by RTSP. */
static void
expect_configured(const struct inventory *inv, const struct config_google *google,
	struct device_list *expected)
{
	for (const struct config_camera *c = inv->config->cameras; c; c = c->next)
		if (is_of(c, google))
			device_list_expect(expected, c->device, c->name);
}

/* ---- auto_add -------------------------------------------------------------------------------- */

static void
tell_added(struct inventory *inv, const char *account, const struct proposal *p,
	enum log_level level, const char *why)
{
	const char *event = *why ? "camera not added" : "camera added";
	char text[700];

	snprintf(text, sizeof(text), "account %s: %s%s%s", account, p->device->id, *why ? ": " : "",
		why);
	log_at(level, event, LOG_CAM(p->name), LOG_STR("text", text));
	events_publish_account(inv->events, account, p->name, event, text);
}

static void
add_camera(struct inventory *inv, const char *account, bool publishes, const struct proposal *p)
{
	struct proposal_camera camera = {
		.name = p->name, .google = account, .device = p->device->id, .publishes = publishes
	};
	char why[512] = "";

	if (known_device(inv->store, camera.device)) {
		tell_added(inv, account, p, LOG_INFO,
			"it was configured once and was removed; camctl discover has its section");
		return;
	}
	bool done = inv->add(inv->arg, &camera, why, sizeof(why));
	tell_added(inv, account, p, done ? LOG_INFO : LOG_ERROR, why);
}

/* To add one may bring another configuration: all is taken from this one before. */
static void
auto_add(struct inventory *inv, const struct config_google *google,
	const struct device_list *before, const struct device_list *now)
{
	struct proposal_names *names = proposal_names_new(inv->config);
	struct proposals p;
	bool publishes = inv->config->cloudflare != NULL;
	char account[NAME_BYTES];

	snprintf(account, sizeof(account), "%s", google->name);
	proposals_make(inv->config, google, now, names, &p);
	for (size_t i = 0; i < p.count; i++)
		if (proposal_is_new(&p.list[i], before))
			add_camera(inv, account, publishes, &p.list[i]);
	proposals_clear(&p);
	proposal_names_free(names);
}

void
inventory_listed(struct inventory *inv, const struct config_google *google,
	const struct device_list *before, const struct device_list *now)
{
	struct comparison c = { .inventory = inv, .google = google, .first = !before };
	struct device_list expected = { 0 };

	if (c.first)
		expect_configured(inv, google, &expected);
	device_list_compare(before ? before : &expected, now, on_change, &c);
	device_list_clear(&expected);
	if (google->auto_add)
		auto_add(inv, google, before, now);
}

/* ---- for people ------------------------------------------------------------------------------ */

static struct json *
device_json(const struct proposal *p)
{
	const struct sdm_device *d = p->device;
	struct json *j = json_new_object();

	json_set_str(j, "device", d->id);
	json_set_str(j, "name", d->name);
	json_set_str(j, "type", d->type);
	json_set_str(j, "protocol", device_protocol_name(device_protocol(d)));
	if (p->camera)
		json_set_str(j, "camera", p->camera);
	if (p->section)
		json_set_str(j, "section", p->section);
	return j;
}

struct json *
inventory_json(const struct inventory *inv, const struct config_google *google,
	const struct discovery_view *view, struct proposal_names *names, const char *why)
{
	struct json *j = json_new_object();
	struct json *list = json_new_array();
	struct proposals p = { 0 };

	if (view->devices)
		proposals_make(inv->config, google, view->devices, names, &p);
	for (size_t i = 0; i < p.count; i++)
		json_add(list, device_json(&p.list[i]));
	proposals_clear(&p);
	json_set_str(j, "account", google->name);
	json_set_bool(j, "asking", view->asking);
	json_set_bool(j, "waiting", view->waiting);
	json_set_int(j, "age_ms", view->devices ? view->age_ms : -1);
	json_set_str(j, "why", *why ? why : view->why);
	json_set(j, "devices", list);
	return j;
}

int
inventory_unconfigured(const struct inventory *inv, const struct config_google *google,
	const struct discovery_view *view)
{
	int n = 0;

	for (size_t i = 0; view->devices && i < view->devices->count; i++) {
		const struct sdm_device *d = &view->devices->devices[i];
		n += device_protocol(d) == DEVICE_RTSP && !camera_of(inv, google, d->id);
	}
	return n;
}

/* ---- making ---------------------------------------------------------------------------------- */

struct inventory *
inventory_new(const struct config *config, struct events *events, struct store *store,
	inventory_add *add, void *arg)
{
	struct inventory *inv = xcalloc(1, sizeof(*inv));

	*inv = (struct inventory){
		.config = config, .events = events, .store = store, .add = add, .arg = arg
	};
	known_note(store, config);
	return inv;
}

void
inventory_set_config(struct inventory *inv, const struct config *config)
{
	inv->config = config;
	known_note(inv->store, config);
}

void
inventory_free(struct inventory *inv)
{
	free(inv);
}
