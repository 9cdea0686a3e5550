/* rtsp_base.c - which URLs a camera is asked for. Pure. */
#include <string.h>
#include <strings.h>

#include "common/xmalloc.h"
#include "worker/rtsp_base.h"

static bool
is_url(const char *value, size_t len)
{
	static const char *const schemes[] = { "rtsp://", "rtsps://" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		const size_t n = strlen(schemes[i]);
		if (len > n && !strncasecmp(value, schemes[i], n))
			return true;
	}
	return false;
}

void
rtsp_base_tidy(const struct rtsp_piece *message, uint8_t *bytes)
{
	size_t len;
	const char *value = rtsp_header(message, "Content-Base", &len);

	if (!value || is_url(value, len))
		return;
	uint8_t *line = bytes + ((const uint8_t *)value - message->bytes);
	while (line[-1] != '\n')
		line--;
	*line = 'X';
}

static bool
ends_with(const char *s, size_t len, const char *suffix)
{
	const size_t n = strlen(suffix);

	return len >= n && !memcmp(s + len - n, suffix, n);
}

/* A control may begin with a slash, and libavformat has put one before it. */
static void
drop_second_slash(const struct relay *r, char *uri)
{
	const bool setup = !strcmp(r->method, "SETUP") && !r->torn_down && r->setup_track >= 0;
	const char *control = setup ? r->tracks[r->setup_track].control : "";
	const size_t len = strlen(uri), n = strlen(control);

	if (control[0] != '/' || len <= n || !ends_with(uri, len, control))
		return;
	char *at = uri + len - n;
	if (at[-1] == '/')
		memmove(at - 1, at, n + 1);
}

char *
rtsp_base_uri(const struct relay *r, const struct rtsp_request *q)
{
	const size_t short_len = strlen(r->short_uri);
	const bool ours = q->uri_len >= short_len && !memcmp(q->uri, r->short_uri, short_len);
	const size_t skipped = ours ? short_len : 0;
	const char *rest = q->uri + skipped;
	size_t rest_len = q->uri_len - skipped;

	if (ours && rest_len && *rest == '/' &&
		ends_with(r->camera_uri, strlen(r->camera_uri), "/")) {
		rest++;
		rest_len--;
	}
	char *uri = xasprintf("%s%.*s", ours ? r->camera_uri : "", (int)rest_len, rest);
	drop_second_slash(r, uri);
	return uri;
}
