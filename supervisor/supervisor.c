/* supervisor.c - what camrelayd consists of, in the order in which it is made.
 * Owns accounts, the SFU client, the camera table, control and events. What another configuration
 * makes of them is supervisor_change.c's. Loop thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/err.h"
#include "common/log.h"
#include "common/name.h"
#include "common/xmalloc.h"
#include "proto/contract.h"
#include "supervisor/account.h"
#include "supervisor/camera.h"
#include "supervisor/cameras.h"
#include "supervisor/cameras_choose.h"
#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_cloudflare.h"
#include "supervisor/config_google.h"
#include "supervisor/consumers.h"
#include "supervisor/control.h"
#include "supervisor/credentials.h"
#include "supervisor/http_listen.h"
#include "supervisor/inventory.h"
#include "supervisor/secret.h"
#include "supervisor/store.h"
#include "supervisor/supervisor_state.h"
#include "supervisor/systemd.h"
#include "supervisor/token_file.h"
#include "supervisor/web.h"

/* Longest answer taken from Google or Cloudflare: an SDP answer is 10 kB, a list of fifty devices
 * some 100 kB. */
#define HTTP_ANSWER_MAX (1024 * 1024)
/* How often cameras with google = auto are looked at: a login that is needed, a list that has come.
 */
#define CHOOSE_INTERVAL_MS 500
/* How often systemd's STATUS= is brought up to date. */
#define STATUS_INTERVAL_MS 5000

/* ---- systemd --------------------------------------------------------------------------------- */

static void
on_watchdog(uv_timer_t *timer)
{
	(void)timer;
	systemd_notify("WATCHDOG=1");
}

static void
on_status(uv_timer_t *timer)
{
	struct supervisor *s = timer->data;

	systemd_notifyf("STATUS=%zu of %zu cameras running", cameras_running(s->cameras),
		cameras_count(s->cameras));
}

static void
on_choose(uv_timer_t *timer)
{
	struct supervisor *s = timer->data;

	cameras_choose(s->cameras);
}

static void
start_timers(struct supervisor *s)
{
	ms_t watchdog = systemd_watchdog_interval();

	uv_timer_init(s->loop, &s->watchdog);
	uv_timer_init(s->loop, &s->status);
	uv_timer_init(s->loop, &s->choose);
	s->watchdog.data = s->status.data = s->choose.data = s;
	s->open_timers = 3;
	if (watchdog != MS_NEVER)
		uv_timer_start(&s->watchdog, on_watchdog, 0, (uint64_t)watchdog);
	uv_timer_start(&s->status, on_status, STATUS_INTERVAL_MS, STATUS_INTERVAL_MS);
	uv_timer_start(&s->choose, on_choose, CHOOSE_INTERVAL_MS, CHOOSE_INTERVAL_MS);
}

/* ---- making: 0, or how camrelayd ends (supervisor_new) ----------------------------------------
 */

static int
make_dir(const char *path, char *why, size_t why_size)
{
	if (mkdir(path, 0750) == 0 || errno == EEXIST)
		return 0;
	snprintf(why, why_size, "%s: %s", path, strerror(errno));
	return -1;
}

static int
make_dirs(struct supervisor *s, char *why, size_t why_size)
{
	const struct config *c = s->config;
	char worker[512];

	snprintf(worker, sizeof(worker), "%s/worker", c->run_dir);
	if (make_dir(c->run_dir, why, why_size) < 0 || make_dir(worker, why, why_size) < 0)
		return EX_TEMPFAIL;
	return 0;
}

static struct account *
find_account(void *arg, const char *google)
{
	return supervisor_account(arg, google);
}

/* Of a row of the store. */
struct kept {
	const struct config_camera *camera;
	char account[NAME_BYTES];
};

static void
on_kept(void *arg, const struct store_stream *row)
{
	struct kept *k = arg;

	if (strcmp(row->camera, k->camera->name) == 0 &&
		strcmp(row->device, k->camera->device) == 0)
		snprintf(k->account, sizeof(k->account), "%s", row->account);
}

static struct account *
find_kept(void *arg, const struct config_camera *camera)
{
	struct supervisor *s = arg;
	struct kept k = { .camera = camera };

	if (s->store)
		store_each_stream(s->store, on_kept, &k);
	return find_account(s, k.account);
}

/* An answer can only come once there are cameras: no call leaves before one is wanted. */
static void
on_account(void *arg, int camera, enum camera_event ev, const char *why)
{
	struct supervisor *s = arg;

	cameras_on_account(s->cameras, camera, ev, why);
}

static void
on_list(void *arg, const struct config_google *google, const struct device_list *before,
	const struct device_list *now)
{
	struct supervisor *s = arg;

	inventory_listed(s->inventory, google, before, now);
}

static void
on_news(void *arg, const char *account, const char *camera, const char *event, const char *text)
{
	struct supervisor *s = arg;

	events_publish_account(s->events, account, camera, event, text);
}

static int
make_store(struct supervisor *s, char *why, size_t why_size)
{
	int err = 0;

	if (s->config->state_dir)
		err = store_open(s->config->state_dir, &s->store, why, why_size);
	/* Of a newer camrelayd: only somebody's hand changes that. */
	if (err == ERR_UNSUPPORTED)
		return EX_CONFIG;
	return err ? EX_TEMPFAIL : 0;
}

struct google *
supervisor_make_google(
	struct supervisor *s, const struct config_google *config, char *why, size_t why_size)
{
	struct google *g = xcalloc(1, sizeof(*g));

	g->config = config;
	struct account_config c = { .loop = s->loop,
		.http = s->http,
		.store = s->store,
		.google = config,
		.stagger_ms = s->config->start_stagger_ms,
		.on_event = on_account,
		.on_list = on_list,
		.on_news = on_news,
		.arg = s };
	if (account_new(&c, &g->account, why, why_size) == 0)
		return g;
	free(g);
	return NULL;
}

static int
make_accounts(struct supervisor *s, char *why, size_t why_size)
{
	struct google **end = &s->googles;

	for (const struct config_google *c = s->config->googles; c; c = c->next) {
		*end = supervisor_make_google(s, c, why, why_size);
		if (!*end)
			return EX_CONFIG;
		end = &(*end)->next;
	}
	credentials_forget_env();
	return 0;
}

int
supervisor_read_sfu_secret(
	const struct config_cloudflare *c, struct secret **out, char *why, size_t why_size)
{
	const char *where = c->app_secret_file;

	return secret_read(where ? where : "cloudflare.app_secret_file", out, why, why_size);
}

struct sfu *
supervisor_make_sfu(struct supervisor *s, const struct config_cloudflare *c, struct secret *secret)
{
	struct sfu_settings settings = { .api_url = c->api_url,
		.app_id = c->app_id,
		.ca_file = c->ca_file,
		.app_secret = secret,
		.timeout_ms = c->call_timeout_ms };

	return sfu_new(s->http, &settings);
}

static int
make_sfu(struct supervisor *s, char *why, size_t why_size)
{
	const struct config_cloudflare *c = s->config->cloudflare;
	struct secret *secret;

	if (!c)
		return 0;
	if (supervisor_read_sfu_secret(c, &secret, why, why_size) < 0)
		return EX_CONFIG;
	s->sfu = supervisor_make_sfu(s, c, secret);
	return 0;
}

static const char *
account_of_camera(void *arg, const char *camera)
{
	struct supervisor *s = arg;

	return s->cameras ? cameras_account(s->cameras, camera) : NULL;
}

static int
explain(int err, const char *path, char *why, size_t why_size)
{
	if (err)
		snprintf(why, why_size, "%s: %s", path,
			err == ERR_SYS ? strerror(errno) : err_text(err));
	return err ? EX_TEMPFAIL : 0;
}

static int
make_sockets(struct supervisor *s, char *why, size_t why_size)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/events.ipc", s->config->run_dir);
	int status = explain(events_open(path, s->store, &s->events), path, why, why_size);
	if (status)
		return status;
	events_set_account_of(s->events, account_of_camera, s);
	s->sweeper = sweeper_new(s->loop, s->events);
	s->health = health_new(s->loop, s->events, s->http);
	s->inventory = inventory_new(s->config, s->events, s->store, supervisor_add_listed, s);
	snprintf(path, sizeof(path), "%s/control.ipc", s->config->run_dir);
	return explain(control_open(s->loop, path, s, &s->control), path, why, why_size);
}

/* Whether the address that HTTP wants can be had: its port may still be taken, its network not yet
 * be up. */
static bool
is_address_free(const struct config *c)
{
	char why[256];
	int fd = http_listen_open(c->http, why, sizeof(why));

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int
make_web(struct supervisor *s, char *why, size_t why_size)
{
	const struct web_config c = { .loop = s->loop,
		.supervisor = s,
		.events = s->events,
		.config = s->config,
		.tokens = s->tokens };

	if (web_open(&c, &s->web, why, why_size) == 0)
		return 0;
	return is_address_free(s->config) ? EX_CONFIG : EX_TEMPFAIL;
}

static int
read_tokens(struct supervisor *s, char *why, size_t why_size)
{
	s->tokens = tokens_new();
	if (!s->config->state_dir)
		return 0;
	s->token_path = xasprintf("%s/http.tokens", s->config->state_dir);
	return token_file_read(s->token_path, s->tokens, why, why_size) < 0 ? EX_CONFIG : 0;
}

static int
make_cameras(struct supervisor *s, char *why, size_t why_size)
{
	struct cameras_config c = { .loop = s->loop,
		.store = s->store,
		.config = s->config,
		.events = s->events,
		.http = s->http,
		.sfu = s->sfu,
		.find_account = find_account,
		.find_kept = find_kept,
		.arg = s };

	if (cameras_new(&c, &s->cameras, why, why_size) < 0)
		return EX_TEMPFAIL;
	s->guard = guard_new(s->loop, s->cameras, s->events);
	for (struct google *g = s->googles; g; g = g->next)
		account_restore(g->account);
	return 0;
}

/* A daemon leaves the folder that it was started in. */
static char *
absolute(const char *path)
{
	char *here = *path == '/' ? NULL : getcwd(NULL, 0);
	char *whole = xasprintf("%s%s%s", here ? here : "", here ? "/" : "", path);

	free(here);
	return whole;
}

static int
make_all(struct supervisor *s, char *why, size_t why_size)
{
	static int (*const steps[])(struct supervisor *, char *, size_t) = { make_dirs, make_store,
		make_accounts, make_sfu, make_sockets, supervisor_make_notify, make_cameras,
		read_tokens, make_web };
	int status = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == 0; i++)
		status = steps[i](s, why, why_size);
	return status;
}

int
supervisor_new(uv_loop_t *loop, const char *config_path, struct config *config,
	struct supervisor **out, char *why, size_t why_size)
{
	struct supervisor *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->config = config;
	s->config_path = absolute(config_path);
	s->started = clock_now();
	s->started_us = clock_wall_us();
	s->http = http_client_new(loop, HTTP_ANSWER_MAX);
	int status = make_all(s, why, why_size);
	if (status) {
		supervisor_free(s);
		return status;
	}
	supervisor_make_consumers(s);
	start_timers(s);
	*out = s;
	return 0;
}

void
supervisor_start(struct supervisor *s)
{
	cameras_start(s->cameras);
	sweeper_set_config(s->sweeper, s->config->recording);
	health_set_config(s->health, s->config);
	guard_set_config(s->guard, &s->config->guard);
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void
finish_stop(struct supervisor *s, bool clean)
{
	s->unclean = s->unclean || !clean;
	if (--s->stops_pending > 0)
		return;
	log_info("supervisor stopped", LOG_STR("clean", s->unclean ? "no" : "yes"));
	s->done(s->arg);
}

static void
on_part_ended(void *arg, bool clean)
{
	finish_stop(arg, clean);
}

static void
on_consumers_ended(bool closed, void *arg)
{
	finish_stop(arg, closed);
}

void
supervisor_stop(struct supervisor *s, void (*done)(void *arg), void *arg)
{
	if (s->stopping)
		return;
	s->stopping = true;
	s->done = done;
	s->arg = arg;
	log_info("supervisor stops", LOG_INT("cameras", cameras_count(s->cameras)));
	systemd_notify("STOPPING=1");
	s->stops_pending = 2;
	for (struct google *g = s->googles; g; g = g->next)
		s->stops_pending++;
	for (struct google *g = s->googles; g; g = g->next)
		account_stop(g->account, CONTRACT_STOP_TIMEOUT_MS, on_part_ended, s);
	consumers_stop(s->consumers, CONTRACT_STOP_TIMEOUT_MS, on_consumers_ended, s);
	cameras_shutdown(s->cameras, CONTRACT_STOP_TIMEOUT_MS, on_part_ended, s);
}

void
supervisor_free_googles(struct google *g)
{
	for (struct google *next; g; g = next) {
		next = g->next;
		account_free(g->account);
		free(g);
	}
}

static void
on_timer_closed(uv_handle_t *handle)
{
	struct supervisor *s = handle->data;

	if (--s->open_timers == 0)
		free(s);
}

/* In the reverse order of making; the last handle's close frees the object. */
void
supervisor_free(struct supervisor *s)
{
	if (!s)
		return;
	web_close(s->web);
	guard_free(s->guard);
	consumers_free(s->consumers);
	cameras_free(s->cameras);
	control_close(s->control);
	inventory_free(s->inventory);
	health_free(s->health);
	sweeper_free(s->sweeper);
	events_close(s->events);
	notify_free(s->notify);
	sfu_free(s->sfu);
	supervisor_free_googles(s->googles);
	http_client_free(s->http);
	store_close(s->store);
	config_free(s->config);
	free(s->config_path);
	tokens_free(s->tokens);
	free(s->token_path);
	if (s->open_timers == 0) {
		free(s);
		return;
	}
	uv_close((uv_handle_t *)&s->watchdog, on_timer_closed);
	uv_close((uv_handle_t *)&s->status, on_timer_closed);
	uv_close((uv_handle_t *)&s->choose, on_timer_closed);
}
