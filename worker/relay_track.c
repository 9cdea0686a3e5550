/* relay_track.c - a track of the camera's, as its SDP describes it. Pure. */
#include <stdio.h>
#include <string.h>

#include "worker/relay_track.h"

static void
copy_text(char *to, size_t size, const char *text, size_t len)
{
	snprintf(to, size, "%.*s", (int)len, text ? text : "");
}

/* RFC 7798 7.1: above 0 the packets have DONL fields, and come in another order than is decoded. */
static bool
is_interleaved(const struct rtsp_track *t)
{
	static const char key[] = "sprop-max-don-diff=";
	const char *end = t->fmtp + t->fmtp_len;
	const char *at = t->fmtp ? memmem(t->fmtp, t->fmtp_len, key, strlen(key)) : NULL;

	if (!at)
		return false;
	at += strlen(key);
	while (at < end && *at == '0')
		at++;
	return at < end && *at >= '1' && *at <= '9';
}

struct relay_track
relay_track_copy(const struct rtsp_track *from)
{
	struct relay_track t = {
		.media = from->media,
		.clock = from->clock,
		.interleaved = is_interleaved(from),
		.pt = (uint8_t)(from->pt & RELAY_PT_MASK),
	};

	memcpy(t.codec, from->codec, sizeof(t.codec));
	copy_text(t.control, sizeof(t.control), from->control, from->control_len);
	if (from->fmtp_len < sizeof(t.fmtp))
		copy_text(t.fmtp, sizeof(t.fmtp), from->fmtp, from->fmtp_len);
	return t;
}
