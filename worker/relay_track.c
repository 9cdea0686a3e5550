/* relay_track.c - a track of the camera's, as its SDP describes it. Pure. */
#include <stdio.h>
#include <string.h>

#include "worker/relay_track.h"
#include "worker/video_codec.h"

/* More sections are no camera's. */
#define SECTIONS_MAX 32

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
		.channels = from->channels,
		.interleaved = is_interleaved(from),
		.pt = (uint8_t)(from->pt & RELAY_PT_MASK),
	};

	memcpy(t.codec, from->codec, sizeof(t.codec));
	copy_text(t.control, sizeof(t.control), from->control, from->control_len);
	if (from->fmtp_len < sizeof(t.fmtp))
		copy_text(t.fmtp, sizeof(t.fmtp), from->fmtp, from->fmtp_len);
	return t;
}

/* -1: none. */
static int
find_pictures(const struct rtsp_track *tracks, size_t count)
{
	const struct video_codec *const wanted[] = { &video_h264, &video_h265 };

	for (size_t k = 0; k < sizeof(wanted) / sizeof(wanted[0]); k++)
		for (size_t i = 0; i < count; i++)
			if (tracks[i].media == RTSP_VIDEO && !is_interleaved(&tracks[i]) &&
				video_codec_find(tracks[i].codec) == wanted[k])
				return (int)i;
	return -1;
}

/* Some cameras say it as RFC 4566 6 has it, from where they are: of their pictures too. */
static bool
is_loudspeaker(const struct rtsp_track *sound, const struct rtsp_track *pictures)
{
	return sound->sendonly && !pictures->sendonly;
}

/* -1: none. */
static int
find_sound(const struct rtsp_track *tracks, size_t count, const struct rtsp_track *pictures)
{
	for (size_t i = 0; i < count; i++)
		if (tracks[i].media == RTSP_AUDIO && !is_loudspeaker(&tracks[i], pictures))
			return (int)i;
	return -1;
}

void
relay_track_choose(char *sdp, size_t len)
{
	static const char unknown[] = { 'i', 'm', 'a', 'g', 'e' };
	struct rtsp_track tracks[SECTIONS_MAX];
	const size_t count = rtsp_tracks(sdp, len, tracks, SECTIONS_MAX);
	const int pictures = find_pictures(tracks, count);

	if (pictures < 0)
		return;
	const int sound = find_sound(tracks, count, &tracks[pictures]);
	for (size_t i = 0; i < count; i++)
		if ((int)i != pictures && (int)i != sound)
			memcpy(sdp + (tracks[i].word - sdp), unknown, sizeof(unknown));
}
