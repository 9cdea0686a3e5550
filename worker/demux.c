/* demux.c - NAL units and sound out of a camera's packets.
 * Owns both depacketizers and the timeline. Pure; media thread. */
#include <stdio.h>
#include <stdlib.h>

#include "worker/demux.h"
#include "common/xmalloc.h"
#include "worker/depacketizer.h"
#include "worker/relay_track.h"
#include "worker/sound_track.h"
#include "worker/timeline.h"
#include "worker/wire.h"

#define PICTURES_CLOCK 90000
/* RFC 3550 6.4.1: a compound packet begins with a sender report, if the sender sends. */
#define SENDER_REPORT 200
#define SENDER_REPORT_BYTES 28

struct demux {
	struct depacketizer *pictures; /* NULL before they were opened */
	struct sound_track *sound;     /* NULL: none */
	char why_no_sound[100];
	struct timeline *timeline;
	int64_t arrived_us; /* of the packet in hand */
	unsigned packets;   /* since the last unit */
};

struct demux *
demux_new(void)
{
	struct demux *d = xcalloc(1, sizeof(*d));

	d->timeline = timeline_new();
	timeline_set_track(d->timeline, RELAY_PICTURES, PICTURES_CLOCK, 0);
	return d;
}

void
demux_free(struct demux *d)
{
	if (!d)
		return;
	depacketizer_free(d->pictures);
	sound_track_free(d->sound);
	timeline_free(d->timeline);
	free(d);
}

void
demux_open_pictures(struct demux *d, const struct video_codec *codec)
{
	d->pictures = depacketizer_new(codec);
}

void
demux_open_sound(struct demux *d, const struct relay_track *track)
{
	const struct sound_description description = { .codec = track->codec,
		.clock = track->clock,
		.channels = track->channels,
		.fmtp = track->fmtp };

	if (!sound_track_new(&d->sound, &description, d->why_no_sound, sizeof(d->why_no_sound)))
		timeline_set_track(d->timeline, RELAY_SOUND, sound_track_clock(d->sound),
			sound_track_frame_us(d->sound));
}

void
demux_refuse_sound(struct demux *d, int status)
{
	snprintf(d->why_no_sound, sizeof(d->why_no_sound),
		"the camera refuses to send its sound: SETUP answered %d", status);
}

void
demux_start(struct demux *d, enum relay_media media, uint32_t rtp_timestamp)
{
	if (media == RELAY_PICTURES || d->sound)
		timeline_start(d->timeline, media, rtp_timestamp);
}

const struct audio_format *
demux_sound(const struct demux *d, const char **why)
{
	*why = d->why_no_sound;
	return d->sound ? sound_track_format(d->sound) : NULL;
}

static void
note_report(struct demux *d, const struct relay_packet *p)
{
	if (p->len < SENDER_REPORT_BYTES || p->bytes[1] != SENDER_REPORT)
		return;
	if (p->media == RELAY_SOUND && !d->sound)
		return;
	const uint64_t ntp = (uint64_t)wire_get32(p->bytes + 8) << 32 | wire_get32(p->bytes + 12);
	timeline_report(d->timeline, p->media, ntp, wire_get32(p->bytes + 16));
}

void
demux_feed(struct demux *d, const struct relay_packet *p, int64_t arrived_us)
{
	d->arrived_us = arrived_us;
	d->packets += !p->rtcp;
	if (p->rtcp)
		note_report(d, p);
	else if (p->media == RELAY_PICTURES)
		depacketizer_feed(d->pictures, p->bytes, p->len, arrived_us);
	else if (d->sound)
		sound_track_feed(d->sound, p->bytes, p->len);
}

static bool
next_nal(struct demux *d, struct source_unit *out)
{
	const struct nal_unit *nal = depacketizer_next(d->pictures);

	if (!nal)
		return false;
	out->kind = SOURCE_PICTURE;
	out->nal = *nal;
	out->nal.at_us =
		timeline_at(d->timeline, RELAY_PICTURES, (uint32_t)nal->timestamp, nal->arrived_us);
	return true;
}

static bool
next_sound(struct demux *d, struct source_unit *out)
{
	struct sound_frame f;

	if (!d->sound || !sound_track_next(d->sound, &f))
		return false;
	out->kind = SOURCE_SOUND;
	out->sound = (struct audio_unit){ .data = f.data,
		.len = f.len,
		.rtp_timestamp = f.rtp_timestamp,
		.at_us = timeline_at(d->timeline, RELAY_SOUND, f.rtp_timestamp, d->arrived_us),
		.now_us = d->arrived_us,
		.gap = f.gap };
	return true;
}

bool
demux_next(struct demux *d, struct source_unit *out)
{
	if (!next_nal(d, out) && !next_sound(d, out))
		return false;
	out->packets = d->packets;
	d->packets = 0;
	return true;
}
