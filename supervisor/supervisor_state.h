#ifndef SUPERVISOR_SUPERVISOR_STATE_H
#define SUPERVISOR_SUPERVISOR_STATE_H

#include "supervisor/control.h"
#include "supervisor/guard.h"
#include "supervisor/health.h"
#include "supervisor/inventory.h"
#include "supervisor/notify.h"
#include "supervisor/secret.h"
#include "supervisor/supervisor.h"
#include "supervisor/sweeper.h"

struct config_cloudflare;

/* What the supervisor consists of. For supervisor*.c. */

struct google {
	struct google *next;
	const struct config_google *config;
	struct account *account;
};

struct supervisor {
	uv_loop_t *loop;
	char *config_path;
	struct config *config; /* owned; the one in force */
	struct http_client *http;
	struct store *store;    /* NULL: no state_dir, nothing is kept */
	struct google *googles; /* owned */
	struct sfu *sfu;        /* NULL: no [cloudflare] */
	struct events *events;
	struct notify *notify;
	struct health *health;
	struct guard *guard;
	struct sweeper *sweeper;
	struct inventory *inventory;
	struct cameras *cameras;
	struct consumers *consumers;
	struct control *control;
	struct tokens *tokens;
	char *token_path; /* NULL: no state_dir */
	struct web *web;  /* NULL: http = none */
	uv_timer_t watchdog;
	uv_timer_t status;
	uv_timer_t choose; /* cameras_choose */
	int open_timers;
	ms_t started;
	int64_t started_us; /* the same as wall time was then: it must not change with the clock */
	bool stopping;
	int stops_pending; /* the cameras', the consumers' and each account's */
	bool unclean;      /* one of them did not end all */
	void (*done)(void *arg);
	void *arg;
};

/* As supervisor_add, but by nobody's command: not if the file has other changes, which nobody has
 * asked to be applied. A failure is the caller's to log. */
void supervisor_add_alone(
	struct supervisor *s, const struct ini_section *camera, struct supervisor_answer *out);

/* Adds a camera that auto_add has met: an inventory_add, whose arg is the supervisor. */
bool supervisor_add_listed(
	void *arg, const struct proposal_camera *camera, char *why, size_t why_size);

/* The webhooks of its configuration. Returns 0, or EX_CONFIG with a sentence in why. */
int supervisor_make_notify(struct supervisor *s, char *why, size_t why_size);

/* An account for a section, in no list yet; NULL with a sentence in why. */
struct google *supervisor_make_google(
	struct supervisor *s, const struct config_google *config, char *why, size_t why_size);
void supervisor_free_googles(struct google *g);

/* Nobody watches yet. */
void supervisor_make_consumers(struct supervisor *s);

/* The secret of [cloudflare], and what is made with it, which takes it. */
int supervisor_read_sfu_secret(
	const struct config_cloudflare *c, struct secret **out, char *why, size_t why_size);
struct sfu *supervisor_make_sfu(
	struct supervisor *s, const struct config_cloudflare *c, struct secret *secret);

#endif
