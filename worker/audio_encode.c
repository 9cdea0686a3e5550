/* audio_encode.c - samples to Opus, by libavcodec's libopus. Media thread. */
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "worker/audio_encode.h"
#include "common/xmalloc.h"
#include "worker/audio_line.h"

#define ENCODER "libopus"
/* A microphone: speech is transparent and music good at this. */
#define BITRATE_PER_CHANNEL 32000
/* The most that stays below 1 % of a core, with one channel and with two: bench_audio. */
#define COMPLEXITY_MONO 3
#define COMPLEXITY_STEREO 1
/* Above 8 libopus chooses a mode that can carry FEC (SILK, hybrid) for every kind of sound, not
 * only for speech (opus_encoder.c of 1.3, decide_fec and mode selection); the price is some bits
 * for a copy of each frame in the next. */
#define PACKET_LOSS_PERCENT "10"

struct audio_encode {
	AVCodecContext *codec;
	AVFrame *frame;
	AVPacket *packet;
};

/* RFC 6716 2: narrowband and so on, in the figures that libavcodec wants. */
static const struct bandwidth {
	int source_hz; /* up to this rate */
	int cutoff_hz;
} bandwidths[] = {
	{ .source_hz = 8000, .cutoff_hz = 4000 },
	{ .source_hz = 12000, .cutoff_hz = 6000 },
	{ .source_hz = 16000, .cutoff_hz = 8000 },
	{ .source_hz = 24000, .cutoff_hz = 12000 },
};

int
audio_encode_possible(void)
{
	return avcodec_find_encoder_by_name(ENCODER) != NULL;
}

/* 20 kHz is all that Opus has. */
static int
cutoff(int source_hz)
{
	for (size_t i = 0; i < sizeof(bandwidths) / sizeof(bandwidths[0]); i++)
		if (source_hz <= bandwidths[i].source_hz)
			return bandwidths[i].cutoff_hz;
	return 20000;
}

/* "audio", not "voip": the latter cuts low sounds and favours speech, and a camera also hears
 * engines, dogs and glass. VBR: a quiet night costs little. */
static int
open_codec(AVCodecContext *c, const AVCodec *codec, unsigned channels, int source_hz)
{
	AVDictionary *options = NULL;

	c->sample_rate = AUDIO_RATE_HZ;
	c->sample_fmt = AV_SAMPLE_FMT_FLT;
	c->time_base = (AVRational){ .num = 1, .den = AUDIO_RATE_HZ };
	c->cutoff = cutoff(source_hz);
	c->compression_level = channels == 1 ? COMPLEXITY_MONO : COMPLEXITY_STEREO;
	c->bit_rate = (int64_t)BITRATE_PER_CHANNEL * channels;
	av_channel_layout_default(&c->ch_layout, (int)channels);
	av_dict_set(&options, "application", "audio", 0);
	av_dict_set(&options, "frame_duration", "20", 0);
	av_dict_set(&options, "vbr", "on", 0);
	av_dict_set(&options, "fec", "1", 0);
	av_dict_set(&options, "packet_loss", PACKET_LOSS_PERCENT, 0);
	int err = avcodec_open2(c, codec, &options);
	av_dict_free(&options);
	return err;
}

static void
make_frame(struct audio_encode *e)
{
	e->frame = av_frame_alloc();
	e->packet = av_packet_alloc();
	if (!e->frame || !e->packet)
		abort();
	e->frame->nb_samples = AUDIO_FRAME_SAMPLES;
	e->frame->format = AV_SAMPLE_FMT_FLT;
	e->frame->sample_rate = AUDIO_RATE_HZ;
	e->frame->pts = 0;
	if (av_channel_layout_copy(&e->frame->ch_layout, &e->codec->ch_layout) < 0 ||
		av_frame_get_buffer(e->frame, 0) < 0)
		abort();
}

struct audio_encode *
audio_encode_new(unsigned channels, int source_hz)
{
	struct audio_encode *e = xcalloc(1, sizeof(*e));
	const AVCodec *codec = avcodec_find_encoder_by_name(ENCODER);

	if (!codec)
		abort();
	e->codec = avcodec_alloc_context3(codec);
	if (!e->codec || open_codec(e->codec, codec, channels, source_hz) < 0)
		abort();
	make_frame(e);
	return e;
}

void
audio_encode_free(struct audio_encode *e)
{
	if (!e)
		return;
	avcodec_free_context(&e->codec);
	av_frame_free(&e->frame);
	av_packet_free(&e->packet);
	free(e);
}

int64_t
audio_encode_delay_us(const struct audio_encode *e)
{
	return (int64_t)e->codec->initial_padding * 1000000 / AUDIO_RATE_HZ;
}

int
audio_encode_frame(struct audio_encode *e, const float *samples, const uint8_t **packet)
{
	size_t bytes =
		sizeof(float) * AUDIO_FRAME_SAMPLES * (size_t)e->codec->ch_layout.nb_channels;

	if (av_frame_make_writable(e->frame) < 0)
		abort();
	memcpy(e->frame->data[0], samples, bytes);
	e->frame->pts += AUDIO_FRAME_SAMPLES;
	av_packet_unref(e->packet);
	if (avcodec_send_frame(e->codec, e->frame) < 0 ||
		avcodec_receive_packet(e->codec, e->packet) < 0)
		return ERR_LIBRARY;
	if (e->packet->size < 1 || e->packet->size > AUDIO_OPUS_MAX)
		return ERR_LIBRARY;
	*packet = e->packet->data;
	return e->packet->size;
}
