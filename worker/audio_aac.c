/* audio_aac.c - G.711 and L16 to AAC, by libavcodec.
 * Owns decoder, encoder, the frame that is being filled, and the times of those that are not out
 * yet. Media thread. */
#include <libavcodec/avcodec.h>
#include <stdbool.h>
#include <stdlib.h>

#include "worker/audio_aac.h"
#include "worker/audio_decode.h"

#define US INT64_C(1000000)
#define FRAME_SAMPLES 1024
/* All that 8 kHz have, where the most that a frame may have is 48,000 (ISO/IEC 14496-3 4.5.3.3),
 * and enough for more. */
#define BITS_A_SAMPLE 3
#define BITRATE_MAX 64000
/* What is off by more was lost or is there twice. Above the timeline's slew and a packet's jitter,
 * below what lip sync may be off. */
#define OFF_US 30000
#define SILENCE_MAX_US 1000000
/* Frames between one that goes in and the same one out: the encoder looks one ahead, and its first
 * is of what was before the sound. */
#define FRAMES_IN_FLIGHT 4

struct audio_aac {
	audio_aac_emit *emit;
	void *arg;
	struct audio_decode *decode;
	int rate_hz;
	int channels; /* the first is taken */
	AVCodecContext *encode;
	AVFrame *frame;
	AVPacket *packet;
	int filled;                      /* samples in frame */
	int64_t frame_at_us;             /* of its first; valid if there are any */
	int64_t frames;                  /* given to the encoder */
	int64_t at_us[FRAMES_IN_FLIGHT]; /* of these, by number */
};

/* ---- life ------------------------------------------------------------------------------------ */

static bool
open_encoder(struct audio_aac *a)
{
	const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_AAC);

	if (!codec)
		return false;
	a->encode = avcodec_alloc_context3(codec);
	if (!a->encode)
		abort();
	a->encode->sample_rate = a->rate_hz;
	a->encode->sample_fmt = AV_SAMPLE_FMT_FLTP;
	a->encode->time_base = (AVRational){ .num = 1, .den = a->rate_hz };
	a->encode->bit_rate = FFMIN(BITS_A_SAMPLE * a->rate_hz, BITRATE_MAX);
	a->encode->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	av_channel_layout_default(&a->encode->ch_layout, 1);
	return avcodec_open2(a->encode, codec, NULL) == 0 && a->encode->frame_size == FRAME_SAMPLES;
}

static void
make_frame(struct audio_aac *a)
{
	a->frame->nb_samples = FRAME_SAMPLES;
	a->frame->format = AV_SAMPLE_FMT_FLTP;
	a->frame->sample_rate = a->rate_hz;
	if (av_channel_layout_copy(&a->frame->ch_layout, &a->encode->ch_layout) < 0 ||
		av_frame_get_buffer(a->frame, 0) < 0)
		abort();
}

struct audio_aac *
audio_aac_new(const struct audio_format *format, audio_aac_emit *emit, void *arg)
{
	struct audio_aac *a = calloc(1, sizeof(*a));
	char why[100];

	if (!a)
		abort();
	a->emit = emit;
	a->arg = arg;
	a->frame = av_frame_alloc();
	a->packet = av_packet_alloc();
	if (!a->frame || !a->packet)
		abort();
	a->channels = format->channels == 2 ? 2 : 1;
	if (audio_decode_new(&a->decode, format, why, sizeof(why)) == 0) {
		a->rate_hz = audio_decode_rate_hz(a->decode);
		if (open_encoder(a)) {
			make_frame(a);
			return a;
		}
	}
	audio_aac_free(a);
	return NULL;
}

void
audio_aac_free(struct audio_aac *a)
{
	if (!a)
		return;
	audio_decode_free(a->decode);
	avcodec_free_context(&a->encode);
	av_frame_free(&a->frame);
	av_packet_free(&a->packet);
	free(a);
}

const uint8_t *
audio_aac_config(const struct audio_aac *a, size_t *len)
{
	*len = (size_t)a->encode->extradata_size;
	return a->encode->extradata;
}

/* ---- out ------------------------------------------------------------------------------------- */

static int64_t
to_us(const struct audio_aac *a, int64_t samples)
{
	return samples * US / a->rate_hz;
}

/* Packets are numbered by their time: the first is a frame before the first frame. */
static int64_t
time_of_packet(const struct audio_aac *a)
{
	const int64_t number = a->packet->pts / FRAME_SAMPLES;

	if (a->packet->pts < 0)
		return a->at_us[0] + to_us(a, a->packet->pts);
	return a->at_us[number % FRAMES_IN_FLIGHT];
}

static void
encode(struct audio_aac *a)
{
	a->at_us[a->frames % FRAMES_IN_FLIGHT] = a->frame_at_us;
	a->frame->pts = a->frames++ * FRAME_SAMPLES;
	a->filled = 0;
	if (avcodec_send_frame(a->encode, a->frame) < 0)
		return;
	while (avcodec_receive_packet(a->encode, a->packet) == 0) {
		a->emit(a->packet->data, (size_t)a->packet->size, time_of_packet(a), a->arg);
		av_packet_unref(a->packet);
	}
}

/* ---- in -------------------------------------------------------------------------------------- */

static void
put(struct audio_aac *a, float sample, int64_t at_us)
{
	if (a->filled == 0) {
		a->frame_at_us = at_us;
		if (av_frame_make_writable(a->frame) < 0)
			abort();
	}
	((float *)(void *)a->frame->data[0])[a->filled++] = sample;
	if (a->filled == FRAME_SAMPLES)
		encode(a);
}

/* Brings what is in hand to where the next unit begins. */
static void
go_to(struct audio_aac *a, int64_t at_us)
{
	const int64_t next_us = a->frame_at_us + to_us(a, a->filled);
	const int64_t off_us = at_us - next_us;

	if (a->filled == 0 || (off_us <= OFF_US && off_us >= -OFF_US))
		return;
	if (off_us < 0 || off_us > SILENCE_MAX_US) {
		a->filled = 0;
		return;
	}
	for (int64_t i = 0; to_us(a, i) < off_us; i++)
		put(a, 0, next_us + to_us(a, i));
}

void
audio_aac_feed(struct audio_aac *a, const struct audio_unit *unit)
{
	const AVFrame *sound;

	if (audio_decode_unit(a->decode, unit->data, unit->len, &sound) != 0)
		return;
	const int16_t *samples = (const int16_t *)(const void *)sound->data[0];
	go_to(a, unit->at_us);
	for (int i = 0; i < sound->nb_samples; i++)
		put(a, (float)samples[i * a->channels] / 32768, unit->at_us + to_us(a, i));
}
