/* feed.c - the state and events, told to whoever has the dashboard open.
 * Owns the list of those who listen and when they are told. Loop thread. */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/xmalloc.h"
#include "proto/fields.h"
#include "proto/status.h"
#include "proto/status_account.h"
#include "proto/status_camera.h"
#include "supervisor/feed.h"
#include "supervisor/http_socket.h"
#include "supervisor/timer.h"

/* RFC 6455 7.4.1: a message that breaks a policy. */
#define CLOSE_POLICY 1008

/* Who listens. */
struct listener {
	SLIST_ENTRY(listener) next;
	struct feed *feed;
	struct http_socket *socket; /* lent */
	bool has_token;
	unsigned char hash[TOKEN_HASH_BYTES]; /* of its token, which may be taken away */
};

struct feed {
	struct supervisor *supervisor;
	struct tokens *tokens;
	struct timer *timer; /* runs while somebody listens */
	SLIST_HEAD(, listener) listeners;
};

/* ---- what is told ---------------------------------------------------------------------------- */

/* clang-format off */
#define CAMERA(t, n) { .name = #n, .type = FIELD_##t, .offset = offsetof(struct status_camera, n) }

/* A fifth of what there is of a camera: it is sent to each listener every second. */
static const struct field camera_fields[] = {
	CAMERA(STR, name), CAMERA(STR, account), CAMERA(STR, state), CAMERA(STR, health), CAMERA(STR, phase),
	CAMERA(STR, error), CAMERA(STR, notice), CAMERA(STR, publication), CAMERA(STR, recording),
	CAMERA(STR, recording_why), CAMERA(INT, consumers), CAMERA(INT, state_ms), CAMERA(INT, pid), CAMERA(INT, gen),
	CAMERA(INT, uptime_ms), CAMERA(INT, expires_ms), CAMERA(INT, next_try_ms), CAMERA(INT, restarts),
	CAMERA(INT, width), CAMERA(INT, height), CAMERA(REAL, fps), CAMERA(INT, bitrate), CAMERA(INT, gop_ms),
	CAMERA(INT, keyframe_age_ms), CAMERA(REAL, jitter_ms), CAMERA(REAL, loss_ratio), CAMERA(REAL, rtt_ms),
	CAMERA(INT, gaps), CAMERA(INT, frozen_ms), CAMERA(INT, sound_packets), CAMERA(REAL, sound_level),
};

#define BUCKET(t, n) { .name = #n, .type = FIELD_##t, .offset = offsetof(struct status_bucket, n) }
static const struct field bucket_fields[] = {
	BUCKET(INT, limit), BUCKET(INT, used), BUCKET(INT, held_ms), BUCKET(INT, slow_ms),
};
/* clang-format on */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct json *
describe_cameras(const struct status *s, const struct token *t)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < s->camera_count; i++) {
		if (t && !token_sees(t, s->cameras[i].name))
			continue;
		struct json *row = json_new_object();
		fields_encode(row, camera_fields, COUNT(camera_fields), &s->cameras[i]);
		json_add(list, row);
	}
	return list;
}

static struct json *
describe_account(const struct feed *f, const struct status_account *a)
{
	struct json *j = json_new_object();
	struct json *buckets = json_new_array();

	for (size_t i = 0; i < a->bucket_count; i++) {
		struct json *bucket = json_new_object();
		json_set_str(bucket, "bucket", a->buckets[i].name);
		fields_encode(bucket, bucket_fields, COUNT(bucket_fields), &a->buckets[i]);
		json_add(buckets, bucket);
	}
	json_set_str(j, "account", a->name);
	json_set_str(j, "state", a->state);
	json_set(j, "buckets", buckets);
	json_set(j, "calls", supervisor_calls(f->supervisor, a->name));
	return j;
}

/* An account is about all cameras. */
static bool
sees_all(const struct token *t)
{
	return !t || token_sees(t, NULL);
}

/* To be released; j is freed. */
static struct http_text *
text_of(struct json *j)
{
	char *text = json_text(j, false);
	struct http_text *t = http_text_new(text, strlen(text));

	free(text);
	json_free(j);
	return t;
}

/* t: for whom; NULL: who may see all. */
static struct http_text *
state_text(const struct feed *f, const struct status *s, const struct token *t)
{
	struct json *j = json_new_object();
	struct json *accounts = json_new_array();
	char time[CLOCK_TEXT_BYTES];

	for (size_t i = 0; i < s->account_count && sees_all(t); i++)
		json_add(accounts, describe_account(f, &s->accounts[i]));
	json_set_str(j, "type", "state");
	json_set_str(j, "time", clock_text(s->at_ms * 1000, time));
	json_set_str(j, "version", s->version);
	json_set_str(j, "health", s->health);
	json_set(j, "cameras", describe_cameras(s, t));
	json_set(j, "accounts", accounts);
	return text_of(j);
}

static bool
sees_event(const struct token *t, const char *camera)
{
	return camera ? !t || token_sees(t, camera) : sees_all(t);
}

static struct http_text *
history_text(const struct feed *f, const struct token *t)
{
	struct json *j = json_new_object();
	struct json *list = json_new_array();
	struct json *all = supervisor_events(f->supervisor, NULL, FEED_EVENTS);

	for (size_t i = 0; all && i < json_len(all); i++)
		if (sees_event(t, json_str(json_at(all, i), "camera")))
			json_add(list, json_copy(json_at(all, i)));
	json_free(all);
	json_set_str(j, "type", "events");
	json_set(j, "events", list);
	return text_of(j);
}

static struct http_text *
event_text(const struct json *event)
{
	struct json *j = json_new_object();

	json_set_str(j, "type", "event");
	json_set(j, "event", json_copy(event));
	return text_of(j);
}

/* ---- to whom --------------------------------------------------------------------------------- */

/* Whether it may still listen; *t: what it may see, NULL for all. */
static bool
may_listen(const struct listener *l, const struct token **t)
{
	*t = l->has_token ? tokens_find(l->feed->tokens, l->hash) : NULL;
	return l->has_token ? *t != NULL : tokens_count(l->feed->tokens) == 0;
}

static void
tell(struct listener *l, struct http_text *text)
{
	http_socket_send(l->socket, text); /* which closes what does not keep up */
	http_text_release(text);
}

static void
tell_state(struct feed *f)
{
	struct http_text *whole = NULL;
	struct listener *l;
	const struct token *t;
	struct status s;

	supervisor_status(f->supervisor, &s);
	SLIST_FOREACH(l, &f->listeners, next)
	{
		if (!may_listen(l, &t)) {
			http_socket_close(l->socket, CLOSE_POLICY);
		} else if (sees_all(t)) {
			whole = whole ? whole : state_text(f, &s, NULL);
			http_socket_send(l->socket, whole);
		} else {
			tell(l, state_text(f, &s, t));
		}
	}
	http_text_release(whole);
	status_clear(&s);
}

static void
on_due(void *arg)
{
	struct feed *f = arg;

	if (SLIST_EMPTY(&f->listeners))
		return;
	timer_start(f->timer, FEED_INTERVAL_MS);
	tell_state(f);
}

void
feed_on_event(void *arg, const char *camera, const char *name, const struct json *event)
{
	struct feed *f = arg;
	struct listener *l;
	const struct token *t;

	(void)name;
	if (SLIST_EMPTY(&f->listeners))
		return;
	struct http_text *text = event_text(event);
	SLIST_FOREACH(l, &f->listeners, next)
	if (may_listen(l, &t) && sees_event(t, camera))
		http_socket_send(l->socket, text);
	http_text_release(text);
}

/* ---- sockets --------------------------------------------------------------------------------- */

static void
on_open(void *arg, struct http_socket *socket)
{
	struct listener *l = arg;
	struct feed *f = l->feed;
	const struct token *t;
	struct status s;

	l->socket = socket;
	if (SLIST_EMPTY(&f->listeners))
		timer_start(f->timer, FEED_INTERVAL_MS);
	SLIST_INSERT_HEAD(&f->listeners, l, next);
	if (!may_listen(l, &t))
		return; /* on_due closes it */
	supervisor_status(f->supervisor, &s);
	tell(l, state_text(f, &s, t));
	status_clear(&s);
	tell(l, history_text(f, t));
}

/* There is nothing that it could say. */
static void
on_text(void *arg, struct http_socket *socket, const char *text, size_t len)
{
	(void)arg, (void)text, (void)len;
	http_socket_close(socket, CLOSE_POLICY);
}

static void
on_close(void *arg, struct http_socket *socket)
{
	struct listener *l = arg;

	if (l->socket == socket)
		SLIST_REMOVE(&l->feed->listeners, l, listener, next);
	free(l);
}

void
feed_take(struct feed *f, struct web_call *c)
{
	struct listener *l = xcalloc(1, sizeof(*l));

	l->feed = f;
	l->has_token = c->token;
	if (c->token)
		memcpy(l->hash, c->token->hash, sizeof(l->hash));
	const struct http_socket_handler handler = {
		.on_open = on_open, .on_text = on_text, .on_close = on_close, .arg = l
	};
	web_upgrade(c, &handler);
}

struct feed *
feed_new(uv_loop_t *loop, struct supervisor *supervisor, struct tokens *tokens)
{
	struct feed *f = xcalloc(1, sizeof(*f));

	f->supervisor = supervisor;
	f->tokens = tokens;
	f->timer = timer_new(loop, on_due, f);
	SLIST_INIT(&f->listeners);
	return f;
}

void
feed_free(struct feed *f)
{
	if (!f)
		return;
	timer_free(f->timer);
	free(f);
}
