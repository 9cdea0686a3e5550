/* config_check.c - settings that are right each for itself and wrong together.
 * Changes nothing but what the environment gives. Loop thread. */
#include <string.h>
#include <sys/un.h>

#include "common/value.h"
#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_check.h"
#include "supervisor/config_cloudflare.h"
#include "supervisor/config_google.h"
#include "supervisor/config_health.h"
#include "supervisor/config_notify.h"
#include "supervisor/config_publish.h"
#include "supervisor/config_whip.h"
#include "supervisor/event_names.h"
#include "supervisor/http_listen.h"
#include "supervisor/list_item.h"

/* What a unix socket's path may be, with its NUL. */
#define SOCKET_PATH_MAX sizeof(((struct sockaddr_un *)0)->sun_path)

static void
check_http(const struct config *c, struct settings *s)
{
	struct sockaddr_storage address;
	socklen_t len;

	if (strcmp(c->http, "none") != 0 && http_listen_parse(c->http, &address, &len) < 0)
		settings_complain(s, c, "http",
			"must be an address in numbers: no resolver may decide who can reach us");
	if (!c->http_cert != !c->http_key)
		settings_complain(s, c, c->http_cert ? "http_cert" : "http_key",
			"needs %s beside it", c->http_cert ? "http_key" : "http_cert");
}

static void
check_supervisor(const struct config *c, struct settings *s)
{
	if (c->respawn_cap_ms < c->respawn_first_ms)
		settings_complain(s, c, "respawn_cap", "must not be less than respawn_first");
	if (c->failed_retry_cap_ms < c->failed_retry_first_ms)
		settings_complain(
			s, c, "failed_retry_cap", "must not be less than failed_retry_first");
	check_http(c, s);
}

static void
check_health(const struct config_health *h, struct settings *s)
{
	if (h->disk_error < h->disk_warn)
		settings_complain(s, h, "disk_error", "must not be less than disk_warn");
	if (h->memory_error < h->memory_warn)
		settings_complain(s, h, "memory_error", "must not be less than memory_warn");
	if (h->cpu_error < h->cpu_warn)
		settings_complain(s, h, "cpu_error", "must not be less than cpu_warn");
	if (h->clock_error_ms < h->clock_warn_ms)
		settings_complain(s, h, "clock_error", "must not be less than clock_warn");
}

static void
check_consumers(const struct config *c, struct settings *s)
{
	if (c->consumers.heartbeat_timeout_ms <= c->consumers.heartbeat_ms)
		settings_complain(
			s, &c->consumers, "heartbeat_timeout", "must be more than heartbeat");
}

/* ---- what the environment gives ---- */

static const struct setting env_id = { .type = SET_TOKEN };

/* Sets *at from the environment's text if the file left key out. */
static void
take_id(struct settings *s, const struct config_google *g, const char *key, const char *variable,
	const char *text, char **at)
{
	char allowed[VALUE_TEXT_MAX];

	if (settings_given(s, g, key))
		return;
	if (!text)
		settings_complain(s, g, key,
			"is missing here, and the environment has no %s for this section",
			variable);
	else if (value_parse(&env_id, text, at) < 0)
		settings_complain(s, g, key, "is not here, and the environment's %s must be %s",
			variable, value_allowed(&env_id, allowed));
}

static void
need_secret(struct settings *s, const struct config_google *g, const char *key,
	const char *variable, bool elsewhere)
{
	if (!elsewhere && !settings_given(s, g, key))
		settings_complain(s, g, key,
			"is missing here, and the environment has no %s for this section",
			variable);
}

static void
take_env(struct settings *s, struct config_google *g, const struct config_env *env)
{
	take_id(s, g, "project_id", "GOOGLE_PROJECT_ID", env->project_id, &g->project_id);
	take_id(s, g, "client_id", "GOOGLE_CLIENT_ID", env->client_id, &g->client_id);
	need_secret(s, g, "client_secret_file", "GOOGLE_CLIENT_SECRET",
		env->client_secret || env->credentials);
	need_secret(s, g, "refresh_token_file", "GOOGLE_REFRESH_TOKEN",
		env->refresh_token || env->credentials);
}

/* ---- services ---- */

static bool
is_loopback(const char *host)
{
	size_t n = strcspn(host, ":/?#");

	return strncmp(host, "[::1]", 5) == 0 || (n == 9 && strncmp(host, "localhost", n) == 0) ||
	       (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == n);
}

/* These URLs are sent secrets. */
static void
check_url(struct settings *s, const void *object, const char *key, const char *url)
{
	const char plain[] = "http://";

	if (url && strncmp(url, plain, strlen(plain)) == 0 && !is_loopback(url + strlen(plain)))
		settings_complain(s, object, key,
			"must be https://, since secrets go there (http:// only to 127.0.0.1, "
			"[::1] or localhost)");
}

static void
check_services(struct config *c, struct settings *s)
{
	const struct config_env none = { .credentials = c->env.credentials };

	for (struct config_google *g = c->googles; g; g = g->next) {
		take_env(s, g, g == c->googles ? &c->env : &none);
		if (strcmp(g->name, CONFIG_GOOGLE_AUTO) == 0)
			settings_complain(s, g, NULL,
				"must have another name: google = auto means any section");
		check_url(s, g, "api_url", g->api_url);
		check_url(s, g, "token_url", g->token_url);
		check_url(s, g, "login_url", g->login_url);
		check_url(s, g, "redirect_uri", g->redirect_uri);
		if (g->long_window_ms < g->window_ms)
			settings_complain(s, g, "long_window", "must not be less than window");
		if (g->auto_add && g->discover_every_ms == 0)
			settings_complain(s, g, "auto_add", "needs discover_every above 0");
	}
	for (struct config_whip *w = c->whips; w; w = w->next)
		check_url(s, w, "url", w->url);
	if (!c->cloudflare)
		return;
	check_url(s, c->cloudflare, "api_url", c->cloudflare->api_url);
	if (!c->env.credentials && !settings_given(s, c->cloudflare, "app_secret_file"))
		settings_complain(s, c->cloudflare, "app_secret_file",
			"is missing here, and systemd has given no credentials");
}

/* ---- cameras ---- */

static void
check_source(struct settings *s, const struct config_camera *cam)
{
	bool google = settings_given(s, cam, "google");
	bool device = settings_given(s, cam, "device");
	bool url = settings_given(s, cam, "url");

	if (url && google)
		settings_complain(s, cam, "url", "a camera has either google and device, or url");
	else if (!url && !google)
		settings_complain(s, cam, NULL, "needs google and device, or url");
	else if (google && !device)
		settings_complain(s, cam, "device", "is missing: a camera of google needs its id");
	else if (device && !google)
		settings_complain(s, cam, "device", "is only for a camera that has google");
	if (cam->google && !cam->account && !config_is_auto(cam))
		settings_complain(
			s, cam, "google", "there is no section [google \"%s\"]", cam->google);
}

/* url2, url3, url4: none without the one before it. */
static void
check_more_urls(struct settings *s, const struct config_camera *cam)
{
	static const char *const keys[] = { "url", "url2", "url3", "url4" };

	for (size_t i = 1; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!settings_given(s, cam, keys[i]) || settings_given(s, cam, keys[i - 1]))
			continue;
		settings_complain(
			s, cam, keys[i], "is tried after %s, which is missing here", keys[i - 1]);
	}
}

/* Who sees a device is known from lists only. */
static void
check_auto(const struct config *c, struct settings *s, const struct config_camera *cam)
{
	const struct config_google *g = c->googles;

	while (g && g->discover_every_ms == 0)
		g = g->next;
	if (config_is_auto(cam) && !g)
		settings_complain(s, cam, "google",
			"auto needs a section [google \"NAME\"] with discover_every above 0");
}

/* An auto camera may come to any account. */
static bool
may_share(const struct config_camera *a, const struct config_camera *b)
{
	return a->account == b->account || config_is_auto(a) || config_is_auto(b);
}

/* Two cameras of one device would extend, and lose, each other's streams. */
static void
check_twins(const struct config *c, struct settings *s, const struct config_camera *cam)
{
	if (!cam->google || !cam->device)
		return;
	for (const struct config_camera *other = c->cameras; other != cam; other = other->next)
		if (other->google && other->device && may_share(other, cam) &&
			strcmp(other->device, cam->device) == 0) {
			settings_complain(
				s, cam, "device", "is already [camera \"%s\"]'s", other->name);
			return;
		}
}

static void
check_socket(const struct config *c, struct settings *s, const struct config_camera *cam)
{
	size_t need = strlen(c->run_dir) + strlen("/worker/.ipc") + strlen(cam->name) + 1;

	if (need > SOCKET_PATH_MAX)
		settings_complain(s, cam, NULL,
			"%s/worker/%s.ipc is %zu bytes too long for a socket: "
			"shorten the name or run_dir",
			c->run_dir, cam->name, need - SOCKET_PATH_MAX);
}

static void
check_publish(const struct config *c, struct settings *s, const struct config_camera *cam)
{
	struct config_outputs outputs;
	char why[256];

	if (config_outputs_read(c, cam, &outputs, why, sizeof(why)) < 0)
		settings_complain(s, cam, "publish", "%s", why);
	config_outputs_clear(&outputs);
}

static void
check_camera(const struct config *c, struct settings *s, const struct config_camera *cam)
{
	if (strcmp(cam->name, "all") == 0)
		settings_complain(
			s, cam, NULL, "must have another name: to camctl all means every camera");
	check_source(s, cam);
	check_more_urls(s, cam);
	check_auto(c, s, cam);
	check_twins(c, s, cam);
	check_socket(c, s, cam);
	if (cam->record != CONFIG_RECORD_NO && !c->recording)
		settings_complain(
			s, cam, "record", "there is no section [recording] that says where to");
	check_publish(c, s, cam);
	if (cam->ca_file && !cam->tls_verify)
		settings_complain(s, cam, "ca_file", "is of no use with tls_verify = no");
}

/* ---- webhooks ---- */

static bool
has_camera(const struct config *c, const struct list_item *name)
{
	for (const struct config_camera *cam = c->cameras; cam; cam = cam->next)
		if (list_item_is(name, cam->name))
			return true;
	return false;
}

static void
check_notify(const struct config *c, struct settings *s, const struct config_notify *n)
{
	char why[EVENT_NAMES_WHY_MAX];
	const char *cameras = n->cameras;
	struct list_item item = { 0 };
	event_set events;

	if (!c->state_dir)
		settings_complain(s, n, NULL,
			"needs [supervisor] state_dir, where events wait until they are delivered");
	if (n->events && event_set_read(n->events, &events, why, sizeof(why)) < 0)
		settings_complain(s, n, "events", "%s", why);
	while (list_item_next(&cameras, &item))
		if (!has_camera(c, &item))
			settings_complain(
				s, n, "cameras", "there is no camera %.*s", (int)item.n, item.text);
}

void
config_check(struct config *c, struct settings *s)
{
	check_supervisor(c, s);
	check_health(&c->health, s);
	check_consumers(c, s);
	check_services(c, s);
	for (const struct config_notify *n = c->notifies; n; n = n->next)
		check_notify(c, s, n);
	for (const struct config_camera *cam = c->cameras; cam; cam = cam->next)
		check_camera(c, s, cam);
}
