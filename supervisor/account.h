#ifndef SUPERVISOR_ACCOUNT_H
#define SUPERVISOR_ACCOUNT_H

#include <stdbool.h>
#include <uv.h>

#include "common/clock.h"
#include "supervisor/camera.h"
#include "supervisor/discovery.h"
#include "supervisor/federation.h"
#include "supervisor/http_client.h"
#include "supervisor/login.h"
#include "supervisor/scheduler.h"

struct config_google;
struct store;

/* One Google account at work: its access token, its scheduler, its calls, and the leases of its
 * cameras (URL, tokens, expiry). Makes the calls that the scheduler gives out and tells the cameras
 * what came of them. What people see of it is in account_view.h. Loop thread. */
struct account;

/* What became of a camera's stream: one of GENERATED, GENERATE_FAILED, UNSUPPORTED, EXTENDED, LOST.
 * why (lent, may be NULL) is Google's own words. Never from inside a function of this header. */
typedef void account_event(void *arg, int camera, enum camera_event ev, const char *why);

/* The account's devices were listed; see discovery.h. */
typedef void account_listed(void *arg, const struct config_google *google,
	const struct device_list *before, const struct device_list *now);

/* What people should know: an event and a sentence, all lent. account is its section's; camera is a
 * name, or NULL where it is about the account as a whole, whose event is its state (account_state).
 */
typedef void account_news(
	void *arg, const char *account, const char *camera, const char *event, const char *text);

/* All lent, and must outlive the account. */
struct account_config {
	uv_loop_t *loop;
	struct http_client *http;
	struct store *store; /* NULL: nothing is kept */
	const struct config_google *google;
	ms_t stagger_ms; /* between two first Generates */
	account_event *on_event;
	account_listed *on_list;
	account_news *on_news;
	void *arg;
};

/* Secrets are read now: returns 0, or -1 with a sentence in why. */
int account_new(
	const struct account_config *config, struct account **out, char *why, size_t why_size);

/* Takes back from the store what a former process left: the calls that Google still counts, and the
 * streams that live. After the last account_add, before the loop runs. */
void account_restore(struct account *a);

/* True if the camera has a living stream, from the store or of a removed camera: it is extended
 * from now on, and no Generate is needed. Once, after the camera was started. */
bool account_resume(struct account *a, int camera);

/* From now on no call for a camera leaves. done comes once none is in flight, so that what Google
 * has carried out is known and kept, or after within_ms, which is not clean; perhaps from inside.
 * Once. */
typedef void account_ended(void *arg, bool clean);
void account_stop(struct account *a, ms_t within_ms, account_ended *done, void *arg);

/* NULL is fine. Calls in flight are dropped. Its timer is freed when libuv has let go of it. */
void account_free(struct account *a);

const char *account_name(const struct account *a);
const struct config_google *account_config(const struct account *a);

/* What the configuration says of it now: limits and stagger are applied, calls already made stay
 * counted. google is lent as before. */
void account_configure(struct account *a, const struct config_google *google, ms_t stagger_ms);

/* Secrets that may be others now; those that are in c become the account's. True if one is. */
struct credentials;
bool account_set_secrets(struct account *a, struct credentials *c);

/* Camera number `camera` (never used before) is Google's device. A stream that a removed camera of
 * the same device has left can be resumed, and its calls stay counted. */
void account_add(struct account *a, int camera, const char *name, const char *device);

/* The camera is no more: its stream is stopped when a slot is idle, its call in flight is answered
 * here, and no event of it comes. */
void account_remove(struct account *a, int camera);

/* What a camera wants; see scheduler.h. */
void account_generate(struct account *a, int camera, enum generate_reason reason, ms_t at);
void account_cancel(struct account *a, int camera);
void account_drop(struct account *a, int camera);        /* the stream is dead: forget it */
void account_stop_stream(struct account *a, int camera); /* a Stop, when a slot is idle */
int account_extend(struct account *a, int camera);       /* operator; -1: it has no stream */

/* The stream's RTSP URL with its newest token, lent until the next event; NULL without a stream. */
const char *account_url(const struct account *a, int camera);

/* Time left of the stream; -1 without one. */
ms_t account_expires_ms(const struct account *a, int camera, ms_t now);

/* How often this stream was extended. */
unsigned account_extends(const struct account *a, int camera);

/* For cameras that any account may have: what its newest list says of a device, and whether it can
 * be given cameras, which it can not while it needs a login. */
enum federation_sight account_sight(const struct account *a, const char *device);
bool account_is_usable(const struct account *a);

/* Its devices at Google, and somebody's login to it. Lent. */
struct discovery *account_discovery(struct account *a);
struct login *account_login(struct account *a);

#endif
