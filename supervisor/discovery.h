#ifndef SUPERVISOR_DISCOVERY_H
#define SUPERVISOR_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "supervisor/device_list.h"
#include "supervisor/keep.h"
#include "supervisor/oauth.h"
#include "supervisor/sdm.h"

struct config_google;

/* The devices that Google lists for one account, asked for again and again, each time within the
 * bucket of devices.list. Loop thread. */
struct discovery;

/* A list has come: before is the one it replaces, NULL if it is the first. Both lent. From the
 * loop, never from inside a function of this header. */
typedef void discovery_listed(
	void *arg, const struct device_list *before, const struct device_list *now);

/* All lent, and must outlive it. */
struct discovery_config {
	uv_loop_t *loop;
	struct sdm *sdm;
	struct oauth *oauth;
	struct quota *quota;
	const struct keep *keep;
	const struct config_google *google;
	discovery_listed *on_list;
	void *arg;
};

/* The first list is asked for as soon as discovery_kick finds a token, unless the setting
 * discover_every is 0. */
struct discovery *discovery_new(const struct discovery_config *config);
void discovery_free(struct discovery *d); /* NULL is fine; before its sdm */

/* The section says something else now. It is lent as the first was. */
void discovery_configure(struct discovery *d, const struct config_google *google);

/* The account may have a token now. */
void discovery_kick(struct discovery *d);

/* A list is wanted that is asked for from now on, as soon as token and bucket allow it. */
void discovery_want(struct discovery *d);

/* Asks now. Returns true if Google is being asked; else false with the reason, a sentence. */
bool discovery_ask(struct discovery *d, char *why, size_t why_size);

/* For people. devices is lent until the loop turns; NULL before the first list. */
struct discovery_view {
	const struct device_list *devices;
	ms_t age_ms;     /* of devices */
	bool asking;     /* an answer is on its way */
	bool waiting;    /* a list is wanted, but token or bucket do not allow it yet */
	const char *why; /* the last try's failure, "" if it worked. Lent */
};
struct discovery_view discovery_view(const struct discovery *d, ms_t now);

#endif
