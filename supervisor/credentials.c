/* credentials.c - where a [google] section's secrets are: the file that is named, else systemd's
 * credential of that name, else the environment. Keeps none. Loop thread. */
#include <stdio.h>
#include <stdlib.h>

#include "supervisor/config_google.h"
#include "supervisor/credentials.h"

/* What is looked for, beside a value in the configuration itself. */
struct place {
	const char *file; /* NULL: none is named */
	const char *key;
	const char *env;
};

static int
find(const struct config_google *config, const struct place *place, struct secret **out, char *why,
	size_t why_size)
{
	char credential[160];

	snprintf(credential, sizeof(credential), "%s.%s", config->name, place->key);
	if (place->file)
		return secret_read(place->file, out, why, why_size);
	if (getenv("CREDENTIALS_DIRECTORY") && secret_read(credential, out, why, why_size) == 0)
		return 0;
	*out = secret_take_env(place->env);
	if (*out)
		return 0;
	snprintf(why, why_size,
		"[google \"%s\"] has no %s, no credential %s and no %s in the environment",
		config->name, place->key, credential, place->env);
	return -1;
}

/* A refresh token whose file does not exist is one that nobody has got yet. */
static int
find_refresh_token(const struct config_google *config, const struct place *place,
	struct secret **out, char *why, size_t why_size)
{
	*out = NULL;
	if (place->file && secret_is_missing(place->file))
		return 0;
	return find(config, place, out, why, why_size);
}

/* An id is no secret and may stand in the configuration. */
static int
find_id(const struct config_google *config, const char *given, const struct place *place,
	struct secret **out, char *why, size_t why_size)
{
	if (!given)
		return find(config, place, out, why, why_size);
	*out = secret_new(given);
	return 0;
}

int
credentials_read(
	const struct config_google *config, struct credentials *out, char *why, size_t why_size)
{
	const struct place project = { .key = "project_id", .env = "GOOGLE_PROJECT_ID" };
	const struct place client = { .key = "client_id", .env = "GOOGLE_CLIENT_ID" };
	const struct place secret = { .file = config->client_secret_file,
		.key = "client_secret_file",
		.env = "GOOGLE_CLIENT_SECRET" };
	const struct place token = { .file = config->refresh_token_file,
		.key = "refresh_token_file",
		.env = "GOOGLE_REFRESH_TOKEN" };

	*out = (struct credentials){ 0 };
	if (find_id(config, config->project_id, &project, &out->project_id, why, why_size) == 0 &&
		find_id(config, config->client_id, &client, &out->client_id, why, why_size) == 0 &&
		find(config, &secret, &out->client_secret, why, why_size) == 0 &&
		find_refresh_token(config, &token, &out->refresh_token, why, why_size) == 0)
		return 0;
	credentials_clear(out);
	return -1;
}

/* A systemd credential may not be there: then the secret
 * came from the environment. */
static int
find_again(const struct config_google *config, const struct place *place, struct secret **out,
	char *why, size_t why_size)
{
	char credential[160];

	if (place->file)
		return secret_read(place->file, out, why, why_size);
	snprintf(credential, sizeof(credential), "%s.%s", config->name, place->key);
	if (getenv("CREDENTIALS_DIRECTORY") && secret_read(credential, out, why, why_size) < 0)
		*out = NULL;
	return 0;
}

/* One whose file does not exist is still to be got, by a login. */
static int
find_token_again(const struct config_google *config, const struct place *place, struct secret **out,
	char *why, size_t why_size)
{
	*out = NULL;
	if (place->file && secret_is_missing(place->file))
		return 0;
	return find_again(config, place, out, why, why_size);
}

int
credentials_read_again(
	const struct config_google *config, struct credentials *out, char *why, size_t why_size)
{
	const struct place secret = { .file = config->client_secret_file,
		.key = "client_secret_file" };
	const struct place token = { .file = config->refresh_token_file,
		.key = "refresh_token_file" };

	*out = (struct credentials){ 0 };
	if (find_again(config, &secret, &out->client_secret, why, why_size) == 0 &&
		find_token_again(config, &token, &out->refresh_token, why, why_size) == 0)
		return 0;
	credentials_clear(out);
	return -1;
}

void
credentials_forget_env(void)
{
	static const char *const names[] = { "GOOGLE_PROJECT_ID", "GOOGLE_CLIENT_ID",
		"GOOGLE_CLIENT_SECRET", "GOOGLE_REFRESH_TOKEN" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		secret_free(secret_take_env(names[i]));
}

void
credentials_clear(struct credentials *c)
{
	secret_free(c->project_id);
	secret_free(c->client_id);
	secret_free(c->client_secret);
	secret_free(c->refresh_token);
	*c = (struct credentials){ 0 };
}
