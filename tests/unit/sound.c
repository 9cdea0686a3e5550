/* sound.c - makes sound as a camera does and hears it as a viewer does. */
#include <libavcodec/avcodec.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/sound.h"

#define G711_SAMPLES 160
#define SINK_SECONDS_MAX 120
#define SINK_RATE_HZ 48000

static void
check(int ok)
{
	if (!ok)
		abort();
}

static AVCodecContext *
open_encoder(const char *name, int rate_hz, int channels)
{
	const AVCodec *codec = avcodec_find_encoder_by_name(name);
	AVCodecContext *c = avcodec_alloc_context3(codec);

	av_log_set_level(AV_LOG_QUIET);
	check(codec && c);
	c->sample_rate = rate_hz;
	c->sample_fmt = codec->sample_fmts[0];
	c->time_base = (AVRational){ 1, rate_hz };
	c->bit_rate = rate_hz < 32000 ? 48000 * channels : 96000 * channels;
	c->flags = AV_CODEC_FLAG_GLOBAL_HEADER;
	av_channel_layout_default(&c->ch_layout, channels);
	check(avcodec_open2(c, codec, NULL) == 0);
	return c;
}

static void
fill(AVFrame *f, int64_t from, sound_wave *wave, void *arg)
{
	for (int i = 0; i < f->nb_samples; i++) {
		double v = wave((double)(from + i) / f->sample_rate, arg);
		for (int c = 0; c < f->ch_layout.nb_channels; c++) {
			double x = c ? -v : v;
			if (f->format == AV_SAMPLE_FMT_FLTP)
				((float *)f->extended_data[c])[i] = (float)x;
			else
				((int16_t *)f->data[0])[i * f->ch_layout.nb_channels + c] =
					(int16_t)lrint(x * 32767);
		}
	}
}

static void
take_units(struct sound_source *s, AVCodecContext *c)
{
	AVPacket *p = av_packet_alloc();

	while (avcodec_receive_packet(c, p) == 0) {
		s->units = realloc(s->units, (s->count + 1) * sizeof(*s->units));
		struct sound_unit *u = &s->units[s->count++];
		*u = (struct sound_unit){ .data = malloc((size_t)p->size + 1),
			.len = (size_t)p->size,
			.sample = p->pts };
		memcpy(u->data, p->data, (size_t)p->size);
		av_packet_unref(p);
	}
	av_packet_free(&p);
}

struct sound_source
sound_encode(
	const char *encoder, int rate_hz, int channels, double seconds, sound_wave *wave, void *arg)
{
	AVCodecContext *c = open_encoder(encoder, rate_hz, channels);
	struct sound_source s = { .rate_hz = rate_hz, .channels = channels };
	AVFrame *f = av_frame_alloc();

	s.samples = c->frame_size ? c->frame_size : G711_SAMPLES;
	s.config_len = (size_t)c->extradata_size;
	check(s.config_len <= sizeof(s.config));
	if (s.config_len)
		memcpy(s.config, c->extradata, s.config_len);
	for (int64_t at = 0; at < (int64_t)(seconds * rate_hz); at += s.samples) {
		f->nb_samples = s.samples;
		f->format = c->sample_fmt;
		f->sample_rate = rate_hz;
		f->pts = at;
		check(av_channel_layout_copy(&f->ch_layout, &c->ch_layout) == 0);
		check(av_frame_get_buffer(f, 0) == 0);
		fill(f, at, wave, arg);
		check(avcodec_send_frame(c, f) == 0);
		take_units(&s, c);
		av_frame_unref(f);
	}
	av_frame_free(&f);
	avcodec_free_context(&c);
	return s;
}

void
sound_source_clear(struct sound_source *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->units[i].data);
	free(s->units);
	*s = (struct sound_source){ 0 };
}

struct sound_sink
sound_sink_new(void)
{
	const AVCodec *codec = avcodec_find_decoder_by_name("libopus");
	struct sound_sink s = { .codec = avcodec_alloc_context3(codec) };
	size_t size = SINK_SECONDS_MAX * SINK_RATE_HZ * sizeof(float);

	check(codec && s.codec);
	/* As WebRTC does, whatever the packets hold. */
	s.codec->sample_rate = SINK_RATE_HZ;
	s.codec->request_sample_fmt = AV_SAMPLE_FMT_FLT;
	av_channel_layout_default(&s.codec->ch_layout, 2);
	check(avcodec_open2(s.codec, codec, NULL) == 0);
	s.left = calloc(1, size);
	s.right = calloc(1, size);
	check(s.left && s.right);
	return s;
}

void
sound_sink_clear(struct sound_sink *s)
{
	avcodec_free_context(&s->codec);
	free(s->left);
	free(s->right);
}

void
sound_sink_feed(struct sound_sink *s, const uint8_t *data, size_t len)
{
	AVPacket *p = av_packet_alloc();
	AVFrame *f = av_frame_alloc();

	check(av_new_packet(p, (int)len) == 0);
	memcpy(p->data, data, len);
	check(avcodec_send_packet(s->codec, p) == 0);
	check(avcodec_receive_frame(s->codec, f) == 0);
	check(f->nb_samples == 960 && f->ch_layout.nb_channels == 2);
	check(f->format == AV_SAMPLE_FMT_FLT);
	check(s->count + 960 <= SINK_SECONDS_MAX * SINK_RATE_HZ);
	for (int i = 0; i < 960; i++) {
		s->left[s->count + (size_t)i] = ((float *)f->data[0])[2 * i];
		s->right[s->count + (size_t)i] = ((float *)f->data[0])[2 * i + 1];
	}
	s->count += 960;
	s->channels = data[0] & 4 ? 2 : 1; /* RFC 6716 3.1 */
	av_packet_free(&p);
	av_frame_free(&f);
}

double
sound_amplitude(const float *samples, size_t n, double frequency_hz)
{
	double w = 2 * M_PI * frequency_hz / SINK_RATE_HZ, re = 0, im = 0, sum = 0;

	for (size_t i = 0; i < n; i++) {
		double hann = 0.5 - 0.5 * cos(2 * M_PI * ((double)i + 0.5) / (double)n);
		re += hann * samples[i] * cos(w * (double)i);
		im += hann * samples[i] * sin(w * (double)i);
		sum += hann;
	}
	return 2 * sqrt(re * re + im * im) / sum;
}

double
sound_rms(const float *samples, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)samples[i] * samples[i];
	return sqrt(sum / (double)(n ? n : 1));
}
