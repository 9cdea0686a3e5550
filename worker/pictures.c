/* pictures.c - from the camera's NAL units to RTP payloads.
 * Owns the filter, the clock, the packetizer, the history and the measuring. Sends nothing. Media
 * thread, and the loop thread for what is asked. */
#include <glib.h>
#include <string.h>

#include "common/clock.h"
#include "worker/draw.h"
#include "worker/freeze.h"
#include "worker/h264_stream.h"
#include "worker/history.h"
#include "worker/pictures.h"
#include "worker/rtp.h"

/* Of a connection, while B pictures are refused. */
enum proof { NO_KEY_YET, ONE_KEY, PROVEN, REFUTED };

struct pictures {
	enum pictures_b policy;
	enum proof proof;
	struct h264_stream *stream;
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
	bool picture_idr;
	struct tap tap;
	bool viewable; /* this connection had a key picture */
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
on_nal(const struct h264_nal *nal, void *arg)
{
	struct pictures *p = arg;

	if (nal->first) {
		p->timestamp = rtp_clock_picture(p->clock, nal->pts_90k, p->now_us);
		p->timestamp_at_us = p->at_us;
		p->began = history_next(p->history);
	}
	if (nal->idr) {
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

	p->stream = h264_stream_new(on_nal, p);
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
	h264_stream_free(p->stream);
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

static void
restart(struct pictures *p)
{
	if (p->tap.on_gap)
		p->tap.on_gap(p->tap.arg);
	h264_stream_restart(p->stream);
	freeze_restart(p->freeze);
}

void
pictures_begin(struct pictures *p, struct h264_bytes sets)
{
	p->now_us = clock_now_us();
	restart(p);
	h264_stream_learn(p->stream, sets);
	p->viewable = false;
	p->proof = NO_KEY_YET;
	p->picture_bytes = 0;
	p->picture_idr = false;
}

static void
measure(struct pictures *p, const struct nal_unit *nal)
{
	freeze_on_nal(p->freeze, nal->data, nal->len, nal->last, nal->arrived_us);
	p->picture_bytes += nal->len;
	p->picture_idr |= h264_type(nal->data) == H264_IDR;
	if (!nal->last)
		return;
	const struct quality_picture picture = { .pts_90k = nal->timestamp,
		.arrival_us = nal->arrived_us,
		.bytes = p->picture_bytes,
		.idr = p->picture_idr };
	quality_on_picture(p->quality, &picture);
	p->picture_bytes = 0;
	p->picture_idr = false;
}

enum pictures_b
pictures_b_of(const char *word)
{
	if (word && strcmp(word, "drop") == 0)
		return PICTURES_B_DROP;
	return word && strcmp(word, "refuse") == 0 ? PICTURES_B_REFUSE : PICTURES_B_PASS;
}

void
pictures_set_b(struct pictures *p, enum pictures_b policy)
{
	p->policy = policy;
	h264_stream_set_drop_b(p->stream, policy == PICTURES_B_DROP);
}

bool
pictures_are_refused(const struct pictures *p)
{
	return p->policy == PICTURES_B_REFUSE && p->proof == REFUTED;
}

static bool
is_b_slice(const struct nal_unit *nal)
{
	const unsigned type = h264_type(nal->data);
	struct h264_slice slice;

	return (type == H264_SLICE || type == H264_PARTITION_A) &&
	       h264_parse_slice(nal->data, nal->len, &slice) == 0 && slice.type == H264_B;
}

static bool
begins_key_picture(const struct nal_unit *nal)
{
	struct h264_slice slice;

	return h264_type(nal->data) == H264_IDR &&
	       h264_parse_slice(nal->data, nal->len, &slice) == 0 && slice.first_mb == 0;
}

/* A GOP without a B picture proves that the camera makes none. False: this goes nowhere. */
static bool
prove(struct pictures *p, const struct nal_unit *nal)
{
	if (p->policy != PICTURES_B_REFUSE)
		return true;
	if (is_b_slice(nal))
		p->proof = REFUTED;
	else if (p->proof < PROVEN && begins_key_picture(nal))
		p->proof = p->proof == NO_KEY_YET ? ONE_KEY : PROVEN;
	return p->proof == PROVEN;
}

bool
pictures_feed(struct pictures *p, const struct nal_unit *nal)
{
	const struct h264_nal in = {
		.bytes = nal->data, .len = nal->len, .pts_90k = nal->timestamp, .last = nal->last
	};
	const bool was_viewable = p->viewable;

	p->now_us = nal->arrived_us;
	p->at_us = nal->at_us;
	/* What refers to lost packets cannot be decoded: a freeze until the next IDR is better. */
	if (nal->gap)
		restart(p);
	measure(p, nal);
	if (!prove(p, nal)) {
		h264_stream_keep(
			p->stream, (struct h264_bytes){ .bytes = in.bytes, .len = in.len });
		return false;
	}
	h264_stream_feed(p->stream, &in);
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

void
pictures_profile(const struct pictures *p, char out[7])
{
	const struct h264_sps *sps = h264_stream_sps(p->stream);

	if (sps)
		h264_profile_level_id(sps, out);
	else
		out[0] = '\0';
}

void
pictures_stats(struct pictures *p, struct pictures_stats *out)
{
	const struct h264_sps *sps = h264_stream_sps(p->stream);
	const struct h264_stats stream = h264_stream_stats(p->stream);

	*out = (struct pictures_stats){ .quality = quality_snapshot(p->quality, clock_now_us()),
		.width = sps ? sps->width : 0,
		.height = sps ? sps->height : 0,
		.parameter_changes = stream.set_changes,
		.b_slices = stream.b_slices,
		.b_dropped = stream.b_dropped,
		.frozen_ms = freeze_ms(p->freeze) };
	pictures_profile(p, out->profile_level_id);
}
