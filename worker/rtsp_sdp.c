/* rtsp_sdp.c - descriptions of cameras that do not say how long they are. Pure. */
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "worker/rtsp_sdp.h"

#define STATUS_OK 200
#define LENGTH "Content-Length"

static bool
is_unsized(const struct relay *r, const struct rtsp_piece *p)
{
	size_t len;

	return p->kind == RTSP_MESSAGE && !strcmp(r->method, "DESCRIBE") && !r->torn_down &&
	       rtsp_status(p) == STATUS_OK && !rtsp_header(p, LENGTH, &len);
}

int
rtsp_sdp_extend(const struct relay *r, struct rtsp_piece *p, size_t n)
{
	struct rtsp_track track;
	const size_t body = n - p->body;

	if (!is_unsized(r, p))
		return 1;
	if (body > RTSP_BODY_MAX)
		return ERR_RANGE;
	p->len = n;
	return body && p->bytes[n - 1] == '\n' &&
	       rtsp_tracks((const char *)p->bytes + p->body, body, &track, 1) > 0;
}

const uint8_t *
rtsp_sdp_put(const struct relay *r, const struct rtsp_piece *p, struct fifo *out)
{
	char text[RTSP_SDP_LENGTH_MAX];

	if (!is_unsized(r, p))
		return p->bytes;
	const uint8_t *second = (const uint8_t *)memchr(p->bytes, '\n', p->len) + 1;
	const int len = snprintf(text, sizeof(text), LENGTH ": %zu\r\n", p->len - p->body);
	fifo_put(out, p->bytes, (size_t)(second - p->bytes));
	fifo_put(out, text, (size_t)len);
	return second;
}
