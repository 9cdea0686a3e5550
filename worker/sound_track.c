/* sound_track.c - access units out of a camera's track of sound, whatever its codec.
 * Owns the depacketizer. Decodes nothing. Pure; media thread. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "common/err.h"
#include "common/xmalloc.h"
#include "worker/aac_payload.h"
#include "worker/rtp.h"
#include "worker/sound_track.h"

/* What RFC 3640 3.3.6 says of a clock that is not told: none is. Most cameras have this. */
#define AAC_CLOCK 16000
#define G711_CLOCK 8000
/* What cameras have, and what may become of it. */
#define PCM_CLOCK_MIN 8000
#define PCM_CLOCK_MAX 48000
/* RFC 7587 4.1: always. */
#define OPUS_CLOCK 48000
/* Samples of an access unit of AAC (ISO 14496-3); else RFC 3551 4.2's default, and Opus' usual. */
#define AAC_FRAME 1024
#define PACKET_US 20000

struct sound_track {
	struct audio_format format;
	uint32_t clock;
	struct aac_format aac_format; /* format.config points into it */
	struct aac_payload *aac;      /* NULL: a packet's payload is the frame */
	struct sound_frame frame;     /* of such a packet; len 0: none */
	bool started;
	uint16_t seq; /* of the newest packet */
};

static int
open_aac(struct sound_track *t, const struct sound_description *d, char *why, size_t why_size)
{
	int err = aac_format_parse(d->codec, d->fmtp, &t->aac_format, why, why_size);

	if (err)
		return err;
	t->clock = d->clock > 0 ? (uint32_t)d->clock : AAC_CLOCK;
	t->aac = aac_payload_new(&t->aac_format);
	t->format = (struct audio_format){ .codec = AUDIO_AAC,
		.config = t->aac_format.config,
		.config_len = t->aac_format.config_len };
	return 0;
}

/* AUDIO_SILENCE: it is none of these. */
static enum audio_codec
find_pcm(const struct sound_description *d, uint32_t clock)
{
	const bool usual = clock == G711_CLOCK && d->channels == 1;

	if (clock < PCM_CLOCK_MIN || clock > PCM_CLOCK_MAX || d->channels < 1 || d->channels > 2)
		return AUDIO_SILENCE;
	if (!strcasecmp(d->codec, "PCMU"))
		return usual ? AUDIO_PCMU : AUDIO_PCMU_AT;
	if (!strcasecmp(d->codec, "PCMA"))
		return usual ? AUDIO_PCMA : AUDIO_PCMA_AT;
	return strcasecmp(d->codec, "L16") ? AUDIO_SILENCE : AUDIO_L16;
}

static int
open_codec(struct sound_track *t, const struct sound_description *d, char *why, size_t why_size)
{
	if (!strcasecmp(d->codec, "mpeg4-generic") || !strcasecmp(d->codec, "MP4A-LATM"))
		return open_aac(t, d, why, why_size);
	t->clock = d->clock > 0 ? (uint32_t)d->clock : G711_CLOCK;
	if (!strcasecmp(d->codec, "opus") && t->clock == OPUS_CLOCK) {
		t->format.codec = AUDIO_OPUS;
		return 0;
	}
	t->format.codec = find_pcm(d, t->clock);
	t->format.rate_hz = t->clock;
	t->format.channels = (unsigned)d->channels;
	if (t->format.codec != AUDIO_SILENCE)
		return 0;
	snprintf(why, why_size, "sound of %s at %u Hz is not supported", d->codec, t->clock);
	return ERR_UNSUPPORTED;
}

int
sound_track_new(struct sound_track **out, const struct sound_description *description, char *why,
	size_t why_size)
{
	struct sound_track *t = xcalloc(1, sizeof(*t));

	int err = open_codec(t, description, why, why_size);
	if (err)
		sound_track_free(t);
	else
		*out = t;
	return err;
}

void
sound_track_free(struct sound_track *t)
{
	if (!t)
		return;
	aac_payload_free(t->aac);
	free(t);
}

const struct audio_format *
sound_track_format(const struct sound_track *t)
{
	return &t->format;
}

uint32_t
sound_track_clock(const struct sound_track *t)
{
	return t->clock;
}

int64_t
sound_track_frame_us(const struct sound_track *t)
{
	return t->aac ? AAC_FRAME * INT64_C(1000000) / t->clock : PACKET_US;
}

void
sound_track_feed(struct sound_track *t, const uint8_t *packet, size_t len)
{
	struct rtp_header h;

	if (t->aac) {
		aac_payload_feed(t->aac, packet, len);
		return;
	}
	if (rtp_parse(packet, len, &h, &t->frame.data, &t->frame.len) != 0)
		return;
	t->frame.rtp_timestamp = h.timestamp;
	t->frame.gap = t->started && h.seq != (uint16_t)(t->seq + 1);
	t->started = true;
	t->seq = h.seq;
}

bool
sound_track_next(struct sound_track *t, struct sound_frame *out)
{
	if (t->aac) {
		const struct aac_unit *unit = aac_payload_next(t->aac);
		if (unit)
			*out = (struct sound_frame){ .data = unit->data,
				.len = unit->len,
				.rtp_timestamp = unit->rtp_timestamp,
				.gap = unit->gap };
		return unit != NULL;
	}
	*out = t->frame;
	t->frame.len = 0;
	return out->len > 0;
}
