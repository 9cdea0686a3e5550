/* account_parts.c - what an account consists of, in the order in which it is made.
 * Owns the settings of each part, and what the account does when one of them has news. Loop thread.
 */
#include <string.h>

#include "supervisor/account_state.h"
#include "supervisor/config_google.h"
#include "supervisor/scheduler_change.h"

/* ---- news ------------------------------------------------------------------------------------ */

static void
on_oauth_changed(struct oauth *o, void *arg)
{
	(void)o;
	account_kick(arg);
}

/* The authorization is complete only after the first devices.list (docs/sources.md). */
static void
on_granted(void *arg)
{
	struct account *a = arg;

	discovery_want(a->discovery);
	account_kick(a);
}

static void
on_list(void *arg, const struct device_list *before, const struct device_list *now)
{
	struct account *a = arg;

	a->on_list(a->arg, a->config, before, now);
}

/* ---- making one ------------------------------------------------------------------------------ */

static void
set_quota(struct scheduler_settings *s, const struct config_google *config)
{
	struct quota_limit *limits = s->quota.limits;

	limits[QUOTA_EXECUTE].calls = config->qpm;
	limits[QUOTA_COMMAND].calls = config->device_qpm;
	limits[QUOTA_DEVICE_MINUTE].calls = config->camera_qpm;
	limits[QUOTA_DEVICE_HOUR].calls = config->camera_qph;
	limits[QUOTA_DEVICE_HOUR].window_ms = config->long_window_ms;
	limits[QUOTA_LIST].calls = config->list_qpm;
}

/* Takes the secrets over. */
static void
start_oauth(struct account *a, uv_loop_t *loop, struct http_client *http, struct credentials *c)
{
	const char *file = a->config->refresh_token_file;
	struct oauth_settings settings = { .name = a->config->name,
		.token_url = a->config->token_url,
		.ca_file = a->config->ca_file,
		.client_id = secret_text(c->client_id),
		/* A credential's name is no place to write to. */
		.refresh_token_file = file && strchr(file, '/') ? file : NULL,
		.client_secret = c->client_secret,
		.refresh_token = c->refresh_token,
		.timeout_ms = a->config->call_timeout_ms };

	a->oauth = oauth_new(loop, http, &settings, on_oauth_changed, a);
	c->client_secret = c->refresh_token = NULL;
}

static void
start_sdm(struct account *a, struct http_client *http, const struct credentials *c)
{
	struct sdm_settings settings = { .api_url = a->config->api_url,
		.project_id = secret_text(c->project_id),
		.ca_file = a->config->ca_file,
		.timeout_ms = a->config->call_timeout_ms };

	a->sdm = sdm_new(http, a->oauth, &settings);
}

static void
start_discovery(struct account *a, uv_loop_t *loop)
{
	struct discovery_config config = { .loop = loop,
		.sdm = a->sdm,
		.oauth = a->oauth,
		.quota = scheduler_quota(a->scheduler),
		.keep = &a->keep,
		.google = a->config,
		.on_list = on_list,
		.arg = a };

	a->discovery = discovery_new(&config);
}

static void
start_login(struct account *a, struct http_client *http, const struct credentials *c)
{
	struct login_config config = { .http = http,
		.oauth = a->oauth,
		.google = a->config,
		.project_id = secret_text(c->project_id),
		.client_id = secret_text(c->client_id),
		.on_granted = on_granted,
		.arg = a };

	a->login = login_new(&config);
}

static struct scheduler_settings
scheduler_settings_of(const struct config_google *config, ms_t stagger_ms)
{
	struct scheduler_settings s = scheduler_settings_default(config->qpm, config->window_ms);

	set_quota(&s, config);
	s.patience_ms = config->call_timeout_ms;
	s.stagger_ms = stagger_ms;
	s.early_percent = config->early_percent;
	s.rotate_ms = config->rotate_ms;
	return s;
}

void
account_make_parts(
	struct account *a, const struct account_config *config, struct credentials *credentials)
{
	struct scheduler_settings settings = scheduler_settings_of(a->config, config->stagger_ms);

	a->scheduler = scheduler_new(&settings);
	start_oauth(a, config->loop, config->http, credentials);
	start_sdm(a, config->http, credentials);
	start_discovery(a, config->loop);
	start_login(a, config->http, credentials);
}

void
account_free_parts(struct account *a)
{
	login_free(a->login);
	discovery_free(a->discovery);
	sdm_free(a->sdm);
	oauth_free(a->oauth);
	account_forget_leases(a, MS_NEVER);
	scheduler_free(a->scheduler);
}

/* ---- another configuration ------------------------------------------------------------------- */

void
account_configure(struct account *a, const struct config_google *google, ms_t stagger_ms)
{
	struct scheduler_settings settings = scheduler_settings_of(google, stagger_ms);

	a->config = google;
	a->keep.account = google->name;
	scheduler_set_limits(a->scheduler, &settings);
	discovery_configure(a->discovery, google);
	login_configure(a->login, google);
	account_kick_soon(a);
}

bool
account_set_secrets(struct account *a, struct credentials *c)
{
	bool fresh = oauth_set_secrets(a->oauth, c->client_secret, c->refresh_token);

	c->client_secret = c->refresh_token = NULL;
	return fresh;
}
