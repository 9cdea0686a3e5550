/* pictures.c - from the camera's NAL units to RTP payloads.
 * Owns the filter, the clock, the packetizer, the history and the measuring. Sends nothing. Media
 * thread, and the loop thread for what is asked. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "worker/draw.h"
#include "worker/freeze.h"
#include "worker/history.h"
#include "worker/pictures.h"
#include "worker/rtp.h"

struct pictures {
	struct nal_stream *stream;
	struct rtp_packetizer *packetizer;
	struct rtp_clock *clock;
	struct history *history;
	struct quality *quality;
	struct freeze *freeze;
	int64_t now_us;     /* arrival of the NAL unit in hand */
	int64_t at_us;      /* and when it would have come had nothing delayed it */
	uint32_t timestamp; /* of the picture in hand */
	int64_t timestamp_at_us;
	uint64_t began;       /* where it begins in the history */
	size_t picture_bytes; /* as the camera sent them */
	bool picture_key;
	bool picture_slices; /* it had one */
	struct tap tap;
	/* Of this connection. */
	bool viewable;    /* it had a key picture */
	int64_t first_us; /* arrival of its first NAL unit; 0: none came yet */
	uint32_t keys_without_sets_before;
};

static uint8_t *
room(struct rtp_slot slot, void *arg)
{
	struct pictures *p = arg;
	const struct history_packet packet = {
		.len = slot.len, .timestamp = slot.timestamp, .marker = slot.marker
	};

	return history_add(p->history, &packet, p->now_us);
}

static void
on_nal(const struct stream_nal *nal, void *arg)
{
	struct pictures *p = arg;

	if (nal->first) {
		p->timestamp = rtp_clock_picture(p->clock, nal->pts_90k, p->now_us);
		p->timestamp_at_us = p->at_us;
		p->began = history_next(p->history);
	}
	if (nal->kind == NAL_KEY) {
		p->viewable = true;
		history_mark_key(p->history, p->began, p->now_us);
	}
	rtp_packetizer_nal(p->packetizer, nal->bytes, nal->len, p->timestamp, nal->last);
	if (p->tap.on_nal)
		p->tap.on_nal(p->tap.arg, nal, p->timestamp_at_us);
}

struct pictures *
pictures_new(void)
{
	struct pictures *p = g_new0(struct pictures, 1);
	const struct rtp_config rtp = { .payload_max = RTP_PAYLOAD_MAX, .room = room, .arg = p };

	p->stream = nal_stream_new(on_nal, p);
	p->packetizer = rtp_packetizer_new(&rtp);
	p->clock = rtp_clock_new(draw());
	p->history = history_new();
	p->quality = quality_new(clock_now_us());
	p->freeze = freeze_new();
	return p;
}

void
pictures_free(struct pictures *p)
{
	if (!p)
		return;
	nal_stream_free(p->stream);
	rtp_packetizer_free(p->packetizer);
	rtp_clock_free(p->clock);
	history_free(p->history);
	quality_free(p->quality);
	freeze_free(p->freeze);
	g_free(p);
}

void
pictures_set_tap(struct pictures *p, const struct tap *tap)
{
	p->tap = *tap;
}

/* Something is missing here. */
static void
forget(struct pictures *p)
{
	if (p->tap.on_gap)
		p->tap.on_gap(p->tap.arg);
	freeze_restart(p->freeze);
}

void
pictures_begin(struct pictures *p, const struct video_codec *codec, struct nal_bytes sets)
{
	p->now_us = clock_now_us();
	forget(p);
	nal_stream_begin(p->stream, codec);
	nal_stream_learn(p->stream, sets);
	rtp_packetizer_set_codec(p->packetizer, codec);
	p->viewable = false;
	p->first_us = 0;
	p->keys_without_sets_before = nal_stream_stats(p->stream).key_without_sets;
	p->picture_bytes = 0;
	p->picture_key = p->picture_slices = false;
}

/* Some cameras send parameter sets at the time of the picture before: such an access unit is none,
 * and its bytes count as the next one's. */
static void
measure(struct pictures *p, const struct nal_unit *nal)
{
	const struct video_codec *codec = nal_stream_codec(p->stream);
	const enum nal_kind kind = codec->kind(nal->data, nal->len);

	freeze_on_nal(p->freeze, codec, nal->data, nal->len, nal->last, nal->arrived_us);
	p->picture_bytes += nal->len;
	p->picture_key |= kind == NAL_KEY;
	p->picture_slices |= kind == NAL_KEY || kind == NAL_SLICE || kind == NAL_PART;
	if (!nal->last || !p->picture_slices)
		return;
	const struct quality_picture picture = { .pts_90k = nal->timestamp,
		.arrival_us = nal->arrived_us,
		.bytes = p->picture_bytes,
		.key = p->picture_key };
	quality_on_picture(p->quality, &picture);
	p->picture_bytes = 0;
	p->picture_key = p->picture_slices = false;
}

enum nal_stream_b
pictures_b_of(const char *word)
{
	if (word && strcmp(word, "drop") == 0)
		return NAL_STREAM_B_DROP;
	return word && strcmp(word, "refuse") == 0 ? NAL_STREAM_B_REFUSE : NAL_STREAM_B_PASS;
}

void
pictures_set_b(struct pictures *p, enum nal_stream_b policy)
{
	nal_stream_set_b(p->stream, policy);
}

static bool
is_key_overdue(const struct pictures *p, ms_t wait_ms)
{
	return p->first_us && !p->viewable && !nal_stream_is_proving(p->stream) &&
	       p->now_us - p->first_us > wait_ms * 1000;
}

bool
pictures_are_refused(const struct pictures *p, ms_t stall_ms, char *why, size_t size)
{
	const ms_t wait_ms = MAX(PICTURES_KEY_WAIT_MS, PICTURES_KEY_WAIT_STALLS * stall_ms);

	if (nal_stream_is_refused(p->stream)) {
		snprintf(why, size,
			"the camera sends B-frames, which bframes = refuse does not publish");
		return true;
	}
	if (!is_key_overdue(p, wait_ms))
		return false;
	if (nal_stream_stats(p->stream).key_without_sets > p->keys_without_sets_before)
		snprintf(why, size, "key pictures come without their parameter sets");
	else
		snprintf(why, size, "pictures come, but no key picture for %g s",
			(double)wait_ms / 1000);
	return true;
}

bool
pictures_feed(struct pictures *p, const struct nal_unit *nal)
{
	const struct nal_bytes bytes = { .bytes = nal->data, .len = nal->len };
	const bool was_viewable = p->viewable;

	p->now_us = nal->arrived_us;
	p->at_us = nal->at_us;
	if (!p->first_us)
		p->first_us = nal->arrived_us;
	/* What refers to lost packets cannot be decoded: a freeze until the next key picture is
	 * better. */
	if (nal->gap) {
		forget(p);
		nal_stream_restart(p->stream);
	}
	measure(p, nal);
	nal_stream_feed(p->stream, bytes, nal->timestamp, nal->last);
	return p->viewable && !was_viewable;
}

const struct history *
pictures_history(const struct pictures *p)
{
	return p->history;
}

uint32_t
pictures_timestamp(const struct pictures *p, int64_t now_us)
{
	const int64_t ticks = (now_us - p->timestamp_at_us) * 9 / 100;

	return p->timestamp + (uint32_t)ticks;
}

int64_t
pictures_gop_ms(const struct pictures *p, int64_t now_us)
{
	return quality_gop_ms(p->quality, now_us);
}

const struct video_codec *
pictures_codec(const struct pictures *p)
{
	return nal_stream_codec(p->stream);
}

char *
pictures_describe(const struct pictures *p, char *out, size_t size)
{
	const struct nal_bytes sps = nal_stream_sps(p->stream);

	return pictures_codec(p)->describe(sps.bytes, sps.len, out, size);
}

void
pictures_stats(struct pictures *p, struct pictures_stats *out)
{
	const struct nal_bytes sps = nal_stream_sps(p->stream);
	const struct nal_stats stream = nal_stream_stats(p->stream);
	struct nal_format format = { 0 };

	if (sps.len)
		pictures_codec(p)->read_format(sps.bytes, sps.len, &format);
	*out = (struct pictures_stats){ .quality = quality_snapshot(p->quality, clock_now_us()),
		.width = format.width,
		.height = format.height,
		.parameter_changes = stream.set_changes,
		.b_slices = stream.b_slices,
		.b_dropped = stream.b_dropped,
		.frozen_ms = freeze_ms(p->freeze) };
}
