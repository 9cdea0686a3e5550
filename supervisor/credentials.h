#ifndef SUPERVISOR_CREDENTIALS_H
#define SUPERVISOR_CREDENTIALS_H

#include <stddef.h>

#include "supervisor/secret.h"

struct config_google;

/* The four words that open one Google account. */
struct credentials {
	struct secret *project_id;
	struct secret *client_id;
	struct secret *client_secret;
	struct secret *refresh_token; /* NULL: its file is still to be written, by a login */
};

/* Collects them from where config and the environment have them; a secret that came from the
 * environment is gone from there. Returns 0, or -1 with a sentence in why and nothing to clear. */
int credentials_read(
	const struct config_google *config, struct credentials *out, char *why, size_t why_size);

/* Reads again what is in files, which may be others now: the two secrets, as far as config or
 * systemd names a place for them; the rest is NULL. Returns as credentials_read. */
int credentials_read_again(
	const struct config_google *config, struct credentials *out, char *why, size_t why_size);

/* Once all sections are read: what the environment still has of these is wiped there. */
void credentials_forget_env(void);

/* Frees what is still there: a taker sets what it took to NULL. */
void credentials_clear(struct credentials *c);

#endif
