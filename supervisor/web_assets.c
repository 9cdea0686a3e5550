/* web_assets.c - the dashboard's files, which are inside the program. Keeps nothing. Loop thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/xmalloc.h"
#include "supervisor/web.h"
#include "supervisor/web_routes.h"

#define HTML "text/html; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"
#define SVG "image/svg+xml"
#define TEXT "text/plain; charset=utf-8"

/* The page is its own files and what it gets from here; pictures it may make itself. */
static const char policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
	"media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; "
	"form-action 'none'; frame-ancestors 'none'";

/* clang-format off */
/* X(symbol, name in the URL, file, type). */
#define ASSETS(X) \
	X(index, "index.html", "index.html", HTML) \
	X(css, "dashboard.css", "dashboard.css", CSS) \
	X(icon, "icon.svg", "icon.svg", SVG) \
	X(api, "api.js", "api.js", SCRIPT) \
	X(cameras, "cameras.js", "cameras.js", SCRIPT) \
	X(dom, "dom.js", "dom.js", SCRIPT) \
	X(events, "events.js", "events.js", SCRIPT) \
	X(feed, "feed.js", "feed.js", SCRIPT) \
	X(format, "format.js", "format.js", SCRIPT) \
	X(live, "live.js", "live.js", SCRIPT) \
	X(login, "login.js", "login.js", SCRIPT) \
	X(main, "main.js", "main.js", SCRIPT) \
	X(player, "player.js", "player.js", SCRIPT) \
	X(quota, "quota.js", "quota.js", SCRIPT) \
	X(received, "received.js", "received.js", SCRIPT) \
	X(recordings, "recordings.js", "recordings.js", SCRIPT) \
	X(snapshot, "snapshot.js", "snapshot.js", SCRIPT) \
	X(spark, "spark.js", "spark.js", SCRIPT) \
	X(still, "still.js", "still.js", SCRIPT) \
	X(theme, "theme.js", "theme.js", SCRIPT) \
	X(tile, "tile.js", "tile.js", SCRIPT) \
	X(timeline, "timeline.js", "timeline.js", SCRIPT) \
	X(hls, "hls.light.min.js", "vendor/hls-1.7.4/hls.light.min.js", SCRIPT) \
	X(hls_license, "hls.LICENSE", "vendor/hls-1.7.4/LICENSE", TEXT)
/* clang-format on */

/* Its bytes are put there by the assembler; the path is from where make runs. */
#define INCLUDE(symbol, name, file, type)                                                          \
	__asm__(".section .rodata\n"                                                               \
		"asset_" #symbol ":\n.incbin \"supervisor/dashboard/" file "\"\n"                  \
		"asset_" #symbol "_end:\n"                                                         \
		".previous\n");                                                                    \
	extern const char asset_##symbol[] __asm__("asset_" #symbol);                              \
	extern const char asset_##symbol##_end[] __asm__("asset_" #symbol "_end");
ASSETS(INCLUDE)

#define ROW(symbol, url, file, media)                                                              \
	{ .name = (url), .type = (media), .begin = asset_##symbol, .end = asset_##symbol##_end },
static const struct asset {
	const char *name;
	const char *type;
	const char *begin, *end;
} assets[] = { ASSETS(ROW) };

/* FNV-1a: tells one version of a file from another, and nothing else depends on it. */
static uint64_t
digest(const char *begin, const char *end)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (const char *p = begin; p < end; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	return h;
}

static void
send_asset(struct web_call *c, const struct asset *a)
{
	const char *known = c->message->fields[HTTP_IF_NONE_MATCH];
	size_t len = (size_t)(a->end - a->begin);
	char tag[24];

	snprintf(tag, sizeof(tag), "\"%016" PRIx64 "\"", digest(a->begin, a->end));
	struct http_response r = { .status = 200, .type = a->type };
	if (known && strstr(known, tag)) {
		r = (struct http_response){ .status = 304 };
	} else {
		r.body = xmalloc(len);
		r.body_len = len;
		memcpy(r.body, a->begin, len);
	}
	http_response_add(&r, "ETag", tag);
	http_response_add(&r, "Cache-Control", "no-cache");
	http_response_add(&r, "Content-Security-Policy", policy);
	web_respond(c, &r);
}

static void
send_page(struct web_call *c)
{
	send_asset(c, &assets[0]);
}

static void
send_named(struct web_call *c)
{
	const char *name = web_value(c, "name");

	for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++)
		if (strcmp(assets[i].name, name) == 0) {
			send_asset(c, &assets[i]);
			return;
		}
	web_fail(c, 404, "the dashboard has no such file");
}

/* clang-format off */
const struct http_route web_assets_routes[] = {
	{ .pattern = "/", .handle = send_page, .summary = "The dashboard", .type = "text/html" },
	{ .pattern = "/assets/{name}", .handle = send_named, .summary = "A file of the dashboard", .type = "*/*" },
	{ .pattern = NULL },
};
/* clang-format on */
