/* jpeg.c - a picture to JPEG by libavcodec, one picture at a time. Owns nothing between calls. */
#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/jpeg.h"

/* Of 2 (best) to 31: a 1280x720 picture has some 150 kB. */
#define QUALITY 4

static int
fail(char *why, size_t why_size, const char *text)
{
	snprintf(why, why_size, "%s", text);
	return -1;
}

/* ---- decoding -------------------------------------------------------------------------------- */

static AVPacket *
make_packet(const uint8_t *unit, size_t len)
{
	AVPacket *p = av_packet_alloc();

	/* Decoders read a little further. */
	if (!p || av_new_packet(p, (int)len) < 0)
		abort();
	memcpy(p->data, unit, len);
	return p;
}

static int
decode(AVCodecContext *decoder, const uint8_t *unit, size_t len, AVFrame *frame)
{
	AVPacket *p = make_packet(unit, len);

	int err = avcodec_send_packet(decoder, p);
	av_packet_free(&p);
	if (err >= 0)
		err = avcodec_send_packet(decoder, NULL);
	return err < 0 ? err : avcodec_receive_frame(decoder, frame);
}

static int
open_and_decode(const char *name, const uint8_t *unit, size_t len, AVFrame *frame)
{
	const AVCodec *codec = avcodec_find_decoder_by_name(name);
	AVCodecContext *decoder = avcodec_alloc_context3(codec);

	if (!codec || !decoder)
		abort();
	decoder->thread_count = 1;
	int err = avcodec_open2(decoder, codec, NULL);
	if (err >= 0)
		err = decode(decoder, unit, len, frame);
	avcodec_free_context(&decoder);
	return err;
}

/* ---- JPEG's range ---------------------------------------------------------------------------- */

/* Video has black at 16 and white at 235 (Rec. ITU-R BT.601 2.5.3), JPEG at 0 and 255 (JFIF). */
static void
fill_table(uint8_t table[256], int low, int span, int middle)
{
	for (int i = 0; i < 256; i++) {
		int v = (i - low) * 255 / span + middle;
		table[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
	}
}

static void
map_plane(AVFrame *f, int plane, int width, int height, const uint8_t table[256])
{
	for (int y = 0; y < height; y++) {
		uint8_t *line = f->data[plane] + (ptrdiff_t)y * f->linesize[plane];
		for (int x = 0; x < width; x++)
			line[x] = table[line[x]];
	}
}

static void
widen_range(AVFrame *f, const AVPixFmtDescriptor *format)
{
	uint8_t luma[256];
	uint8_t chroma[256];
	int width = AV_CEIL_RSHIFT(f->width, format->log2_chroma_w);
	int height = AV_CEIL_RSHIFT(f->height, format->log2_chroma_h);

	fill_table(luma, 16, 219, 0);
	fill_table(chroma, 128, 224, 128);
	map_plane(f, 0, f->width, f->height, luma);
	map_plane(f, 1, width, height, chroma);
	map_plane(f, 2, width, height, chroma);
}

/* The format that the encoder takes for the decoder's: the same planes. */
static const struct {
	enum AVPixelFormat from;
	enum AVPixelFormat to;
	bool full; /* it has JPEG's range already */
} formats[] = {
	{ .from = AV_PIX_FMT_YUV420P, .to = AV_PIX_FMT_YUVJ420P },
	{ .from = AV_PIX_FMT_YUV422P, .to = AV_PIX_FMT_YUVJ422P },
	{ .from = AV_PIX_FMT_YUV444P, .to = AV_PIX_FMT_YUVJ444P },
	{ .from = AV_PIX_FMT_YUVJ420P, .to = AV_PIX_FMT_YUVJ420P, .full = true },
	{ .from = AV_PIX_FMT_YUVJ422P, .to = AV_PIX_FMT_YUVJ422P, .full = true },
	{ .from = AV_PIX_FMT_YUVJ444P, .to = AV_PIX_FMT_YUVJ444P, .full = true },
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static bool
prepare(AVFrame *f)
{
	for (size_t i = 0; i < FORMATS; i++) {
		if (formats[i].from != f->format)
			continue;
		if (!formats[i].full && f->color_range != AVCOL_RANGE_JPEG) {
			if (av_frame_make_writable(f) < 0)
				abort();
			widen_range(f, av_pix_fmt_desc_get(formats[i].from));
		}
		f->format = formats[i].to;
		f->color_range = AVCOL_RANGE_JPEG;
		return true;
	}
	return false;
}

/* ---- encoding -------------------------------------------------------------------------------- */

static int
encode(AVCodecContext *encoder, AVFrame *f, struct jpeg *out)
{
	AVPacket *p = av_packet_alloc();

	if (!p)
		abort();
	f->pts = 0;
	f->pict_type = AV_PICTURE_TYPE_NONE;
	f->quality = encoder->global_quality;
	int err = avcodec_send_frame(encoder, f);
	if (err >= 0)
		err = avcodec_receive_packet(encoder, p);
	if (err >= 0) {
		*out = (struct jpeg){ .bytes = malloc((size_t)p->size),
			.len = (size_t)p->size,
			.width = f->width,
			.height = f->height };
		if (!out->bytes)
			abort();
		memcpy(out->bytes, p->data, out->len);
	}
	av_packet_free(&p);
	return err;
}

static int
open_and_encode(AVFrame *f, struct jpeg *out)
{
	const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
	AVCodecContext *encoder = avcodec_alloc_context3(codec);

	if (!codec || !encoder)
		abort();
	encoder->width = f->width;
	encoder->height = f->height;
	encoder->pix_fmt = f->format;
	encoder->color_range = AVCOL_RANGE_JPEG;
	encoder->sample_aspect_ratio = f->sample_aspect_ratio;
	encoder->time_base = (AVRational){ 1, 1 };
	encoder->flags |= AV_CODEC_FLAG_QSCALE;
	encoder->global_quality = QUALITY * FF_QP2LAMBDA;
	encoder->thread_count = 1;
	int err = avcodec_open2(encoder, codec, NULL);
	if (err >= 0)
		err = encode(encoder, f, out);
	avcodec_free_context(&encoder);
	return err;
}

int
jpeg_from_picture(const char *decoder, const uint8_t *unit, size_t len, struct jpeg *out, char *why,
	size_t why_size)
{
	AVFrame *frame = av_frame_alloc();
	int result = 0;

	if (!frame)
		abort();
	if (open_and_decode(decoder, unit, len, frame) < 0)
		result = fail(why, why_size, "the newest picture cannot be decoded");
	else if (!prepare(frame))
		result = fail(why, why_size, "no JPEG can be made of pictures of this format");
	else if (open_and_encode(frame, out) < 0)
		result = fail(why, why_size, "no JPEG could be made of the newest picture");
	av_frame_free(&frame);
	return result;
}
