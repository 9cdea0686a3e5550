/* config_publish.c - the places that a camera is published to, read from its `publish`. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/value.h"
#include "common/xmalloc.h"
#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_publish.h"
#include "supervisor/config_whip.h"
#include "supervisor/list_item.h"

/* The default of [whip] call_timeout, for a URL without a section. */
#define CALL_TIMEOUT_MS 10000

static const char whip_prefix[] = "whip:";

static char *
copy_n(const char *text, size_t n)
{
	return text ? xstrndup(text, n) : NULL;
}

static char *
copy(const char *text)
{
	return text ? copy_n(text, strlen(text)) : NULL;
}

/* ---- WHIP ------------------------------------------------------------------------------------ */

/* The host of a URL that is_url has taken, without user and port: n bytes. */
static const char *
host_of(const char *url, size_t *n)
{
	const char *authority = strstr(url, "://") + 3;
	size_t len = strcspn(authority, "/?#");
	const char *at = memrchr(authority, '@', len);
	const char *host = at ? at + 1 : authority;

	*n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	return host;
}

/* Cloudflare Stream's publish URLs are on customer-CODE.cloudflarestream.com; an offer of one track
 * is answered with 400 there (docs/sources.md, Cloudflare Stream). */
static bool
wants_two_tracks(enum config_two_tracks wanted, const char *url)
{
	static const char stream[] = ".cloudflarestream.com";
	size_t tail = strlen(stream);
	size_t n;
	const char *host = host_of(url, &n);

	if (wanted != CONFIG_TWO_TRACKS_AUTO)
		return wanted == CONFIG_TWO_TRACKS_YES;
	return n > tail && strncasecmp(host + n - tail, stream, tail) == 0;
}

static int
take_section(const struct config *c, const struct list_item *item, struct config_output *o,
	char *why, size_t why_size)
{
	const char *name = item->text + strlen(whip_prefix);
	int n = (int)(item->n - strlen(whip_prefix));
	const struct config_whip *w = c->whips;

	while (w && (strncmp(w->name, name, (size_t)n) != 0 || w->name[n]))
		w = w->next;
	if (!w) {
		snprintf(why, why_size,
			"item %d: there is no section [whip \"%.*s\"]; a URL is written "
			"whip:https://...",
			item->number, n > 63 ? 63 : n, name);
		return -1;
	}
	snprintf(o->name, sizeof(o->name), "whip:%s", w->name);
	if (!w->url) /* which is another mistake, and said */
		return 0;
	o->url = copy(w->url);
	o->token_file = copy(w->token_file);
	o->ca_file = copy(w->ca_file);
	o->token_anywhere = w->token_anywhere;
	o->two_tracks = wants_two_tracks(w->two_tracks, w->url);
	o->call_timeout_ms = w->call_timeout_ms;
	return 0;
}

static bool
is_loopback(const char *host, size_t n)
{
	return (n == 5 && memcmp(host, "[::1]", n) == 0) ||
	       (n == 9 && memcmp(host, "localhost", n) == 0) ||
	       (n > 4 && memcmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") >= n);
}

static int
take_url(const struct config_camera *cam, const struct list_item *item, struct config_output *o,
	char *why, size_t why_size)
{
	static const char plain[] = "http://";
	static const struct setting row = { .type = SET_URL, .choices = "https http", .max = 4096 };
	size_t n;

	o->url = copy_n(item->text + strlen(whip_prefix), item->n - strlen(whip_prefix));
	char *checked = NULL;
	bool good = value_parse(&row, o->url, &checked) == 0;
	free(checked);
	if (!good) {
		snprintf(why, why_size, "item %d: the URL must begin with https://, with a host",
			item->number);
		return -1;
	}
	const char *host = host_of(o->url, &n);
	if (strncmp(o->url, plain, strlen(plain)) == 0 && !is_loopback(host, n)) {
		snprintf(why, why_size,
			"item %d: must be https:// (http:// only to 127.0.0.1, [::1] or localhost)",
			item->number);
		return -1;
	}
	snprintf(o->name, sizeof(o->name), "whip:%.*s://%.*s/", (int)strcspn(o->url, ":"), o->url,
		(int)n, host);
	o->token_file = copy(cam->whip_token_file);
	o->two_tracks = wants_two_tracks(CONFIG_TWO_TRACKS_AUTO, o->url);
	o->call_timeout_ms = CALL_TIMEOUT_MS;
	return 0;
}

/* ---- the list -------------------------------------------------------------------------------- */

static int
take_item(const struct config *c, const struct config_camera *cam, const struct list_item *item,
	struct config_output *o, char *why, size_t why_size)
{
	size_t prefix = strlen(whip_prefix);

	if (list_item_is(item, "cloudflare")) {
		o->kind = CONFIG_OUTPUT_CLOUDFLARE;
		snprintf(o->name, sizeof(o->name), "cloudflare");
		if (c->cloudflare)
			return 0;
		snprintf(why, why_size,
			"there is no section [cloudflare] to publish to; it is the default, "
			"and none is another choice");
		return -1;
	}
	o->kind = CONFIG_OUTPUT_WHIP;
	if (item->n > prefix && strncmp(item->text, whip_prefix, prefix) == 0) {
		if (memmem(item->text, item->n, "://", 3))
			return take_url(cam, item, o, why, why_size);
		return take_section(c, item, o, why, why_size);
	}
	snprintf(why, why_size,
		item->n ? "item %d must be cloudflare, whip:NAME, whip:https://... or, alone, none"
			: "item %d is empty",
		item->number);
	return -1;
}

/* A section whose URL is missing, which is told elsewhere, is no place. */
static bool
is_same_place(const struct config_output *a, const struct config_output *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == CONFIG_OUTPUT_CLOUDFLARE ||
	       (a->url && b->url && strcmp(a->url, b->url) == 0);
}

static int
check_item(const struct config_outputs *out, const struct config_output *o, int number, char *why,
	size_t why_size)
{
	for (size_t i = 0; i < out->count; i++) {
		if (!is_same_place(&out->list[i], o))
			continue;
		snprintf(why, why_size, "item %d is the same place as item %zu", number, i + 1);
		return -1;
	}
	return 0;
}

/* One token for several strangers would be each one's to use at the others. */
static int
check_token(const struct config_camera *cam, const struct config_outputs *out, char *why,
	size_t why_size)
{
	size_t urls = 0;

	for (size_t i = 0; i < out->count; i++)
		urls += strstr(out->list[i].name, "://") != NULL;
	if (!cam->whip_token_file || urls == 1)
		return 0;
	snprintf(why, why_size,
		urls ? "whip_token_file is for one whip:https://... only: give each a section "
		       "[whip \"NAME\"]"
		     : "whip_token_file is for a whip:https://..., and there is none");
	return -1;
}

int
config_outputs_read(const struct config *c, const struct config_camera *cam,
	struct config_outputs *out, char *why, size_t why_size)
{
	const char *rest = cam->publish ? cam->publish : "none";
	struct list_item item = { 0 };

	*out = (struct config_outputs){ 0 };
	if (strcmp(rest, "none") == 0)
		return check_token(cam, out, why, why_size);
	while (list_item_next(&rest, &item)) {
		struct config_output o = { 0 };
		if (out->count == MSG_OUTPUTS_MAX) {
			snprintf(why, why_size, "at most %d places at once", MSG_OUTPUTS_MAX);
			return -1;
		}
		int err = take_item(c, cam, &item, &o, why, why_size);
		if (!err)
			err = check_item(out, &o, item.number, why, why_size);
		out->list[out->count++] = o;
		if (err)
			return -1;
	}
	return check_token(cam, out, why, why_size);
}

void
config_outputs_clear(struct config_outputs *o)
{
	for (size_t i = 0; i < o->count; i++) {
		struct config_output *one = &o->list[i];
		if (one->url)
			explicit_bzero(one->url, strlen(one->url));
		free(one->url);
		free(one->token_file);
		free(one->ca_file);
	}
	*o = (struct config_outputs){ 0 };
}

static bool
same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool
config_output_equal(const struct config_output *a, const struct config_output *b)
{
	return a->kind == b->kind && same(a->url, b->url) && same(a->token_file, b->token_file) &&
	       same(a->ca_file, b->ca_file) && a->token_anywhere == b->token_anywhere &&
	       a->two_tracks == b->two_tracks && a->call_timeout_ms == b->call_timeout_ms;
}
