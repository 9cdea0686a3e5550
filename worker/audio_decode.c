/* audio_decode.c - AAC, G.711 and L16 to samples, by libavcodec. Media thread. */
#include <libavcodec/avcodec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/xmalloc.h"
#include "worker/audio.h"
#include "worker/audio_decode.h"

/* RFC 3551 4.5.14 */
#define G711_RATE_HZ 8000
/* ISO 14496-3, table 1.18: none is below or above. SBR doubles. */
#define RATE_MIN_HZ 7350
#define RATE_MAX_HZ 192000
#define CHANNELS_MAX 8

static const struct row {
	enum audio_codec codec;
	enum AVCodecID id;
	const char *name;
} rows[] = {
	{ .codec = AUDIO_AAC, .id = AV_CODEC_ID_AAC, .name = "AAC" },
	{ .codec = AUDIO_PCMU, .id = AV_CODEC_ID_PCM_MULAW, .name = "PCMU" },
	{ .codec = AUDIO_PCMA, .id = AV_CODEC_ID_PCM_ALAW, .name = "PCMA" },
	{ .codec = AUDIO_PCMU_AT, .id = AV_CODEC_ID_PCM_MULAW, .name = "PCMU" },
	{ .codec = AUDIO_PCMA_AT, .id = AV_CODEC_ID_PCM_ALAW, .name = "PCMA" },
	{ .codec = AUDIO_L16, .id = AV_CODEC_ID_PCM_S16BE, .name = "L16" },
};

struct audio_decode {
	const struct row *row;
	AVCodecContext *codec;
	uint8_t *config; /* for opening it again; owned */
	size_t config_len;
	int rate_hz; /* this and the next: of what has no config */
	int channels;
	AVPacket *packet;
	AVFrame *frame;
};

static const struct row *
find_row(enum audio_codec codec)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].codec == codec)
			return &rows[i];
	return NULL;
}

/* The decoder frees extradata, and reads beyond its end. */
static void
set_config(AVCodecContext *c, const struct audio_decode *d)
{
	c->extradata = av_mallocz(d->config_len + AV_INPUT_BUFFER_PADDING_SIZE);
	if (!c->extradata)
		abort();
	memcpy(c->extradata, d->config, d->config_len);
	c->extradata_size = (int)d->config_len;
}

static int
open_codec(struct audio_decode *d)
{
	const AVCodec *codec = d->row ? avcodec_find_decoder(d->row->id) : NULL;

	if (!codec || (d->row->codec == AUDIO_AAC && !d->config_len))
		return ERR_UNSUPPORTED;
	d->codec = avcodec_alloc_context3(codec);
	if (!d->codec)
		abort();
	d->codec->thread_count = 1;
	if (d->row->codec == AUDIO_AAC) {
		set_config(d->codec, d);
	} else {
		d->codec->sample_rate = d->rate_hz;
		av_channel_layout_default(&d->codec->ch_layout, d->channels);
	}
	return avcodec_open2(d->codec, codec, NULL) < 0 ? ERR_UNSUPPORTED : 0;
}

static struct audio_decode *
make(const struct audio_format *f)
{
	struct audio_decode *d = xcalloc(1, sizeof(*d));

	d->row = find_row(f->codec);
	d->rate_hz = f->rate_hz ? (int)f->rate_hz : G711_RATE_HZ;
	d->channels = f->channels == 2 ? 2 : 1;
	d->config_len = f->config_len;
	d->config = xmalloc(f->config_len + 1);
	d->packet = av_packet_alloc();
	d->frame = av_frame_alloc();
	if (!d->packet || !d->frame)
		abort();
	if (f->config_len)
		memcpy(d->config, f->config, f->config_len);
	return d;
}

int
audio_decode_new(
	struct audio_decode **out, const struct audio_format *format, char *why, size_t why_size)
{
	struct audio_decode *d = make(format);

	av_log_set_level(AV_LOG_QUIET); /* broken access units are counted, not written about */
	int err = open_codec(d);
	if (err < 0) {
		/* 14496-3 1.6.2.1: five bits, 31 is an escape. */
		int type = d->config_len ? d->config[0] >> 3 : 0;
		snprintf(why, why_size, "libavcodec does not decode this sound: %s, object type %d",
			d->row ? d->row->name : "no codec", type);
		audio_decode_free(d);
		return err;
	}
	*out = d;
	return 0;
}

void
audio_decode_free(struct audio_decode *d)
{
	if (!d)
		return;
	avcodec_free_context(&d->codec);
	av_packet_free(&d->packet);
	av_frame_free(&d->frame);
	free(d->config);
	free(d);
}

int
audio_decode_rate_hz(const struct audio_decode *d)
{
	return d->codec->sample_rate;
}

/* What swresample can take, whatever a broken stream says of itself. */
static int
check_frame(AVFrame *f)
{
	if (f->nb_samples < 1 || f->sample_rate < RATE_MIN_HZ || f->sample_rate > RATE_MAX_HZ ||
		f->ch_layout.nb_channels < 1 || f->ch_layout.nb_channels > CHANNELS_MAX)
		return ERR_PARSE;
	if (f->ch_layout.order != AV_CHANNEL_ORDER_NATIVE) {
		int channels = f->ch_layout.nb_channels;
		av_channel_layout_uninit(&f->ch_layout);
		av_channel_layout_default(&f->ch_layout, channels);
	}
	return 0;
}

static int
decode(struct audio_decode *d, const uint8_t *data, size_t len)
{
	if (!d->codec)
		return ERR_PARSE;
	if (av_new_packet(d->packet, (int)len) < 0)
		abort();
	memcpy(d->packet->data, data, len);
	int sent = avcodec_send_packet(d->codec, d->packet);
	av_packet_unref(d->packet);
	if (sent < 0 || avcodec_receive_frame(d->codec, d->frame) < 0)
		return ERR_PARSE;
	return check_frame(d->frame);
}

int
audio_decode_unit(
	struct audio_decode *d, const uint8_t *data, size_t len, const struct AVFrame **frame)
{
	if (!len || len > AUDIO_UNIT_MAX)
		return ERR_PARSE;
	if (decode(d, data, len) == 0) {
		*frame = d->frame;
		return 0;
	}
	/* Broken bits can look like another channel configuration, with which libavcodec's AAC
	 * then refuses every sound one. */
	avcodec_free_context(&d->codec);
	open_codec(d);
	return ERR_PARSE;
}
